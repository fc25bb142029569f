"""Coming back: is what was found the deed of an incident that is closed, done again?

In    a finding; since when it is about new events; closed incidents with their findings.
Out   `Echo` (nothing new since it was closed), `Calm` (a person said that this is harmless),
      `Back` (the same, done again), or nothing: it is about something else.
Why   closing an incident ends the work, not the attacker. Who comes back must be met as one who was
      here before; who was cleared must not be called at night for what is known; and counts that
      still hold what was closed must not open it anew.
How   The same is the same thing (detector, features, groups, topic: a version and its digest, a
      rule, a dataset) or the same suspect, with a cause that fits both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from stanch.triage.causes import Family, compatible, family_of
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident, VerdictKind

REMEMBERED = timedelta(days=30)
"""So long after it was closed an incident is known to have been there before."""
CALM = timedelta(days=7)
"""So long a person's word that something is harmless keeps the same quiet."""
MACHINE = "stanch"


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """A closed incident, or an open one as it is compared with closed ones."""

    incident: Incident
    closed: datetime
    things: frozenset[tuple[str, ...]] = frozenset()
    families: frozenset[Family] = frozenset()
    suspects: frozenset[PrincipalId] = field(default_factory=frozenset)


@dataclass(frozen=True, kw_only=True, slots=True)
class Echo:
    """What was closed already, seen once more: it stays there."""

    of: IncidentId


@dataclass(frozen=True, kw_only=True, slots=True)
class Calm:
    """The same that a person said is harmless: it is noted there, and nobody is called."""

    of: IncidentId
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Back:
    """The same as in this closed incident, done again."""

    of: IncidentId


def past_of(incident: Incident, findings: Sequence[Finding]) -> Past | None:
    """The closed incident as it is compared with; nothing while it is open."""
    closed = incident.closed_at
    return None if closed is None else about(incident, findings, closed)


def about(incident: Incident, findings: Sequence[Finding], closed: datetime) -> Past:
    """What an incident is about, to be compared with."""
    named = {s.principal for f in findings for s in f.suspects}
    return Past(
        incident=incident,
        closed=closed,
        things=frozenset(_thing(f) for f in findings),
        families=frozenset(family_of(f) for f in findings),
        suspects=frozenset(named | {s.principal for s in incident.suspects}),
    )


def met(
    finding: Finding, newest: datetime, past: Sequence[Past], *, at: datetime
) -> Echo | Calm | Back | None:
    """What the finding is to the latest closed incident that it is the same as.

    `newest` is the moment from which on, or at which, there is something new in it.
    """
    for one in sorted(past, key=lambda p: p.closed, reverse=True):
        if not same(finding, one):
            continue
        if newest < one.closed:
            return Echo(of=one.incident.id)
        if _cleared(finding, one, at):
            return Calm(of=one.incident.id, by=one.incident.verdict.by)
        return Back(of=one.incident.id)
    return None


def same(finding: Finding, past: Past) -> bool:
    """Whether it is the same thing, or by the same people, with a cause that fits."""
    own = family_of(finding)
    if not any(compatible(own, family) for family in past.families):
        return False
    people = {s.principal for s in finding.suspects}
    return _thing(finding) in past.things or bool(people & past.suspects)


def _cleared(finding: Finding, past: Past, at: datetime) -> bool:
    """Whether somebody said of this very thing, by these people, that it is harmless."""
    verdict = past.incident.verdict
    if verdict.kind is not VerdictKind.NATURAL or at - past.closed > CALM:
        return False
    if verdict.by == MACHINE and family_of(finding) is not Family.PLAIN:
        return False
    people = {s.principal for s in finding.suspects}
    return _thing(finding) in past.things and people <= past.suspects


def _thing(finding: Finding) -> tuple[str, ...]:
    """What it is about, without when it was seen."""
    topic = " ".join(word for word in finding.topic.split() if not _moment(word))
    about = (*sorted(finding.features), "/", *sorted(finding.groups))
    lane = finding.asset, finding.version, finding.condition
    return (finding.detector, *lane, topic, *about)


def _moment(word: str) -> bool:
    try:
        return datetime.fromisoformat(word).tzinfo is not None
    except ValueError:
        return False
