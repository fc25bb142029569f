"""Runs end to end: an incident becomes demands in force, through the real durable engine."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stanch.contain.playbook.written import read
from stanch.engine.approvals import Approvals, Ballot
from stanch.engine.deeds import Hands, RealDeeds
from stanch.engine.policies import Policies
from stanch.engine.runs.durable import Durable, Place
from stanch.engine.runs.library import by_id, shipped
from stanch.engine.runs.performer import World
from stanch.engine.runs.runner import Runner
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.approval import Answer
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import AttackKind, Suspect
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.policy import Scores
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.record import Deed
from stanch.vocabulary.run import Run, RunState

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")
ADA = Caller(name="ada", scopes=frozenset({Scope.APPROVE}), role=Role.APPROVER)
GRACE = replace(ADA, name="grace")


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


class Freezer:
    def __init__(self) -> None:
        self.frozen: list[IncidentId] = []

    def freeze(self, incident: Incident) -> None:
        self.frozen.append(incident.id)


class Proving:
    def prove(self, asset: AssetId, version: int, probe: Probe | None) -> bool | None:
        return True


def incident(attack: AttackKind | None = AttackKind.EXTRACTION, **changes: object) -> Incident:
    made = Incident(
        id=IncidentId("inc-1"),
        title="Model extraction on fraud",
        asset=FRAUD,
        opened=NOON,
        first_seen=NOON,
        updated=NOON,
        phase=Phase.TRIAGED,
        suspects=(Suspect(principal=PrincipalId("key-91"), share=0.9, confidence=0.97),),
        verdict=Verdict(kind=VerdictKind.ATTACK, attack=attack, confidence=0.9),
    )
    return replace(made, **changes)  # pyrefly: ignore[bad-argument-type]  a test names what it changes


class House:
    def __init__(self, folder: Path, extra: str = "") -> None:
        self.clock = Clock()
        self.store: SqlStore = open_store(sqlite_url(folder), clock=self.clock)
        self.freezer = Freezer()
        self.policies = Policies(self.store, self.clock)
        self.approvals = Approvals(self.store, self.clock)
        self.deeds = RealDeeds(
            Hands(
                store=self.store,
                policies=self.policies,
                keeper=self.freezer,
                clock=self.clock,
                prover=Proving(),
            )
        )
        world = World(
            store=self.store, deeds=self.deeds, approvals=self.approvals, clock=self.clock
        )
        books = by_id([read(extra, "extra.yaml")]) if extra else shipped()
        self.runner = Runner(world, books)
        self.durable = Durable(Place(url=f"sqlite:///{folder}/runs.db"), self.runner.carry)
        self.durable.start()
        self.runner.begin(self.durable)
        with self.store.begin() as tx:
            tx.assets.add(Asset(id=FRAUD, kind=AssetKind.MODEL, name="fraud", owner="ada"))
            self.incident = tx.incidents.add(incident())

    def run(self) -> Run:
        with self.store.look() as tx:
            (found,) = tx.runs.page(Wanted(incident=(self.incident.id,))).items
        return found

    def until(self, true: Callable[[], bool], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, self.run()
            time.sleep(0.01)

    def until_state(self, *states: RunState) -> Run:
        self.until(lambda: self.run().state in states)
        return self.run()

    def later(self, **by: float) -> None:
        self.clock.at += timedelta(**by)
        self.runner.tick()

    def deeds_entered(self) -> list[str]:
        return [
            str(one.entry.facts["step"])
            for one in self.store.outbox(limit=500)
            if one.entry.deed is Deed.STEP_DONE
        ]

    def close(self) -> None:
        self.durable.stop()
        self.store.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def test_extraction_is_answered_by_demands_that_are_really_in_force(house: House) -> None:
    house.runner.answer(house.incident)
    # With no traffic to judge by, what touches everybody's answers asks a person first.
    run = house.until_state(RunState.WAITING)
    assert house.policies.now(FRAUD).deny.principals == {"key-91"}
    with house.store.look() as tx:
        assert tx.incidents.get(house.incident.id).phase is Phase.CONTAINED
        (asked,) = tx.approvals.page().items
    assert asked.answer is Answer.OPEN
    assert run.waits_for == (f"an answer to {asked.id}",)
    house.approvals.vote(asked.id, ADA, Ballot(yes=True, digest=asked.digest))
    house.until(lambda: house.run().waits_for == ("quiet",))
    assert house.policies.now(FRAUD).shape.scores is Scores.TOP1
    house.later(minutes=20)
    run = house.until_state(RunState.DONE)
    assert run.ended is not None
    assert house.freezer.frozen
