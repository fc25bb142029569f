"""What tests of the runner share: a server's parts on one folder, and an incident to answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from tests.engine.runs.inline import Inline

from stanch.contain.playbook.written import read
from stanch.engine.approvals import Approvals
from stanch.engine.asked import MOST_ROWS
from stanch.engine.deeds import Hands, RealDeeds
from stanch.engine.guards import Proof
from stanch.engine.policies import Policies
from stanch.engine.runs.deeds import Order, Outcome
from stanch.engine.runs.library import by_id, shipped
from stanch.engine.runs.performer import World
from stanch.engine.runs.runner import Runner
from stanch.engine.telling import Notice
from stanch.engine.voting import Ballot
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.approval import Answer, Approval
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import AttackKind, Suspect
from stanch.vocabulary.ids import (
    AssetId,
    IncidentId,
    PrincipalId,
)
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.record import Deed
from stanch.vocabulary.run import Run, Wish
from stanch.vocabulary.span import Span

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")
ADA = Caller(name="ada", scopes=frozenset({Scope.APPROVE}), role=Role.APPROVER)


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


class Told:
    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def tell(self, notice: Notice) -> None:
        self.notices.append(notice)


class Ordinary:
    """What tenants asked lately."""

    def __init__(self) -> None:
        self.count = 400

    def between(self, asset: AssetId, span: Span, limit: int) -> pa.Table:
        if limit == MOST_ROWS:
            return pa.table({})
        assert (asset, limit) == (FRAUD, 4096)
        rows = np.random.default_rng(7).normal(0.0, 1.0, (self.count, 8)).tolist()
        at = [span.start + timedelta(seconds=n) for n in range(self.count)]
        return pa.table(
            {
                "kind": ["inference"] * self.count,
                "principal": [f"tenant-{n % 20}" for n in range(self.count)],
                "ts": pa.array(at, pa.timestamp("us", "UTC")),
                "features": rows,
            }
        )


class Proving:
    def prove(self, asset: AssetId, version: int, probe: Probe | None) -> Proof:
        return Proof(holds=True, says="Shown.")


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


class Fussy(RealDeeds):
    """Deeds that can be made to fail."""

    def __init__(self, hands: Hands) -> None:
        super().__init__(hands)
        self.failing: dict[str, Exception] = {}
        self.broken: dict[str, Exception] = {}
        """Acts that are in force when this comes up."""
        self.half: set[str] = set()
        """Acts that are in force, and whose call outside does not come through."""
        self.done: list[str] = []

    def perform(self, order: Order) -> Outcome:
        self.done.append(order.act)
        if order.act in self.failing:
            raise self.failing[order.act]
        if order.act in self.broken:
            super().perform(order)
            raise self.broken[order.act]
        late = order.act in self.half
        return replace(super().perform(order), ok=not late, again=late)


class House:
    def __init__(self, folder: Path, extra: str = "") -> None:
        self.clock = Clock()
        self.folder = folder
        self.ordinary = Ordinary()
        self.books = by_id([read(extra, "extra.yaml")]) if extra else shipped()
        self.start()
        with self.store.begin() as tx:
            tx.assets.add(
                Asset(id=FRAUD, kind=AssetKind.MODEL, name="fraud", owner="ada", fallback='"no"')
            )
            self.incident = tx.incidents.add(incident())

    def start(self) -> None:
        """The server's parts, on what lies in the folder."""
        self.store: SqlStore = open_store(sqlite_url(self.folder), clock=self.clock)
        self.freezer = Freezer()
        self.policies = Policies(self.store, self.clock)
        self.told = Told()
        self.approvals = Approvals(self.store, self.clock, self.told)
        hands = Hands(
            store=self.store,
            policies=self.policies,
            keeper=self.freezer,
            clock=self.clock,
            prover=Proving(),
            notifier=self.told,
            rows=self.ordinary,
        )
        self.deeds = Fussy(hands)
        world = self.world = World(
            store=self.store, deeds=self.deeds, approvals=self.approvals, clock=self.clock
        )
        self.runner = Runner(world, self.books)
        self.inline = Inline(world)
        self.runner.begin(self.inline)

    def restart(self) -> None:
        """The server ends and starts again; nothing that was only in memory is left."""
        self.store.close()
        self.start()

    def answer(self) -> Run:
        self.runner.answer(self.incident)
        self.inline.work()
        return self.run()

    def run(self) -> Run:
        with self.store.look() as tx:
            (found,) = tx.runs.page(Wanted(incident=(self.incident.id,))).items
        return found

    def later(self, **by: float) -> Run:
        self.clock.at += timedelta(**by)
        self.runner.tick()
        self.inline.work()
        return self.run()

    def wish(self, wish: Wish) -> Run:
        self.runner.wish(self.run().id, wish, by="ada")
        self.inline.work()
        return self.run()

    def asked(self) -> Approval:
        with self.store.look() as tx:
            (found,) = tx.approvals.page(Wanted(state=(Answer.OPEN,))).items
        return found

    def vote(self, *, yes: bool, by: Caller = ADA) -> Run:
        asked = self.asked()
        self.approvals.vote(asked.id, by, Ballot(yes=yes, digest=asked.digest))
        self.inline.work()
        return self.run()

    def entered(self) -> list[str]:
        return [
            str(one.entry.facts["step"])
            for one in self.store.outbox(limit=500)
            if one.entry.deed is Deed.STEP_DONE and {"came", "undo"} & set(one.entry.facts)
        ]

    def denied(self) -> frozenset[PrincipalId]:
        return self.policies.now(FRAUD).deny.principals

    def close(self) -> None:
        self.store.close()


def made(tmp_path: Path, steps: str) -> Iterator[House]:
    text = f"playbook: test\ntitle: A test\nanswers: [extraction]\nsteps:\n{steps}"
    house = House(tmp_path, text)
    yield house
    house.close()


@contextmanager
def house_of(tmp_path: Path, steps: str) -> Iterator[House]:
    yield from made(tmp_path, steps)


BLOCK = """
  - do: freeze
  - id: block
    do: block_principal
    with: {principals: $suspects}
  - id: slow
    do: throttle
    with: {rate: 20/min, principals: $suspects}
  - id: say
    do: note
    with: {text: done}
"""


ASKS = """
  - do: freeze
  - id: safe-ok
    ask: May the fallback answer?
    about: [safe]
    within: 30m
    if_silent: no
    no: said-no
  - id: safe
    do: safe_mode
    next: end
  - id: said-no
    do: note
    with: {text: nobody wanted it}
"""
