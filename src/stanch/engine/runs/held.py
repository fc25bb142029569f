"""Held: what of an incident's containment is in force, and since when some of it is not any more.

In    an incident's ledger of acts, the policies as they stood.
Out   a `Hold`.
Why   containment ends in many ways: a person takes it back, its time is up, the policy goes back to
      an earlier version. Whoever asks what must be done when a deed is done again needs one answer.
      What the machine itself put something else in place of has not ended, and an end that a later
      round of the playbook was begun for is answered: what that round asks is asked once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from stanch.contain.playbook.acts import WATCHES
from stanch.engine.kin import done_for, kin
from stanch.engine.placed import Placed, in_force
from stanch.engine.policies import standing_from
from stanch.engine.ports import Transaction
from stanch.engine.runs.deeds import MACHINE
from stanch.engine.runs.library import actions
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.listing import Wanted

NAMES = "principals"
"""The argument that names people."""
MOST_RUNS = 50
"""Runs of an incident and its kin that are looked at, newest first."""
MOST_VERSIONS = 100
"""Versions of a policy that are looked through for the moment at which an act ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """What contains an incident."""

    lines: tuple[Placed, ...] = ()
    """In force now, oldest first."""
    ended: datetime | None = None
    """When the last of what is in force no more ended; nothing where a round was begun since."""

    @property
    def since(self) -> datetime | None:
        """When the newest of it came into force."""
        return max((line.at for line in self.lines), default=None)

    @property
    def named(self) -> frozenset[str] | None:
        """Whom it names, where it names people at all."""
        told = [line.args[NAMES] for line in self.lines if NAMES in line.args]
        if not told:
            return None
        return frozenset(n for names in told if isinstance(names, tuple) for n in names)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """When an act ended, and by whom where the policy says so."""

    at: datetime
    by: str = MACHINE


def hold_of(tx: Transaction, incident: IncidentId) -> Hold:
    """What contains this incident now."""
    lines = tuple(p for p in done_for(tx, incident) if p.demands and _contains(p))
    standing = in_force(tx, lines)
    gone = (ending_of(tx, p) for p in lines if p.key not in standing and not p.replaced)
    ended = max((one.at for one in gone if one is not None), default=None)
    begun = _begun(tx, incident) if ended is not None else None
    answered = ended is None or (begun is not None and begun >= ended)
    return Hold(
        lines=tuple(p for p in lines if p.key in standing), ended=None if answered else ended
    )


def _begun(tx: Transaction, incident: IncidentId) -> datetime | None:
    """When the machine's newest answer to this incident began."""
    page = tx.runs.page(Wanted(incident=kin(tx, incident)), limit=MOST_RUNS)
    return max((r.started for r in page.items if r.by == MACHINE), default=None)


def _contains(line: Placed) -> bool:
    action = actions()[line.act]
    return action.rank > WATCHES and action.stops


def ending_of(tx: Transaction, line: Placed) -> Ending | None:
    """How an act ended: taken back, or by the first policy without it."""
    if line.undone is not None:
        return Ending(at=line.undone)
    last: Ending | None = None
    for kept in tx.policies.history(line.asset, limit=MOST_VERSIONS):
        if kept.version < line.version or _has(line, (d.id for d in standing_from(kept).demands)):
            break
        last = Ending(at=kept.at, by=kept.by)
    return last


def _has(line: Placed, demands: Iterable[str]) -> bool:
    return not {str(d) for _, d in line.demands}.isdisjoint(demands)
