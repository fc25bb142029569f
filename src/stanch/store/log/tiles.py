"""Tile files: the log as other people's tools read it (C2SP tlog-tiles).

In    a tree, its leaves, and how much was published before.
Out   tile/<level>/<number>, tile/entries/<number>, partial ones under .p/<width>; all on disk
      before the checkpoint that needs them is.
Why   static files are the widest interface there is: any web server, any copy, any verifier.
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stanch.store.log.tree import HASH, WIDTH, Tree
from stanch.store.signing import sync_folder
from stanch.store.verify import tile_path
from stanch.vocabulary.trouble import NoSpace, Trouble

Leaves = Callable[[int, int], Iterator[bytes]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One tile of a tree: which, and how many hashes or entries it has."""

    level: str
    number: int
    width: int


def publish(folder: Path, tree: Tree, leaves: Leaves, published: int) -> None:
    """Write every tile that the tree has and the published one had not; drop outgrown partials."""
    touched: set[Path] = set()
    outgrown: list[Path] = []
    for place in _new_places(published, tree.size):
        path = folder / tile_path(place.level, place.number, place.width)
        _write(path, _content(place, tree, leaves))
        touched.update(one for one in path.parents if one.is_relative_to(folder))
        if place.width == WIDTH:
            outgrown.append(path.with_name(path.name + ".p"))
    for one in sorted(touched, reverse=True):
        sync_folder(one)
    for one in outgrown:
        shutil.rmtree(one, ignore_errors=True)


def _new_places(published: int, size: int) -> Iterator[Place]:
    yield from _of_level("entries", published, size)
    level = 0
    while size:
        yield from _of_level(str(level), published, size)
        level, published, size = level + 1, published // WIDTH, size // WIDTH


def _of_level(level: str, published: int, count: int) -> Iterator[Place]:
    if count > published:
        for number in range(published // WIDTH, (count + WIDTH - 1) // WIDTH):
            yield Place(level=level, number=number, width=min(WIDTH, count - number * WIDTH))


def _content(place: Place, tree: Tree, leaves: Leaves) -> bytes:
    if place.level == "entries":
        start = place.number * WIDTH
        found = leaves(start, start + place.width)
        return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in found)
    return tree.tile(int(place.level), place.number)[: place.width * HASH]


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".half")
    with half.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


def trouble(broken: OSError, folder: Path) -> Trouble | OSError:
    """What the system's error means to a person."""
    return NoSpace(folder) if broken.errno in (errno.ENOSPC, errno.EDQUOT) else broken
