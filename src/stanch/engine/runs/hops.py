"""A hop: one stretch of a run, carried out from one wait to the next.

In    the hop, and how each piece of its work is recorded.
Out   the run's row, its memory, and its lines in the evidence log.
Why   a hop is durable: killed anywhere and begun again, it goes on from what was kept.

(1) look: where the run stands, and which of its waits are over
(2) take: step by step, each recorded before the next, until every branch waits or the run ends
(3) take back: what was done, latest first, when the run is undoing
(4) park: the row says what it waits for and until when
(5) let go: of what a run that gave way to another had done, what nobody needs is taken back; and
    with a run that is undone, what it kept of those that gave way to it
"""

from dataclasses import dataclass, replace

import msgspec

from stanch.contain.playbook.walk import Came, Stage, State, after, ready, to_undo, undone
from stanch.engine.runs.handing_over import give_back, let_go, unask
from stanch.engine.runs.library import book_of
from stanch.engine.runs.memory import (
    Hop,
    Line,
    Record,
    entered,
    is_over,
    remember,
    remembered,
    standing,
)
from stanch.engine.runs.performer import Overtaken, Performer, Visit, World
from stanch.vocabulary.playbook import Playbook
from stanch.vocabulary.run import Run, RunState, Wish


@dataclass(frozen=True, kw_only=True, slots=True)
class _Looked:
    """What the first step of a hop found."""

    state: State
    woken: tuple[tuple[str, Came], ...] = ()


_LOOKED = msgspec.json.Decoder(_Looked)
_CAME = msgspec.json.Decoder(Came)


class Carrier:
    """Carries hops out."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._performer = Performer(world)

    def carry(self, hop: Hop, record: Record) -> None:
        """Carries one hop out; one that somebody else has carried out is left alone."""
        with self._world.store.look() as tx:
            run = tx.runs.get(hop.run)
            if run.hop != hop.number or is_over(run):
                return
            book = book_of(tx, run)
        try:
            self._carried(run, book, record)
        except Overtaken:
            # Whoever took this over while we were slow has come further: what is left is theirs.
            return

    def _carried(self, run: Run, book: Playbook, record: Record) -> None:
        # (1) look
        looked = _LOOKED.decode(record("look", lambda: self._look(run, book)))
        state = looked.state
        for key, came in looked.woken:
            token = next((t for t in state.tokens if t.key == key), None)
            if token is not None:
                state = after(book, state, token, came)
        # (2) take
        walker = _Walker(self._performer, run)
        while (token := ready(state)) is not None:
            visit = Visit(run=run, book=book, state=state, token=token)
            text = record(token.key, lambda v=visit: walker.take(v))
            state = after(book, state, token, _CAME.decode(text))
        # (3) take back
        while to_undo(state) is not None:
            why = record(
                f"undo {state.deeds[-1].key}",
                lambda s=state: self._performer.take_back(run, s),
            )
            state = undone(state, why)
        # (4) park
        parked = record("park", lambda: self._park(run, state))
        # (5) let go
        if RunState(parked) is RunState.CANCELLED:
            record("let go", lambda: self._let_go(run))
            record("give back", lambda: self._give_back(run))

    def _look(self, run: Run, book: Playbook) -> str:
        self._performer.heed(run)
        at = self._world.clock()
        with self._world.store.look() as tx:
            now = tx.runs.get(run.id)
            state = remembered(tx, run.id).state
        woken = []
        for token in state.tokens:
            came = self._performer.woken(now, book, token, at) if token.waits else None
            if came is not None:
                woken.append((token.key, came))
        with self._world.store.begin() as tx:
            now = tx.runs.get(run.id)
            if now.hop != run.hop or is_over(now):
                raise Overtaken
            if now.state is not RunState.RUNNING:
                tx.runs.save(replace(now, state=RunState.RUNNING, updated=at))
                tx.announce("run", now.id)
        return _text(_Looked(state=state, woken=tuple(woken)))

    def _park(self, run: Run, state: State) -> str:
        at = self._world.clock()
        with self._world.store.begin() as tx:
            now = tx.runs.get(run.id)
            memory = remembered(tx, run.id)
            if memory.state.count > state.count or is_over(now):
                return str(now.state)
            remember(tx, run.id, replace(memory, state=state))
            saved = tx.runs.save(standing(now, state, at))
            if state.stage is Stage.ENDED:
                entered(tx, saved, Line(step="", says=f"ends: {saved.state}. {state.why}"), at)
                unask(tx, saved, f"the playbook that asked ended: {saved.says}", at)
            else:
                tx.announce("run", saved.id)
        return str(saved.state)

    def _let_go(self, run: Run) -> str:
        let_go(self._world, self._performer.fresh(run))
        return ""

    def _give_back(self, run: Run) -> str:
        """Takes back what was kept of runs that gave way to it, when all of it is to be undone."""
        now = self._performer.fresh(run)
        if now.wish is Wish.CANCEL_UNDO and now.heir is None:
            give_back(self._world, now)
        return ""


class _Walker:
    """Takes one step after the other, each on the run as the step before left it."""

    def __init__(self, performer: Performer, run: Run) -> None:
        self._performer = performer
        self._run = performer.fresh(run)

    def take(self, visit: Visit) -> str:
        """What came of the step, as text."""
        taken = self._performer.take(replace(visit, run=self._run))
        self._run = taken.run
        return _text(taken.came)


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
