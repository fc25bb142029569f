"""The exercise incident: where a tabletop is played, real to look at and without effect.

In    a scenario, who starts it; at the end, who stops it.
Out   an incident that is marked as an exercise, on a system that does not exist.
Why   people should practise with the pages that they will have in the night. Its findings, clocks
      and policies are nobody's: it is put there directly, past everything that tells and contains.
"""

from dataclasses import replace
from datetime import datetime

from stanch.engine.clock import new_id
from stanch.engine.ports import Transaction
from stanch.learn.tabletop.scenario import Scenario
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Incident, Need, Phase, Severity, move_for
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import Conflict, NotAllowed


def opened(tx: Transaction, scenario: Scenario, at: datetime, by: str) -> Incident:
    """The incident of a play that starts."""
    made = tx.incidents.add(
        Incident(
            id=IncidentId(new_id("inc", at)),
            title=f"Exercise: {scenario.title}",
            asset=AssetId(scenario.system),
            opened=at,
            first_seen=at,
            updated=at,
            severity=Severity(level=scenario.severity, by="exercise"),
            reported_by=by,
            commander=by,
            exercise=True,
        )
    )
    _enter(tx, made, Deed.INCIDENT_OPENED, (by, at), "a tabletop began")
    return made


def closed(tx: Transaction, key: IncidentId, at: datetime, caller: Caller) -> Incident:
    """The incident, closed where its phase and the caller's role allow that; else as it is."""
    now = tx.incidents.get(key)
    role = caller.role or (Role.APPROVER if caller.may(Scope.APPROVE) else Role.RESPONDER)
    shown = frozenset({Need.REASON, Need.REVIEW})
    try:
        move_for(now.phase, Phase.CLOSED, by=role, shown=shown)
    except (Conflict, NotAllowed):
        return now
    over = replace(now, phase=Phase.CLOSED, closed_at=at, updated=at)
    saved = tx.incidents.save(over)
    _enter(tx, saved, Deed.INCIDENT_MOVED, (caller.name, at), "the tabletop is over")
    return saved


def _enter(
    tx: Transaction, one: Incident, deed: Deed, whose: tuple[str, datetime], what: str
) -> None:
    by, at = whose
    tx.record(
        Entry(
            at=at,
            deed=deed,
            actor=by,
            about=one.id,
            incident=one.id,
            facts={"what": what, "phase": one.phase, "version": one.version},
        )
    )
    tx.announce("incident", one.id)
