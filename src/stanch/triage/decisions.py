"""What correlation takes and what it decides, as values.

In    `Arrivals`, `OpenIncident` and `Rules`, made by the shell from its store and settings.
Out   one of `Open`, `Add`, `Hold`, `Lapse`, `Known` for each finding and report; `MergeHint`s.
Why   a decision that is a value can be shown, tested, replayed and entered in the evidence log.
      Reports are named by id only: a person's words never mix with a machine's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from stanch.triage.causes import Family
from stanch.vocabulary.finding import Finding, Report
from stanch.vocabulary.ids import AssetId, DetectorId, FindingId, IncidentId, PrincipalId
from stanch.vocabulary.span import Span


@dataclass(frozen=True, kw_only=True, slots=True)
class Threshold:
    """So many findings within so long, before they are worth an incident."""

    count: int = 1
    within: timedelta = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What an installation can set about correlation."""

    gap: timedelta = timedelta(hours=2)
    """Sights further apart than this are not one thing by time alone."""
    default: Threshold = field(default_factory=Threshold)
    by_detector: Mapping[DetectorId, Threshold] = field(default_factory=dict)
    at_once: float = 6.0
    """A finding this strong opens an incident whatever the threshold says."""
    suspect_share: float = 0.2
    """A principal with less of the oddness than this is not what links two findings."""
    shared_principals: frozenset[PrincipalId] = frozenset()
    """Gateways and batch jobs that many people stand behind: never a link."""
    flood: int = 20
    """More new incidents at once than this are one: something common is wrong."""

    def for_detector(self, detector: DetectorId) -> Threshold:
        """The threshold that holds for this detector's findings."""
        return self.by_detector.get(detector, self.default)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrivals:
    """What is new, and what was held back before."""

    findings: tuple[Finding, ...] = ()
    reports: tuple[Report, ...] = ()
    held: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenIncident:
    """An open incident, as far as correlation needs to know it."""

    id: IncidentId
    opened: datetime
    span: Span
    """From the first to the last event behind it."""
    assets: frozenset[AssetId]
    families: frozenset[Family] = frozenset({Family.PLAIN})
    principals: frozenset[PrincipalId] = frozenset()
    findings: frozenset[FindingId] = frozenset()
    reports: frozenset[str] = frozenset()
    flood: bool = False
    """Opened by a flood: takes in whatever comes near it in time, on any asset."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """Open a new incident on this asset, with these findings and reports."""

    asset: AssetId
    findings: tuple[FindingId, ...]
    reports: tuple[str, ...]
    span: Span
    assets: tuple[AssetId, ...]
    principals: tuple[PrincipalId, ...]
    why: str
    flood: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Add:
    """Add these to an incident that is open already."""

    incident: IncidentId
    findings: tuple[FindingId, ...]
    reports: tuple[str, ...]
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """Too few to act on; keep them until then."""

    findings: tuple[FindingId, ...]
    until: datetime
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lapse:
    """Held long enough, and nothing followed. They stay in the log; nobody is called."""

    findings: tuple[FindingId, ...]
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """In this incident already."""

    incident: IncidentId
    findings: tuple[FindingId, ...] = ()
    reports: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeHint:
    """These open incidents look like one. A person, or a playbook, says whether they are."""

    incidents: tuple[IncidentId, ...]
    why: str


Decision = Open | Add | Hold | Lapse | Known | MergeHint
