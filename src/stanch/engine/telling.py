"""Telling: one sentence to one person or channel, whoever carries it.

In    a Notice. Out   whether somebody took it.
Why   approvals, clocks and runs all need people; which connector reaches them is not their matter.
"""

from dataclasses import dataclass
from typing import Protocol

from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.notice import Urgency

__all__ = ["Nobody", "Notice", "Notifier", "Urgency"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """What somebody should know."""

    key: str
    """Names this very notice; the same key again tells nobody twice."""
    to: str
    """A duty, a role or a name."""
    says: str
    urgency: Urgency = Urgency.SOON
    incident: IncidentId | None = None
    asset: AssetId | None = None


class Notifier(Protocol):
    """Who carries notices to people."""

    def tell(self, notice: Notice) -> None:
        """Sends it, or keeps it to be sent; never waits for an answer."""
        ...


class Nobody:
    """A notifier where no channel is set up: what is told still stands in the log."""

    def tell(self, notice: Notice) -> None:
        """Nothing."""
