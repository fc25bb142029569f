"""Workers: which processes carry hops out, and taking over from those that are gone.

In    the clock, the store, the durable engine.
Out   a sign of life of this worker; the hops of dead ones, handed to the living.
Why   the library recovers what a worker left only when a worker of the same name starts again, and
      sells the rest. A row with a time and its own public `resume_workflow` do it here. Should a
      worker only have been slow, it finds its hop taken and records nothing more of it.
"""

from datetime import datetime, timedelta
from typing import Protocol

from stanch.engine.clock import Clock
from stanch.engine.ports import Store
from stanch.engine.signs import Signs

LEASE = timedelta(seconds=15)
_NAME = "worker/"


class Heirs(Protocol):
    """Who can take hops over."""

    def take_over(self, workers: list[str]) -> int:
        """How many hops of these workers were taken over."""
        ...


class Workers:
    """Says that this worker lives, and sees to those that do not."""

    def __init__(
        self, store: Store, clock: Clock, worker: str, *, lease: timedelta = LEASE
    ) -> None:
        self._store = store
        self._clock = clock
        self._worker = worker
        self._signs = Signs(lease)

    def beat(self) -> None:
        """Keeps that this worker lived at this moment."""
        at = self._clock()
        with self._store.begin() as tx:
            tx.settings.put(_NAME + self._worker, at.isoformat())

    def living(self) -> dict[str, datetime]:
        """Every worker that was not given up, with its last sign of life."""
        with self._store.look() as tx:
            rows = tx.settings.all(_NAME)
        return {n.removeprefix(_NAME): datetime.fromisoformat(t) for n, t in rows.items() if t}

    def turn(self, engine: Heirs) -> int:
        """How many hops were taken over, after a sign of life of one's own."""
        self.beat()
        at = self._clock()
        gone = [w for w, seen in self.living().items() if not self._signs.fresh(w, seen, at)]
        dead = [w for w in gone if w != self._worker]
        if not dead:
            return 0
        taken = engine.take_over(dead)
        with self._store.begin() as tx:
            for worker in dead:
                tx.settings.put(_NAME + worker, "")
        return taken

    def leave(self) -> None:
        """Says that this worker ended on purpose, with nothing left at work."""
        with self._store.begin() as tx:
            tx.settings.put(_NAME + self._worker, "")
