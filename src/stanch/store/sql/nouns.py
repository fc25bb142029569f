"""The plain nouns in SQL, with the few questions each has beyond its list."""

from datetime import datetime

from sqlalchemy import delete, or_, select

from stanch.store.sql import tables
from stanch.store.sql.codec import decode, micros
from stanch.store.sql.shelf import Shelf
from stanch.vocabulary.approval import Answer, Approval
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.casework import SavedFilter
from stanch.vocabulary.clock import Clock, ClockState
from stanch.vocabulary.ids import ApprovalId, AssetId, EvidenceId, RunId
from stanch.vocabulary.record import Evidence
from stanch.vocabulary.run import Run


class Assets(Shelf[AssetId, Asset]):
    """What is protected."""


class EvidenceItems(Shelf[EvidenceId, Evidence]):
    """What is in the vault."""


class Runs(Shelf[RunId, Run]):
    """Playbooks at work."""


class Approvals(Shelf[ApprovalId, Approval]):
    """Questions to people."""

    def lapsing(self, by: datetime) -> tuple[Approval, ...]:
        """Open questions whose time is up by then, soonest first."""
        t = tables.approvals.c
        query = select(t.doc).where(t.state == Answer.OPEN.value, t.due <= micros(by))
        docs = self.link.execute(query.order_by(t.due, t.id)).scalars()
        return tuple(decode(doc, Approval) for doc in docs)


class Clocks(Shelf[str, Clock]):
    """Duties with deadlines."""

    def due(self, by: datetime) -> tuple[Clock, ...]:
        """Running clocks that are due by then, soonest first."""
        t = tables.clocks.c
        query = select(t.doc).where(t.state == ClockState.RUNNING.value, t.at <= micros(by))
        docs = self.link.execute(query.order_by(t.at, t.id)).scalars()
        return tuple(decode(doc, Clock) for doc in docs)


class SavedFilters(Shelf[str, SavedFilter]):
    """Filters under a name."""

    def of(self, owner: str) -> tuple[SavedFilter, ...]:
        """The person's own and those that others share, by name."""
        t = tables.filters.c
        query = select(t.doc).where(or_(t.owner == owner, t.shared == 1)).order_by(t.name, t.id)
        return tuple(decode(doc, SavedFilter) for doc in self.link.execute(query).scalars())

    def remove(self, key: str) -> bool:
        """Whether it was there, and is gone."""
        t = tables.filters
        return self.link.execute(delete(t).where(t.c.id == key)).rowcount > 0
