"""The seam: what the log needs of the place where its leaves are kept.

In    batches of leaves with the tiles they fill, in one exclusive transaction.
Out   durable leaves, tiles, and how far each outbox was taken in.
Why   one file beside one process, or one PostgreSQL for many: the log cannot tell them apart.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from stanch.store.log.tree import HASH, WIDTH, Edge, FullTile
from stanch.store.verify import leaf_hash


class Reading(Protocol):
    """What can be read at any time."""

    def size(self) -> int:
        """How many leaves are kept."""
        ...

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """The leaves of this range, in order."""
        ...

    def tile(self, level: int, number: int) -> bytes:
        """The hashes of a full tile."""
        ...

    def roots(self, level: int, start: int) -> list[bytes]:
        """The roots of the full tiles of a level, from this number on."""
        ...

    def position(self, source: str) -> int | None:
        """How far this outbox was taken in."""
        ...


class Writing(Reading, Protocol):
    """An exclusive transaction: all of it is kept, or nothing."""

    def add(self, start: int, leaves: Sequence[bytes], full: Sequence[FullTile]) -> None:
        """Leaves at their places, and the tiles that they filled."""
        ...

    def move(self, source: str, upto: int) -> None:
        """This outbox was taken in up to here."""
        ...


class Leaves(Reading, Protocol):
    """A place where leaves are kept."""

    def writing(self) -> AbstractContextManager[Writing]:
        """An exclusive transaction, durable when it ends without an error."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def edge_of(kept: Reading) -> Edge:
    """The right edge of the tree, read back from what is kept."""
    size = kept.size()
    if not size:
        return Edge()
    levels = [b"".join(map(leaf_hash, kept.leaves(size // WIDTH * WIDTH, size)))]
    above = size // WIDTH
    while above:
        levels.append(b"".join(kept.roots(len(levels) - 1, above // WIDTH * WIDTH)))
        above //= WIDTH
    assert all(len(level) < WIDTH * HASH for level in levels)  # noqa: S101  a fuller edge is a bug
    return Edge(size=size, levels=tuple(levels))
