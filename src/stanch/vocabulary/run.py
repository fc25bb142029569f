"""Runs: one playbook at work on one incident, as lists and people see it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stanch.vocabulary.ids import AssetId, IncidentId, PlaybookId, RunId


class RunState(StrEnum):
    """How a run is going."""

    RUNNING = "running"
    WAITING = "waiting"
    """For a person or for a time."""
    STUCK = "stuck"
    """No sign of life for longer than its lease; shown to people, and taken over."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


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
