"""Shares: which process does what, when several serve one database.

In    the names of the processes that live, kept in one row; the clock.
Out   whether a task is this process's now; how the tasks are split follows from who lives.
Why   no process is a leader. Each says every few seconds that it lives, and takes out of the row
      who was silent for too long. From the same row everybody computes the same split (the process
      with the highest hash of task and name does the task), so there is nothing to agree on; and a
      commit that reads the row in its own transaction can be sure of it.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from stanch.engine.clock import Clock
from stanch.engine.ports import Store, Transaction
from stanch.engine.signs import Signs
from stanch.vocabulary.trouble import Stale

LEASE = timedelta(seconds=12)
"""Silent for longer than this, a process is taken for dead."""
SLOTS = 24
"""Into how many parts the assets are cut."""
_ROW = "shares"
_ALL = msgspec.json.Decoder(dict[str, datetime])


class Shares(Protocol):
    """What is this process's."""

    def mine(self, task: str) -> bool:
        """Whether this process is the one to do the task."""
        ...


class Alone:
    """Everything is this process's: there is no other."""

    def mine(self, task: str) -> bool:  # noqa: ARG002  whatever it is
        """Always."""
        return True


class Split:
    """What is this process's, beside others on the same database."""

    def __init__(self, store: Store, clock: Clock, name: str, *, lease: timedelta = LEASE) -> None:
        self._store = store
        self._clock = clock
        self._signs = Signs(lease)
        self.name = name
        self._living: frozenset[str] = frozenset()

    def turn(self) -> frozenset[str]:
        """Who lives, after a sign of life of one's own; the silent are taken out."""
        now = self._clock()
        with self._store.begin() as tx:
            before = _row(tx)
            after = {n: at for n, at in before.items() if self._signs.fresh(n, at, now)}
            after[self.name] = now
            _keep(tx, after)
        self._living = frozenset(after)
        return self._living

    def leave(self) -> None:
        """Says that this process ends on purpose; its tasks are the others' at once."""
        with self._store.begin() as tx:
            _keep(tx, {n: at for n, at in _row(tx).items() if n != self.name})
        self._living = frozenset()

    def mine(self, task: str) -> bool:
        """Whether the task is this process's, as of its last turn."""
        return self.name in self._living and doer(task, self._living) == self.name

    def living(self) -> frozenset[str]:
        """Who lived at the last turn."""
        return self._living

    def slots(self, tx: Transaction) -> frozenset[int]:
        """The parts of the assets that are this process's, as the row says in this transaction."""
        living = frozenset(_row(tx))
        if self.name not in living:
            return frozenset()
        return frozenset(n for n in range(SLOTS) if doer(_slot(n), living) == self.name)

    def sure(self, tx: Transaction, slots: frozenset[int]) -> None:
        """Nothing, when these parts are still this process's; else `Stale`."""
        now = self.slots(tx)
        if not slots <= now:
            raise Stale("split of the work", len(slots), len(now))


def doer(task: str, living: frozenset[str]) -> str:
    """Who of the living does the task: the highest hash of both names wins; nobody of none."""
    return max(living, key=lambda one: (_weight(task, one), one), default="")


def slot_of(asset: str) -> int:
    """The part that an asset is in."""
    return int.from_bytes(hashlib.sha256(asset.encode()).digest()[:4], "big") % SLOTS


def _slot(number: int) -> str:
    return f"assets/{number}"


def _weight(task: str, name: str) -> bytes:
    return hashlib.sha256(f"{task}\0{name}".encode()).digest()


def _row(tx: Transaction) -> Mapping[str, datetime]:
    text = tx.settings.get(_ROW)
    return _ALL.decode(text) if text else {}


def _keep(tx: Transaction, row: Mapping[str, datetime]) -> None:
    tx.settings.put(_ROW, msgspec.json.encode(row).decode())
