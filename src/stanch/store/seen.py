"""Which ids were taken in already: exact enough, fast, and bounded.

In    a column of ids.
Out   64-bit hashes, and for each whether it is new.
Why   the same id twice is counted once, and an index of twenty million texts would not fit.
Math  each half of a hash is multilinear over the 32-bit words of the id and its length, with
      secret random 64-bit keys: strongly universal, so two different ids meet with probability
      2^-64 whoever chose them, and a sender cannot make a victim's event look repeated. With
      20 million ids kept, one new event in 10^12 is taken for a repeat.

The ids live in open-addressed tables of at most 8M places each; the newest table takes new ids, and
past `generations` tables the oldest is forgotten: the last `generations - 1` times 5.8M ids are
always known. Beyond that horizon a repeated id is counted again.
"""

from importlib import import_module
from types import ModuleType
from typing import Self

import numpy as np
import pyarrow as pa

_START = 1 << 14
_LARGEST = 1 << 23
_GROWTH = 4
"""A table that is full is filled anew into one so many times as large, but the largest."""
_FULL = 0.7
_MASK32 = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
KEY_WORDS = 1024
"""Words of secret key: ids of up to 4 bytes times half of this less two."""
_WORTH = 200_000
"""Ids from which on it pays to compile; who sends fewer is not made to wait."""
_met = [0]
_compiled: list[ModuleType] = []


def warm_if_worth() -> bool:
    """Compile the loops if so many ids came that it pays; whether they are in use."""
    return bool(_compiled) or (_met[0] >= _WORTH and warm())


def warm() -> bool:
    """Compile the loops and use them from now on; False without numba."""
    if not _compiled:
        try:
            made = import_module("stanch.store.seen_kernels")
        except (ImportError, RuntimeError):
            return False
        made.rehearse()
        _compiled.append(made)
    return True


def hashes_of(ids: pa.ChunkedArray, key: np.ndarray) -> np.ndarray:
    """The hash of each id, never zero."""
    _met[0] += len(ids)
    parts = [_hash_chunk(chunk, key) for chunk in ids.chunks if len(chunk)]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)


def _hash_chunk(chunk: pa.Array, key: np.ndarray) -> np.ndarray:
    words, sizes = _words(chunk)
    half = KEY_WORDS // 2
    high = key[0] + key[1] * sizes
    low = key[half] + key[half + 1] * sizes
    for place in range(words.shape[1]):
        word = words[:, place].astype(np.uint64)
        high += key[place + 2] * word
        low += key[half + place + 2] * word
    found = (high & ~_MASK32) | (low >> _SHIFT)
    found[found == 0] = 1
    return found


def _words(chunk: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The ids as rows of 32-bit words, padded with zeros, and their lengths in bytes."""
    _, offsets, data = chunk.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    sizes = np.diff(ends)
    width = max(4, -(-int(sizes.max()) // 4) * 4)
    content = np.frombuffer(data or b"", dtype=np.uint8)[ends[0] : ends[-1]]
    padded = np.zeros((len(chunk), width), dtype=np.uint8)
    if sizes.min() == sizes.max():
        padded[:, : sizes[0]] = content.reshape(len(chunk), sizes[0])
    else:
        padded[np.arange(width) < sizes[:, None]] = content
    return padded.view(np.uint32), sizes.astype(np.uint64)


class Seen:
    """The ids of the horizon. One thread at a time."""

    def __init__(self, generations: int = 5, largest: int = _LARGEST) -> None:
        self._generations = generations
        self._largest = largest
        self._tables: list[np.ndarray] = [np.zeros(_START, dtype=np.uint64)]
        self._count = 0

    @classmethod
    def knowing(cls, ids: int) -> Self:
        """An index whose horizon is at least so many ids."""
        return cls(generations=1 + max(1, -(-ids // int(_LARGEST * _FULL))))

    @property
    def horizon(self) -> int:
        """How many of the latest ids are known for certain."""
        return (self._generations - 1) * int(self._largest * _FULL)

    @property
    def nbytes(self) -> int:
        """The memory the tables take."""
        return sum(table.nbytes for table in self._tables)

    def new(self, hashes: np.ndarray) -> np.ndarray:
        """For each hash whether it is met for the first time, here and in this very batch."""
        if _compiled:
            fresh = np.ones(len(hashes), dtype=bool)
            for table in self._tables:
                _compiled[0].forget_held(table, hashes, fresh)
            _compiled[0].forget_repeated(hashes, fresh)
            return fresh
        fresh = np.zeros(len(hashes), dtype=bool)
        fresh[np.unique(hashes, return_index=True)[1]] = True
        for table in self._tables:
            rows = np.flatnonzero(fresh)
            fresh[rows[_holds(table, hashes[rows])]] = False
        return fresh

    def add(self, hashes: np.ndarray) -> None:
        """Remembers hashes that are new."""
        step = max(1, int(self._largest * _FULL) // 8)
        for start in range(0, len(hashes), step):
            self._add(hashes[start : start + step])

    def _add(self, hashes: np.ndarray) -> None:
        table = self._tables[-1]
        while self._count + len(hashes) > _FULL * len(table):
            if len(table) >= self._largest:
                self._tables = [*self._tables, table][-self._generations :]
                table = np.zeros(self._largest, dtype=np.uint64)
                self._count = 0
            else:
                size = min(len(table) * _GROWTH, self._largest)
                grown = np.zeros(size, dtype=np.uint64)
                _insert(grown, table[table != 0])
                table = grown
            self._tables[-1] = table
        _insert(table, hashes)
        self._count += len(hashes)


def _holds(table: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """For each hash whether the table has it; probing goes on for those undecided."""
    mask = np.uint64(len(table) - 1)
    held = np.zeros(len(hashes), dtype=bool)
    open_rows = np.arange(len(hashes))
    place = hashes & mask
    while len(open_rows):
        there = table[place]
        same = there == hashes[open_rows]
        held[open_rows[same]] = True
        on = ~same & (there != 0)
        open_rows = open_rows[on]
        place = (place[on] + np.uint64(1)) & mask
    return held


def _insert(table: np.ndarray, hashes: np.ndarray) -> None:
    """Puts different hashes into free places; of two that want one place, one goes on."""
    if _compiled:
        _compiled[0].insert(table, hashes)
        return
    mask = np.uint64(len(table) - 1)
    place = hashes & mask
    while len(hashes):
        free = table[place] == 0
        table[place[free]] = hashes[free]
        on = table[place] != hashes
        hashes = hashes[on]
        place = (place[on] + np.uint64(1)) & mask
