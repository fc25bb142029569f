"""Lists: what is asked for, and one page of the answer.

In    a `Wanted`: every field that is set narrows the list.
Out   a `Page` and the cursor of the next one, or counts by value (facets).
Why   one small value for every list, so that a route, a command and a saved filter mean the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from stanch.vocabulary.finding import AttackKind, Lifecycle
from stanch.vocabulary.ids import AssetId, DetectorId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Level, Phase, VerdictKind

T = TypeVar("T")

Facets = Mapping[str, Mapping[str, int]]
"""For each field, how many of the wanted things have each value."""


class Sort(StrEnum):
    """In which order a list comes."""

    USUAL = "usual"
    """Each list's own: newest first for what happens, soonest first for clocks and for questions
    that wait, else by id."""
    WORST = "worst"
    """Worst first; incidents only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which things are wanted; an empty field asks nothing, several values mean any of them."""

    asset: tuple[AssetId, ...] = ()
    incident: tuple[IncidentId, ...] = ()
    phase: tuple[Phase, ...] = ()
    severity: tuple[Level, ...] = ()
    verdict: tuple[VerdictKind, ...] = ()
    attack: tuple[AttackKind, ...] = ()
    lifecycle: tuple[Lifecycle, ...] = ()
    detector: tuple[DetectorId, ...] = ()
    principal: tuple[PrincipalId, ...] = ()
    owner: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    """The state of an approval, a clock or a run."""
    since: datetime | None = None
    until: datetime | None = None
    """Up to, but without, this moment."""
    changed_since: datetime | None = None
    text: str = ""
    exercise: bool | None = None
    closed: bool | None = None
    sort: Sort = Sort.USUAL
    any_of: tuple["Wanted", ...] = ()
    """Alternatives: with all that is said above, at least one of these holds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[T]):
    """A few things, and where the next ones start."""

    items: tuple[T, ...]
    next: str = ""
    """The cursor to ask the next page with; empty at the end."""
