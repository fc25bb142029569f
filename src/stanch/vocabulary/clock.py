"""Clocks: a duty to tell somebody something by a time, with its law."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stanch.vocabulary.ids import IncidentId


class ClockState(StrEnum):
    """What became of a duty."""

    RUNNING = "running"
    MET = "met"
    MISSED = "missed"
    STOPPED = "stopped"
    """A named person said, with a reason, that the duty does not apply."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """One duty with its deadline."""

    id: str
    incident: IncidentId
    duty: str
    law: str
    started: datetime
    due: datetime
    state: ClockState = ClockState.RUNNING
    met: datetime | None = None
    by: str = ""
    why: str = ""
    told: int = 0
    """How much of the time, in percent, was over when people were last reminded."""
