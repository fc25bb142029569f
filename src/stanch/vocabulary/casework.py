"""Casework: what people add to an incident, and how merging, splitting and detaching is undone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stanch.vocabulary.ids import FindingId, IncidentId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What a person wrote about an incident. Never mixed into the incident's own words."""

    id: str
    incident: IncidentId
    at: datetime
    by: str
    text: str


class LinkKind(StrEnum):
    """What an incident can point at."""

    URL = "url"
    TICKET = "ticket"
    RELATED = "related"
    """Another incident, with another cause."""
    DUPLICATE = "duplicate"
    PINNED = "pinned"
    """A moment of its timeline that tells the story; `to` is the moment, its lane, its place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """From an incident to something beside it."""

    id: str
    incident: IncidentId
    at: datetime
    by: str
    kind: LinkKind
    to: str
    title: str = ""


class Regroup(StrEnum):
    """How findings changed hands."""

    MERGED = "merged"
    SPLIT = "split"
    DETACHED = "detached"


@dataclass(frozen=True, kw_only=True, slots=True)
class Undo:
    """What was regrouped, with all that is needed to put it back."""

    id: str
    how: Regroup
    incident: IncidentId
    """The incident that was acted on: what was merged away, split, or lost findings."""
    other: IncidentId | None
    """Where the findings went; nobody, when they were detached."""
    findings: tuple[FindingId, ...]
    at: datetime
    by: str
    undone: datetime | None = None
    undone_by: str = ""
    first_seen: datetime | None = None
    """When what took another in had been seen first, before it did."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentLine:
    """An incident in a list: without the ids of its findings, which can be thousands."""

    incident: Incident
    """Its `findings` are empty here; look one up to see them."""
    findings: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedFilter:
    """A filter somebody kept under a name."""

    id: str
    name: str
    owner: str
    noun: str
    """The list it is for: incidents, findings, ..."""
    wanted: Wanted
    shared: bool = False
    query: str = ""
    """What was typed, for lists where people type; it is read anew each time: `since:2h` moves."""
    moving: Mapping[str, str] = field(default_factory=dict)
    """Moments of `wanted` that are so long ago whenever it is used: `{"since": "24h"}`."""
    columns: tuple[str, ...] = ()
    """The columns that the list shows; empty is the usual ones."""
