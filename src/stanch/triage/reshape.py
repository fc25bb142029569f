"""Merge, split and detach incidents, each with the value that undoes it.

In    incidents as they are now, the time.
Out   the incidents as they should be, and an undo that puts back what they held.
Why   people regroup alerts in bulk and change their minds; nothing may be lost on the way, and
      a merge must not rewrite what anybody wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from stanch.vocabulary.finding import Suspect
from stanch.vocabulary.ids import FindingId, IncidentId
from stanch.vocabulary.incident import Incident, Phase
from stanch.vocabulary.trouble import BadInput, Conflict, Stale


@dataclass(frozen=True, kw_only=True, slots=True)
class Undo:
    """How the incidents stood before, and at which version each stands after."""

    before: tuple[Incident, ...]
    versions: tuple[tuple[IncidentId, int], ...]
    created: tuple[IncidentId, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reshaped:
    """The incidents that changed, as they now should be, and the way back."""

    after: tuple[Incident, ...]
    undo: Undo


def merge(into: Incident, others: Sequence[Incident], *, at: datetime) -> Reshaped:
    """All findings and suspects in one incident; the others are closed and point to it."""
    for other in others:
        if other.id == into.id or other.merged_into or into.merged_into:
            raise Conflict(f"{other.id} cannot be merged into {into.id}. Name two open incidents.")
    together = (into, *sorted(others, key=lambda i: (i.opened, i.id)))
    winner = replace(
        into,
        findings=tuple(dict.fromkeys(f for i in together for f in i.findings)),
        suspects=_strongest(together),
        atlas=tuple(dict.fromkeys(t for i in together for t in i.atlas)),
        owasp=tuple(dict.fromkeys(t for i in together for t in i.owasp)),
        first_seen=min(i.first_seen for i in together),
        version=into.version + 1,
        updated=at,
    )
    closed = [
        replace(
            i,
            merged_into=into.id,
            phase=Phase.CLOSED,
            closed_at=at,
            version=i.version + 1,
            updated=at,
        )
        for i in together[1:]
    ]
    return _reshaped(together, (winner, *closed))


def split(
    incident: Incident, findings: Sequence[FindingId], new: IncidentId, *, at: datetime
) -> Reshaped:
    """These findings in a new incident, which starts at the first phase; the rest stay."""
    chosen = set(findings)
    unknown = chosen - set(incident.findings)
    if unknown or not chosen:
        raise BadInput(f"{incident.id} has no such findings: {', '.join(sorted(unknown))}.")
    if chosen == set(incident.findings):
        raise Conflict(f"All findings of {incident.id} were named. Leave it one, or rename it.")
    kept = replace(
        incident,
        findings=tuple(f for f in incident.findings if f not in chosen),
        version=incident.version + 1,
        updated=at,
    )
    made = Incident(
        id=new,
        title=incident.title,
        asset=incident.asset,
        opened=at,
        first_seen=incident.first_seen,
        updated=at,
        lifecycle=incident.lifecycle,
        findings=tuple(f for f in incident.findings if f in chosen),
        exercise=incident.exercise,
    )
    return _reshaped((incident,), (kept, made), created=(new,))


def detach(incident: Incident, findings: Sequence[FindingId], *, at: datetime) -> Reshaped:
    """The incident without these findings, which are then free to be correlated anew."""
    chosen = set(findings)
    unknown = chosen - set(incident.findings)
    if unknown:
        raise BadInput(f"{incident.id} has no such findings: {', '.join(sorted(unknown))}.")
    kept = replace(
        incident,
        findings=tuple(f for f in incident.findings if f not in chosen),
        version=incident.version + 1,
        updated=at,
    )
    return _reshaped((incident,), (kept,))


def undone(undo: Undo, now: Sequence[Incident], *, at: datetime) -> tuple[Incident, ...]:
    """The incidents as they stood before, one version on; those created are closed and empty."""
    current = {i.id: i for i in now}
    for name, version in undo.versions:
        if name not in current or current[name].version != version:
            seen = current[name].version if name in current else 0
            raise Stale("incident", version, seen)
    back = [replace(i, version=current[i.id].version + 1, updated=at) for i in undo.before]
    home = undo.before[0].id
    gone = [
        replace(
            current[name],
            findings=(),
            merged_into=home,
            phase=Phase.CLOSED,
            closed_at=at,
            version=current[name].version + 1,
            updated=at,
        )
        for name in undo.created
    ]
    return (*back, *gone)


def _reshaped(
    before: Sequence[Incident], after: Sequence[Incident], created: tuple[IncidentId, ...] = ()
) -> Reshaped:
    versions = tuple((i.id, i.version) for i in after)
    return Reshaped(
        after=tuple(after), undo=Undo(before=tuple(before), versions=versions, created=created)
    )


def _strongest(incidents: Sequence[Incident]) -> tuple[Suspect, ...]:
    best: dict[str, Suspect] = {}
    for suspect in (s for i in incidents for s in i.suspects):
        held = best.get(suspect.principal)
        if held is None or (suspect.confidence, suspect.share) > (held.confidence, held.share):
            best[suspect.principal] = suspect
    return tuple(sorted(best.values(), key=lambda s: (-s.share, s.principal)))
