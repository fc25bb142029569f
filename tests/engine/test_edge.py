"""The edge, with a real centre behind a line without a network."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from tests.engine.lifecycle.house import FRAUD, START, House, inferences, minute_by_minute
from tests.engine.test_sites import KEY

from stanch.app import opened
from stanch.app.serving import _health
from stanch.app.work import work_of
from stanch.detect.summaries.parts import Part
from stanch.engine.baselines import Ask, Baselines
from stanch.engine.caretaker import Caretaker
from stanch.engine.clock import utc_now
from stanch.engine.edge import WAITS, Edge, Signs
from stanch.engine.sites import DETECTOR, LEAD, Site, Sites
from stanch.engine.upstream import Upstream
from stanch.engine.watch.golden import Seasons
from stanch.engine.watch.hop import MINUTE
from stanch.engine.watch.minutes import from_bytes, to_bytes
from stanch.engine.watch.sent import Sent, written
from stanch.settings import Settings
from stanch.vocabulary.asset import stranger
from stanch.vocabulary.kept import BaselineKept
from stanch.vocabulary.people import Caller, Scope
from stanch.vocabulary.record import Deed
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput, Refused, Unreachable

ADA = Caller(name="ada", scopes=frozenset({Scope.ADMIN}))
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()


@dataclass
class Centre:
    """A centre, and the line to it."""

    house: House
    sites: Sites
    cut: bool = False
    deaf: bool = False
    """Whether it takes in what is sent and its answer is lost."""

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        more: Mapping[str, str] | None = None,
    ) -> bytes:
        if self.cut:
            raise Unreachable("http://centre", "cut")
        if method == "POST":
            taken = self.sites.take("clinic", body or b"", (more or {})["stanch-signature"], "k")
            if self.deaf:
                raise Unreachable("http://centre", "lost")
            return msgspec.json.encode(taken)
        if path.endswith("/told"):
            return msgspec.json.encode(self.sites.told("clinic"))
        if "/baselines/current" in path:
            with self.house.store.look() as tx:
                found = tx.baselines.current(FRAUD)
            return msgspec.json.encode(found) if found is not None else b""
        return msgspec.json.encode(self.sites.asset_of("clinic", FRAUD))


@dataclass
class Clinic:
    """A site that joined the centre."""

    house: House
    edge: Edge

    def minutes(self, n: int, seed: int) -> None:
        """So many minutes of traffic, each counted."""
        minute_by_minute(self.house, n, shift=0.0, seed=seed)

    def current(self) -> BaselineKept:
        with self.house.store.look() as tx:
            found = tx.baselines.current(FRAUD)
        assert found is not None
        return found


def house_in(folder: Path) -> House:
    folder.mkdir()
    return House(folder)


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    house = house_in(tmp_path / "centre")
    with house.store.begin() as tx:
        tx.assets.save(stranger(FRAUD))
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(2_000, START))
    sites = Sites(house.store, house.watcher, house.clock)
    sites.add("clinic", PUBLIC, (FRAUD,), ADA)
    yield Centre(house=house, sites=sites)
    house.close()


@pytest.fixture
def clinic(tmp_path: Path, centre: Centre) -> Iterator[Clinic]:
    house = house_in(tmp_path / "clinic")
    house.clock = centre.house.clock
    house.start()
    signs = Signs(counts=signed, baseline=lambda _: "signed in the clinic")
    upstream = Upstream(url="http://centre", key="", site="clinic", assets=(FRAUD,))
    edge = Edge(house.store, upstream, centre, signs, house.clock)
    edge.turn()
    yield Clinic(house=house, edge=edge)
    house.close()


def signed(content: bytes) -> str:
    return base64.b64encode(KEY.sign(content)).decode()


def counted(house: House) -> int:
    with house.store.look() as tx:
        blocks = tx.summaries.between(FRAUD, Span(start=START, end=START + timedelta(hours=3)))
    return sum(block.n for block in blocks)


def refusals(centre: Centre) -> int:
    with centre.house.store.look() as tx:
        return len([f for f in tx.findings.page(limit=50).items if f.detector == DETECTOR])


def test_a_baseline_is_taken_over_under_the_signature_of_this_house(clinic: Clinic) -> None:
    taken = clinic.current()
    assert (taken.by, taken.signature) == ("upstream: ada", "signed in the clinic")
    (entry,) = [
        one.entry
        for one in clinic.house.store.outbox(limit=50)
        if one.entry.deed is Deed.BASELINE_SET
    ]
    assert (entry.actor, entry.digest) == ("upstream http://centre", taken.digest)


def test_a_baseline_of_its_own_from_before_does_not_stop_what_comes_from_upstream(
    clinic: Clinic, centre: Centre
) -> None:
    own = Ask(asset=FRAUD, by="bob", source="the clinic alone")
    assert clinic.house.baselines.set(own, inferences(2_000, START, seed=9)).id == "fraud-2"
    again = Ask(asset=FRAUD, by="ada", source="a test")
    newest = centre.house.baselines.set(again, inferences(2_000, START, seed=2))
    centre.house.clock.at += timedelta(minutes=1)
    clinic.edge.turn()
    assert newest.id == "fraud-2"
    assert clinic.current().digest == newest.digest
    assert clinic.current().id == "fraud-2-upstream-1"


def test_what_is_normal_of_an_asset_of_upstream_is_not_set_here(clinic: Clinic) -> None:
    house = clinic.house
    fixed = Baselines(house.store, lambda _: "", house.clock, upstream=frozenset({FRAUD}))
    with pytest.raises(Refused, match="set upstream"):
        fixed.set(Ask(asset=FRAUD, by="bob", source="x"), inferences(2_000, START))


def test_a_minute_that_is_still_being_counted_waits_for_its_end(
    clinic: Clinic, centre: Centre
) -> None:
    clinic.minutes(1, seed=1)
    # The process ends here; of this minute, rows that were taken in are not counted yet.
    clinic.house.rows.add(inferences(500, START, seed=2))
    clinic.house.clock.at += timedelta(minutes=5)
    assert clinic.edge.turn() == 0
    clinic.house.start()
    clinic.house.path.turn()
    assert clinic.edge.turn() == 1
    assert counted(centre.house) == 1500


def test_what_nobody_ends_goes_as_it_stands(clinic: Clinic, centre: Centre) -> None:
    clinic.minutes(1, seed=1)
    clinic.house.clock.at += WAITS
    assert clinic.edge.turn() == 1
    assert counted(centre.house) == 1000


def test_a_site_that_was_added_again_goes_on_at_one_and_is_no_finding(
    clinic: Clinic, centre: Centre
) -> None:
    clinic.minutes(8, seed=1)
    before = clinic.edge.turn()
    assert before >= 2
    centre.sites.revoke("clinic", ADA)
    clinic.minutes(1, seed=20)
    with pytest.raises(Refused, match="revoked upstream"):
        clinic.edge.turn()
    centre.sites.add("clinic", PUBLIC, (FRAUD,), ADA)
    assert clinic.edge.turn() == 1
    assert centre.sites.get("clinic").number == 1
    assert refusals(centre) == 0


def test_a_folder_from_an_older_copy_is_told_so_and_sends_nothing(
    clinic: Clinic, centre: Centre
) -> None:
    with clinic.house.store.look() as tx:
        older = tx.settings.get("_edge/place")
    clinic.minutes(8, seed=1)
    assert clinic.edge.turn() > 1
    with clinic.house.store.begin() as tx:
        tx.settings.put("_edge/place", older or "")
    with pytest.raises(Refused, match="older copy"):
        clinic.edge.turn()
    assert refusals(centre) == 0


def test_a_second_place_under_the_same_name_is_told_so_by_its_first_minute(
    clinic: Clinic, centre: Centre
) -> None:
    clinic.minutes(8, seed=1)
    clinic.edge.turn()
    with clinic.house.store.look() as tx:
        (*_, block) = tx.summaries.between(FRAUD, Span(start=START, end=START + 8 * MINUTE))
    told = centre.sites.told("clinic")
    other = Sent(
        site="clinic",
        number=told.number + 1,
        asset=FRAUD,
        version=block.version,
        minute=block.minute,
        body=block.body,
    )
    centre.sites.take("clinic", written(other), signed(LEAD + written(other)))
    clinic.minutes(6, seed=2)
    with pytest.raises(Refused, match="another place sends under this name"):
        clinic.edge.turn()
    assert refusals(centre) == 0


def test_a_minute_whose_answer_was_lost_goes_again_and_is_known(
    clinic: Clinic, centre: Centre
) -> None:
    clinic.minutes(8, seed=1)
    centre.deaf = True
    with pytest.raises(Unreachable):
        clinic.edge.turn()
    assert centre.sites.told("clinic").number == 1
    centre.deaf = False
    clinic.edge.turn()
    clinic.minutes(6, seed=2)
    clinic.edge.turn()
    assert counted(centre.house) == 1_000 * centre.sites.told("clinic").number
    assert refusals(centre) == 0


def test_what_nobody_can_have_counted_is_passed_over_here_and_a_finding_there(
    clinic: Clinic, centre: Centre
) -> None:
    clinic.minutes(5, seed=1)
    with clinic.house.store.look() as tx:
        (block, *_) = tx.summaries.between(FRAUD, Span(start=START, end=START + MINUTE))
    with centre.house.store.look() as tx:
        kept = tx.baselines.current(FRAUD)
    assert kept is not None
    minute = from_bytes(block.body, Seasons.of(kept).plan)
    assert minute.counted is not None
    summary = minute.counted.summary
    for wrong in (-summary.sums[Part.ROWS], summary.sums[Part.ROWS] << 52):
        sums = {**summary.sums, Part.ROWS: wrong}
        false = replace(minute.counted, summary=replace(summary, sums=sums))
        sent = Sent(
            site="clinic",
            number=1,
            asset=FRAUD,
            version=block.version,
            minute=block.minute,
            body=to_bytes(replace(minute, counted=false)),
        )
        with pytest.raises(BadInput, match="its counts cannot be"):
            centre.sites.take("clinic", written(sent), signed(LEAD + written(sent)), "key:clinic")
    assert counted(centre.house) == 0
    with centre.house.store.look() as tx:
        (finding,) = [f for f in tx.findings.page(limit=9).items if f.detector == DETECTOR]
    assert finding.says.endswith("It came with key:clinic.")


def test_a_cut_line_loses_nothing(clinic: Clinic, centre: Centre) -> None:
    clinic.minutes(6, seed=1)
    centre.cut = True
    with pytest.raises(Unreachable):
        clinic.edge.turn()
    clinic.minutes(4, seed=30)
    centre.cut = False
    assert clinic.edge.turn() == 6
    assert counted(centre.house) == 6_000
    assert refusals(centre) == 0


def test_what_was_counted_in_an_hour_without_the_line_comes_once_it_is_back(
    clinic: Clinic, centre: Centre
) -> None:
    centre.sites.let_away("clinic", 120, ADA)
    clinic.minutes(3, seed=1)
    clinic.edge.turn()
    centre.cut = True
    clinic.minutes(60, seed=100)
    centre.cut = False
    back(clinic, centre)
    assert (counted(centre.house), clinic.edge.left()) == (counted(clinic.house), 0)
    assert refusals(centre) == 0


def test_what_is_older_than_a_site_may_be_cut_off_stays_there_and_is_counted(
    clinic: Clinic, centre: Centre
) -> None:
    clinic.minutes(5, seed=1)
    clinic.edge.turn()
    centre.cut = True
    clinic.minutes(30, seed=100)
    centre.cut = False
    back(clinic, centre)
    missing = (counted(clinic.house) - counted(centre.house)) // 1000
    assert 0 < clinic.edge.left() == missing
    assert refusals(centre) == 0


def test_an_attack_while_the_line_was_cut_is_found_at_the_centre_whose_own_rows_went_on(
    clinic: Clinic, centre: Centre
) -> None:
    centre.sites.let_away("clinic", 120, ADA)
    clinic.minutes(3, seed=1)
    clinic.edge.turn()
    began = clinic.house.clock.at
    minute_by_minute(clinic.house, 5, shift=3.0, seed=50)
    attacked = clinic.house.clock.at
    minute_by_minute(centre.house, 40, shift=0.0, seed=900)
    with centre.house.store.look() as tx:
        assert not [f for f in tx.findings.page(limit=50).items if f.window.start <= began]
    back(clinic, centre)
    clinic.house.path.turn()
    assert counted(centre.house) == counted(clinic.house) + 40_000
    with centre.house.store.look() as tx:
        found = [f for f in tx.findings.page(limit=50).items if f.window.start <= began]
    assert "prediction_mix" in {f.detector for f in found}
    assert all(f.window.covers(attacked - MINUTE) for f in found)


def back(clinic: Clinic, centre: Centre) -> None:
    """The line is there again, until nothing waits to be sent."""
    clinic.house.clock.at += timedelta(minutes=4)
    clinic.house.path.turn()
    while clinic.edge.turn():
        centre.house.path.turn()
    centre.house.path.turn()


def test_how_long_a_site_may_be_cut_off_is_bounded_and_entered(centre: Centre) -> None:
    for wrong in (11, 7 * 1440 + 1):
        with pytest.raises(BadInput, match="12 minutes to 7 days"):
            centre.sites.let_away("clinic", wrong, ADA)
    assert centre.sites.let_away("clinic", 1440, ADA).away == 1440
    what = centre.house.store.outbox(limit=50)[-1].entry.facts["what"]
    assert what == "site may be cut off for 1440 minutes"


def test_rows_that_come_to_a_quiet_asset_late_are_sent_after_newer_ones_of_another(
    clinic: Clinic, centre: Centre
) -> None:
    clinic.minutes(6, seed=1)
    clinic.edge.turn()
    before = counted(centre.house)
    with clinic.house.store.begin() as tx:
        (block, *_) = tx.summaries.between(FRAUD, Span(start=START, end=START + MINUTE))
        # The same minute of another version, of which nothing came until now.
        tx.summaries.put([replace(block, version="quiet")])
    clinic.minutes(1, seed=9)
    clinic.edge.turn()
    with centre.house.store.look() as tx:
        blocks = tx.summaries.between(FRAUD, Span(start=START, end=START + timedelta(hours=1)))
    assert [b.n for b in blocks if b.version == "quiet"] == [block.n]
    assert counted(centre.house) == before + block.n + 1_000
    assert refusals(centre) == 0


def test_a_check_up_names_the_site_that_was_not_heard_of(tmp_path: Path) -> None:
    with opened(Settings(data=tmp_path)) as parts:
        work = work_of(parts)
        for name, ago in (("clinic", timedelta(hours=1)), ("branch", timedelta())):
            site = Site(id=name, public="", assets=(), added=utc_now() - ago, by="ada")
            with parts.store.begin() as tx:
                tx.settings.put(f"site/{name}", msgspec.json.encode(site).decode())
        told = _health(parts, work, Caretaker(())).checkups()
    said = [(one.name, one.says) for one in told if one.name.startswith("site ")]
    assert said == [("site clinic", "no minute came of late, none ever")]
