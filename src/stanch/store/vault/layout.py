"""Layouts: where an item is cut into parts, so that what two items share is stored once.

In    a source.
Out   the name of its format and its parts, in order and without a gap: a header, each tensor.
Why   a new version of a model often changes a few tensors and shifts all the others; cut at
      tensors, and the rest is found again. A file whose header lies is no error here: it is kept
      whole all the same, cut by its content (chunks.py), because evidence is often hostile.

Nothing is ever unpickled or trusted: every length is checked against the file before it is used.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from stanch.store.vault import gguf, safetensors, torchzip
from stanch.store.vault.source import Source
from stanch.store.vault.spans import MAX_PARTS, Hostile, Named

READERS = (safetensors, gguf, torchzip)


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One stretch of an item with a name of its own."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The format of an item and its parts; none when it is to be cut by content."""

    format: str
    parts: tuple[Part, ...] = ()


def layout_of(source: Source) -> Layout:
    """How this source is best cut."""
    for reader in READERS:
        try:
            found = reader.tensors(source)
        except Hostile:
            return Layout(format=f"damaged {reader.FORMAT}")
        if found is not None:
            return Layout(format=reader.FORMAT, parts=_covering(found, source.size))
    return Layout(format="bytes")


def _covering(found: Iterable[Named], size: int) -> tuple[Part, ...]:
    """Parts that cover the whole item: the tensors, and what lies between them."""
    parts: list[Part] = []
    at = 0
    for one in sorted(found, key=lambda n: (n.start, n.end)):
        if one.start < at or one.end > size or len(parts) > 2 * MAX_PARTS:
            return ()
        if one.start > at:
            parts.append(Part(name="header" if at == 0 else "between", start=at, end=one.start))
        if one.end > one.start:
            parts.append(Part(name=one.name, start=one.start, end=one.end))
        at = max(at, one.end)
    if at < size:
        parts.append(Part(name="trailer" if at else "header", start=at, end=size))
    return tuple(parts)
