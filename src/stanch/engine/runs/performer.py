"""The performer: takes one step of a run, and enters what came of it.

In    a run, where it stands, the branch whose step is next.
Out   what came of the step, kept with its line in the log in one commit.
Why   the border between the pure walk and the world. Whatever goes wrong in an act becomes a value
      here: tried again with growing pauses while it may help, then a failure the playbook answers.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from stanch.contain.playbook.condition import holds
from stanch.contain.playbook.condition_reading import parse
from stanch.contain.playbook.condition_words import answered, text_in_words
from stanch.contain.playbook.walk import Came, State, Token, What, after, to_undo, undone
from stanch.engine.approvals import QUESTION, Approvals, Question
from stanch.engine.clock import Clock
from stanch.engine.ports import Store
from stanch.engine.runs.deeds import Deeds, Order, Outcome, Shown
from stanch.engine.runs.memory import (
    PAUSE,
    TIME,
    Line,
    Memory,
    entered,
    remember,
)
from stanch.engine.runs.released import say, untold
from stanch.engine.voting import allowed
from stanch.vocabulary.approval import Answer, Approval, Risk
from stanch.vocabulary.ids import ActionId, ApprovalId
from stanch.vocabulary.playbook import Ask, Decide, Do, Parallel, Playbook, Repeat, Step, Wait
from stanch.vocabulary.run import Run, RunState, Wish
from stanch.vocabulary.trouble import Busy, Trouble, Unreachable

_LOG = logging.getLogger("stanch.runs")
ASKED = "an answer to "
FIRST_PAUSE = 2.0
LONGEST_PAUSE = 120.0
LONGEST_QUEUE = 10_000
"""Tries of a question that waits its turn; its time ends before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What steps are taken with."""

    store: Store
    deeds: Deeds
    approvals: Approvals
    clock: Clock


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One branch of one run at its next step."""

    run: Run
    book: Playbook
    state: State
    token: Token

    @property
    def step(self) -> Step:
        """The step it is at."""
        return self.book.steps[self.token.at]


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What came of a step, and the run after it."""

    came: Came
    run: Run


class Overtaken(Exception):  # noqa: N818  what happened, not what went wrong
    """Another worker has come further with this run."""


class Performer:
    """Takes steps, one at a time for each run."""

    def __init__(self, world: World) -> None:
        self._world = world

    def fresh(self, run: Run) -> Run:
        """The run as it is kept now, with what people wish of it."""
        with self._world.store.look() as tx:
            return tx.runs.get(run.id)

    def take(self, visit: Visit) -> Taken:
        """What came of the step, which is now kept."""
        at = self._world.clock()
        came = _wished(visit.run, visit.step) or self._tried(visit)
        return Taken(came=came, run=self._keep(visit, came, at))

    def take_back(self, run: Run, state: State) -> str:
        """What could not be taken back of the latest deed, in words; empty when it was."""
        deed = to_undo(state)
        if deed is None:
            return ""
        order = Order(
            act=deed.act, incident=run.incident, asset=run.asset, key=deed.key, run=run.id
        )
        outcome = bounded(lambda: self._world.deeds.undo(order, deed.handle))
        at = self._world.clock()
        why = "" if outcome.ok else f"{deed.step} could not be undone: {outcome.says}"
        with self._world.store.begin() as tx:
            now = tx.runs.get(run.id)
            if now.done > state.count:
                raise Overtaken
            next_ = undone(state, why)
            remember(tx, run.id, Memory(state=next_, key=f"undo/{deed.key}"))
            saved = tx.runs.save(
                replace(now, step=deed.step, says=outcome.says, updated=at, done=next_.count)
            )
            line = Line(step=deed.step, says=outcome.says, facts={"undo": outcome.ok})
            entered(tx, saved, line, at)
        return why

    def heed(self, run: Run) -> None:
        """Says in the run whom a person let go since it was last looked at."""
        with self._world.store.look() as tx:
            news = untold(tx, run)
        if news:
            with self._world.store.begin() as tx:
                say(tx, tx.runs.get(run.id), self._world.clock())

    def woken(self, run: Run, book: Playbook, token: Token, at: datetime) -> Came | None:
        """What ended the token's wait; None while it goes on."""
        if run.heir is not None or run.wish in (Wish.CANCEL, Wish.CANCEL_UNDO):
            return _wished(run, book.steps[token.at])
        if token.waits == PAUSE:
            return Came(what=What.GO) if run.wish is not Wish.PAUSE else None
        if token.waits.startswith(ASKED):
            key = ApprovalId(token.waits.removeprefix(ASKED))
            with self._world.store.look() as tx:
                return _answered(tx.approvals.get(key), book.steps[token.at])
        return self._timed(run, book.steps[token.at], token, at)

    def _timed(self, run: Run, step: Step, token: Token, at: datetime) -> Came | None:
        """What ended a wait for a time, or for something to come true."""
        up = token.until is not None and at >= token.until
        if isinstance(step, Wait) and token.waits != TIME:
            if holds(parse(step.until), self._world.deeds.facts(run.incident, at)):
                return Came(what=What.OVER, says=f"It came: {text_in_words(step.until)}.")
            return Came(what=What.LATE, says="Its time was up.") if up else None
        if not up:
            return None
        return Came(what=What.OVER if isinstance(step, Wait) else What.GO)

    def _tried(self, visit: Visit) -> Came:
        try:
            return self._taken(visit)
        except (Busy, Unreachable) as trouble:
            came = _later(visit, str(trouble), self._world.clock())
        except Trouble as trouble:
            came = Came(what=What.FAILED, says=str(trouble))
        except Exception as error:  # noqa: BLE001  the border: a broken act must not stop the run
            _LOG.warning("a step of run %s broke", visit.run.id, exc_info=error)
            says = f"{type(error).__name__}: {error}"
            came = _later(visit, says, self._world.clock())
        return replace(came, handle=self._begun(visit))

    def _begun(self, visit: Visit) -> str:
        """What it takes to undo the half in force of an act that broke off."""
        if not isinstance(visit.step, Do):
            return ""
        return self._world.deeds.begun(order_of(visit.run, visit.step, visit.token.key))

    def _taken(self, visit: Visit) -> Came:
        at = self._world.clock()
        match visit.step:
            case Do() as step:
                return self._done(visit, step)
            case Ask() as step:
                return self._asked(visit, step)
            case Wait() as step:
                until = at + timedelta(seconds=step.period)
                return Came(what=What.WAITS, waits=step.until or TIME, until=until)
            case Decide() | Repeat() as step:
                yes = holds(parse(step.condition), self._world.deeds.facts(visit.run.incident, at))
                says = answered(step.condition, yes=yes)
                return Came(what=What.YES if yes else What.NO, says=says)
            case Parallel() as step:
                return Came(what=What.OVER, says=f"{len(step.branches)} branches begin")

    def _done(self, visit: Visit, step: Do) -> Came:
        deeds = self._world.deeds
        order = order_of(visit.run, step, visit.token.key)
        shown = deeds.show(order)
        granted = visit.state.granted.get(step.id) == shown.digest
        if shown.risk is not Risk.AUTOMATIC and not granted and not shown.idle:
            return self._may(visit, step, order, shown)
        if step.evidence_first:
            deeds.freeze(visit.run.incident, by=visit.run.by)
        outcome = deeds.perform(replace(order, seen=shown.digest))
        if outcome.again:
            later = _later(visit, outcome.says, self._world.clock())
            if later.what is What.FAILED:
                deeds.gave_up(order, outcome.says)
            return replace(later, handle=outcome.handle)
        what = What.DONE if outcome.ok else What.FAILED
        return Came(what=what, says=outcome.says, handle=outcome.handle)

    def _may(self, visit: Visit, step: Do, order: Order, shown: Shown) -> Came:
        """The wait for a yes to an act that turned out to need one."""
        run = visit.run
        question = Question(
            key=order.key,
            incident=run.incident,
            asset=run.asset,
            action=ActionId(step.act),
            risk=shown.risk,
            shown=shown.text,
            acts={step.id: shown.digest},
            within=step.within,
            run=run.id,
            requester=run.by,
        )
        return self._ask(visit, question, step)

    def _asked(self, visit: Visit, step: Ask) -> Came:
        run = visit.run
        named = [(one, visit.book.steps[one]) for one in step.about]
        acts = {one: act for one, act in named if isinstance(act, Do)}
        shown = {n: self._world.deeds.show(order_of(run, a, n)) for n, a in acts.items()}
        if shown and all(s.idle for s in shown.values()):
            return Came(what=What.YES, says="in force already: nobody is asked once more")
        two = step.people > 1 or any(s.risk is Risk.TWO for s in shown.values())
        question = Question(
            key=f"{run.id}/{visit.token.key}",
            incident=run.incident,
            asset=run.asset,
            action=ActionId(next((a.act for a in acts.values()), QUESTION)),
            risk=Risk.TWO if two else Risk.ONE,
            role=step.role,
            shown="\n".join((step.says, *(f"- {s.text}" for s in shown.values()))),
            acts={one: s.digest for one, s in shown.items()},
            within=step.within,
            if_silent=step.if_silent,
            run=run.id,
            requester=run.by,
        )
        return self._ask(visit, question, step)

    def _ask(self, visit: Visit, question: Question, step: Ask | Do) -> Came:
        try:
            asked = self._world.approvals.ask(question)
        except Busy as trouble:
            # Too many questions are open: this one waits its turn for as long as people would have.
            bounds = (LONGEST_QUEUE, step.within)
            return _later(visit, str(trouble), self._world.clock(), bounds=bounds)
        return _answered(asked, step) or Came(
            what=What.WAITS,
            waits=ASKED + asked.id,
            until=asked.expires,
            says=f"waits for {asked.role}: {question.shown.splitlines()[0]}",
        )

    def _keep(self, visit: Visit, came: Came, at: datetime) -> Run:
        """The run after this step; `Overtaken` when another worker came further."""
        next_ = after(visit.book, visit.state, visit.token, came)
        with self._world.store.begin() as tx:
            now = tx.runs.get(visit.run.id)
            if now.done > visit.state.count or now.hop != visit.run.hop:
                raise Overtaken
            remember(tx, now.id, Memory(state=next_, key=visit.token.key, came=came))
            held = came.waits == PAUSE
            saved = tx.runs.save(
                replace(
                    now,
                    state=RunState.RUNNING,
                    step=visit.step.id,
                    says=came.says or visit.step.says,
                    updated=at,
                    done=next_.count,
                    wish=Wish.PAUSE if now.wish is Wish.STEP and not held else now.wish,
                )
            )
            if not held:
                line = Line(step=visit.step.id, says=saved.says, facts={"came": came.what})
                entered(tx, saved, line, at)
        return saved


def order_of(run: Run, step: Do, key: str) -> Order:
    """What the step wants done."""
    return Order(
        act=step.act,
        args=step.args,
        incident=run.incident,
        asset=run.asset,
        key=f"{run.id}/{key}",
        by=run.by,
        why=step.says or f"The playbook for {run.playbook.replace('_', ' ')} asks for it.",
        lasts=step.lasts,
        run=run.id,
    )


def _wished(run: Run, step: Step) -> Came | None:
    if run.heir is not None:
        return Came(what=What.CANCEL, says="another playbook took its place")
    match run.wish:
        case Wish.CANCEL:
            return Came(what=What.CANCEL, says="cancelled; what was done stays")
        case Wish.CANCEL_UNDO:
            return Came(what=What.CANCEL_UNDO, says="cancelled; what was done is taken back")
        case Wish.PAUSE:
            return Came(what=What.WAITS, waits=PAUSE, says=f"paused before {step.id}")
        case Wish.GO | Wish.STEP:
            return None


def _answered(asked: Approval, step: Step) -> Came | None:
    yes = allowed(asked)
    if yes is None:
        return None
    who = ", ".join(vote.by for vote in asked.votes) or "nobody in time"
    if isinstance(step, Ask):
        granted = _granted(asked, step) if yes else {}
        says = f"{'yes' if yes else 'no'}: {who}"
        return Came(what=What.YES if yes else What.NO, says=says, granted=granted)
    if yes:
        granted = dict.fromkeys((step.id,), next(iter(asked.acts.values()), ""))
        return Came(what=What.GRANTED, says=f"yes: {who}", granted=granted)
    words = {Answer.LAPSED: "nobody answered in time", Answer.WITHDRAWN: asked.why}
    return Came(what=What.FAILED, says=f"not allowed ({words.get(asked.answer, f'no: {who}')})")


def _granted(asked: Approval, step: Ask) -> dict[str, str]:
    """The acts that were allowed, by this run's own names: another one may have asked."""
    if len(asked.acts) == len(step.about) == 1:
        return dict(zip(step.about, asked.acts.values(), strict=True))
    return dict(asked.acts)


def _later(visit: Visit, says: str, at: datetime, *, bounds: tuple[int, int] | None = None) -> Came:
    """Once more after a pause that doubles, or a failure when its tries or its time are used up."""
    step, token = visit.step, visit.token
    usual = (step.attempts, step.timeout) if isinstance(step, Do) else (10, 3600)
    most, whole = bounds or usual
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**token.tries)
    since, until = token.since or at, at + timedelta(seconds=pause)
    if token.tries + 1 >= most or (until - since).total_seconds() > whole:
        return Came(what=What.FAILED, says=says)
    return Came(what=What.AGAIN, says=says, waits=TIME, until=until, since=since)


def bounded(work: Callable[[], Outcome]) -> Outcome:
    """What came of the work; a failure that says so when it broke."""
    try:
        return work()
    except Trouble as trouble:
        return Outcome(ok=False, says=str(trouble))
    except Exception as error:  # noqa: BLE001  the border: undoing goes on with the deed before
        _LOG.warning("a deed of a run broke", exc_info=error)
        return Outcome(ok=False, says=f"{type(error).__name__}: {error}")
