"""The loops of the index of ids, compiled: they give what the plain ones in `seen` give.

In    hashes, tables of places.
Out   which are new; tables with more of them.
Note  imported only by `seen.warm`, so that numba costs nothing to those who do not use it. No
      loop holds the interpreter's lock.
"""

import numba
import numpy as np

from stanch.detect.summaries.arrays import Flags, Hashes

_U = np.uint64


@numba.njit(cache=True, nogil=True)
def _place(table: Hashes, one: np.uint64) -> np.uint64:
    """Where the hash is, or the free place that it would take."""
    mask = _U(len(table) - 1)
    at = one & mask
    while table[at] != one and table[at] != _U(0):
        at = (at + _U(1)) & mask
    return at


@numba.njit(cache=True, nogil=True)
def forget_held(table: Hashes, hashes: Hashes, fresh: Flags) -> None:
    """A hash that the table has is not fresh any more."""
    for row in range(len(hashes)):
        if fresh[row] and table[_place(table, hashes[row])]:
            fresh[row] = False


@numba.njit(cache=True, nogil=True)
def forget_repeated(hashes: Hashes, fresh: Flags) -> None:
    """Of fresh hashes that are the same, only the first stays fresh."""
    size = 2
    while size < 2 * len(hashes):
        size *= 2
    met = np.zeros(size, np.uint64)
    for row in range(len(hashes)):
        if fresh[row]:
            at = _place(met, hashes[row])
            if met[at]:
                fresh[row] = False
            met[at] = hashes[row]


@numba.njit(cache=True, nogil=True)
def insert(table: Hashes, hashes: Hashes) -> None:
    """Puts hashes into the table, which has room for them."""
    for one in hashes:
        table[_place(table, one)] = one


def rehearse() -> None:
    """Compiles every loop, for the arrays that the index works on."""
    table, fresh = np.zeros(4, np.uint64), np.ones(1, np.bool_)
    hashes = np.ones(1, np.uint64)
    forget_held(table, hashes, fresh)
    forget_repeated(hashes, fresh)
    insert(table, hashes)
    hashes.flags.writeable = False
    insert(table, hashes)
