"""JSON rows as columns without an object for any cell, once the pass for it is compiled.

In    the plain bytes of a request: an array of rows, or a row on each line.
Out   `Decoded`, equal to what `rows` makes of the same bytes; None where that must look itself.
Why   to make Python objects of a batch and columns of the objects took half of the intake's time
      and held everybody else's; this holds no lock and takes a quarter.
"""

from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa

from stanch.detect.summaries.arrays import Codes, Flags, Octets
from stanch.engine.ingest.decoded import Decoded
from stanch.engine.ingest.scan.room import (
    COUNT,
    LIST,
    LOOSE,
    NONE,
    NUMBER,
    OBJECT,
    TEXT,
    Room,
    room,
)
from stanch.engine.ingest.schema import LOOSE as LOOSE_NAMES
from stanch.engine.ingest.schema import TYPE_OF, gathered
from stanch.engine.ingest.times import STAMP
from stanch.vocabulary.event import ColumnType

LEAST, MOST = 4 * 1024, 32 * 1024 * 1024
"""Bodies of this many bytes are worth the room, and get it."""
_KINDS = {
    ColumnType.TEXT: TEXT,
    ColumnType.WORD: TEXT,
    ColumnType.TIME: TEXT,
    ColumnType.NUMBER: NUMBER,
    ColumnType.COUNT: COUNT,
    ColumnType.NUMBERS: LIST,
    ColumnType.JSON: OBJECT,
}


def _kind(name: str) -> int:
    return LOOSE if name in LOOSE_NAMES else _KINDS[TYPE_OF[name]]


NAMES = tuple(
    sorted((name for name in TYPE_OF if name != "received"), key=lambda n: _kind(n) != LIST)
)
"""What a sender may send, columns of lists first."""
_LISTS = sum(_kind(name) == LIST for name in NAMES)
_KIND_OF = np.array([_kind(name) for name in NAMES], np.uint8)
_STOPS = np.cumsum([0, *map(len, NAMES)], dtype=np.int64)


def _spelt(name: str) -> tuple[int, int, int, int]:
    """A name and its closing quote as two words, each with the bits that count in it."""
    spelt = name.encode() + b'"'
    parts = [part.ljust(8, b"\0") for part in (spelt[:8], spelt[8:16])]
    masks = [b"\xff" * len(part) for part in (spelt[:8], spelt[8:16])]
    one, two, first, second = (int.from_bytes(b, "little") for b in (*parts, *masks))
    return one, first, two, second


_SPELT = np.array([_spelt(name) for name in NAMES], np.uint64)
_FIGURES = frozenset({NUMBER, COUNT, LIST})
_compiled: list[ModuleType] = []
_met = [0]
_WORTH = 16 * 1024 * 1024
"""To compile takes a core ten seconds, once; who sends less than this is not made to wait."""


def warm_if_worth() -> bool:
    """Compile the pass if so much has come that it pays; whether it is in use."""
    return bool(_compiled) or (_met[0] >= _WORTH and warm())


def warm() -> bool:
    """Compile the pass and go that way from now on; False without numba."""
    if not _compiled:
        try:
            made = import_module("stanch.engine.ingest.scan.kernels")
        except (ImportError, RuntimeError):
            return False
        for body, lines in ((_EXAMPLE, True), (b"[" + _EXAMPLE + b"]", False)):
            _decoded(body, made, lines=lines)
        _compiled.append(made)
    return True


_EXAMPLE = b'{"id":"1","ts":"2026-01-01T00:00:00Z","kind":"access","scores":[1,2.5],"status":200}'


def quickly(body: bytes, *, lines: bool) -> Decoded | None:
    """The rows as columns; None when the careful way must be gone."""
    _met[0] += len(body)
    if not _compiled or not LEAST <= len(body) <= MOST or not _readable(body):
        return None
    return _decoded(body, _compiled[0], lines=lines)


def _readable(body: bytes) -> bool:
    if body.isascii():
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decoded(body: bytes, by: ModuleType, *, lines: bool) -> Decoded | None:
    octets = np.frombuffer(body + bytes(by.BEYOND), np.uint8)
    found = room(len(NAMES), _LISTS, by.opened(octets), len(body))
    count = by.scan(octets, ord("\n" if lines else ","), _SPELT, _STOPS, _KIND_OF, found)
    if count < 0:
        return None
    known, letters = np.zeros(len(NAMES), np.int64), np.zeros(len(NAMES), np.int64)
    by.weighed(found.sizes, found.seen, count, known, letters)
    columns: dict[str, Any] = {}
    for place in np.flatnonzero(known).tolist():
        some = found.sizes[place, :count] == NONE if known[place] < count else None
        if _KIND_OF[place] in _FIGURES:
            columns[NAMES[place]] = _figures(found, place, count, some)
        else:
            ends, texts = np.empty(count + 1, np.int32), np.empty(letters[place], np.uint8)
            by.copied(octets, found.starts[place], found.sizes[place], ends, texts)
            columns[NAMES[place]] = _texts(ends, texts, some)
    if "ts" in columns:
        try:
            columns["ts"] = columns["ts"].cast(STAMP)
        except pa.ArrowInvalid:
            return None
    return Decoded(table=gathered(columns, count))


def _figures(found: Room, place: int, count: int, missing: Flags | None) -> pa.Array:
    """A column of numbers, or of lists of them."""
    if _KIND_OF[place] == NUMBER:
        return pa.array(found.floats[place, :count], mask=missing)
    if _KIND_OF[place] == COUNT:
        return pa.array(found.counts[place, :count], mask=missing)
    flat = found.lists[place, : found.used[place]].copy()
    gaps = np.isnan(flat)
    inner = pa.array(flat, mask=gaps) if gaps.any() else pa.array(flat)
    mask = None if missing is None else pa.array(missing)
    return pa.ListArray.from_arrays(pa.array(found.ends[place, : count + 1]), inner, mask=mask)


def _texts(ends: Codes, texts: Octets, missing: Flags | None) -> pa.Array:
    """A column of texts: where each ends, the bytes of all."""
    valid = None if missing is None else pa.py_buffer(np.packbits(~missing, bitorder="little"))
    buffers = [valid, pa.py_buffer(ends), pa.py_buffer(texts)]
    return pa.Array.from_buffers(pa.string(), len(ends) - 1, buffers)
