"""GGUF: numbers and strings that describe the model, then tensors at aligned offsets.

In    a source.
Out   where each tensor lies; None when it is another format; `Hostile` when the header lies.
Why   a tensor ends where the next begins, so no table of quantisation types is needed to cut.
"""

from itertools import pairwise

from stanch.store.vault.source import Source
from stanch.store.vault.spans import MAX_PARTS, Cursor, Hostile, Named

FORMAT = "gguf"
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_UINT32, _STRING, _ARRAY = 4, 8, 9
_MAX_DEPTH = 4
_MAX_DIMENSIONS = 8
_MAX_ALIGNMENT = 1 << 20


def tensors(source: Source) -> list[Named] | None:
    """Where each tensor lies, by the offsets of the header."""
    if source.read(0, 4) != b"GGUF":
        return None
    cursor = Cursor(source, 4)
    if cursor.number(4) not in {2, 3}:
        raise Hostile("an unknown version of GGUF")
    count, pairs = cursor.number(8), cursor.number(8)
    if max(count, pairs) > MAX_PARTS:
        raise Hostile("too many tensors")
    alignment = _alignment(cursor, pairs)
    starts = sorted(_tensor(cursor) for _ in range(count))
    base = -(-cursor.at // alignment) * alignment
    ends = [*(b[0] for b in starts[1:]), source.size - base]
    if not starts:
        return []
    if starts[-1][0] > source.size - base:
        raise Hostile("a tensor lies past the end")
    if any(a[0] == b[0] for a, b in pairwise(starts)):
        raise Hostile("two tensors in one place")
    return [
        Named(name=name, start=base + start, end=base + end)
        for (start, name), end in zip(starts, ends, strict=True)
    ]


def _alignment(cursor: Cursor, pairs: int) -> int:
    alignment = 32
    for _ in range(pairs):
        key = cursor.take(cursor.number(8))
        kind = cursor.number(4)
        if key == b"general.alignment" and kind == _UINT32:
            alignment = cursor.number(4)
        else:
            _skip(cursor, kind, 0)
    if not 1 <= alignment <= _MAX_ALIGNMENT:
        raise Hostile("an alignment past all bounds")
    return alignment


def _skip(cursor: Cursor, kind: int, depth: int) -> None:
    """Step over one value."""
    if kind in _WIDTHS:
        cursor.skip(_WIDTHS[kind])
    elif kind == _STRING:
        cursor.skip(cursor.number(8))
    elif kind == _ARRAY and depth < _MAX_DEPTH:
        inner, count = cursor.number(4), cursor.number(8)
        if inner in _WIDTHS:
            cursor.skip(_WIDTHS[inner] * count)
            return
        for _ in range(count):  # each turn reads at least eight bytes, so the file bounds it
            _skip(cursor, inner, depth + 1)
    else:
        raise Hostile(f"a value of type {kind}")


def _tensor(cursor: Cursor) -> tuple[int, str]:
    """Where a tensor starts, counted from the first, and its name."""
    name = cursor.take(cursor.number(8)).decode("utf-8", "replace")
    dimensions = cursor.number(4)
    if dimensions > _MAX_DIMENSIONS:
        raise Hostile("a tensor of too many dimensions")
    cursor.take(8 * dimensions + 4)
    return cursor.number(8), name
