"""Tabletops: exercises that people play, on an exercise incident of their own.

In    a scenario, who starts it, what people do while it is played.
Out   the table as it is after each move; at the end a report, kept as evidence.
Why   people who have never decided it under a clock decide it badly the first time. The incident is
      marked as an exercise and its system is made up: no policy, no clock of the law and no channel
      hears of it. A play goes on by its stored moves, so it outlives the server that it began on.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from stanch.contain.playbook.written import Written as Book
from stanch.engine.clock import Clock, new_id
from stanch.engine.evidence import EvidenceRoom, Piece
from stanch.engine.ports import Store, Transaction
from stanch.engine.tabletop import exercise, kept, views
from stanch.engine.tabletop.kept import Play
from stanch.engine.tabletop.shelf import scenario, shipped
from stanch.engine.tabletop.written import Written, acts_of, read
from stanch.learn.tabletop.play import Move, Standing, State, What, state
from stanch.learn.tabletop.review import AfterAction, markdown, review
from stanch.learn.tabletop.score import PlayScore, score
from stanch.learn.tabletop.wishes import Given, Rating, Task, answered, rated, sat, told, wanted
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.listing import Page
from stanch.vocabulary.people import Caller, Duty
from stanch.vocabulary.trouble import BadInput, Busy, Conflict, NotFound

MOST_GOING = 20
"""Plays that go on at once."""
MACHINE = "stanch"
SETTLES = timedelta(minutes=1)
"""So long after the last move of a play that is over its report is kept as evidence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StartPlay:
    """What is to be played: one that came with stanch, or a text of one's own."""

    scenario: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlayReport:
    """What a play showed."""

    table: views.Table
    review: AfterAction
    markdown: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """A play and where it is."""

    play: Play
    moves: list[Move]
    at: datetime
    state: State

    @property
    def judged(self) -> PlayScore:
        """How it went so far."""
        return score(self.play.scenario, self.state, frozenset(self.play.acts))


class Tabletops:
    """Plays scenarios with people."""

    def __init__(
        self, store: Store, room: EvidenceRoom, books: Mapping[str, Book], clock: Clock
    ) -> None:
        self._store = store
        self._room = room
        self._books = books
        self._clock = clock

    def scenarios(self) -> tuple[views.ScenarioCard, ...]:
        """The scenarios that come with stanch, each with its last play here."""
        with self._store.look() as tx:
            newest = {one.scenario.id: one for one in reversed(kept.plays(tx))}
            last = {key: self._line(tx, one) for key, one in newest.items() if key in shipped()}
        return tuple(views.card(w.scenario, last.get(key)) for key, w in shipped().items())

    def scenario(self, key: str) -> Written:
        """One of them, with its text: it tells what is right."""
        return scenario(key)

    def check(self, text: str, file: str = "tabletop.yaml") -> Written:
        """The scenario of this text, or `BadFile` with the line of its first mistake."""
        return read(text, file, self._books)

    def plays(self, *, after: str = "", limit: int = 50) -> Page[views.PlayLine]:
        """Plays, newest first."""
        with self._store.look() as tx:
            older = [one for one in kept.plays(tx) if not after or one.id < after]
            items = tuple(self._line(tx, one) for one in older[:limit])
        return Page(items=items, next=items[-1].id if len(older) > limit else "")

    def of(self, incident: IncidentId) -> str:
        """The play that this incident belongs to, or `NotFound`."""
        with self._store.look() as tx:
            found = next((one.id for one in kept.plays(tx) if one.incident == incident), None)
        if found is None:
            raise NotFound("tabletop of the incident", incident[:64], "tabletop list")
        return found

    def start(self, wish: StartPlay, caller: Caller) -> views.Table:
        """The table at which it is played from now on."""
        if bool(wish.scenario) == bool(wish.text.strip()):
            raise BadInput(
                "Name one scenario, or give the text of one. See `stanch tabletop list`."
            )
        written = self.check(wish.text) if wish.text else self.scenario(wish.scenario)
        chosen = written.scenario
        acts = tuple(sorted(acts_of(self._books[chosen.playbook].playbook)))
        at = self._clock()
        with self._store.begin() as tx:
            states = [self._seen(tx, key).state.standing for key in kept.going(tx)]
            if sum(one is not Standing.OVER for one in states) >= MOST_GOING:
                raise Busy(f"{MOST_GOING} tabletops go on. Stop one", 60)
            incident = exercise.opened(tx, chosen, at, caller.name)
            one = Play(
                id=new_id("ttx", at),
                scenario=chosen,
                acts=acts,
                incident=incident.id,
                by=caller.name,
                started=at,
            )
            kept.keep(tx, one)
            kept.add(tx, one, [], Move(seq=1, at=at, by=caller.name, what=What.STARTED), 0.0)
        return self.table(one.id, caller)

    def table(self, key: str, caller: Caller) -> views.Table:
        """The play as this caller may see it now."""
        with self._store.look() as tx:
            seen = self._seen(tx, key)
        return _table(seen, caller)

    def next(self, key: str, caller: Caller) -> views.Table:
        """The table after the clock was put forward to the next inject."""

        def make(seen: _Seen, at: datetime) -> Move:
            coming = seen.state.next
            if coming is None:
                raise Conflict("Everything was shown. Stop the play to see its report.")
            skipped = coming.starts - seen.state.played
            by = caller.name
            return Move(seq=0, at=at, by=by, what=What.NEXT, inject=coming.id, skipped=skipped)

        return self._move(key, caller, make)

    def pause(self, key: str, caller: Caller) -> views.Table:
        """The table with its clock stopped."""
        return self._switch(key, caller, What.PAUSED, Standing.RUNNING)

    def resume(self, key: str, caller: Caller) -> views.Table:
        """The table with its clock going again."""
        return self._switch(key, caller, What.RESUMED, Standing.PAUSED)

    def sit(self, key: str, duty: Duty, caller: Caller, who: str = "") -> views.Table:
        """The table with this person in this part."""
        return self._move(key, caller, lambda _seen, at: sat(duty, who, caller.name, at))

    def answer(self, key: str, given: Given, caller: Caller) -> views.Table:
        """The table with this answer; every answer is kept."""

        def make(seen: _Seen, at: datetime) -> Move:
            return answered(seen.play.scenario, seen.state, given, (caller.name, at))

        return self._move(key, caller, make)

    def rate(self, key: str, rating: Rating, caller: Caller) -> views.Table:
        """The table with this answer rated by a person; also once it is over."""

        def make(seen: _Seen, at: datetime) -> Move:
            return rated(seen.state, rating, (caller.name, at))

        return self._move(key, caller, make, after=True)

    def remark(self, key: str, text: str, caller: Caller) -> views.Table:
        """The table with what somebody noticed; also once it is over."""
        return self._move(key, caller, lambda _, at: told(text, caller.name, at), after=True)

    def follow_up(self, key: str, task: Task, caller: Caller) -> views.Table:
        """The table with something to be done afterwards; also once it is over."""
        return self._move(key, caller, lambda _, at: wanted(task, caller.name, at), after=True)

    def stop(self, key: str, caller: Caller) -> views.Table:
        """The table, over; its incident is closed as far as the caller may close it."""
        at = self._clock()
        with self._store.begin() as tx:
            seen = self._seen(tx, key)
            if seen.state.standing is not Standing.OVER:
                self._write_shown(tx, seen)
                before = kept.moves(tx, key)
                move = Move(seq=0, at=at, by=caller.name, what=What.STOPPED)
                kept.add(tx, seen.play, before, move, seen.state.played)
                exercise.closed(tx, seen.play.incident, at, caller)
        return self.table(key, caller)

    def report(self, key: str, caller: Caller) -> PlayReport:
        """What the play showed, as values and as Markdown; only once it is over."""
        with self._store.look() as tx:
            seen = self._seen(tx, key)
        if seen.state.standing is not Standing.OVER:
            raise Conflict("It is still played. Stop it, then there is a report.")
        return PlayReport(
            table=_table(seen, caller),
            review=review(seen.state, seen.judged),
            markdown=_markdown(seen),
        )

    def turn(self) -> int:
        """How many injects became known, or reports were kept, since the last time."""
        with self._store.look() as tx:
            keys = kept.going(tx)
            due = [key for key in keys if self._due(self._seen(tx, key))]
        for key in due:
            self._settle(key)
        return len(due)

    def _due(self, seen: _Seen) -> bool:
        if seen.state.standing is Standing.OVER:
            return self._clock() - seen.moves[-1].at >= SETTLES
        return any(True for _ in _unwritten(seen))

    def _settle(self, key: str) -> None:
        with self._store.begin() as tx:
            seen = self._seen(tx, key)
            over = seen.state.standing is Standing.OVER
            if not over:
                self._write_shown(tx, seen)
        if over:
            self._room.take(seen.play.incident, _pieces(seen), by=MACHINE)
            with self._store.begin() as tx:
                if len(kept.moves(tx, key)) == len(seen.moves):
                    kept.go(tx, (one for one in kept.going(tx) if one != key))

    @staticmethod
    def _write_shown(tx: Transaction, seen: _Seen) -> None:
        """Writes down what the clock has shown, so that the log and every open page hear of it."""
        before, at = list(seen.moves), seen.moves[-1].at
        for key, starts in _unwritten(seen):
            ago = timedelta(seconds=seen.state.played - starts)
            when = max(at, seen.at - ago) if seen.state.standing is Standing.RUNNING else at
            move = Move(seq=0, at=when, by=MACHINE, what=What.SHOWN, inject=key)
            before.append(kept.add(tx, seen.play, before, move, starts))

    def _switch(self, key: str, caller: Caller, what: What, needs: Standing) -> views.Table:
        def make(seen: _Seen, at: datetime) -> Move:
            if seen.state.standing is not needs:
                raise Conflict(f"The play is {seen.state.standing} already.")
            return Move(seq=0, at=at, by=caller.name, what=what)

        return self._move(key, caller, make)

    def _move(
        self,
        key: str,
        caller: Caller,
        make: Callable[[_Seen, datetime], Move],
        *,
        after: bool = False,
    ) -> views.Table:
        """The table after this move; `after`: it may also come when the play is over."""
        at = self._clock()
        with self._store.begin() as tx:
            seen = self._seen(tx, key)
            over = seen.state.standing is Standing.OVER
            if over and not after:
                raise Conflict("The play is over. Its report can still be rated and added to.")
            kept.add(tx, seen.play, seen.moves, make(seen, at), seen.state.played)
            if over:
                kept.go(tx, (*kept.going(tx), key))
            seen = self._seen(tx, key)
        return _table(seen, caller)

    def _line(self, tx: Transaction, one: Play) -> views.PlayLine:
        seen = self._seen_of(tx, one)
        return views.line(one, seen.state, seen.judged)

    def _seen(self, tx: Transaction, key: str) -> _Seen:
        return self._seen_of(tx, kept.play(tx, key))

    def _seen_of(self, tx: Transaction, one: Play) -> _Seen:
        moves, at = kept.moves(tx, one.id), self._clock()
        return _Seen(play=one, moves=moves, at=at, state=state(one.scenario, moves, at))


def _unwritten(seen: _Seen) -> Iterator[tuple[str, float]]:
    """What the clock has shown and nobody wrote down yet, and when that was."""
    known = {m.inject for m in seen.moves if m.what is What.SHOWN}
    for one in seen.state.shown:
        if one.inject.id not in known:
            yield one.inject.id, one.inject.starts


def _table(seen: _Seen, caller: Caller) -> views.Table:
    leads = caller.name == seen.play.by
    return views.table(seen.play, seen.state, seen.judged, leads=leads)


def _markdown(seen: _Seen) -> str:
    title = f"Exercise: {seen.play.scenario.title}"
    return markdown(seen.play.scenario, seen.state, seen.judged, title)


def _pieces(seen: _Seen) -> Iterator[Piece]:
    """The report and every move, as evidence; people's words are personal."""
    moves = msgspec.json.encode({"play": seen.play, "moves": seen.moves})
    for name, kind, content in (
        ("after-action.md", "report", _markdown(seen).encode()),
        ("tabletop.json", "tabletop", moves),
    ):
        yield Piece(name=name, kind=kind, content=content, personal=True)
