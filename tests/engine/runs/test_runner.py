"""Runs end to end: an incident becomes demands in force, through the real durable engine."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.engine.runs.inline import Inline

from stanch.contain.alike import likeness
from stanch.contain.playbook.written import read
from stanch.engine.approvals import MOST_OPEN, Approvals, Question
from stanch.engine.asked import MOST_ROWS
from stanch.engine.deeds import Hands, RealDeeds
from stanch.engine.guards import Proof
from stanch.engine.policies import Change, Policies
from stanch.engine.runs.deeds import Order, Outcome
from stanch.engine.runs.durable import Durable, Place
from stanch.engine.runs.forgetting import forget_ended
from stanch.engine.runs.hops import Carrier
from stanch.engine.runs.library import by_id, shipped
from stanch.engine.runs.memory import Hop
from stanch.engine.runs.performer import World
from stanch.engine.runs.runner import Runner
from stanch.engine.telling import Notice
from stanch.engine.voting import Ballot
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.approval import Answer, Approval
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import AttackKind, Finding, Suspect
from stanch.vocabulary.ids import (
    AssetId,
    DetectorId,
    IncidentId,
    PrincipalId,
    RunId,
    digest_of,
)
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.policy import Mode, Scores
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.record import Deed
from stanch.vocabulary.run import Run, RunState, Wish
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import AlreadyThere, Busy, Conflict, NoSpace, Stale

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


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


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


def test_extraction_is_answered_by_demands_that_are_really_in_force(
    house: House, tmp_path: Path
) -> None:
    engine = Durable(Place(url=f"sqlite:///{tmp_path}/runs.db"), Carrier(house.world).carry)
    house.runner.begin(engine)
    engine.start()
    try:
        house.runner.answer(house.incident)
        house.runner.answer(house.incident)
        until(lambda: house.run().state is RunState.WAITING)
        # Who surely does it is refused at once, while people are asked about the rest.
        assert house.denied() == {"key-91"}
        with house.store.look() as tx:
            assert tx.incidents.get(house.incident.id).phase is Phase.CONTAINED
        assert house.run().waits_for == (f"an answer to {house.asked().id}", "at_large >= 1")
        assert "64 rows" in house.asked().shown
        # Nobody answers: nobody else is touched, and the run ends when it is quiet.
        house.clock.at += timedelta(minutes=20)
        house.runner.tick()
        until(lambda: "quiet" in house.run().waits_for)
        house.runner.tick()
        until(lambda: house.run().state is RunState.DONE)
        assert house.policies.now(FRAUD).limit.max_batch is None
    finally:
        engine.stop()
    assert house.freezer.frozen


def test_who_is_named_later_is_refused_too_without_asking(house: House) -> None:
    house.answer()
    with house.store.begin() as tx:
        seen = tx.incidents.get(house.incident.id)
        more = Suspect(principal=PrincipalId("key-92"), share=0.1, confidence=0.9)
        house.incident = tx.incidents.save(replace(seen, suspects=(*seen.suspects, more)))
    house.runner.answer(house.incident)
    house.inline.work()
    assert house.denied() == {"key-91", "key-92"}
    assert house.run().state is RunState.WAITING


def test_who_is_named_while_a_hop_is_at_work_is_refused_as_soon_as_the_run_waits(
    house: House,
) -> None:
    waiting = house.answer()
    with house.store.begin() as tx:
        seen = tx.incidents.get(house.incident.id)
        more = Suspect(principal=PrincipalId("key-92"), share=0.1, confidence=0.9)
        house.incident = tx.incidents.save(replace(seen, suspects=(*seen.suspects, more)))
        at_work = tx.runs.save(replace(waiting, state=RunState.RUNNING))
    house.runner.answer(house.incident)
    assert not house.inline.queue
    with house.store.begin() as tx:
        tx.runs.save(replace(at_work, state=RunState.WAITING))
    house.runner.tick()
    house.inline.work()
    assert house.denied() == {"key-91", "key-92"}
    house.runner.tick()
    assert not house.inline.queue


def test_where_nobody_is_surely_behind_it_the_wide_acts_are_asked_at_once(house: House) -> None:
    with house.store.begin() as tx:
        seen = tx.incidents.get(house.incident.id)
        house.incident = tx.incidents.save(replace(seen, suspects=()))
    house.answer()
    assert house.denied() == frozenset()
    asked = house.asked()
    for words in ("64 rows", "highest score", "60/min", "everybody"):
        assert words in asked.shown, asked.shown
    house.vote(yes=True)
    policy = house.policies.now(FRAUD)
    assert (policy.shape.scores, policy.limit.max_batch) == (Scores.TOP1, 64)
    assert policy.limit.per_principal is not None


@pytest.mark.parametrize(
    ("attack", "known", "told"),
    [
        (AttackKind.EVASION, 400, {"ada", "communications", "ml_engineer"}),
        (AttackKind.EVASION, 40, set[str]()),
        (AttackKind.THRESHOLD_PROBING, 400, {"ada", "ml_engineer"}),
    ],
    ids=["evasion", "evasion, too few inputs are known", "threshold probing"],
)
def test_a_search_by_nobody_knows_whom_is_asked_about_by_the_narrowest_that_is_possible(
    house: House, attack: AttackKind, known: int, told: set[str]
) -> None:
    house.ordinary.count = known
    search = Verdict(kind=VerdictKind.ATTACK, attack=attack, confidence=0.9)
    with house.store.begin() as tx:
        seen = tx.incidents.get(house.incident.id)
        house.incident = tx.incidents.save(replace(seen, suspects=(), verdict=search))
    house.answer()
    shown = house.asked().shown
    if known < 100:
        assert "without scores" in shown
        return
    assert "almost the same" in shown
    assert "Nothing was asked in the span looked at" in shown
    house.vote(yes=True)
    (rule,) = house.policies.now(FRAUD).filter.rules
    assert likeness(rule).kept == 200
    assert {n.to for n in house.told.notices} >= told
    house.later(minutes=11)
    house.later(hours=25)
    assert not house.policies.now(FRAUD).filter.rules


def test_the_act_waits_for_the_yes_and_then_is_in_force(tmp_path: Path) -> None:
    with house_of(tmp_path, ASKS) as house:
        assert house.answer().state is RunState.WAITING
        assert house.policies.now(FRAUD).mode is Mode.SERVING
        asked = house.asked()
        assert "Safe mode on fraud" in asked.shown
        assert house.vote(yes=True).state is RunState.DONE
        assert house.policies.now(FRAUD).mode is Mode.SAFE


def test_a_server_that_restarts_keeps_what_is_in_force_and_what_is_asked(tmp_path: Path) -> None:
    blocks = BLOCK.partition("  - id: slow")[0]
    with house_of(tmp_path, blocks + ASKS.partition("freeze\n")[2]) as house:
        waiting = house.answer()
        asked, policy = house.asked(), house.policies.now(FRAUD)
        assert policy.deny.principals == {"key-91"}
        house.restart()
        assert (house.asked(), house.policies.now(FRAUD), house.run()) == (asked, policy, waiting)
        assert house.later(minutes=1) == waiting
        assert house.vote(yes=True).state is RunState.DONE
        assert house.policies.now(FRAUD).mode is Mode.SAFE
        assert house.entered() == ["freeze", "block", "safe-ok", "safe"]


def test_silence_takes_the_stated_default_and_touches_nothing(tmp_path: Path) -> None:
    with house_of(tmp_path, ASKS) as house:
        house.answer()
        assert house.later(minutes=29).state is RunState.WAITING
        assert house.later(minutes=1).state is RunState.DONE
        assert house.policies.now(FRAUD).mode is Mode.SERVING
        assert house.entered()[-1] == "said-no"


def test_an_answer_is_kept_and_goes_on_later_when_its_hop_cannot_begin_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house_of(tmp_path, ASKS) as house:
        house.answer()

        def full(_: Hop) -> None:
            raise NoSpace("/srv/stanch")

        monkeypatch.setattr(house.inline, "enqueue", full)
        assert house.vote(yes=True).state is RunState.RUNNING
        with pytest.raises(NoSpace):
            house.later(seconds=3)
        monkeypatch.undo()
        assert house.later(seconds=1).state is RunState.DONE
        assert house.policies.now(FRAUD).mode is Mode.SAFE


def test_an_answer_for_something_else_is_stale(tmp_path: Path) -> None:
    with house_of(tmp_path, ASKS) as house:
        house.answer()
        with pytest.raises(Stale):
            house.approvals.vote(
                house.asked().id, ADA, Ballot(yes=True, digest=digest_of(b"another text"))
            )


def test_a_paused_run_goes_one_step_at_a_time(tmp_path: Path) -> None:
    with house_of(tmp_path, BLOCK) as house:
        run = house.runner.start(next(iter(house.books.values())).playbook, house.incident.id)
        house.runner.wish(run.id, Wish.PAUSE, by="ada")
        house.inline.work()
        assert house.run().state is RunState.PAUSED
        assert house.entered() == []
        house.wish(Wish.STEP)
        assert (house.run().state, house.entered()) == (RunState.PAUSED, ["freeze"])
        house.wish(Wish.STEP)
        assert house.denied() == {"key-91"}
        assert house.run().state is RunState.PAUSED
        assert house.wish(Wish.GO).state is RunState.DONE
        assert house.entered() == ["freeze", "block", "slow", "say"]


def test_cancelling_with_undo_takes_back_in_reverse_order(tmp_path: Path) -> None:
    steps = BLOCK.replace("  - id: say", "  - id: rest\n    wait: 1h\n  - id: say")
    with house_of(tmp_path, steps) as house:
        assert house.answer().state is RunState.WAITING
        assert house.denied()
        run = house.wish(Wish.CANCEL_UNDO)
        assert run.state is RunState.CANCELLED
        assert house.denied() == frozenset()
        assert house.policies.now(FRAUD).limit.per_principal is None
        assert house.entered()[-2:] == ["slow", "block"]
        with pytest.raises(Conflict):
            house.wish(Wish.GO)


def test_the_half_in_force_of_an_act_that_goes_on_trying_is_taken_back_too(tmp_path: Path) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.deeds.half.add("block_principal")
        assert house.answer().state is RunState.WAITING
        assert house.denied()
        assert house.wish(Wish.CANCEL_UNDO).state is RunState.CANCELLED
        assert house.denied() == frozenset()


@pytest.mark.parametrize("error", [OSError("no space left"), Conflict("no"), Busy("it", 1)])
def test_an_act_that_broke_once_it_was_in_force_is_taken_back_too(
    tmp_path: Path, error: Exception
) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.deeds.broken["block_principal"] = error
        house.deeds.failing["throttle"] = Busy("others", 1)
        assert house.answer().state is RunState.WAITING
        assert house.denied()
        assert house.wish(Wish.CANCEL_UNDO).state is RunState.CANCELLED
        assert house.denied() == frozenset()


def test_a_failure_that_says_undo_takes_back_what_the_run_did(tmp_path: Path) -> None:
    steps = BLOCK.replace("    with: {text: done}", "    with: {text: done}\n    on_failure: undo")
    with house_of(tmp_path, steps) as house:
        house.deeds.failing["note"] = Conflict("no paper left")
        run = house.answer()
        assert run.state is RunState.FAILED
        assert "no paper left" in run.says
        assert house.denied() == frozenset()


def test_what_is_busy_is_tried_again_later_and_then_goes_on(tmp_path: Path) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.deeds.failing["throttle"] = Busy("others", 1)
        assert house.answer().state is RunState.WAITING
        assert house.later(seconds=1).state is RunState.WAITING
        assert house.deeds.done.count("throttle") == 1
        del house.deeds.failing["throttle"]
        assert house.later(seconds=1).state is RunState.DONE
        assert house.deeds.done.count("throttle") == 2


def test_what_stays_busy_fails_after_its_attempts_and_the_run_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.deeds.failing["throttle"] = RuntimeError("a bug in an action")
        house.answer()
        for _ in range(5):
            house.later(minutes=1)
        assert house.run().state is RunState.DONE
        assert house.deeds.done[-1] == "note"
    assert "a bug in an action" in caplog.text
    assert "Traceback" in caplog.text


def test_a_run_keeps_the_playbook_it_began_with(tmp_path: Path) -> None:
    with house_of(tmp_path, ASKS) as house:
        before = house.answer()
        text = "playbook: test\ntitle: Another\nanswers: [extraction]\nsteps:\n" + BLOCK
        house.runner._books = by_id([read(text, "new.yaml")])
        house.runner.answer(house.incident)
        assert house.vote(yes=False).digest == before.digest
        assert house.entered()[-1] == "said-no"


def test_branches_do_not_hold_each_other_up_and_meet_again(tmp_path: Path) -> None:
    steps = """
  - do: freeze
  - id: both
    parallel: [left, right]
    next: say
  - id: left
    wait: 1h
    next: end
  - id: right
    do: block_principal
    with: {principals: $suspects}
    next: end
  - id: say
    do: note
    with: {text: met}
"""
    with house_of(tmp_path, steps) as house:
        assert house.answer().state is RunState.WAITING
        assert house.denied() == {"key-91"}
        assert "say" not in house.entered()
        assert house.later(hours=1).state is RunState.DONE
        assert house.entered()[-1] == "say"


def test_a_repetition_stops_at_its_bound(tmp_path: Path) -> None:
    steps = """
  - do: freeze
  - id: again
    repeat: say
    while: verdict = attack
    most: 3
    next: end
  - id: say
    do: note
    with: {text: once more}
    next: end
"""
    with house_of(tmp_path, steps) as house:
        assert house.answer().state is RunState.DONE
        assert house.entered().count("say") == 3
        with house.store.look() as tx:
            assert len(tx.notes.of(house.incident.id)) == 3


def test_a_run_that_nobody_carries_is_taken_up_again(tmp_path: Path) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.runner.answer(house.incident)
        lost = house.inline.queue.pop()
        house.clock.at += timedelta(seconds=10)
        house.runner.tick()
        assert house.inline.queue.pop() == lost
        assert house.entered() == []
        assert house.later(seconds=10).state is RunState.DONE
        assert house.run().hop == lost.number + 1


def test_a_run_of_which_nothing_is_known_fails_once_and_is_not_taken_up_for_ever(
    tmp_path: Path,
) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.runner.answer(house.incident)
        house.inline.queue.pop()
        with house.store.begin() as tx:
            tx.memories.forget(house.run().id)
        house.clock.at += timedelta(minutes=1)
        house.runner.tick()
        assert house.run().state is RunState.FAILED
        assert "begin it anew" in house.run().says
        assert house.runner.tick() == 0


def test_a_run_whose_hop_was_lost_in_a_crash_goes_on_seconds_later(tmp_path: Path) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.runner.answer(house.incident)
        house.inline.queue.pop()
        house.clock.at += timedelta(seconds=3)
        house.runner.tick()
        house.runner.tick()
        assert len(house.inline.queue) == 1
        house.inline.work()
        assert house.run().state is RunState.DONE
        assert house.denied() == {"key-91"}


def test_a_run_that_hangs_is_shown_as_stuck(tmp_path: Path) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.runner.answer(house.incident)
        house.clock.at += timedelta(minutes=1)
        house.runner.tick()
        assert house.run().state is RunState.STUCK
        house.inline.work()
        assert house.run().state is RunState.DONE


def test_what_can_never_be_undone_needs_two_people(tmp_path: Path) -> None:
    steps = """
  - do: freeze
  - id: revoke-ok
    ask: Shall the key be revoked for good?
    about: [revoke]
    people: 2
    within: 1h
    no: end
  - id: revoke
    do: revoke_key
    with: {principals: [key-91]}
"""
    with house_of(tmp_path, steps) as house:
        house.answer()
        assert house.vote(yes=True).state is RunState.WAITING
        assert house.denied() == frozenset()
        with pytest.raises(AlreadyThere):
            house.vote(yes=True)
        assert house.vote(yes=True, by=GRACE).state is RunState.DONE
        assert house.denied() == {"key-91"}
        assert any("by hand" in notice.says for notice in house.told.notices)


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_flood_of_questions_makes_the_next_one_wait_and_not_be_lost(tmp_path: Path) -> None:
    with house_of(tmp_path, ASKS) as house:
        for n in range(MOST_OPEN):
            flood = Question(
                key=f"flood-{n}", incident=house.incident.id, asset=FRAUD, shown=f"May {n}?"
            )
            house.approvals.ask(flood)
        assert "questions are open" in house.answer().says
        assert house.later(minutes=5).state is RunState.WAITING
        with house.store.look() as tx:
            open_now = tx.approvals.page(Wanted(state=(Answer.OPEN,)), limit=50).items
        for one in open_now:
            house.approvals.vote(one.id, ADA, Ballot(yes=False, digest=one.digest))
        house.later(minutes=3)
        assert "May the fallback answer?" in house.asked().shown
        assert house.vote(yes=True).state is RunState.DONE
        assert house.policies.now(FRAUD).mode is Mode.SAFE


def test_watching_harder_contains_nothing(tmp_path: Path) -> None:
    steps = "  - do: freeze\n  - do: enhanced_monitoring\n  - do: await_probe\n"
    with house_of(tmp_path, steps) as house:
        assert house.answer().state is RunState.DONE
        with house.store.look() as tx:
            assert tx.incidents.get(house.incident.id).phase is Phase.TRIAGED


def test_what_a_run_that_ended_needed_is_let_go_after_a_while(tmp_path: Path) -> None:
    forgotten: list[tuple[str, int]] = []

    class Records:
        def forget(self, run: RunId, hops: int) -> None:
            forgotten.append((run, hops))

    with house_of(tmp_path, BLOCK) as house:
        run = house.answer()
        assert forget_ended(house.store, Records(), house.clock.at) == 0
        house.clock.at += timedelta(days=8)
        assert forget_ended(house.store, Records(), house.clock.at) == 1
        assert forget_ended(house.store, Records(), house.clock.at) == 0
        assert forgotten == [(run.id, 1)]
        assert house.run().state is RunState.DONE
        house.runner.answer(house.incident)
        house.inline.work()
        assert house.run().id == run.id


def test_whom_a_person_let_go_stays_free_until_they_do_something_new(house: House) -> None:
    house.answer()
    house.clock.at += timedelta(minutes=2)
    block = next(d for d in house.policies.standing(FRAUD).demands if d.policy.deny.principals)
    change = Change(by="ada", because="a partner of ours", incident=house.incident.id)
    house.policies.revert(FRAUD, block.id, change)
    freed = house.clock.at
    for _ in range(3):
        run = house.later(seconds=20)
    assert house.denied() == frozenset()
    assert run.state is RunState.WAITING
    said = [str(one.entry.facts.get("says")) for one in house.store.outbox(limit=500)]
    told = "ada let key-91 go; this playbook refuses them for new deeds only"
    assert [s for s in said if "let key-91 go" in s] == [told]
    # The counts of before say nothing new, also where somebody else is named beside them.
    named(house, "key-92", since=freed - timedelta(minutes=10))
    assert house.denied() == {"key-92"}
    named(house, "key-91", since=freed)
    assert house.denied() == {"key-91", "key-92"}


def named(house: House, key: str, since: datetime) -> None:
    """Names them in a finding whose window begins then, and lets the run hear of it."""
    suspect = Suspect(principal=PrincipalId(key), share=0.9, confidence=0.97)
    finding = Finding(
        detector=DetectorId("extraction"),
        asset=FRAUD,
        window=Span(start=since, end=house.clock.at),
        says="Somebody copies the model.",
        measured={},
        because=(),
        suspects=(suspect,),
    )
    with house.store.begin() as tx:
        tx.findings.put([finding], at=house.clock.at)
        seen = tx.incidents.get(house.incident.id)
        suspects = {s.principal: s for s in (*seen.suspects, suspect)}
        house.incident = tx.incidents.save(
            replace(
                seen,
                suspects=tuple(suspects.values()),
                findings=(*seen.findings, finding.id),
            )
        )
    house.runner.answer(house.incident)
    house.inline.work()
