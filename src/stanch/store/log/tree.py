"""The tree: how it grows, and how a proof is read out of it.

In    leaf hashes; tiles of 256 hashes each (C2SP tlog-tiles).
Out   full tiles as they fill up, the right edge, the root, inclusion and consistency proofs.
Why   a tree of a million leaves is kept as its right edge, at most 255 hashes a level; everything
      left of it is full, never changes again, and is read from where it is stored when asked for.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from stanch.store.verify import node_hash, split

WIDTH = 256
HASH = 32
_FULL = WIDTH * HASH
_HEIGHT = 8
EMPTY_ROOT = sha256().digest()

TileReader = Callable[[int, int], bytes]
"""The hashes of a full tile, by level and number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FullTile:
    """A tile that has all its 256 hashes and never changes again."""

    level: int
    number: int
    hashes: bytes
    root: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """The right edge of a tree: for each level of tiles, the hashes of the one not full yet."""

    size: int = 0
    levels: tuple[bytes, ...] = ()


def grown(edge: Edge, leaves: Iterable[bytes]) -> tuple[Edge, list[FullTile]]:
    """The edge after these leaf hashes, and the tiles that they filled."""
    levels, size = [bytearray(level) for level in edge.levels], edge.size
    full: list[FullTile] = []
    for leaf in leaves:
        size += 1
        _put(levels, full, leaf, size)
    return Edge(size=size, levels=tuple(map(bytes, levels))), full


def _put(levels: list[bytearray], full: list[FullTile], here: bytes, size: int) -> None:
    level, count = 0, size
    while True:
        if level == len(levels):
            levels.append(bytearray())
        levels[level] += here
        if len(levels[level]) < _FULL:
            return
        hashes, count = bytes(levels[level]), count // WIDTH
        here = perfect(hashes)
        full.append(FullTile(level=level, number=count - 1, hashes=hashes, root=here))
        levels[level].clear()
        level += 1


def perfect(hashes: bytes) -> bytes:
    """The root over a power of two of hashes."""
    while len(hashes) > HASH:
        hashes = b"".join(
            sha256(b"\1" + hashes[at : at + 2 * HASH]).digest()
            for at in range(0, len(hashes), 2 * HASH)
        )
    return hashes


class Tree:
    """A tree that can be asked: its edge, and a reader for what is left of it."""

    def __init__(self, edge: Edge, full: TileReader) -> None:
        self._edge = edge
        self._full = full
        self._seen: dict[tuple[int, int], bytes] = {}

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._edge.size

    def tile(self, level: int, number: int) -> bytes:
        """The hashes of a tile, as many as there are."""
        if number < self._edge.size >> _HEIGHT * (level + 1):
            if (level, number) not in self._seen:
                self._seen[level, number] = self._full(level, number)
            return self._seen[level, number]
        return self._edge.levels[level] if level < len(self._edge.levels) else b""

    def _node(self, height: int, index: int) -> bytes:
        level, inside = divmod(height, _HEIGHT)
        number, at = divmod(index << inside, WIDTH)
        return perfect(self.tile(level, number)[at * HASH : (at + (1 << inside)) * HASH])

    def root(self, size: int) -> bytes:
        """The root of the first so many leaves."""
        return self._over(0, size) if size else EMPTY_ROOT

    def _over(self, start: int, stop: int) -> bytes:
        """The hash over these leaves; `start` lies where a whole subtree of that size begins."""
        width = stop - start
        if width & (width - 1) == 0:
            height = width.bit_length() - 1
            return self._node(height, start >> height)
        middle = start + split(width)
        return node_hash(self._over(start, middle), self._over(middle, stop))

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The path from a leaf to the root of the first `size` leaves (RFC 6962, 2.1.1)."""
        path: list[bytes] = []
        start, stop = 0, size
        while stop - start > 1:
            middle = start + split(stop - start)
            if index < middle:
                path.append(self._over(middle, stop))
                stop = middle
            else:
                path.append(self._over(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, old: int, size: int) -> list[bytes]:
        """The proof that the first `old` leaves begin the first `size` (RFC 6962, 2.1.2)."""
        if old in (0, size):
            return []
        path: list[bytes] = []
        start, stop = 0, size
        while old != stop:
            middle = start + split(stop - start)
            if old <= middle:
                path.append(self._over(middle, stop))
                stop = middle
            else:
                path.append(self._over(start, middle))
                start = middle
        if start:
            path.append(self._over(start, stop))
        return path[::-1]
