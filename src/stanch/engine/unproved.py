"""Unproved: what is in force and was not shown is shown later, once a guard can.

In    incidents that owe a proof; which guards are heard of; which versions answer.
Out   the proof, entered; the incident moved on.
Why   a playbook asks a few times and goes on to what else is to be done. A guard that was away just
      then is back a little later, and what it enforces must not look uncontained for ever.
How   (1) From the commit in which an act came into force, its incident owes the proof of it.
      (2) The playbook asks first, for `PATIENCE`. Then each act in force is asked about whenever a
      guard is heard of that runs its policy, after pauses that double while the answer is no.
      (3) Where all is shown and a version under suspicion answers yet, it is looked at until none
      does: people may have taken it out by their own means. So is what nobody has judged yet.
      (4) Nothing is owed any more once each act is shown, over, or beyond what the guard can do.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from stanch.engine.clock import Clock
from stanch.engine.guards import Proof
from stanch.engine.owed import PROOFS, owed, paid
from stanch.engine.placed import Placed, in_force, placed
from stanch.engine.ports import Store, Transaction
from stanch.engine.proving import TO_CONTAIN, contained
from stanch.engine.runs.held import hold_of
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Phase

PATIENCE = timedelta(seconds=5)
"""So long after an act only its playbook asks."""
SHORTEST, LONGEST = timedelta(seconds=2), timedelta(hours=1)
"""The pause after the first no, and the longest there is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pause:
    """When an act is asked about again, and how long it was let be."""

    until: datetime
    lasted: timedelta


class Unproved:
    """Sees to the proofs that are owed."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        show: Callable[[IncidentId, Placed], Proof],
        runs: Callable[[AssetId, int], bool],
    ) -> None:
        """`show` asks the guards; `runs` tells if a living one runs this version or a later one."""
        self._store = store
        self._clock = clock
        self._show = show
        self._runs = runs
        self._paused: dict[str, _Pause] = {}
        self._looked: dict[IncidentId, datetime] = {}

    def turn(self) -> int:
        """How many acts were shown."""
        with self._store.look() as tx:
            waiting = {IncidentId(key): _open(tx, IncidentId(key)) for key in owed(tx, PROOFS)}
        lines = {line.key for all_ in waiting.values() for line in all_}
        self._paused = {key: one for key, one in self._paused.items() if key in lines}
        done = [key for key, all_ in waiting.items() if not all_]
        self._pay(done)
        return sum(self._asked(key, line) for key, all_ in waiting.items() for line in all_)

    def _pay(self, done: Sequence[IncidentId]) -> None:
        """Takes these off what is owed; those that a version keeps uncontained stay."""
        at = self._clock()
        seen = [key for key in done if at >= self._looked.get(key, at)]
        if not seen:
            return
        with self._store.begin() as tx:
            over = [key for key in seen if not _open(tx, key) and not _uncontained(tx, key, at)]
            paid(tx, PROOFS, over)
        later = dict.fromkeys(seen, at + PATIENCE)
        self._looked = {
            k: t for k, t in (self._looked | later).items() if k in done and k not in over
        }

    def _asked(self, incident: IncidentId, line: Placed) -> bool:
        """Whether it was asked about now, and shown."""
        at, pause = self._clock(), self._paused.get(line.key)
        if at < (pause.until if pause is not None else line.at + PATIENCE):
            return False
        if not self._runs(line.asset, line.version):
            return False
        if self._show(incident, line).holds is True:
            return True
        lasts = SHORTEST if pause is None else min(LONGEST, 2 * pause.lasted)
        self._paused[line.key] = _Pause(until=at + lasts, lasted=lasts)
        return False


def _open(tx: Transaction, key: IncidentId) -> tuple[Placed, ...]:
    """The acts of this incident whose proof is still owed."""
    incident = tx.incidents.find(key)
    if incident is None or incident.phase is Phase.CLOSED:
        return ()
    lines = tuple(_unshown(placed(tx, key)))
    standing = in_force(tx, lines)
    return tuple(line for line in lines if line.key in standing)


def _uncontained(tx: Transaction, key: IncidentId, at: datetime) -> bool:
    """Whether all that holds it is shown and it is not in the phase of what is contained."""
    if not any(line.proved for line in hold_of(tx, key).lines):
        return False
    contained(tx, key, at)
    return tx.incidents.get(key).phase in TO_CONTAIN


def _unshown(lines: Iterable[Placed]) -> Iterable[Placed]:
    return (
        one
        for one in lines
        if one.demands and one.undone is None and one.proved is None and not one.cannot
    )
