"""Runs: one playbook at work on one incident, as lists and people see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from stanch.vocabulary.ids import AssetId, Digest, IncidentId, PlaybookId, RunId


class RunState(StrEnum):
    """How a run is going."""

    RUNNING = "running"
    WAITING = "waiting"
    """For a person or for a time."""
    PAUSED = "paused"
    """A person holds it; it goes on when they say so."""
    STUCK = "stuck"
    """No sign of life for longer than its lease; shown to people, and taken over."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OVER = frozenset({RunState.DONE, RunState.FAILED, RunState.CANCELLED})
"""The states that a run does not leave."""


class Wish(StrEnum):
    """What a person wants of a run."""

    GO = "go"
    PAUSE = "pause"
    STEP = "step"
    """One step, then pause."""
    CANCEL = "cancel"
    CANCEL_UNDO = "cancel and undo"


WISHED: Mapping[Wish, str] = MappingProxyType(
    {
        Wish.GO: "",
        Wish.PAUSE: "A person holds it: it stops before its next step.",
        Wish.STEP: "A person lets it take one step, and then holds it.",
        Wish.CANCEL: "A person ends it; what it did stays in force.",
        Wish.CANCEL_UNDO: "A person ends it; what it did is taken back, latest first.",
    }
)
"""What each wish has a run do next, in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One playbook at work."""

    id: RunId
    playbook: PlaybookId
    incident: IncidentId
    asset: AssetId
    started: datetime
    updated: datetime
    state: RunState = RunState.RUNNING
    step: str = ""
    """Where it is now."""
    says: str = ""
    by: str = "stanch"
    ended: datetime | None = None
    version: int = 1
    digest: Digest | None = None
    """The very playbook it began with; editing the file changes no run."""
    waits_for: tuple[str, ...] = ()
    """Whom or what it waits for, and why, in words."""
    wake: datetime | None = None
    """When it goes on by itself at the latest."""
    hop: int = 0
    """How often it was taken up again after a wait."""
    done: int = 0
    """Steps it has taken; none is entered twice."""
    wish: Wish = Wish.GO
    heir: RunId | None = None
    """The run that took its place, when the incident came to be called something else."""
    worker: str = ""
    """Who is or was at work on it."""
    round: int = 1
    """The how manieth run of its playbook on its incident: a deed done again is answered again."""
    because: str = ""
    """Why it was begun once more, in words."""
