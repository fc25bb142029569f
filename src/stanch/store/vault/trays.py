"""Trays: blocks that lie side by side in one stretch of memory, on their way into the vault.

In    a source and its layout; or blocks that were made elsewhere.
Out   trays, front to back; a tray of a large source lies in pages that are used again and again.
Why   asking the system for fresh memory for each block of a gigabyte, and copying it once more on
      its way to the disk, takes a third as much of the processor as hashing it. What is read into
      whole pages is hashed there and written from there.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from stanch.store.vault.chunks import BLOCK, by_content
from stanch.store.vault.layout import Layout, Part
from stanch.store.vault.source import Source
from stanch.store.vault.stretches import STRETCH, Pages


def _nothing() -> None:
    """Fills a tray that is full."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tray:
    """Blocks side by side: their bytes, and the name of the part and the end of each."""

    data: memoryview
    cuts: tuple[tuple[str, int], ...]
    page: memoryview | None = None
    """The pages in which the bytes begin, to be given back; none where they lie elsewhere."""
    fill: Callable[[], None] = _nothing
    """Brings the bytes; before that the tray is empty."""

    def blocks(self) -> Iterator[tuple[str, memoryview]]:
        """The name and the bytes of each block."""
        ends = (end for _, end in self.cuts)
        for (name, _), (start, end) in zip(self.cuts, pairwise((0, *ends)), strict=True):
            yield name, self.data[start:end]


def tray_of(name: str, data: bytes) -> Tray:
    """A tray with one block."""
    return Tray(data=memoryview(data), cuts=((name, len(data)),))


def trays(source: Source, layout: Layout, pages: Pages) -> Iterator[Tray]:
    """The blocks of this source, in trays; each tray that has pages must give them back."""
    if not layout.parts:
        yield from (tray_of("", block) for block in by_content(source))
        return
    for blocks in _trayfuls(_cuts(layout.parts)):
        start, length = blocks[0][1], blocks[-1][2] - blocks[0][1]
        cuts = tuple((name, end - start) for name, _, end in blocks)
        if source.size <= STRETCH:
            yield Tray(data=memoryview(source.read(start, length)), cuts=cuts)
        else:
            page = pages.take()
            data = page[:length]
            yield Tray(data=data, cuts=cuts, page=page, fill=partial(source.fill, start, data))


_Cut = tuple[str, int, int]


def _cuts(parts: Iterable[Part]) -> Iterator[_Cut]:
    """The name, the start and the end of each block."""
    for part in parts:
        for at in range(part.start, part.end, BLOCK):
            yield part.name, at, min(at + BLOCK, part.end)


def _trayfuls(cuts: Iterator[_Cut]) -> Iterator[list[_Cut]]:
    """As many blocks as fit on a tray, one tray after another."""
    held: list[_Cut] = []
    for cut in cuts:
        if held and cut[2] - held[0][1] > STRETCH:
            yield held
            held = []
        held.append(cut)
    if held:
        yield held
