"""Notices: one sentence to one person or channel, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from stanch.vocabulary.ids import AssetId, IncidentId


class Urgency(IntEnum):
    """How soon somebody must look."""

    WHEN_YOU_CAN = 1
    SOON = 2
    NOW = 3


class Carried(StrEnum):
    """What became of a notice."""

    WAITING = "waiting"
    """It is to be sent, or to be tried again."""
    SENT = "sent"
    LOGGED = "logged"
    """No channel is set up for whom it is to: it stands in the server's log."""
    FAILED = "failed"
    """Every channel was tried for as long as it made sense."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptNotice:
    """A notice, as it is kept."""

    id: str
    """Names this very notice: the same again tells nobody twice."""
    at: datetime
    to: str
    """A duty, a role or a name."""
    says: str
    urgency: Urgency = Urgency.SOON
    incident: IncidentId | None = None
    asset: AssetId | None = None
    state: Carried = Carried.WAITING
    due: datetime
    """When it is to be sent, or tried again."""
    tries: int = 0
    channels: tuple[str, ...] = ()
    """The channels that took it."""
    people: tuple[str, ...] = ()
    """Who that is, as far as it is known."""
    sent: datetime | None = None
    why: str = ""
    """Why it was not sent."""
