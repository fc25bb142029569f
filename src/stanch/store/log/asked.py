"""A place of leaves of which each question is asked on a connection of its own.

In    a way to borrow a connection that nobody else uses.
Out   what the log may read at any time, beside whoever writes.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager

from stanch.store.log.seam import Reading


class Asked(ABC):
    """Every reading, put to a connection that is borrowed for it."""

    @abstractmethod
    def _asking(self) -> AbstractContextManager[Reading]:
        """Questions on a connection that nobody else uses meanwhile."""

    def size(self) -> int:
        """How many leaves are kept."""
        with self._asking() as rows:
            return rows.size()

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """The leaves of this range, in order."""
        with self._asking() as rows:
            yield from rows.leaves(start, stop)

    def tile(self, level: int, number: int) -> bytes:
        """The hashes of a full tile."""
        with self._asking() as rows:
            return rows.tile(level, number)

    def roots(self, level: int, start: int) -> list[bytes]:
        """The roots of the full tiles of a level, from this number on."""
        with self._asking() as rows:
            return rows.roots(level, start)

    def position(self, source: str) -> int | None:
        """How far this outbox was taken in."""
        with self._asking() as rows:
            return rows.position(source)
