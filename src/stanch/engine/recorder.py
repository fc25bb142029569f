"""The recorder: carries entries from the store's outbox into the evidence log, once each.

In    the outbox, in the order of the transactions that filled it.
Out   the same entries in the log; then whatever they speak of can be looked up there.
Why   (1) append: the log keeps in one transaction the entries and how far the outbox was taken in,
      so a crash at any instant repeats nothing. (2) let go: the outbox forgets what the log has.
      (3) place: each item is told its place, and each thing where it is spoken of. How far this
      went is a position of its own, moved in the same commit, so a crash leaves none without.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Protocol

from stanch.engine.judging import MACHINE
from stanch.engine.ports import Store, Transaction
from stanch.vocabulary.ids import EvidenceId
from stanch.vocabulary.kept import BY_PEOPLE, Mention, made_by
from stanch.vocabulary.record import Deed, Entry

OUTBOX = "outbox"
PLACED = "log-mentions"
BATCH = 500


class Log(Protocol):
    """The evidence log."""

    @property
    def size(self) -> int:
        """How many entries it has."""
        ...

    def append(
        self, entries: Sequence[Entry], *, source: str = "", upto: int | None = None
    ) -> range:
        """The places of these entries, once they are on disk."""
        ...

    def position(self, source: str) -> int | None:
        """How far this outbox was taken in."""
        ...

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
        """The entries of this range."""
        ...


class Recorder:
    """Drains the outbox. Safe from many threads; one at a time works."""

    def __init__(
        self,
        store: Store,
        log: Log,
        in_turn: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`in_turn` is held while it drains: several processes take turns at one outbox."""
        self._store = store
        self._log = log
        self._in_turn = in_turn
        self._alone = threading.Lock()

    def drain(self) -> int:
        """How many entries came into the log; the outbox is empty then."""
        with self._alone, self._in_turn():
            count = 0
            while posted := self._store.outbox(self._log.position(OUTBOX) or 0, BATCH):
                upto = posted[-1].seq
                self._log.append([one.entry for one in posted], source=OUTBOX, upto=upto)
                self._store.drained(upto)
                count += len(posted)
            self._place()
            return count

    def _place(self) -> None:
        with self._store.look() as tx:
            told = tx.positions.get(PLACED).at
        while told < self._log.size:
            stop = min(told + BATCH, self._log.size)
            with self._store.begin() as tx:
                seen = tx.positions.get(PLACED)
                placed = list(enumerate(self._log.entries(seen.at, stop), seen.at))
                for index, entry in placed:
                    if entry.deed is Deed.EVIDENCE_TAKEN:
                        _tell(tx, EvidenceId(entry.about), index)
                tx.mentions.put(m for index, entry in placed for m in _mentions(index, entry))
                tx.positions.move(seen, stop)
            told = stop


def _tell(tx: Transaction, key: EvidenceId, index: int) -> None:
    item = tx.evidence.find(key)
    if item is not None and item.log_index < 0:
        tx.evidence.save(replace(item, log_index=index))


def _mentions(index: int, entry: Entry) -> Iterator[Mention]:
    """Of what the entry speaks; recorded batches, of which there are most, speak of nothing."""
    if entry.deed is not Deed.BATCH_RECORDED:
        people = set() if entry.actor == MACHINE else {BY_PEOPLE, made_by(entry.actor)}
        for thing in sorted({entry.about, entry.incident or entry.about} | people):
            yield Mention(thing=thing, place=index, deed=entry.deed)
