"""The walk: how a run moves through a playbook, as a pure function of what came back.

In    a playbook, where the run stands, what came of the step it was at.
Out   where the run stands now, and which step is next.
Why   what decides is a value without clock or I/O: the runner may be killed anywhere and walks the
      same way again from what was recorded; tests walk every playbook to every end.

A run has one token for each branch at work. A token that waits holds up only its own branch. Steps
of different branches are taken in turn, one at a time, so a walk has one order and can be repeated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from stanch.vocabulary.playbook import (
    END,
    Ask,
    Decide,
    Do,
    OnFailure,
    Parallel,
    Playbook,
    Repeat,
    Step,
    Wait,
)


class Stage(StrEnum):
    """What a run is about."""

    WALKING = "walking"
    UNDOING = "undoing"
    ENDED = "ended"


class End(StrEnum):
    """How a run ends."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """One branch at work."""

    at: str
    path: tuple[str, ...] = ()
    """The parallel branches and rounds it is inside of, outermost first: `step:number`."""
    round: int = 0
    """At a repetition: how many rounds are over."""
    tries: int = 0
    since: datetime | None = None
    """When its act was first tried, if that did not work."""
    waits: str = ""
    """What it waits for; empty when it can go on."""
    until: datetime | None = None

    @property
    def key(self) -> str:
        """The name of this very visit to this step: the same after every restart."""
        rounds = (f"{self.round}",) if self.round else ()
        return "/".join((*self.path, self.at, *rounds))


@dataclass(frozen=True, kw_only=True, slots=True)
class Deed:
    """An act that was done, with what it takes to undo it."""

    step: str
    key: str
    act: str
    handle: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """Where a run stands."""

    tokens: tuple[Token, ...] = ()
    granted: Mapping[str, str] = field(default_factory=dict)
    """For each visit, the digest of the act that people said yes to."""
    deeds: tuple[Deed, ...] = ()
    count: int = 0
    """Steps taken so far."""
    stage: Stage = Stage.WALKING
    end: End = End.DONE
    why: str = ""


class What(StrEnum):
    """What can come of a step."""

    DONE = "done"
    """An act was done."""
    FAILED = "failed"
    """An act failed, or was not allowed."""
    YES = "yes"
    NO = "no"
    OVER = "over"
    """A wait ended as it should."""
    LATE = "late"
    """A wait ended by its time alone."""
    WAITS = "waits"
    AGAIN = "again"
    """The act is tried again later."""
    GO = "go"
    """A wait is over; the same step is taken up again."""
    GRANTED = "granted"
    """People said yes to an act that needed it."""
    CANCEL = "cancel"
    CANCEL_UNDO = "cancel and undo"


@dataclass(frozen=True, kw_only=True, slots=True)
class Came:
    """What came of a step."""

    what: What
    says: str = ""
    waits: str = ""
    until: datetime | None = None
    since: datetime | None = None
    handle: str = ""
    """What it takes to undo the act; empty when there is nothing to undo."""
    granted: Mapping[str, str] = field(default_factory=dict)


def begin(book: Playbook) -> State:
    """Where a run of this playbook starts."""
    return State(tokens=(Token(at=book.start),))


def ready(state: State) -> Token | None:
    """The branch whose step is next; None when all wait or the walk is over."""
    if state.stage is not Stage.WALKING:
        return None
    return next((t for t in state.tokens if not t.waits), None)


def to_undo(state: State) -> Deed | None:
    """The deed that is taken back next, when the run is undoing."""
    return state.deeds[-1] if state.stage is Stage.UNDOING and state.deeds else None


def _split(state: State, token: Token, step: Parallel) -> State:
    """The state with the branches of a parallel step at work in place of its token."""
    made = tuple(
        Token(at=first, path=(*token.path, f"{step.id}:{n}"))
        for n, first in enumerate(step.branches)
    )
    return replace(state, tokens=_swapped(state, token, made))


def after(book: Playbook, state: State, token: Token, came: Came) -> State:
    """Where the run stands when this came of the token's step."""
    state = replace(state, count=state.count + 1)
    match came.what:
        case What.CANCEL | What.CANCEL_UNDO:
            return cancelled(state, undo=came.what is What.CANCEL_UNDO, why=came.says)
        case What.WAITS | What.AGAIN:
            tries = token.tries + (came.what is What.AGAIN)
            kept = replace(token, waits=came.waits, until=came.until, tries=tries, since=came.since)
            state = replace(state, tokens=_swapped(state, token, (kept,)))
            return _with_deed(book, state, token, came)
        case What.GO | What.GRANTED:
            kept = replace(token, waits="", until=None)
            granted = {**state.granted, **came.granted}
            return replace(state, tokens=_swapped(state, token, (kept,)), granted=granted)
        case _:
            return _onward(book, state, token, came)


def undone(state: State, why: str = "") -> State:
    """The state after its latest deed was taken back, or could not be."""
    left = state.deeds[:-1]
    told = f"{state.why} {why}".strip()
    stage = Stage.UNDOING if left else Stage.ENDED
    return replace(state, deeds=left, stage=stage, why=told, count=state.count + 1)


def cancelled(state: State, *, undo: bool, why: str) -> State:
    """The state of a run that a person ends."""
    return _stopped(state, End.CANCELLED, undo=undo, why=why)


def _onward(book: Playbook, state: State, token: Token, came: Came) -> State:
    step = book.steps[token.at]
    if came.what in (What.DONE, What.FAILED):
        state = _with_deed(book, state, token, came)
    if came.what is What.FAILED and isinstance(step, Do):
        if step.on_failure is not OnFailure.GO_ON:
            undo = step.on_failure is OnFailure.UNDO
            return _stopped(state, End.FAILED, undo=undo, why=f"{step.id}: {came.says}")
        return _went(book, state, token, step.next)
    if isinstance(step, Ask) and came.granted:
        state = replace(state, granted={**state.granted, **came.granted})
    if isinstance(step, Repeat):
        return _repeated(book, state, token, yes=came.what is What.YES)
    if isinstance(step, Parallel):
        return _split(state, token, step)
    return _went(book, state, token, _next(step, came.what))


def _with_deed(book: Playbook, state: State, token: Token, came: Came) -> State:
    """The state that knows of the act, once: also of the half in force of one that goes on trying.

    Whatever ends the run in between, that half is taken back with the rest.
    """
    if not came.handle or any(deed.key == token.key for deed in state.deeds):
        return state
    act = _act(book.steps[token.at])
    deed = Deed(step=token.at, key=token.key, act=act, handle=came.handle)
    return replace(state, deeds=(*state.deeds, deed))


def _next(step: Step, what: What) -> str:
    match step:
        case Ask() | Decide():
            return step.yes if what is What.YES else step.no
        case Wait():
            return step.late if what is What.LATE and step.late is not None else step.next
        case Do() | Parallel() | Repeat():
            return step.next


def _repeated(book: Playbook, state: State, token: Token, *, yes: bool) -> State:
    step = book.steps[token.at]
    assert isinstance(step, Repeat)  # noqa: S101  the caller looked
    if not yes or token.round >= step.most:
        return _went(book, state, replace(token, round=0), step.next, old=token)
    inside = Token(at=step.first, path=(*token.path, f"{step.id}:{token.round}"))
    return replace(state, tokens=_swapped(state, token, (inside,)))


def _went(
    book: Playbook, state: State, token: Token, to: str, *, old: Token | None = None
) -> State:
    """The state with the token at its next step, or out of its branch."""
    old = old or token
    if to != END:
        return replace(state, tokens=_swapped(state, old, (Token(at=to, path=token.path),)))
    if not token.path:
        left = _swapped(state, old, ())
        return replace(state, tokens=left, stage=Stage.ENDED if not left else state.stage)
    name, _, number = token.path[-1].rpartition(":")
    parent = token.path[:-1]
    around = book.steps[name]
    if isinstance(around, Repeat):
        again = Token(at=name, path=parent, round=int(number) + 1)
        return replace(state, tokens=_swapped(state, old, (again,)))
    others = [t for t in state.tokens if t is not old and _inside(t, parent, name)]
    if others:
        return replace(state, tokens=_swapped(state, old, ()))
    return _went(book, state, Token(at=name, path=parent), _next(around, What.DONE), old=old)


def _inside(token: Token, parent: tuple[str, ...], name: str) -> bool:
    deep = len(parent)
    inner = token.path[deep] if len(token.path) > deep else ""
    return token.path[:deep] == parent and inner.rpartition(":")[0] == name


def _swapped(state: State, old: Token, new: tuple[Token, ...]) -> tuple[Token, ...]:
    at = state.tokens.index(old)
    return (*state.tokens[:at], *new, *state.tokens[at + 1 :])


def _stopped(state: State, end: End, *, undo: bool, why: str) -> State:
    stage = Stage.UNDOING if undo and state.deeds else Stage.ENDED
    return replace(state, tokens=(), stage=stage, end=end, why=why)


def _act(step: Step) -> str:
    return step.act if isinstance(step, Do) else ""
