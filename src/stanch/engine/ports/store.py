"""Ports: what the engine needs kept, said as Protocols. `store/sql` fits them; so can another.

In    nouns, one transaction at a time.
Out   nouns, pages of nouns, and the entries and announcements that the same transaction made.
Why   what changed, its line in the evidence log, and the news of it are one commit: a crash leaves
      all three or none.

    with store.begin() as tx:                      # one writer; commits at the end, or rolls back
        seen = tx.incidents.get(id)
        tx.incidents.save(replace(seen, commander="ada"))        # Stale when somebody was first
        tx.record(Entry(...))
        tx.announce("incident", id)
    with store.look() as tx: ...                   # a steady view, no writing
"""

from contextlib import AbstractContextManager
from typing import Protocol

from stanch.engine.ports.acts import Approvals, Memories, Policies, Runs
from stanch.engine.ports.cases import (
    Clocks,
    EvidenceItems,
    Incidents,
    Links,
    Mentions,
    Notes,
    Notices,
    SavedFilters,
)
from stanch.engine.ports.people import ServiceKeys, Sessions, Settings, Users
from stanch.engine.ports.watched import Assets, Baselines, Blinds, Findings, Positions, Summaries
from stanch.vocabulary.kept import Announced, Posted
from stanch.vocabulary.record import Entry


class Transaction(Protocol):
    """One commit: everything in it happens, or nothing."""

    @property
    def assets(self) -> Assets:
        """What is protected."""
        ...

    @property
    def findings(self) -> Findings:
        """What detectors saw."""
        ...

    @property
    def incidents(self) -> Incidents:
        """What we believe happened."""
        ...

    @property
    def blinds(self) -> Blinds:
        """What cannot be told now."""
        ...

    @property
    def summaries(self) -> Summaries:
        """Counts per minute."""
        ...

    @property
    def positions(self) -> Positions:
        """How far each reader has come."""
        ...

    @property
    def baselines(self) -> Baselines:
        """Golden summaries."""
        ...

    @property
    def notes(self) -> Notes:
        """What people wrote."""
        ...

    @property
    def links(self) -> Links:
        """What incidents point at."""
        ...

    @property
    def filters(self) -> SavedFilters:
        """Filters under a name."""
        ...

    @property
    def policies(self) -> Policies:
        """Every version of every policy."""
        ...

    @property
    def approvals(self) -> Approvals:
        """Questions to people."""
        ...

    @property
    def evidence(self) -> EvidenceItems:
        """What is in the vault."""
        ...

    @property
    def clocks(self) -> Clocks:
        """Duties with deadlines."""
        ...

    @property
    def runs(self) -> Runs:
        """Playbooks at work."""
        ...

    @property
    def memories(self) -> Memories:
        """Where each run stands."""
        ...

    @property
    def notices(self) -> Notices:
        """What people are told."""
        ...

    @property
    def users(self) -> Users:
        """People with accounts."""
        ...

    @property
    def keys(self) -> ServiceKeys:
        """Keys for machines."""
        ...

    @property
    def sessions(self) -> Sessions:
        """Browsers that are logged in."""
        ...

    @property
    def settings(self) -> Settings:
        """Small things by name."""
        ...

    @property
    def mentions(self) -> Mentions:
        """Where in the evidence log each thing is spoken of."""
        ...

    def record(self, entry: Entry) -> None:
        """Puts the entry into the outbox of the evidence log, in this same commit."""
        ...

    def announce(self, kind: str, key: str) -> None:
        """Tells every open stream, in this same commit, that this thing changed."""
        ...


class Store(Protocol):
    """Where the nouns are kept."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction that may write."""
        ...

    def look(self) -> AbstractContextManager[Transaction]:
        """A steady view; writing in it is refused."""
        ...

    def outbox(self, after: int = 0, limit: int = 500) -> tuple[Posted, ...]:
        """Entries that wait for the evidence log, in order; `after` is the last one appended."""
        ...

    def drained(self, upto: int) -> None:
        """Lets go of entries that are now in the evidence log."""
        ...

    def announced(self, after: int, limit: int = 500) -> tuple[Announced, ...]:
        """What changed since then, in order; the first may be missing once it was pruned."""
        ...

    def latest(self) -> int:
        """The number of the newest announcement, for a stream that starts now."""
        ...

    def close(self) -> None:
        """Lets go of every connection."""
        ...
