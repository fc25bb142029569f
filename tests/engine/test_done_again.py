"""The same deed a second time: in an open incident, after it was closed, and where it goes on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from stanch.detect.registry import detectors
from stanch.engine.cases import Cases, Judgement, Step
from stanch.engine.placed import Placed, mark, place, undone
from stanch.engine.policies import Change, Policies
from stanch.engine.triage import Triage, Triaged
from stanch.engine.watch.feed import Solo
from stanch.engine.watch.watcher import Watcher
from stanch.store.sql.store import SqlStore, open_store
from stanch.testing.spool import MemorySpool
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import (
    AssetId,
    DetectorId,
    IncidentId,
    PlaybookId,
    PrincipalId,
    RunId,
    digest_of,
)
from stanch.vocabulary.incident import Incident, Level, Phase, VerdictKind
from stanch.vocabulary.kept import SummaryBlock
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role
from stanch.vocabulary.policy import Deny, Policy
from stanch.vocabulary.record import Deed
from stanch.vocabulary.run import Run, RunState
from stanch.vocabulary.span import Span
from stanch.vocabulary.standing import Demand, DemandId

START = datetime(2026, 3, 2, 12, 2, 30, tzinfo=UTC)
MODEL = AssetId("reader")
ADA = Caller(name="ada", scopes=ROLE_SCOPES[Role.APPROVER], role=Role.APPROVER)


class House:
    """The watch and triage over one asset with a registered version."""

    def __init__(self, folder: Path) -> None:
        self.at = START
        self.store: SqlStore = open_store(f"sqlite:///{folder}/stanch.db", clock=lambda: self.at)
        self.rows = MemorySpool()
        self.told = 0
        self.watcher = Watcher(self.store, Solo(self.rows), self.rows, detectors, lambda: self.at)
        self.triage = Triage(self.store, lambda: self.at)
        self.cases = Cases(self.store, lambda: self.at)
        self.policies = Policies(self.store, lambda: self.at)
        asset = Asset(
            id=MODEL,
            kind=AssetKind.MODEL,
            name="Reader",
            owner="ada",
            version="v1",
            digest=digest_of(b"good"),
        )
        with self.store.begin() as tx:
            tx.assets.add(asset)

    def turn(self, minutes: float = 0) -> Triaged:
        """What triage makes of what is there, some minutes on."""
        self.at += timedelta(minutes=minutes)
        seen = self.watcher.step()
        return self.triage.take(seen.findings, seen.windows, looked=seen.looked)

    def add(self, count: int = 1, **fields: object) -> None:
        """So many events like this, now, the last a few seconds ago."""
        self.told += count
        times = [self.at - timedelta(milliseconds=k) for k in range(count)]
        row = {
            "id": [f"e-{self.told}-{k}" for k in range(count)],
            "ts": pa.array(times, pa.timestamp("us", "UTC")),
            "asset": [MODEL] * count,
            **{name: [value] * count for name, value in fields.items()},
        }
        self.rows.add(pa.table(row))

    def deploys(self, content: bytes = b"bad", *, by: str = "contractor") -> None:
        self.add(kind="deployment", principal=by, by=by, version="v1", digest=digest_of(content))

    def incidents(self) -> list[Incident]:
        with self.store.look() as tx:
            lines = tx.incidents.page(Wanted(), limit=20).items
        return sorted((line.incident for line in lines), key=lambda i: (i.opened, i.id))

    def findings(self, incident: IncidentId | None = None) -> int:
        with self.store.look() as tx:
            if incident is not None:
                return len(tx.incidents.get(incident).findings)
            return tx.findings.count()

    def close(self, one: Incident) -> None:
        self.cases.move(one.id, Step(to=Phase.CLOSED, seen=one.version, why="done"), ADA)

    def contain(self, one: Incident) -> Demand:
        """What a playbook would have put in force against them."""
        policy = Policy(asset=MODEL, deny=Deny(principals=frozenset({PrincipalId("contractor")})))
        demand = Demand(
            id=DemandId("dmd-1"),
            policy=policy,
            since=self.at,
            by="stanch",
            why="a test",
            incident=one.id,
        )
        version = self.policies.demand(demand, Change(by="stanch", because="a test")).version
        line = Placed(
            key="run-1/block",
            act="block_principal",
            args={"principals": ("contractor",)},
            asset=MODEL,
            at=self.at,
            demands=((MODEL, demand.id),),
            version=version,
        )
        with self.store.begin() as tx:
            place(tx, one.id, line)
            seen = tx.incidents.get(one.id)
            tx.incidents.save(replace(seen, phase=Phase.CONTAINED, contained_at=self.at))
        return demand

    def deeds(self, about: IncidentId) -> list[str]:
        lines = [line.entry for line in self.store.outbox(limit=500)]
        again = [e for e in lines if e.deed is Deed.INCIDENT_SEEN_AGAIN and e.about == about]
        return [str(e.facts["what"]) for e in again]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


def opened(house: House) -> Incident:
    house.deploys()
    house.turn(0.1)
    (one,) = house.incidents()
    assert one.verdict.kind is VerdictKind.ATTACK
    return one


def test_an_incident_begins_with_its_deed_and_not_with_its_window(house: House) -> None:
    house.add(kind="access", principal="ana", action="login", resource="registry", outcome="ok")
    house.turn(7.3)
    began = house.at
    assert opened(house).first_seen == began


def test_what_is_only_counted_begins_in_the_first_minute_of_who_is_named(house: House) -> None:
    login = {"kind": "access", "action": "login", "resource": "registry"}
    house.add(principal="ana", outcome="ok", **login)
    house.turn(7.3)
    house.add(60, principal="mallory", outcome="failed", **login)
    house.turn(1.5)
    house.add(principal="ana", outcome="ok", **login)
    house.turn(0.1)
    (one,) = house.incidents()
    assert one.first_seen == START.replace(minute=9, second=0)


def test_the_same_deployed_once_more_is_another_finding_of_the_open_incident(house: House) -> None:
    first = opened(house)
    before = house.findings()
    house.turn(2)
    house.deploys()
    house.turn(0.1)
    (now,) = house.incidents()
    assert now.id == first.id
    assert house.findings() > before
    # Nothing was put in force yet: the first answer is still being given.
    assert now.again == 0


def test_a_deed_is_the_same_finding_in_the_windows_after_it(house: House) -> None:
    opened(house)
    before = house.findings()
    for _ in range(4):
        house.add(kind="access", principal="ana", action="read", resource="registry", outcome="ok")
        house.turn(6)
    assert house.findings() == before


def test_seen_again_while_it_is_contained_is_counted_and_changes_nothing(house: House) -> None:
    house.contain(opened(house))
    house.turn(2)
    house.deploys()
    house.turn(0.1)
    (now,) = house.incidents()
    assert (now.again, now.loose_at, now.phase) == (1, None, Phase.CONTAINED)
    assert house.deeds(now.id)[-1].endswith("What contains it is in force.")


@pytest.mark.parametrize("how", ["taken back", "reverted", "expired"])
def test_seen_again_after_the_containment_ended_has_to_be_contained_anew(
    house: House, how: str
) -> None:
    one = opened(house)
    demand = house.contain(one)
    house.at += timedelta(minutes=1)
    if how == "expired":
        until = replace(demand, until=house.at + timedelta(minutes=1))
        house.policies.demand(until, Change(by="stanch", because="for a while"))
        house.at += timedelta(minutes=2)
        house.policies.expire()
    elif how == "reverted":
        house.policies.back_to(MODEL, 0, Change(by="ada", because="over"))
    else:
        house.policies.revert(MODEL, demand.id, Change(by="ada", because="over"))
        with house.store.begin() as tx:
            line = Placed(
                key="run-1/block",
                act="block_principal",
                asset=MODEL,
                at=START,
                demands=((MODEL, demand.id),),
            )
            mark(tx, one.id, undone(line, house.at))
    house.turn(1)
    assert house.incidents()[0].again == 0
    house.deploys()
    house.turn(0.1)
    (now,) = house.incidents()
    assert (now.again, now.loose_at, now.held_at) == (1, now.again_at, None)
    assert now.phase is Phase.TRIAGED


def test_an_end_that_a_later_round_began_for_makes_it_loose_no_more(house: House) -> None:
    one = opened(house)
    demand = house.contain(one)
    house.at += timedelta(minutes=1)
    house.policies.revert(MODEL, demand.id, Change(by="ada", because="over"))
    house.at += timedelta(minutes=1)
    begun = Run(
        id=RunId("run-2"),
        playbook=PlaybookId("supply_chain"),
        incident=one.id,
        asset=MODEL,
        state=RunState.WAITING,
        started=house.at,
        updated=house.at,
        by="stanch",
        round=2,
    )
    with house.store.begin() as tx:
        tx.runs.add(begun)
    house.deploys()
    house.turn(1)
    (now,) = house.incidents()
    assert (now.again, now.loose_at, now.phase) == (0, None, Phase.CONTAINED)


def test_who_comes_back_after_the_closing_opens_an_incident_that_says_so(house: House) -> None:
    first = opened(house)
    with house.store.begin() as tx:
        seen = tx.incidents.get(first.id)
        severe = replace(seen.severity, level=Level.HIGH, rank=99)
        first = tx.incidents.save(replace(seen, severity=severe))
    house.turn(2)
    house.close(house.incidents()[0])
    house.turn(1)
    assert len(house.incidents()) == 1
    house.deploys()
    house.turn(0.1)
    old, new = house.incidents()
    assert (new.came_back, new.came_back_after) == (old.id, 66.0)
    assert new.severity.level is Level.HIGH
    assert new.verdict.attack is old.verdict.attack
    with house.store.look() as tx:
        assert [link.to for link in tx.links.of(old.id)] == [new.id]


def test_the_same_that_a_person_cleared_stays_quiet_and_is_counted(house: House) -> None:
    one = opened(house)
    said = Judgement(seen=one.version, why="signed elsewhere", verdict=VerdictKind.NATURAL)
    house.close(house.cases.judge(one.id, said, ADA))
    house.turn(2)
    house.deploys()
    house.turn(0.1)
    (now,) = house.incidents()
    assert (now.phase, now.again) == (Phase.CLOSED, 1)
    assert house.deeds(now.id)[-1] == "seen again, and left alone: ada said that it is harmless"
    house.turn(2)
    house.deploys(b"something else")
    house.turn(0.1)
    assert [i.came_back for i in house.incidents()] == [None, now.id]


def logins(house: House, count: int = 60) -> None:
    who = {"principal": "user-03", "action": "login", "resource": "registry"}
    house.add(count, kind="access", outcome="failed", source="203.0.113.9", **who)


def test_counts_from_before_the_closing_open_nothing_and_those_after_it_do(house: House) -> None:
    logins(house)
    house.turn(0.1)
    (one,) = house.incidents()
    house.turn(1)
    house.close(house.incidents()[0])
    # The window moves on, with all that was closed still in it.
    house.add(kind="access", principal="ana", action="read", resource="registry", outcome="ok")
    house.turn(9)
    assert [i.id for i in house.incidents()] == [one.id]
    # The same window, and the same person at it again: what came after the closing speaks alone.
    logins(house)
    house.turn(0.1)
    assert [i.came_back for i in house.incidents()] == [None, one.id]
    before = house.findings()
    logins(house)
    house.turn(0.1)
    assert house.findings() == before
    assert len(house.incidents()) == 2


def test_closed_while_the_version_it_is_about_still_answers_is_noted(house: House) -> None:
    one = opened(house)
    block = SummaryBlock(asset=MODEL, version="v1", minute=START.replace(second=0), body=b"counts")
    with house.store.begin() as tx:
        tx.summaries.put([block])
    house.close(one)
    with house.store.look() as tx:
        (note,) = tx.notes.of(one.id)
    assert note.by == "stanch"
    assert note.text.startswith("Closed while v1 of reader answered")


def test_closed_after_it_was_taken_out_of_service_is_not_noted(house: House) -> None:
    one = opened(house)
    house.turn(5)
    house.close(house.incidents()[0])
    with house.store.look() as tx:
        assert tx.notes.of(one.id) == ()


def test_who_says_by_hand_that_it_is_contained_again_is_believed(house: House) -> None:
    one = opened(house)
    with house.store.begin() as tx:
        seen = tx.incidents.get(one.id)
        loose = replace(seen, contained_at=START, again=1, loose_at=house.at)
        now = tx.incidents.save(loose)
    step = Step(to=Phase.CONTAINED, seen=now.version, why="by hand", nothing_to_contain=True)
    assert house.cases.move(one.id, step, ADA).held_at == house.at


def drift(house: House) -> IncidentId:
    """An open incident of which nobody knows yet what it is."""
    finding = Finding(
        detector=DetectorId("score_shift"),
        asset=MODEL,
        window=Span(start=house.at - timedelta(minutes=1), end=house.at),
        says="The scores moved.",
        measured={},
        because=(),
        strength=9.0,
    )
    with house.store.begin() as tx:
        tx.findings.put([finding], at=house.at)
    (made,) = house.triage.take([finding], {}).opened
    return made.id


def test_what_a_person_cleared_is_not_judged_in_another_open_incident(house: House) -> None:
    one = opened(house)
    said = Judgement(seen=one.version, why="signed elsewhere", verdict=VerdictKind.NATURAL)
    house.close(house.cases.judge(one.id, said, ADA))
    house.turn(2)
    other = drift(house)
    for _ in range(2):
        house.turn(2)
        house.deploys()
        house.turn(0.1)
    cleared, now = house.incidents()
    assert (cleared.again, now.id, house.findings(other)) == (2, other, 1)
    assert now.verdict.kind is VerdictKind.UNDECIDED
    with house.store.look() as tx:
        (note,) = tx.notes.of(other)
    assert note.text.startswith(f"What ada called harmless in {cleared.id} was seen again")
    # Another digest was cleared by nobody: it belongs to what is open.
    house.turn(2)
    house.deploys(b"something else")
    house.turn(0.1)
    cleared, now = house.incidents()
    assert now.verdict.kind is VerdictKind.ATTACK
    # Who is suspected of what is open is not cleared by an older word.
    before = house.findings(other)
    house.turn(2)
    house.deploys()
    house.turn(0.1)
    assert house.incidents()[0].again == cleared.again
    assert house.findings(other) > before
