"""A scenario: what a tabletop tells whom at which minute, and what a good answer holds.

In    an exercise that somebody wrote.
Out   its injects in their order; what an answer is worth; every fault of the scenario in words.
Why   people are judged by it, so what is right must be written down before anybody plays.

Worth is 0, 1 or 2 for a choice and for a rated answer; for points it is the share of them that the
answer names. A question that is `critical` leaves a gap that no total makes good.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from stanch.vocabulary.incident import Level
from stanch.vocabulary.people import Duty
from stanch.vocabulary.words import counted

BEST = 2
"""What the best answer is worth."""
MOST_INJECTS = 40
LONGEST_PLAY = 12 * 60
"""Minutes."""


class Channel(StrEnum):
    """How something reaches the people in the room."""

    ALERT = "alert"
    LOG = "log"
    MESSAGE = "message"
    CALL = "call"
    PRESS = "press"


class Kind(StrEnum):
    """How a question is answered, and so how the answer is judged."""

    CHOICE = "choice"
    POINTS = "points"
    FREE = "free"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One answer to choose."""

    id: str
    says: str
    worth: int
    because: str
    acts: tuple[str, ...] = ()
    """The playbook's acts that this decision comes to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One thing that a good answer names."""

    id: str
    says: str
    words: tuple[str, ...]
    """Any of these in the answer names it; a word stands for all that begin like it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inject:
    """What becomes known at a minute of the play, and the question it puts."""

    id: str
    at: int
    """Minutes after the start."""
    title: str
    channel: Channel
    shows: str
    asks: Duty
    question: str
    minutes: int
    """How long the answer may take."""
    kind: Kind
    choices: tuple[Choice, ...] = ()
    points: tuple[Point, ...] = ()
    good: str = ""
    """What a good answer holds, for whoever rates it and for the report."""
    critical: bool = False

    @property
    def starts(self) -> float:
        """Seconds after the start."""
        return 60.0 * self.at

    @property
    def ends(self) -> float:
        """The last second in which an answer is in time."""
        return 60.0 * (self.at + self.minutes)

    def choice(self, key: str) -> Choice | None:
        """The choice of this id."""
        return next((one for one in self.choices if one.id == key), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """A whole exercise."""

    id: str
    title: str
    says: str
    """What the players know before it begins."""
    learns: tuple[str, ...]
    """What it exercises."""
    about: str
    """What truly happens: a kind of attack, or natural."""
    playbook: str
    system: str
    """The made-up system that it happens to."""
    severity: Level
    injects: tuple[Inject, ...]
    atlas: tuple[str, ...] = ()

    @property
    def minutes(self) -> int:
        """How long it takes when nobody hurries."""
        return max((one.at + one.minutes for one in self.injects), default=0)

    def inject(self, key: str) -> Inject | None:
        """The inject of this id."""
        return next((one for one in self.injects if one.id == key), None)


def faults(one: Scenario, playbook_acts: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Every fault: the id of the inject it is in (empty: the whole), and what to write instead."""
    ids = [i.id for i in one.injects]
    if not 1 <= len(ids) <= MOST_INJECTS:
        yield "", f"It has {counted(len(ids), 'inject')}. Write 1 to {MOST_INJECTS}."
    for key in sorted({i for i in ids if ids.count(i) > 1}):
        yield key, f"The inject {key!r} stands here twice. Name each once."
    if one.minutes > LONGEST_PLAY:
        yield "", f"It takes {one.minutes} minutes. Keep it within {LONGEST_PLAY}."
    at = 0
    for inject in one.injects:
        if inject.at < at:
            yield inject.id, "It comes before the inject above it. Write them by their minutes."
        at = inject.at
        for fault in _of_inject(inject, playbook_acts):
            yield inject.id, fault


def _of_inject(one: Inject, playbook_acts: frozenset[str]) -> Iterator[str]:
    by_kind: Mapping[Kind, bool] = {
        Kind.CHOICE: bool(one.choices),
        Kind.POINTS: bool(one.points),
        Kind.FREE: True,
    }
    if not by_kind[one.kind] or (one.choices and one.points):
        yield "Write `choose`, `points` or only `good`: exactly one way to answer."
    if not one.good.strip():
        yield "Say in `good` what a good answer holds, for the report."
    names = [c.id for c in one.choices] + [p.id for p in one.points]
    if len(names) != len(set(names)):
        yield "Two of its choices or points have one name."
    if one.kind is Kind.CHOICE:
        yield from _of_choices(one, playbook_acts)
    if one.kind is Kind.POINTS and len(one.points) < BEST:
        yield "Name at least two points, or make it a choice."


def _of_choices(one: Inject, playbook_acts: frozenset[str]) -> Iterator[str]:
    if len(one.choices) < BEST:
        yield "A choice needs at least two answers."
    if not any(c.worth == BEST for c in one.choices):
        yield f"No answer is worth {BEST}: say which one is right."
    if all(c.worth == BEST for c in one.choices):
        yield "Every answer is right, so nothing is asked."
    for choice in one.choices:
        apart = [a for a in choice.acts if a not in playbook_acts]
        if choice.worth == BEST and apart:
            yield (
                f"{choice.id!r} is said to be right, and {', '.join(apart)} is nothing that the "
                "playbook does. Correct one of the two."
            )
