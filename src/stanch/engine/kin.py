"""Kin: the incidents that went into one, and what was done for them.

In    an incident.
Out   its id, and those of the incidents that people merged into it, or split off and put back.
Why   findings change hands, acts do not: what was put in force for an incident that was merged away
      holds on, and its questions stay open. Whoever works on what is left must see that, and can
      take it back.
"""

from datetime import datetime

from stanch.engine.placed import Placed, placed
from stanch.engine.ports import Transaction
from stanch.vocabulary.casework import Regroup, Undo
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.incident import Incident


def kin(tx: Transaction, incident: IncidentId) -> tuple[IncidentId, ...]:
    """The incident itself, then those that went into it, also by way of others."""
    found, left = dict.fromkeys([incident]), [incident]
    while left:
        home = left.pop()
        for undo in tx.incidents.undos(home):
            guest = _guest(undo, home)
            if guest is not None and guest not in found:
                found[guest] = None
                left.append(guest)
    return tuple(found)


def done_for(tx: Transaction, incident: IncidentId) -> tuple[Placed, ...]:
    """Everything that was done for it and for what went into it, oldest first."""
    lines = (line for one in kin(tx, incident) for line in placed(tx, one))
    return tuple(sorted(lines, key=lambda line: line.at))


def loose_since(tx: Transaction, incident: Incident) -> datetime:
    """Since when it has to be contained; what was never contained brings its own time along."""
    if incident.loose_at is not None:
        return incident.loose_at
    guests = tx.incidents.many(kin(tx, incident.id)[1:])
    return min([incident.opened, *(one.opened for one in guests if one.held_at is None)])


def _guest(undo: Undo, home: IncidentId) -> IncidentId | None:
    """The incident that this change of hands brought into `home`, where it did."""
    if undo.how is Regroup.MERGED and undo.other == home and undo.undone is None:
        return undo.incident
    if undo.how is Regroup.SPLIT and undo.incident == home and undo.undone is not None:
        return undo.other
    return None
