"""What is protected, what was counted of it, and what that showed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from stanch.engine.ports.shelf import Shelf
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.finding import Blind, Finding
from stanch.vocabulary.ids import (
    AssetId,
    BaselineId,
    DetectorId,
    FindingId,
    IncidentId,
    PrincipalId,
)
from stanch.vocabulary.kept import BaselineKept, BlindSpot, Position, SummaryBlock
from stanch.vocabulary.span import Span


class Assets(Shelf[AssetId, Asset], Protocol):
    """What is protected. Wanted by: kind, owner, text."""


class Findings(Shelf[FindingId, Finding], Protocol):
    """What detectors saw; never changed. Wanted by: asset, incident (one), detector, attack,
    lifecycle, principal, since, until, text. Facets: asset, detector, attack, lifecycle.
    """

    def put(self, findings: Iterable[Finding], *, at: datetime) -> tuple[Finding, ...]:
        """Those that were not known before, now kept; the same sight again changes nothing."""
        ...

    def incidents_of(self, keys: Iterable[FindingId]) -> Mapping[FindingId, IncidentId]:
        """The latest incident that each of these findings is in."""
        ...

    def kept(self, keys: Iterable[FindingId]) -> Mapping[FindingId, datetime]:
        """When each of these was kept, which may be before its window ended."""
        ...


class Blinds(Protocol):
    """What cannot be told now, per asset, version, condition and detector."""

    def say(self, blind: Blind, *, at: datetime) -> BlindSpot:
        """The blind spot, with the moment it began."""
        ...

    def clear(
        self, detector: DetectorId, asset: AssetId, version: str = "", condition: str = ""
    ) -> bool:
        """Whether there was a blind spot that is now gone."""
        ...

    def of(self, asset: AssetId | None = None) -> tuple[BlindSpot, ...]:
        """The blind spots of an asset, or all."""
        ...


class Summaries(Protocol):
    """Counts per minute. Save them in the transaction that moves the reader's position: then a
    replay after a crash counts nothing twice.
    """

    def put(self, blocks: Iterable[SummaryBlock]) -> None:
        """Keeps these blocks in place of those of the same minute."""
        ...

    def minute(
        self, asset: AssetId, version: str, minute: datetime, condition: str = ""
    ) -> tuple[SummaryBlock, ...]:
        """All blocks of one minute: everybody's, and each principal's; or that of a condition."""
        ...

    def minutes(
        self, asset: AssetId, version: str, span: Span, condition: str = ""
    ) -> frozenset[datetime]:
        """The minutes of this span that have a block of everybody's, or of a condition."""
        ...

    def between(
        self, asset: AssetId, span: Span, *, version: str | None = None, condition: str = ""
    ) -> tuple[SummaryBlock, ...]:
        """Everybody's blocks in this span, oldest first: of all conditions together, or of one."""
        ...

    def principals(
        self, asset: AssetId, span: Span, *, principal: PrincipalId | None = None
    ) -> tuple[SummaryBlock, ...]:
        """The blocks of each principal, or of one, oldest first."""
        ...

    def decided(self, asset: AssetId, span: Span) -> int:
        """How many answers were counted in this span, of everybody."""
        ...

    def prune(self, before: datetime, *, principals_only: bool = False) -> int:
        """How many older blocks were let go."""
        ...


class Positions(Protocol):
    """How far each reader has come."""

    def get(self, reader: str) -> Position:
        """The reader's position; 0 when it never read."""
        ...

    def move(self, seen: Position, to: int) -> Position:
        """The new position, or `Stale` when another process moved it."""
        ...


class Baselines(Protocol):
    """Golden summaries; each stays."""

    def add(self, baseline: BaselineKept) -> BaselineKept:
        """The baseline, now the current one of its asset, version and condition."""
        ...

    def get(self, key: BaselineId) -> BaselineKept:
        """The one with this id, or `NotFound`."""
        ...

    def current(
        self, asset: AssetId, version: str = "", condition: str = ""
    ) -> BaselineKept | None:
        """The newest of this version, else the newest of the asset: of this condition, if it has
        one of its own, else of all conditions.
        """
        ...

    def history(self, asset: AssetId) -> tuple[BaselineKept, ...]:
        """All of the asset, newest first, without their bodies."""
        ...
