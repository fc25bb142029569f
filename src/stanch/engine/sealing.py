"""Sealed segments in the evidence log: what was taken in is proved by the digest of its file.

In    the store, the spool.
Out   how many segments were entered.
Why   a segment's digest, once in the log, shows an outsider that no event was added, changed or
      taken away after. The position in the store moves in the same commit as the entries, so each
      segment is entered exactly once, whenever the process dies.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from stanch.engine.ports import Store
from stanch.vocabulary.ids import Digest
from stanch.vocabulary.record import Deed, Entry

READER = "sealing"
"""The spool must keep what it seals until this reader has passed it."""
_ACTOR = "spool"


class Sealed(Protocol):
    """A segment that no row is added to any more."""

    @property
    def first(self) -> int:
        """The position of its first row."""
        ...

    @property
    def rows(self) -> int:
        """How many rows it has."""
        ...

    @property
    def bytes(self) -> int:
        """Its size on disk."""
        ...

    @property
    def digest(self) -> Digest:
        """The digest of its file."""
        ...


class Spool(Protocol):
    """A spool that seals."""

    @property
    def name(self) -> str:
        """Which spool this is."""
        ...

    def seal_old(self) -> object:
        """Closes the segment being written once it is old."""
        ...

    def sealed(self) -> Sequence[Sealed]:
        """The closed segments that are remembered, oldest first."""
        ...

    def passed(self, reader: str, position: int) -> None:
        """Hears how far a reader has come for good."""
        ...


def enter_sealed(store: Store, spool: Spool, *, at: datetime, reader: str = READER) -> int:
    """How many segments were sealed since the last time; each is now in the evidence log.

    Of several spools on one database, each has a reader of its own.
    """
    spool.seal_old()
    with store.begin() as tx:
        position = tx.positions.get(reader)
        fresh = [one for one in spool.sealed() if one.first >= position.at]
        for one in fresh:
            tx.record(_entry(spool.name, one, at))
        if fresh:
            tx.positions.move(position, fresh[-1].first + fresh[-1].rows)
        reached = tx.positions.get(reader).at
    spool.passed(READER, reached)
    return len(fresh)


def tell_positions(store: Store, spool: Spool, readers: Iterable[str]) -> None:
    """Nothing; the spool may now drop what all of these readers have passed for good."""
    with store.look() as tx:
        reached = {reader: tx.positions.get(reader).at for reader in readers}
    for reader, position in reached.items():
        spool.passed(reader, position)


def _entry(spool: str, one: Sealed, at: datetime) -> Entry:
    return Entry(
        at=at,
        deed=Deed.BATCH_RECORDED,
        actor=_ACTOR,
        about=f"{spool}/{one.first:020d}",
        digest=one.digest,
        facts={"first": one.first, "rows": one.rows, "bytes": one.bytes},
    )
