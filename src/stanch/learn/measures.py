"""Measures: how well incidents were found and answered, period by period.

In    what became of each incident, and the periods that are asked about.
Out   a `Period` each: how many of what kind, how quickly, by whom.
Why   a mean hides the one night that went wrong; each time is told by its median, by what nineteen
      of twenty stayed under, and by its worst. Nothing is guessed: what was never contained has no
      time and is counted as such.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from stanch.vocabulary.incident import Incident, Phase, VerdictKind
from stanch.vocabulary.span import Span

MACHINE = "stanch"
_MOST = 0.95


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One incident, and what else its measures need."""

    incident: Incident
    deadline_minutes: int
    findings: int
    answers: int = 0
    """How many answers people gave to the questions about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """How long something took, in seconds; without any there is nothing to tell."""

    count: int = 0
    median: float = 0.0
    most: float = 0.0
    """Nineteen of twenty took no longer."""
    worst: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """What happened in one period, by the moment at which incidents were opened."""

    span: Span
    incidents: int = 0
    attacks: int = 0
    natural: int = 0
    faults: int = 0
    undecided: int = 0
    cleared: int = 0
    """Called natural or a fault by a person: alarms that were about no attack."""
    contained: int = 0
    unaided: int = 0
    """Contained without an answer of anybody."""
    in_time: int = 0
    """Contained before the deadline of their asset."""
    late: int = 0
    """Attacks that were contained past the deadline, or are past it and not contained."""
    findings: int = 0
    to_open: Times = field(default_factory=Times)
    """From the first event behind an incident to the incident."""
    to_contain: Times = field(default_factory=Times)
    to_close: Times = field(default_factory=Times)
    again: int = 0
    """Seen again while nothing held them, or come back from one that was closed."""
    came_back: Times = field(default_factory=Times)
    """From the closing of one to its return as another."""


def periods(until: datetime, length: timedelta, count: int) -> tuple[Span, ...]:
    """So many periods of this length, the last of which ends at `until`."""
    ends = [until - i * length for i in range(count - 1, -1, -1)]
    return tuple(Span(start=end - length, end=end) for end in ends)


def measured(cases: Iterable[Case], spans: Sequence[Span], *, now: datetime) -> tuple[Period, ...]:
    """What happened in each of these periods."""
    kept = [case for case in cases if case.incident.merged_into is None]
    return tuple(
        _period(span, [c for c in kept if span.covers(c.incident.opened)], now) for span in spans
    )


def _period(span: Span, cases: Sequence[Case], now: datetime) -> Period:
    kinds = [case.incident.verdict.kind for case in cases]
    contained = [case for case in cases if case.incident.contained_at is not None]
    return Period(
        span=span,
        incidents=len(cases),
        attacks=kinds.count(VerdictKind.ATTACK),
        natural=kinds.count(VerdictKind.NATURAL),
        faults=kinds.count(VerdictKind.FAULT),
        undecided=kinds.count(VerdictKind.UNDECIDED),
        cleared=sum(_cleared(case.incident) for case in cases),
        contained=len(contained),
        unaided=sum(case.answers == 0 for case in contained),
        in_time=sum(not _late(case, now) for case in contained),
        late=sum(_late(case, now) for case in cases),
        findings=sum(case.findings for case in cases),
        to_open=times((c.incident.first_seen, c.incident.opened) for c in cases),
        to_contain=times((c.incident.opened, c.incident.contained_at) for c in cases),
        to_close=times((c.incident.opened, c.incident.closed_at) for c in cases),
        again=sum(_again(case.incident) for case in cases),
        came_back=times(_returned(case.incident) for case in cases),
    )


def times(pairs: Iterable[tuple[datetime, datetime | None]]) -> Times:
    """How long it took from the one to the other, where the other came at all."""
    took = sorted(
        max(0.0, (end - start).total_seconds()) for start, end in pairs if end is not None
    )
    if not took:
        return Times()
    half = len(took) // 2
    median = took[half] if len(took) % 2 else (took[half - 1] + took[half]) / 2
    most = took[ceil(_MOST * len(took)) - 1]
    return Times(count=len(took), median=median, most=most, worst=took[-1])


def _again(incident: Incident) -> bool:
    return incident.came_back is not None or incident.loose_at is not None


def _returned(incident: Incident) -> tuple[datetime, datetime | None]:
    """When the one before was closed, and when this one was opened, if it is a return."""
    back = timedelta(seconds=incident.came_back_after)
    return incident.opened - back, incident.opened if incident.came_back is not None else None


def _cleared(incident: Incident) -> bool:
    verdict = incident.verdict
    return verdict.by != MACHINE and verdict.kind in (VerdictKind.NATURAL, VerdictKind.FAULT)


def _late(case: Case, now: datetime) -> bool:
    incident = case.incident
    if incident.verdict.kind is not VerdictKind.ATTACK:
        return False
    closed_without = incident.phase is Phase.CLOSED and incident.contained_at is None
    if closed_without:
        return False
    ended = incident.contained_at or now
    return ended - incident.opened > timedelta(minutes=case.deadline_minutes)
