"""Retention: how long events and counts are kept, as people set it.

In    terms in days; the clock.
Out   what is older is let go, once a day, and the log says how much.
Why   what is kept for ever must be answered for, for ever. Findings, incidents, policies, evidence
      and the evidence log are the proof of what was done, and are never let go here; personal data
      in the vault ends by a person's act (shredding.py), never by itself.
"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from stanch.engine.clock import Clock
from stanch.engine.ports import Store
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput

_NAME = "retention"
LONGEST = 36_500
SHORTEST_COUNTS = 8
"""Days: a baseline of the last week, and the day it is made on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """Days that things are kept; 0 is for ever."""

    events: int = 0
    """Events in the lake."""
    counts: int = 0
    """Counts of everybody together, by minute."""
    principals: int = 90
    """Counts of each principal, by minute: they say who did what, when."""


class Lake(Protocol):
    """Where the events are."""

    def compact(self, now: datetime, keep: timedelta | None = None) -> None:
        """Tidies up, and deletes the days that are older than what is to be kept."""
        ...


_TERMS = msgspec.json.Decoder(Terms)


class Retention:
    """Keeps the terms, and keeps to them."""

    def __init__(self, store: Store, lake: Lake, clock: Clock) -> None:
        self._store = store
        self._lake = lake
        self._clock = clock

    def terms(self) -> Terms:
        """The terms that hold now."""
        with self._store.look() as tx:
            text = tx.settings.get(_NAME)
        return _TERMS.decode(text) if text is not None else Terms()

    def agree(self, terms: Terms, *, by: str) -> Terms:
        """The terms that hold from now on."""
        for one in fields(Terms):
            days = getattr(terms, one.name)
            least = 1 if one.name == "events" else SHORTEST_COUNTS
            if days != 0 and not least <= days <= LONGEST:
                raise BadInput(f"{one.name} are kept {least} to {LONGEST} days, or 0 for ever.")
        with self._store.begin() as tx:
            tx.settings.put(_NAME, msgspec.json.encode(terms).decode())
            facts = {one.name: getattr(terms, one.name) for one in fields(Terms)}
            entry = Entry(
                at=self._clock(), deed=Deed.RETENTION_SET, actor=by, about=_NAME, facts=facts
            )
            tx.record(entry)
        return terms

    def turn(self) -> int:
        """How many blocks of counts were let go; the lake is tidied by whole days."""
        terms, now = self.terms(), self._clock()
        self._lake.compact(now, timedelta(days=terms.events) if terms.events else None)
        with self._store.begin() as tx:
            gone = 0
            if terms.principals:
                before = now - timedelta(days=terms.principals)
                gone += tx.summaries.prune(before, principals_only=True)
            if terms.counts:
                gone += tx.summaries.prune(now - timedelta(days=terms.counts))
            if gone:
                facts = {"blocks": gone}
                deed = Deed.COUNTS_LET_GO
                tx.record(Entry(at=now, deed=deed, actor="stanch", about=_NAME, facts=facts))
        return gone
