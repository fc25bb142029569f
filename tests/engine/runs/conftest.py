"""What tests of runs share: a runner on real policies, and an incident to answer."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.engine.runs.inline import Inline

from stanch.engine.approvals import Approvals
from stanch.engine.containment_clock import ContainmentClock
from stanch.engine.deeds import Hands, RealDeeds
from stanch.engine.guards import Proof
from stanch.engine.policies import Change, Policies
from stanch.engine.runs.library import shipped
from stanch.engine.runs.performer import World
from stanch.engine.runs.runner import Runner
from stanch.engine.voting import Ballot
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.approval import Answer, Approval
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import AttackKind, Suspect
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.record import Deed
from stanch.vocabulary.run import Run, Wish

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")
ADA = Caller(name="ada", scopes=frozenset({Scope.APPROVE}), role=Role.APPROVER)


class Keeps:
    def freeze(self, incident: Incident) -> None:
        pass


class Proving:
    def prove(self, asset: AssetId, version: int, probe: Probe | None) -> Proof:
        return Proof(holds=True, says="Shown.")


def suspects(names: Sequence[str]) -> tuple[Suspect, ...]:
    share = 1 / max(1, len(names))
    return tuple(Suspect(principal=PrincipalId(n), share=share, confidence=0.95) for n in names)


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
        self.books = dict(shipped())
        self.runner = Runner(world, self.books)
        self.inline = Inline(world)
        self.runner.begin(self.inline)
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
                )
            ).id

    def work(self) -> None:
        self.inline.work()

    def seen(self, *names: str, after: float = 1, loose: bool = False, again: bool = False) -> None:
        """It is seen with these suspects, some minutes on, and answered."""
        self.at += timedelta(minutes=after)
        with self.store.begin() as tx:
            one = replace(tx.incidents.get(self.key), suspects=suspects(names))
            if again:
                one = replace(one, again=one.again + 1, again_at=self.at)
            if loose:
                one = replace(one, loose_at=self.at, phase=Phase.TRIAGED)
            saved = tx.incidents.save(one)
        self.clock.changed(saved)
        self.runner.answer(saved)
        self.work()

    def called(self, kind: AttackKind | VerdictKind, *names: str) -> None:
        """The incident is called this now, by these people, and is answered."""
        self.at += timedelta(seconds=1)
        attack = kind if isinstance(kind, AttackKind) else None
        what = VerdictKind.ATTACK if attack else VerdictKind(kind)
        with self.store.begin() as tx:
            seen = tx.incidents.get(self.key)
            verdict = Verdict(kind=what, attack=attack, confidence=0.9)
            saved = tx.incidents.save(replace(seen, verdict=verdict, suspects=suspects(names)))
        self.runner.answer(saved)
        self.work()

    @property
    def incident(self) -> Incident:
        with self.store.look() as tx:
            return tx.incidents.get(self.key)

    def runs(self, *playbooks: str) -> list[Run]:
        with self.store.look() as tx:
            page = tx.runs.page(Wanted(incident=(self.key,), kind=playbooks))
        return sorted(page.items, key=lambda r: (r.started, r.round))

    def asked(self, state: Answer = Answer.OPEN) -> list[Approval]:
        with self.store.look() as tx:
            return list(tx.approvals.page(Wanted(state=(state,))).items)

    def answers(self, *, yes: bool) -> None:
        for one in self.asked():
            self.approvals.vote(one.id, ADA, Ballot(yes=yes, digest=one.digest))
        self.work()

    def says_yes(self) -> None:
        """To the one question that is open."""
        (_,) = self.asked()
        self.answers(yes=True)

    def undo(self, run: Run) -> None:
        self.at += timedelta(minutes=1)
        self.runner.wish(run.id, Wish.CANCEL_UNDO, by="ada")
        self.work()

    def taken_back(self) -> None:
        """A person has the policy as it was before all of it."""
        self.at += timedelta(minutes=1)
        self.policies.back_to(FRAUD, 0, Change(by="ada", because="it is over"))

    def told(self) -> list[str]:
        """What the timeline says of playbooks, in order."""
        lines = self.store.outbox(limit=500)
        steps = [line.entry for line in lines if line.entry.deed is Deed.STEP_DONE]
        return [str(entry.facts["says"]) for entry in steps]

    def denied(self) -> frozenset[PrincipalId]:
        return self.policies.now(FRAUD).deny.principals


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()
