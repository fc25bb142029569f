"""The runner: starts playbooks, wakes them, has lost ones taken up, and does what people wish.

In    incidents to answer; answers of people; time.
Out   runs: each a row that people see; and hops, handed over to whoever carries them out.
Why   a run is a chain of hops, each from one wait to the next (`hops.py`). Between hops a run is
      only a row, so a thousand that wait cost no thread.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from stanch.contain.playbook.walk import State, begin
from stanch.contain.playbook.written import Written
from stanch.engine.clock import new_id
from stanch.engine.ports import Transaction
from stanch.engine.runs.deeds import MACHINE
from stanch.engine.runs.handing_over import hand_over, heirs_of, let_go, take_over
from stanch.engine.runs.library import answer_to, book_of, keep
from stanch.engine.runs.memory import (
    PAUSE,
    TIME,
    Hop,
    Line,
    Memory,
    entered,
    is_over,
    remember,
    remembered,
    runs_in,
)
from stanch.engine.runs.performer import ASKED, Performer, World
from stanch.engine.runs.rounds import another, begins, rounds_of
from stanch.vocabulary.approval import Answer
from stanch.vocabulary.ids import ApprovalId, IncidentId, RunId
from stanch.vocabulary.incident import Incident, no_exercise
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.playbook import Playbook
from stanch.vocabulary.run import Run, RunState, Wish
from stanch.vocabulary.trouble import Conflict, Trouble

_LOG = logging.getLogger("stanch.runs")
LEASE = timedelta(seconds=15)
"""A run at work without a sign of life for longer than this is stuck."""
OFFER = timedelta(seconds=2)
"""After so long its hop is handed over once more: all may have been cut between the run's commit
and the hop's; a hop that is there already stays as it is."""
LOOK_EVERY = timedelta(seconds=5)
"""How often a condition that a run waits for is looked at."""


class Engine(Protocol):
    """Who carries hops out."""

    def enqueue(self, hop: Hop) -> None:
        """Has the hop carried out, once."""
        ...

    def at_work(self, hop: Hop) -> bool:
        """Whether this hop waits or is being carried out."""
        ...


class Runner:
    """Keeps every run going."""

    def __init__(self, world: World, books: Mapping[str, Written]) -> None:
        self._world = world
        self._books = books
        self._performer = Performer(world)
        self._engine: Engine | None = None
        self._looked: dict[RunId, datetime] = {}
        self._news: set[RunId] = set()
        """Runs that were at work when there was news for them; they look once they wait."""
        self._offered: set[Hop] = set()
        """Hops that were handed over once more, and are still silent."""
        world.approvals.wake = self.wake

    def begin(self, engine: Engine) -> None:
        """Gives it the engine that carries hops out."""
        self._engine = engine

    def answer(self, incident: Incident) -> None:
        """Starts the playbook for what the incident now is, once, and wakes what waits for news."""
        if incident.exercise:
            return
        for run in self._of(incident):
            self.wake(run.id)
        book = answer_to(incident, self._books)
        if book is None:
            return
        heir = self.start(book, incident.id)
        with self._world.store.look() as tx:
            gave_way = heirs_of(tx, incident, heir.id)
        for old in gave_way:
            if is_over(old):
                let_go(self._world, old)
            else:
                self.wake(old.id)

    def start(self, book: Playbook, incident: IncidentId, *, by: str = MACHINE) -> Run:
        """The run of this playbook on this incident; the one that is there, if there is one.

        For the machine, a deed that is done again is answered by another round.
        """
        at = self._world.clock()
        with self._world.store.begin() as tx:
            seen = tx.incidents.get(incident)
            no_exercise(seen)
            before = rounds_of(tx, seen, book)
            known = next((r for r in before if by == MACHINE or not is_over(r)), None)
            why = another(tx, seen, before) if known is not None and by == MACHINE else ""
            if known is not None and not why:
                if by == MACHINE:
                    take_over(tx, seen, known, at)
                return known
            made = tx.runs.add(
                Run(
                    id=RunId(new_id("run", at)),
                    playbook=book.id,
                    incident=incident,
                    asset=seen.asset,
                    started=at,
                    updated=at,
                    by=by,
                    digest=keep(tx, book),
                    says=book.title,
                    round=max((r.round for r in before), default=0) + 1,
                    because=why,
                )
            )
            remember(tx, made.id, Memory(state=begin(book)))
            entered(tx, made, Line(step="", says=begins(made)), at)
            if by == MACHINE:
                hand_over(tx, seen, made, at)
        self._enqueue(made)
        return made

    def wish(self, key: RunId, wish: Wish, *, by: str) -> Run:
        """The run, which now does what this person wants of it."""
        at = self._world.clock()
        with self._world.store.begin() as tx:
            seen = tx.runs.get(key)
            if is_over(seen):
                raise Conflict(f"This run is over ({seen.state}).")
            saved = tx.runs.save(replace(seen, wish=wish, updated=at))
            line = Line(step=saved.step, says=f"{by} wants: {wish}", facts={"by": by})
            entered(tx, saved, line, at)
        self.wake(key)
        return saved

    def wake(self, key: RunId) -> None:
        """Looks at the run again, if it waits and a wait of it is over."""
        at = self._world.clock()
        with self._world.store.look() as tx:
            run = tx.runs.find(key)
            state = remembered(tx, key).state if run is not None else State()
            book = book_of(tx, run) if run is not None else None
        if run is not None and run.state is RunState.RUNNING:
            self._news.add(key)
        if run is None or book is None or run.state not in (RunState.WAITING, RunState.PAUSED):
            return
        self._performer.heed(run)
        if any(self._performer.woken(run, book, t, at) for t in state.tokens):
            self._again(run)

    def tick(self) -> int:
        """How many runs were taken up: their wait is over, or whoever carried them is gone."""
        self._world.approvals.lapse()
        at = self._world.clock()
        with self._world.store.look() as tx:
            waiting = runs_in(tx, RunState.WAITING, RunState.PAUSED)
            silent = runs_in(tx, RunState.RUNNING, RunState.STUCK)
            answered = _answered(tx, waiting)
        self._news.intersection_update([r.id for r in (*waiting, *silent)])
        due = [r for r in waiting if self._due(r, answered, at)]
        for run in due:
            self.wake(run.id)
        self._offer([r for r in silent if OFFER < at - r.updated <= LEASE])
        lost = [r for r in silent if at - r.updated > LEASE]
        for run in lost:
            self._revive(run)
        return len(due) + len(lost)

    def _offer(self, silent: list[Run]) -> None:
        """Hands the hops of these runs over, each once."""
        hops = {Hop(run=run.id, number=run.hop): run for run in silent}
        for hop in hops.keys() - self._offered:
            self._begin(hops[hop])
        self._offered = set(hops)

    def _of(self, incident: Incident) -> list[Run]:
        """The runs on this incident that wait, or will in a moment."""
        states = (RunState.WAITING, RunState.RUNNING)
        with self._world.store.look() as tx:
            page = tx.runs.page(Wanted(incident=(incident.id,), state=states), limit=50)
        return list(page.items)

    def _due(self, run: Run, answered: frozenset[str], at: datetime) -> bool:
        """Whether a wait of the run may be over; conditions are looked at now and then."""
        if run.state is RunState.PAUSED:
            return run.wish is not Wish.PAUSE
        if run.id in self._news:
            self._news.discard(run.id)
            return True
        if run.wake is not None and at >= run.wake:
            return True
        gone = run.heir is not None or run.wish not in (Wish.GO, Wish.PAUSE)
        if gone or answered.intersection(run.waits_for):
            return True
        asked = (w for w in run.waits_for if w not in (TIME, PAUSE) and not w.startswith(ASKED))
        if not any(asked) or at - self._looked.get(run.id, run.started) < LOOK_EVERY:
            return False
        self._looked[run.id] = at
        return True

    def _again(self, run: Run) -> None:
        """The next hop of a run that waited."""
        at = self._world.clock()
        with self._world.store.begin() as tx:
            now = tx.runs.get(run.id)
            if now.hop != run.hop or is_over(now):
                return
            saved = tx.runs.save(replace(now, hop=now.hop + 1, state=RunState.RUNNING, updated=at))
        self._enqueue(saved)

    def _revive(self, run: Run) -> None:
        """A run without a sign of life: shown as stuck; taken up when nobody carries it."""
        if self._engine is None:
            return
        hop = Hop(run=run.id, number=run.hop)
        if not self._engine.at_work(hop):
            if not self._forgotten(run):
                self._again(run)
        elif run.state is not RunState.STUCK:
            with self._world.store.begin() as tx:
                now = tx.runs.get(run.id)
                if now.version == run.version:
                    says = "no sign of life from whoever carries it"
                    tx.runs.save(replace(now, state=RunState.STUCK, says=says))
                    tx.announce("run", run.id)

    def _forgotten(self, run: Run) -> bool:
        """Whether nothing tells where the run stood; taken up, it would only fall over again."""
        at = self._world.clock()
        with self._world.store.begin() as tx:
            now = tx.runs.get(run.id)
            if tx.memories.get(run.id) is not None or is_over(now):
                return False
            says = "where it stood is not known; begin it anew"
            saved = tx.runs.save(replace(now, state=RunState.FAILED, says=says, ended=at))
            entered(tx, saved, Line(step="", says=f"ends: {says}"), at)
        return True

    def _enqueue(self, run: Run) -> None:
        """Has the run's hop begin. The run is kept already, so whoever wished for it is not told
        that it failed: a hop that cannot begin now is offered again, and the chore says why.
        """
        try:
            self._begin(run)
        except Trouble as trouble:
            _LOG.warning("%s is kept and goes on later: %s", run.id, trouble)

    def _begin(self, run: Run) -> None:
        if self._engine is not None:
            self._engine.enqueue(Hop(run=run.id, number=run.hop))


def _answered(tx: Transaction, waiting: list[Run]) -> frozenset[str]:
    """The waits for people that are over."""
    asked = {w for run in waiting for w in run.waits_for if w.startswith(ASKED)}
    keys = [ApprovalId(w.removeprefix(ASKED)) for w in sorted(asked)]
    found = tx.approvals.many(keys) if keys else ()
    return frozenset(ASKED + one.id for one in found if one.answer is not Answer.OPEN)
