"""Incidents, and what people put beside them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from stanch.engine.ports.shelf import Kept, Listed, Shelf
from stanch.vocabulary.casework import IncidentLine, Link, Note, SavedFilter, Undo
from stanch.vocabulary.clock import Clock
from stanch.vocabulary.ids import AssetId, EvidenceId, IncidentId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.kept import Mention
from stanch.vocabulary.notice import KeptNotice
from stanch.vocabulary.record import Deed, Evidence


class Incidents(Kept[IncidentId, Incident], Listed[IncidentLine], Protocol):
    """What we believe happened. `save` adds the findings that are new in it and removes none.

    Wanted by: asset, phase, severity, verdict, attack, lifecycle, principal, owner (commander),
    since, until (opened), changed_since, text, exercise, closed; sort usual or worst.
    Facets: asset, phase, severity, verdict, attack, lifecycle, owner.
    """

    def line(self, key: IncidentId) -> IncidentLine:
        """The one with this id without the ids of its findings, or `NotFound`."""
        ...

    def open_on(self, assets: Iterable[AssetId]) -> tuple[Incident, ...]:
        """The incidents on these assets that are not closed or merged away, newest first."""
        ...

    def merge(self, one: Incident, into: Incident, *, undo: Undo) -> Incident:
        """`into` with all findings of `one`, which from now on points there."""
        ...

    def split(self, one: Incident, new: Incident, *, undo: Undo) -> Incident:
        """`new`, with the findings that `undo` names taken out of `one`."""
        ...

    def detach(self, one: Incident, *, undo: Undo) -> Incident:
        """`one` without the findings that `undo` names."""
        ...

    def undo(self, key: str, *, at: datetime, by: str) -> Undo:
        """The regrouping that was put back, findings and all; once."""
        ...

    def undos(self, key: IncidentId) -> tuple[Undo, ...]:
        """How this incident's findings changed hands, newest first."""
        ...


class Notes(Protocol):
    """What people wrote about an incident."""

    def add(self, note: Note) -> Note:
        """The note, kept."""
        ...

    def of(self, incident: IncidentId) -> tuple[Note, ...]:
        """The notes of an incident, oldest first."""
        ...


class Links(Protocol):
    """What an incident points at."""

    def add(self, link: Link) -> Link:
        """The link, kept."""
        ...

    def of(self, incident: IncidentId) -> tuple[Link, ...]:
        """The links of an incident, oldest first."""
        ...

    def remove(self, key: str) -> bool:
        """Whether it was there, and is gone."""
        ...


class SavedFilters(Kept[str, SavedFilter], Protocol):
    """Filters under a name."""

    def of(self, owner: str) -> tuple[SavedFilter, ...]:
        """The person's own and those that others share, by name."""
        ...

    def remove(self, key: str) -> bool:
        """Whether it was there, and is gone."""
        ...


class EvidenceItems(Shelf[EvidenceId, Evidence], Protocol):
    """What is in the vault. Wanted by: incident, kind, owner (who took it), since, until, text."""


class Clocks(Shelf[str, Clock], Protocol):
    """Duties with deadlines. Wanted by: incident, kind (law), state, since, until (due)."""

    def due(self, by: datetime) -> tuple[Clock, ...]:
        """Running clocks that are due by then, soonest first."""
        ...


class Notices(Shelf[str, KeptNotice], Protocol):
    """What people are told. Wanted by: incident, kind (urgency), owner (to), state, since."""

    def due(self, by: datetime, limit: int = 100) -> tuple[KeptNotice, ...]:
        """Those that wait to be sent by then, soonest first."""
        ...


class Mentions(Protocol):
    """Where in the evidence log each thing is spoken of. The log is the truth; this finds it."""

    def put(self, mentions: Iterable[Mention]) -> None:
        """Keeps these, in place of what was kept of the same entries."""
        ...

    def of(
        self, thing: str, *, deeds: Sequence[Deed] = (), before: int | None = None, limit: int = 50
    ) -> tuple[Mention, ...]:
        """The latest entries that speak of it, newest first."""
        ...

    def count(self, thing: str, *, deeds: Sequence[Deed] = ()) -> int:
        """How many entries speak of it."""
        ...
