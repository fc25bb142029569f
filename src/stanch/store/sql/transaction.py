"""One transaction: every repository on one connection, and what it has to tell at its end."""

from datetime import datetime

from sqlalchemy import Connection, delete

from stanch.store.sql import labels, tables
from stanch.store.sql.casework import Links, Notes
from stanch.store.sql.codec import encode, micros
from stanch.store.sql.counters import first_of
from stanch.store.sql.cursor import Sealer
from stanch.store.sql.findings import Findings
from stanch.store.sql.incidents import IncidentRows, Incidents
from stanch.store.sql.memory import Settings
from stanch.store.sql.mentions import Mentions
from stanch.store.sql.nouns import (
    Approvals,
    Assets,
    Clocks,
    EvidenceItems,
    Memories,
    Notices,
    Runs,
    SavedFilters,
)
from stanch.store.sql.people import ServiceKeys, Sessions, Users
from stanch.store.sql.policies import Policies
from stanch.store.sql.prepared import added, fresh
from stanch.store.sql.watch import Baselines, Blinds, Positions, Summaries
from stanch.vocabulary.record import Entry

_KEPT_NEWS = 20_000
_PRUNE_EVERY = 1_000
_ENTRY = added(tables.outbox, ("seq", "doc"))
_NEWS = added(tables.announcements, ("seq", "kind", "thing", "at"))


class Transaction:
    """One commit: everything in it happens, or nothing."""

    def __init__(self, link: Connection, sealer: Sealer) -> None:
        """The repositories, on this connection."""
        self._link = link
        self._entries: list[Entry] = []
        self._news: dict[tuple[str, str], None] = {}
        self.assets = Assets(labels.ASSET, link, sealer)
        self.findings = Findings(link, sealer)
        self.incidents = Incidents(IncidentRows(link, sealer))
        self.blinds = Blinds(link)
        self.summaries = Summaries(link)
        self.positions = Positions(link)
        self.baselines = Baselines(link)
        self.notes = Notes(link)
        self.links = Links(link)
        self.filters = SavedFilters(labels.FILTER, link, sealer)
        self.policies = Policies(link)
        self.approvals = Approvals(labels.APPROVAL, link, sealer)
        self.evidence = EvidenceItems(labels.EVIDENCE, link, sealer)
        self.clocks = Clocks(labels.CLOCK, link, sealer)
        self.runs = Runs(labels.RUN, link, sealer)
        self.memories = Memories(link)
        self.notices = Notices(labels.NOTICE, link, sealer)
        self.users = Users(labels.USER, link, sealer)
        self.keys = ServiceKeys(labels.KEY, link, sealer)
        self.sessions = Sessions(link)
        self.settings = Settings(link)
        self.mentions = Mentions(link)

    def record(self, entry: Entry) -> None:
        """Puts the entry into the outbox of the evidence log, in this same commit."""
        self._entries.append(entry)

    def announce(self, kind: str, key: str) -> None:
        """Tells every open stream, in this same commit, that this thing changed."""
        self._news[(kind, key)] = None

    def finish(self, at: datetime) -> None:
        """Writes what was recorded and announced; the last thing before the commit."""
        if self._entries:
            first = first_of(self._link, "outbox", len(self._entries))
            rows = [{"seq": first + n, "doc": encode(e)} for n, e in enumerate(self._entries)]
            _ENTRY.run_each(self._link, [fresh(row) for row in rows])
        if self._news:
            first = first_of(self._link, "announcements", len(self._news))
            rows = [
                {"seq": first + n, "kind": kind, "thing": thing, "at": micros(at)}
                for n, (kind, thing) in enumerate(self._news)
            ]
            _NEWS.run_each(self._link, [fresh(row) for row in rows])
            self._forget_old_news(first, first + len(self._news))

    def _forget_old_news(self, first: int, end: int) -> None:
        if first // _PRUNE_EVERY != end // _PRUNE_EVERY:
            t = tables.announcements
            self._link.execute(delete(t).where(t.c.seq < end - _KEPT_NEWS))
