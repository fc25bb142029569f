"""Room for what one pass over a body finds: a line of cells for each column.

In    the kinds of the columns, how many rows and bytes there can be.
Out   arrays that the compiled pass fills. What is not touched takes no memory.
"""

from typing import NamedTuple

import numpy as np

from stanch.detect.summaries.arrays import Codes, Floats, Hashes, Ints

TEXT, LOOSE, NUMBER, COUNT, LIST, OBJECT = range(6)
"""Kinds of columns: `LOOSE` takes a word or a whole number too, `OBJECT` one of plain values."""
NONE = -1
"""The size of a cell that has no value."""


class Room(NamedTuple):
    """Cells by column and row; a tuple, as compiled code wants it."""

    starts: Codes
    sizes: Codes
    """Bytes of a text, zero for a number, `NONE` for no value."""
    floats: Floats
    bits: Hashes
    """The same memory as `floats`."""
    counts: Ints
    lists: Floats
    """The members of a column's lists, one after the other."""
    list_bits: Hashes
    ends: Codes
    """Where each row's list ends."""
    used: Ints
    seen: Ints
    """The last row that had the column, counted from one."""
    follows: Ints
    """The column that came after each, and after the begin of a row."""


def room(columns: int, lists: int, rows: int, size: int) -> Room:
    """Room for so many rows of a body of this size; lists may be in the first columns only."""
    floats, members = np.empty((columns, rows)), np.empty((lists, size // 2 + 1))
    return Room(
        starts=np.zeros((columns, rows), np.int32),
        sizes=np.full((columns, rows), NONE, np.int32),
        floats=floats,
        bits=floats.view(np.uint64),
        counts=np.empty((columns, rows), np.int64),
        lists=members,
        list_bits=members.view(np.uint64),
        ends=np.zeros((lists, rows + 1), np.int32),
        used=np.zeros(lists, np.int64),
        seen=np.zeros(columns, np.int64),
        follows=np.zeros(columns + 1, np.int64),
    )
