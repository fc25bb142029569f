"""Playbooks: what to do about one kind of incident, as a graph of named steps.

A step names the step that follows; nothing (the empty name) ends its branch. Periods are whole
seconds. What is stated here is exactly what is signed, exchanged and kept with each run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from stanch.vocabulary.ids import PlaybookId
from stanch.vocabulary.people import Role

Argument = str | int | float | bool | tuple[str, ...]
"""A value of an act; a text like `$suspects` is looked up when the step runs."""
END = ""
"""The name of no step: the branch ends."""


class OnFailure(StrEnum):
    """What a run does when an act fails, or is not allowed."""

    STOP = "stop"
    """The run ends; what was done stays."""
    GO_ON = "go on"
    """The next step follows."""
    UNDO = "undo"
    """All that this run did is taken back, latest first; the run ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Do:
    """An act: an action, or a deed of the engine."""

    id: str
    says: str = ""
    act: str
    args: Mapping[str, Argument] = field(default_factory=dict)
    lasts: int | None = None
    """How long its demand holds; None until it is taken back."""
    within: int = 1800
    """How long people have to agree, when what it hits turns out to need a yes."""
    timeout: int = 60
    """How long the act itself may take, its repetitions included."""
    attempts: int = 3
    on_failure: OnFailure = OnFailure.GO_ON
    evidence_first: bool = False
    next: str = END


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """A question to people; the acts it is about are shown as they would be done."""

    id: str
    says: str
    about: tuple[str, ...] = ()
    """Steps whose acts a yes allows."""
    role: Role = Role.APPROVER
    people: int = 1
    within: int = 1800
    if_silent: bool = False
    yes: str = END
    no: str = END


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """A pause: for a time, or until something is so but no longer than a time."""

    id: str
    says: str = ""
    period: int
    until: str = ""
    """A condition; empty waits the whole period."""
    next: str = END
    late: str | None = None
    """Where to go when the condition did not come true in time; None is `next`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decide:
    """A fork by what is known now."""

    id: str
    says: str = ""
    condition: str
    yes: str = END
    no: str = END


@dataclass(frozen=True, kw_only=True, slots=True)
class Parallel:
    """Branches that do not wait for one another; `next` follows when all have ended."""

    id: str
    says: str = ""
    branches: tuple[str, ...]
    next: str = END


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeat:
    """Steps that are repeated while something is so, a bounded number of times."""

    id: str
    says: str = ""
    condition: str
    first: str
    most: int
    next: str = END


Step = Do | Ask | Wait | Decide | Parallel | Repeat


@dataclass(frozen=True, kw_only=True, slots=True)
class Playbook:
    """What to do about one kind of incident."""

    id: PlaybookId
    title: str
    says: str = ""
    answers: tuple[str, ...] = ()
    """Kinds of attack, or `natural` or `fault`, that this is the answer to."""
    version: int = 1
    start: str
    steps: Mapping[str, Step]


def follows(step: Step) -> tuple[str, ...]:
    """Every step that can come right after this one, or right inside it; END among them."""
    match step:
        case Do():
            return (step.next,)
        case Wait():
            return (step.next,) if step.late is None else (step.next, step.late)
        case Ask() | Decide():
            return (step.yes, step.no)
        case Parallel():
            return (*step.branches, step.next)
        case Repeat():
            return (step.first, step.next)
