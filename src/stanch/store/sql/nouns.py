"""The plain nouns in SQL, with the few questions each has beyond its list."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, delete, or_, select

from stanch.store.sql import tables
from stanch.store.sql.codec import decode, micros
from stanch.store.sql.prepared import added, fresh, kept, rewritten
from stanch.store.sql.shelf import Shelf
from stanch.vocabulary.approval import Answer, Approval
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.casework import SavedFilter
from stanch.vocabulary.clock import Clock, ClockState
from stanch.vocabulary.ids import ApprovalId, AssetId, EvidenceId, RunId
from stanch.vocabulary.listing import Sort, Wanted
from stanch.vocabulary.notice import Carried, KeptNotice
from stanch.vocabulary.record import Evidence
from stanch.vocabulary.run import OVER, Run


class Assets(Shelf[AssetId, Asset]):
    """What is protected."""


class EvidenceItems(Shelf[EvidenceId, Evidence]):
    """What is in the vault."""


class Runs(Shelf[RunId, Run]):
    """Playbooks at work."""


class Approvals(Shelf[ApprovalId, Approval]):
    """Questions to people: those that wait by when their time is up, all others newest first."""

    def _order(self, wanted: Wanted) -> tuple[list["Column[Any]"], bool]:
        if wanted.sort is not Sort.USUAL or not _waiting(wanted):
            return super()._order(wanted)
        return [tables.approvals.c.due, tables.approvals.c.id], False

    def lapsing(self, by: datetime) -> tuple[Approval, ...]:
        """Open questions whose time is up by then, soonest first."""
        t = tables.approvals.c
        query = select(t.doc).where(t.state == Answer.OPEN.value, t.due <= micros(by))
        docs = self.link.execute(query.order_by(t.due, t.id)).scalars()
        return tuple(decode(doc, Approval) for doc in docs)


def _waiting(wanted: Wanted) -> bool:
    """Whether nothing is wanted but what waits for an answer."""
    if wanted.state:
        return set(wanted.state) == {Answer.OPEN}
    return bool(wanted.any_of) and all(_waiting(one) for one in wanted.any_of)


class Clocks(Shelf[str, Clock]):
    """Duties with deadlines."""

    def due(self, by: datetime) -> tuple[Clock, ...]:
        """Running clocks that are due by then, soonest first."""
        t = tables.clocks.c
        query = select(t.doc).where(t.state == ClockState.RUNNING.value, t.at <= micros(by))
        docs = self.link.execute(query.order_by(t.at, t.id)).scalars()
        return tuple(decode(doc, Clock) for doc in docs)


class Notices(Shelf[str, KeptNotice]):
    """What people are told."""

    def due(self, by: datetime, limit: int = 100) -> tuple[KeptNotice, ...]:
        """Those that wait to be sent by then, soonest first."""
        t = tables.notices.c
        query = select(t.doc).where(t.state == Carried.WAITING.value, t.due <= micros(by))
        docs = self.link.execute(query.order_by(t.due, t.id).limit(limit)).scalars()
        return tuple(decode(doc, KeptNotice) for doc in docs)


class Memories:
    """Where each run stands, as text."""

    def __init__(self, link: Connection) -> None:
        """The memories, inside one transaction."""
        self.link = link

    def get(self, run: RunId) -> str | None:
        """Where the run stands; nothing once it was let go."""
        return kept(tables.memories, "run").run(self.link, {"key": run}).scalar()

    def put(self, run: RunId, doc: str) -> None:
        """Keeps it in place of what was there."""
        t, row = tables.memories, {"run": run, "doc": doc}
        said = rewritten(t, ("doc",), "run")
        if said.run(self.link, {**fresh({"doc": doc}), "run": run}).rowcount == 0:
            added(t, tuple(row)).run(self.link, fresh(row))

    def forget(self, run: RunId) -> bool:
        """Whether it was there, and is gone."""
        t = tables.memories
        return self.link.execute(delete(t).where(t.c.run == run)).rowcount > 0

    def over(self, before: datetime, limit: int = 100) -> tuple[RunId, ...]:
        """Runs that ended before then and are still remembered, oldest first."""
        t, runs = tables.memories.c, tables.runs.c
        query = select(t.run).join(tables.runs, runs.id == t.run)
        ended = runs.state.in_([state.value for state in OVER])
        rows = query.where(ended, runs.changed < micros(before)).order_by(runs.changed, t.run)
        return tuple(RunId(r) for r in self.link.execute(rows.limit(limit)).scalars())


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
