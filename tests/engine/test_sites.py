"""Sites: signed counts merge as rows would have; forged, replayed and stale ones are findings."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stanch.engine.ports import Transaction
from stanch.engine.sites import DETECTOR, LEAD, Sites
from stanch.engine.watch.sent import Sent, written
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.asset import stranger
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.trouble import AlreadyThere, BadInput, NotFound, Refused

ADA = Caller(name="ada", scopes=frozenset({Scope.ADMIN}))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
NOW = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)


@dataclass
class Watching:
    merged: list[Sent] = field(default_factory=list)
    fails: bool = False

    @contextmanager
    def absorbing(self) -> Iterator[object]:
        yield self._absorb

    def _absorb(self, tx: Transaction, sent: Sent) -> None:
        if self.fails:
            raise BadInput("another plan")
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


@pytest.fixture
def sites(sql_store: SqlStore, watching: Watching) -> Sites:
    with sql_store.begin() as tx:
        tx.assets.save(stranger(AssetId("scan")))
    made = Sites(sql_store, watching, lambda: NOW)  # pyrefly: ignore[bad-argument-type]  the test's own watching
    made.add(
        "clinic", base64.b64encode(KEY.public_key().public_bytes_raw()).decode(), ("scan",), ADA
    )
    return made


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
    public = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
    with pytest.raises(AlreadyThere):
        sites.add("clinic", public, ("scan",), ADA)
    with pytest.raises(BadInput, match="Ed25519"):
        sites.add("second", "AAAA", ("scan",), ADA)
    with pytest.raises(NotFound, match="mistyped"):
        sites.add("second", public, ("mistyped",), ADA)
    with pytest.raises(NotFound):
        sites.take("nobody", minute(1), "")
