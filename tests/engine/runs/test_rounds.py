"""A playbook begun once more: who comes back is met again, and what merely goes on is not."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stanch.engine.approvals import Approvals, Ballot
from stanch.engine.containment_clock import ContainmentClock, clock_id
from stanch.engine.deeds import Hands, RealDeeds
from stanch.engine.guards import Proof
from stanch.engine.policies import Change, Policies
from stanch.engine.runs.library import shipped
from stanch.engine.runs.memory import Hop
from stanch.engine.runs.performer import World
from stanch.engine.runs.runner import Runner
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.approval import Answer, Approval
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.clock import ClockState
from stanch.vocabulary.finding import AttackKind, Suspect
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.run import Run, RunState, Wish

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")
ADA = Caller(name="ada", scopes=frozenset({Scope.APPROVE}), role=Role.APPROVER)
BOOK = "supply_chain"


class Keeps:
    def freeze(self, incident: Incident) -> None:
        pass


class Proving:
    def prove(self, asset: AssetId, version: int, probe: Probe | None) -> Proof:
        return Proof(holds=True, says="Shown.")


def at_once(name: str, work: Callable[[], str]) -> str:
    return work()


class House:
    """A runner on real policies, whose hops are carried out when asked."""

    def __init__(self, folder: Path) -> None:
        self.at = NOON
        self.store: SqlStore = open_store(sqlite_url(folder), clock=lambda: self.at)
        self.policies = Policies(self.store, lambda: self.at)
        self.approvals = Approvals(self.store, lambda: self.at)
        self.clock = ContainmentClock(self.store, lambda: self.at)
        hands = Hands(
            store=self.store,
            policies=self.policies,
            keeper=Keeps(),
            clock=lambda: self.at,
            prover=Proving(),
        )
        world = World(
            store=self.store,
            deeds=RealDeeds(hands),
            approvals=self.approvals,
            clock=lambda: self.at,
        )
        self.runner = Runner(world, shipped())
        self.runner.begin(self)
        self.hops: list[Hop] = []
        asset = Asset(id=FRAUD, kind=AssetKind.MODEL, name="fraud", owner="ada", fallback='"no"')
        with self.store.begin() as tx:
            tx.assets.add(asset)
            self.key = tx.incidents.add(
                Incident(
                    id=IncidentId("inc-1"),
                    title="Something on fraud",
                    asset=FRAUD,
                    opened=NOON,
                    first_seen=NOON,
                    updated=NOON,
                    phase=Phase.TRIAGED,
                    verdict=Verdict(
                        kind=VerdictKind.ATTACK, attack=AttackKind.SUPPLY_CHAIN, confidence=0.9
                    ),
                )
            ).id

    def enqueue(self, hop: Hop) -> None:
        self.hops.append(hop)

    def at_work(self, hop: Hop) -> bool:
        return hop in self.hops

    def work(self) -> None:
        while self.hops:
            self.runner.carry(self.hops.pop(0), at_once)

    def seen(self, *names: str, after: float = 1, loose: bool = False, again: bool = False) -> None:
        """It is seen with these suspects, some minutes on, and answered."""
        self.at += timedelta(minutes=after)
        people = tuple(
            Suspect(principal=PrincipalId(n), share=1 / len(names), confidence=0.95) for n in names
        )
        with self.store.begin() as tx:
            one = replace(tx.incidents.get(self.key), suspects=people)
            if again:
                one = replace(one, again=one.again + 1, again_at=self.at)
            if loose:
                one = replace(one, loose_at=self.at, phase=Phase.TRIAGED)
            saved = tx.incidents.save(one)
        self.clock.changed(saved)
        self.runner.answer(saved)
        self.work()

    @property
    def incident(self) -> Incident:
        with self.store.look() as tx:
            return tx.incidents.get(self.key)

    def runs(self) -> list[Run]:
        with self.store.look() as tx:
            page = tx.runs.page(Wanted(incident=(self.key,)))
        return sorted(page.items, key=lambda r: (r.started, r.round))

    def asked(self, state: Answer = Answer.OPEN) -> list[Approval]:
        with self.store.look() as tx:
            return list(tx.approvals.page(Wanted(state=(state,))).items)

    def answers(self, *, yes: bool) -> None:
        for one in self.asked():
            self.approvals.vote(one.id, ADA, Ballot(yes=yes, digest=one.digest))
        self.work()

    def undo(self, run: Run) -> None:
        self.at += timedelta(minutes=1)
        self.runner.wish(run.id, Wish.CANCEL_UNDO, by="ada")
        self.work()

    def taken_back(self) -> None:
        """A person has the policy as it was before all of it."""
        self.at += timedelta(minutes=1)
        self.policies.back_to(FRAUD, 0, Change(by="ada", because="it is over"))

    def denied(self) -> frozenset[PrincipalId]:
        return self.policies.now(FRAUD).deny.principals


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


def test_who_comes_back_after_the_undo_is_stopped_again_as_often_as_that_happens(
    house: House,
) -> None:
    house.seen("contractor")
    for number in (2, 3, 4):
        assert house.denied() == {"contractor"}
        house.taken_back()
        assert house.denied() == frozenset()
        house.seen("contractor", again=True, loose=True)
        last = house.runs()[-1]
        assert last.round == number
        assert last.because == "seen again, after what contained it had ended"
    assert [r.heir for r in house.runs()] == [r.id for r in house.runs()[1:]] + [None]


def test_people_are_asked_anew_and_the_question_before_is_withdrawn(house: House) -> None:
    house.seen("contractor")
    (first,) = house.asked()
    house.undo(house.runs()[0])
    (gone,) = house.asked(Answer.WITHDRAWN)
    assert gone.id == first.id
    assert "cancelled" in gone.why
    house.seen("contractor", again=True, loose=True)
    (second,) = house.asked()
    assert second.id != first.id


def test_one_deed_that_goes_on_asks_once_and_begins_nothing(house: House) -> None:
    house.seen("contractor")
    for _ in range(5):
        house.seen("contractor", again=True)
    assert len(house.runs()) == 1
    assert len(house.asked()) == 1


def test_seen_again_while_it_is_held_begins_nothing(house: House) -> None:
    house.seen("contractor")
    house.answers(yes=True)
    assert house.runs()[0].state is RunState.DONE
    house.seen("contractor", again=True)
    assert len(house.runs()) == 1


def test_who_goes_on_under_another_name_is_refused_too_and_nobody_is_asked_twice(
    house: House,
) -> None:
    house.seen("contractor")
    house.answers(yes=True)
    house.seen("contractor", "key-91")
    assert house.denied() == {"contractor", "key-91"}
    assert [r.round for r in house.runs()] == [1, 2]
    # What people agreed to is in force: it is not asked once more.
    assert house.asked() == []


def test_after_a_no_the_pause_before_people_are_asked_again_doubles(house: House) -> None:
    house.seen("contractor")
    house.taken_back()
    asked = []
    for _ in range(12):
        house.answers(yes=False)
        house.seen(after=1, again=True)
        asked.append(len(house.runs()))
    assert asked[-1] > 1
    assert len(set(asked[6:])) < 4


def test_what_a_person_holds_is_not_begun_beside_them(house: House) -> None:
    house.seen("contractor")
    house.runner.wish(house.runs()[0].id, Wish.PAUSE, by="ada")
    house.work()
    house.taken_back()
    house.seen("contractor", again=True, loose=True)
    assert len(house.runs()) == 1


def test_the_time_to_contain_it_begins_anew_when_it_comes_loose(house: House) -> None:
    house.clock.opened(house.incident)
    house.seen("contractor")
    house.answers(yes=True)
    house.clock.changed(house.incident)
    with house.store.look() as tx:
        first = tx.clocks.get(clock_id(house.key))
    assert first.state is ClockState.MET
    house.taken_back()
    house.at += timedelta(hours=5)
    # The rest of the way is the runner's; here only the clock is looked at.
    with house.store.begin() as tx:
        one = tx.incidents.get(house.key)
        loose = replace(one, again=1, again_at=house.at, loose_at=house.at, phase=Phase.TRIAGED)
        saved = tx.incidents.save(loose)
    house.clock.changed(saved)
    with house.store.look() as tx:
        second = tx.clocks.get(clock_id(house.key))
    assert (second.state, second.started, second.met) == (ClockState.RUNNING, house.at, None)
    house.runner.answer(saved)
    house.work()
    house.clock.changed(house.incident)
    with house.store.look() as tx:
        assert tx.clocks.get(clock_id(house.key)).state is ClockState.MET
    assert house.incident.held_at == house.incident.held_again
    assert house.incident.contained_at != house.incident.held_again
