"""A play: a list of moves that only grows, and what is so at a moment of it.

In    the scenario, every move so far, the time now.
Out   the play's own clock, what was shown, what is asked of whom, every answer.
Why   the moves are the only truth. The clock, what is shown and what is late follow from them and
      the time: so a server that ends in mid-play and starts again knows where everybody is.

The play's clock is the time since the start, less the pauses, plus what was skipped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stanch.learn.tabletop.naming import doubted, named
from stanch.learn.tabletop.scenario import BEST, Inject, Kind, Scenario
from stanch.vocabulary.people import Duty


class What(StrEnum):
    """What somebody did in a play."""

    STARTED = "started"
    SHOWN = "shown"
    """An inject became known; the clock decides that, this only writes it down."""
    NEXT = "next"
    PAUSED = "paused"
    RESUMED = "resumed"
    SAT = "sat"
    ANSWERED = "answered"
    RATED = "rated"
    REMARKED = "remarked"
    FOLLOW_UP = "follow_up"
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One thing that somebody did, as it is kept."""

    seq: int
    at: datetime
    by: str
    what: What
    inject: str = ""
    text: str = ""
    choice: str = ""
    who: str = ""
    """Who said it, when another one typed it in."""
    duty: Duty | None = None
    """The part that is played."""
    answer: int = 0
    """The number of the move that is rated."""
    points: tuple[str, ...] = ()
    worth: int | None = None
    skipped: float = 0.0
    """Seconds that the play's clock was put forward."""
    owner: str = ""
    due: str = ""
    """A day, as 2026-12-01."""


class Standing(StrEnum):
    """Whether the clock goes."""

    RUNNING = "running"
    PAUSED = "paused"
    OVER = "over"


class Stage(StrEnum):
    """How far one question is."""

    TO_COME = "to_come"
    OPEN = "open"
    ANSWERED = "answered"
    LATE = "late"
    """Its time is over and nobody answered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One answer, as it is judged now."""

    seq: int
    at: datetime
    by: str
    who: str
    """Whose answer it is."""
    duty: Duty | None
    took: float
    """Seconds of the play's clock since the question was put."""
    in_time: bool
    choice: str = ""
    text: str = ""
    named: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()
    """Points whose words stand there beside a "not"; nobody has said yet what was meant."""
    worth: float | None = None
    """0 to 1; nothing yet when a person has to rate it."""
    rated_by: str = ""
    last: bool = True
    """Whether this one stands: of each person the last one does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One inject, and what came of its question."""

    inject: Inject
    stage: Stage
    replies: tuple[Reply, ...] = ()

    @property
    def standing(self) -> tuple[Reply, ...]:
        """Of each person the last answer: those in the role that was asked, else everybody's."""
        last = tuple(r for r in self.replies if r.last)
        return tuple(r for r in last if r.duty is self.inject.asks) or last


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowUp:
    """Something to be done after the exercise."""

    text: str
    owner: str
    due: str
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """Where a play is."""

    standing: Standing
    played: float
    """Seconds on the play's clock."""
    started: datetime
    ended: datetime | None
    asked: tuple[Asked, ...]
    seats: tuple[tuple[Duty, tuple[str, ...]], ...]
    """Who plays which part."""
    remarks: tuple[Move, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()

    @property
    def next(self) -> Inject | None:
        """What will be shown next."""
        return next((a.inject for a in self.asked if a.stage is Stage.TO_COME), None)

    @property
    def shown(self) -> tuple[Asked, ...]:
        """What is known by now."""
        return tuple(a for a in self.asked if a.stage is not Stage.TO_COME)

    @property
    def all_asked(self) -> bool:
        """Whether everything was shown and nothing is open."""
        return all(a.stage in {Stage.ANSWERED, Stage.LATE} for a in self.asked)


def played(moves: Sequence[Move], at: datetime) -> float:
    """Seconds on the play's clock at this moment; a clock of the world that jumps back is zero."""
    total, since = 0.0, None
    for move in moves:
        if move.at > at:
            break
        match move.what:
            case What.STARTED | What.RESUMED if since is None:
                since = move.at
            case What.PAUSED | What.STOPPED if since is not None:
                total += _between(since, move.at)
                since = None
            case What.NEXT:
                total += move.skipped
            case _:
                pass
    return total + (_between(since, at) if since is not None else 0.0)


def state(scenario: Scenario, moves: Sequence[Move], at: datetime) -> State:
    """Where the play is at this moment."""
    start = next(m for m in moves if m.what is What.STARTED)
    stopped = next((m.at for m in moves if m.what is What.STOPPED), None)
    now = played(moves, max(at, moves[-1].at))
    flow = [m.what for m in moves if m.what in {What.PAUSED, What.RESUMED}]
    standing = Standing.PAUSED if flow and flow[-1] is What.PAUSED else Standing.RUNNING
    return State(
        standing=Standing.OVER if stopped else standing,
        played=now,
        started=start.at,
        ended=stopped,
        asked=tuple(_asked(one, moves, now) for one in scenario.injects),
        seats=_seats(moves),
        remarks=tuple(m for m in moves if m.what is What.REMARKED),
        follow_ups=tuple(
            FollowUp(text=m.text, owner=m.owner, due=m.due, by=m.by)
            for m in moves
            if m.what is What.FOLLOW_UP
        ),
    )


def _asked(one: Inject, moves: Sequence[Move], now: float) -> Asked:
    if now < one.starts:
        return Asked(inject=one, stage=Stage.TO_COME)
    replies = tuple(_replies(one, moves))
    over = Stage.LATE if now > one.ends else Stage.OPEN
    return Asked(inject=one, stage=Stage.ANSWERED if replies else over, replies=replies)


def _replies(one: Inject, moves: Sequence[Move]) -> Iterable[Reply]:
    mine = [m for m in moves if m.what is What.ANSWERED and m.inject == one.id]
    last = {(m.who or m.by).casefold(): m.seq for m in mine}
    ratings = {m.answer: m for m in moves if m.what is What.RATED}
    for move in mine:
        at = played([m for m in moves if m.seq < move.seq], move.at)
        rating = ratings.get(move.seq)
        points, unsure = named(move.text, one.points), doubted(move.text, one.points)
        if rating is not None and one.kind is Kind.POINTS:
            points = tuple(p.id for p in one.points if p.id in rating.points)
            unsure = ()
        yield Reply(
            seq=move.seq,
            at=move.at,
            by=move.by,
            who=move.who or move.by,
            duty=move.duty,
            took=max(0.0, at - one.starts),
            in_time=at <= one.ends,
            choice=move.choice,
            text=move.text,
            named=points,
            doubted=unsure,
            worth=_worth(one, move, points, rating),
            rated_by=rating.by if rating else "",
            last=last[(move.who or move.by).casefold()] == move.seq,
        )


def _worth(one: Inject, move: Move, points: tuple[str, ...], rating: Move | None) -> float | None:
    match one.kind:
        case Kind.CHOICE:
            chosen = one.choice(move.choice)
            return chosen.worth / BEST if chosen is not None else 0.0
        case Kind.POINTS:
            return len(points) / len(one.points)
        case Kind.FREE:
            return None if rating is None or rating.worth is None else rating.worth / BEST


def _seats(moves: Sequence[Move]) -> tuple[tuple[Duty, tuple[str, ...]], ...]:
    """Each part with those who took it; whoever takes another one leaves the first."""
    sat: dict[str, tuple[Duty, str]] = {}
    for move in moves:
        if move.what is What.SAT and move.duty is not None:
            name = move.who or move.by
            sat[name.casefold()] = (move.duty, name)
    return tuple(
        (duty, tuple(name for of, name in sat.values() if of is duty))
        for duty in Duty
        if any(of is duty for of, _ in sat.values())
    )


def _between(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
