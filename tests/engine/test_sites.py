"""Sites: signed counts merge as rows would have; forged, replayed and stale ones are findings."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stanch.engine.clock import Clock
from stanch.engine.owed import HELD, owed
from stanch.engine.ports import Transaction
from stanch.engine.sites import DETECTOR, EARLY, LEAD, STALE, Sites
from stanch.engine.watch.sent import Sent, written
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.asset import stranger
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.record import Entry
from stanch.vocabulary.trouble import AlreadyThere, BadFile, BadInput, NotFound, Refused

ADA = Caller(name="ada", scopes=frozenset({Scope.ADMIN}))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
NOW = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()


@dataclass
class Watching:
    merged: list[Sent] = field(default_factory=list)
    fails: bool = False
    cannot_be: bool = False

    @contextmanager
    def absorbing(self) -> Iterator[object]:
        yield self._absorb

    def _absorb(self, tx: Transaction, sent: Sent) -> None:
        if self.fails:
            raise BadInput("another plan")
        if self.cannot_be:
            raise BadFile("minute", "less than nothing")
        self.merged.append(sent)


def signed(content: bytes, key: Ed25519PrivateKey = KEY) -> str:
    return base64.b64encode(key.sign(LEAD + content)).decode()


def minute(number: int, **other: object) -> bytes:
    given = {"site": "clinic", "asset": "scan", "minute": NOW.replace(second=0), **other}
    return written(
        Sent(
            site=str(given["site"]),
            number=number,
            asset=str(given["asset"]),
            version="",
            minute=given["minute"] if isinstance(given["minute"], datetime) else NOW,
            body=b"counts",
        )
    )


@pytest.fixture
def watching() -> Watching:
    return Watching()


def joined(store: SqlStore, watching: Watching, clock: Clock) -> Sites:
    with store.begin() as tx:
        tx.assets.save(stranger(AssetId("scan")))
    made = Sites(store, watching, clock)  # pyrefly: ignore[bad-argument-type]  the test's own watching
    made.add("clinic", PUBLIC, ("scan",), ADA)
    return made


@pytest.fixture
def sites(sql_store: SqlStore, watching: Watching) -> Sites:
    return joined(sql_store, watching, lambda: NOW)


def entries(store: SqlStore) -> list[Entry]:
    return [one.entry for one in store.outbox(limit=50)]


def findings(store: SqlStore) -> list[str]:
    with store.look() as tx:
        return [f.says for f in tx.findings.page(limit=50).items if f.detector == DETECTOR]


def test_summaries_are_taken_in_in_their_order_and_the_last_may_come_again(
    sites: Sites, watching: Watching, sql_store: SqlStore
) -> None:
    first, second = minute(1), minute(2)
    assert not sites.take("clinic", first, signed(first)).known
    assert not sites.take("clinic", second, signed(second)).known
    assert sites.take("clinic", second, signed(second)).known
    assert [sent.number for sent in watching.merged] == [1, 2]
    assert sites.get("clinic").number == 2
    assert findings(sql_store) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (minute(1, site="other"), "not this site's to say"),
        (minute(1, asset="elsewhere"), "not this site's to say"),
        (minute(3), "does not follow"),
        (minute(1, minute=NOW - timedelta(hours=1)), "stale"),
        (minute(1, minute=NOW + timedelta(hours=1)), "of the future"),
        (b"\x93not a summary", "cannot be read"),
    ],
)
def test_what_a_site_may_not_say_is_refused_and_is_a_finding(
    sites: Sites, watching: Watching, sql_store: SqlStore, content: bytes, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        sites.take("clinic", content, signed(content))
    assert watching.merged == []
    (said,) = findings(sql_store)
    assert "clinic" in said


def test_how_old_and_how_early_a_minute_may_be_is_exact(sites: Sites, watching: Watching) -> None:
    for wrong in (NOW - STALE - MOMENT, NOW + EARLY + MOMENT):
        with pytest.raises(Refused):
            sites.take("clinic", minute(1, minute=wrong), signed(minute(1, minute=wrong)))
    without_zone = NOW.replace(tzinfo=None)
    for number, right in enumerate((NOW - STALE, NOW + EARLY, without_zone), 1):
        content = minute(number, minute=right)
        assert not sites.take("clinic", content, signed(content)).known
    assert [sent.minute for sent in watching.merged] == [NOW - STALE, NOW + EARLY, NOW]


def test_the_last_one_may_come_again_however_late_and_is_counted_once(
    sql_store: SqlStore, watching: Watching
) -> None:
    """Its answer was lost with the line, and the line may stay cut for longer than minutes live."""
    hands = [NOW]
    sites = joined(sql_store, watching, lambda: hands[0])
    content = minute(1)
    sites.take("clinic", content, signed(content))
    assert sites.get("clinic").heard == NOW
    hands[0] = NOW + 2 * STALE
    assert sites.take("clinic", content, signed(content)).known
    assert len(watching.merged) == 1
    assert sites.get("clinic").heard == NOW
    assert findings(sql_store) == []


def test_a_finding_on_a_summary_names_the_site_and_an_asset_of_its_own_and_is_judged(
    sites: Sites, sql_store: SqlStore
) -> None:
    with sql_store.begin() as tx:
        tx.assets.save(stranger(AssetId("elsewhere")))
    content = minute(1, asset="elsewhere")
    with pytest.raises(Refused):
        sites.take("clinic", content, signed(content), "key:clinic")
    with sql_store.begin() as tx:
        (found,) = tx.findings.page(limit=9).items
        assert owed(tx, HELD) == [found.id]
    assert (found.asset, found.topic) == ("scan", "foreign")
    assert [s.principal for s in found.suspects] == ["site:clinic"]
    assert found.says.endswith("It came with key:clinic.")


def test_what_can_be_no_counts_is_bad_input_and_what_may_not_be_said_is_refused(
    sites: Sites, watching: Watching, sql_store: SqlStore
) -> None:
    """The site passes over what can never be taken, and stops at what it may not say."""
    watching.cannot_be = True
    with pytest.raises(BadInput, match="its counts cannot be"):
        sites.take("clinic", minute(1), signed(minute(1)))
    assert len(findings(sql_store)) == 1
    assert sites.get("clinic").number == 0


def test_of_a_revoked_site_nothing_is_taken_in_until_it_is_added_again(
    sites: Sites, watching: Watching, sql_store: SqlStore
) -> None:
    content = minute(1)
    sites.take("clinic", content, signed(content))
    gone = sites.revoke("clinic", ADA)
    assert (gone.revoked, sites.revoke("clinic", ADA)) == (NOW, gone)
    with pytest.raises(Refused, match="was revoked on 2026-03-02 12:00Z"):
        sites.take("clinic", content, signed(content))
    assert sites.told("clinic").revoked == NOW
    again = sites.add("clinic", PUBLIC, ("scan",), ADA)
    assert (again.revoked, again.number) == (None, 0)
    assert not sites.take("clinic", content, signed(content)).known
    told = [(e.facts["what"], e.about, e.actor) for e in entries(sql_store)]
    assert told == [
        ("site added", "clinic", "ada"),
        ("site revoked", "clinic", "ada"),
        ("site added", "clinic", "ada"),
    ]


def test_a_site_reads_only_what_it_may_speak_of_and_must_speak_of_something(
    sites: Sites, sql_store: SqlStore
) -> None:
    with sql_store.begin() as tx:
        tx.assets.save(stranger(AssetId("elsewhere")))
    assert sites.asset_of("clinic", "scan").id == "scan"
    with pytest.raises(NotFound):
        sites.asset_of("clinic", "elsewhere")
    with pytest.raises(BadInput, match="needs an asset"):
        sites.add("second", PUBLIC, (), ADA)
    assert [one.id for one in sites.all()] == ["clinic"]


def test_a_replayed_summary_is_refused_and_is_a_finding(
    sites: Sites, watching: Watching, sql_store: SqlStore
) -> None:
    first, second = minute(1), minute(2)
    sites.take("clinic", first, signed(first))
    sites.take("clinic", second, signed(second))
    with pytest.raises(Refused, match="replay"):
        sites.take("clinic", first, signed(first))
    other = minute(2, minute=NOW.replace(minute=1, second=0))
    with pytest.raises(Refused, match="replay"):
        sites.take("clinic", other, signed(other))
    for late in (4, 9):
        with pytest.raises(Refused, match="does not follow"):
            sites.take("clinic", minute(late), signed(minute(late)))
    assert len(watching.merged) == 2
    assert len(findings(sql_store)) == 2


def test_a_forged_or_changed_summary_is_refused_and_is_a_finding(
    sites: Sites, watching: Watching, sql_store: SqlStore
) -> None:
    content = minute(1)
    stranger = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
    for signature in (signed(content, stranger), "", "not base64!", signed(minute(2))):
        with pytest.raises(Refused, match="signature"):
            sites.take("clinic", content, signature)
    assert watching.merged == []
    assert len(findings(sql_store)) == 1


def test_a_summary_that_could_not_be_merged_is_not_counted_as_taken_in(
    sites: Sites, watching: Watching
) -> None:
    watching.fails = True
    content = minute(1)
    with pytest.raises(BadInput):
        sites.take("clinic", content, signed(content))
    watching.fails = False
    assert not sites.take("clinic", content, signed(content)).known


def test_a_site_is_added_once_with_a_key_that_is_one(sites: Sites) -> None:
    with pytest.raises(AlreadyThere):
        sites.add("clinic", PUBLIC, ("scan",), ADA)
    with pytest.raises(BadInput, match="Ed25519"):
        sites.add("second", "AAAA", ("scan",), ADA)
    with pytest.raises(NotFound, match="mistyped"):
        sites.add("second", PUBLIC, ("mistyped",), ADA)
    with pytest.raises(NotFound):
        sites.take("nobody", minute(1), "")
