"""The bins of numbers, a block of rows at a time, compiled by numba; `plain.bins` is the twin.

In    rows one after the other, with room to read a whole step of lanes behind the last one.
Out   the bin of each number, turned (a line for each number, a place for each row), and how often
      each bin came.

A number's cell gives its bin or the one before; one comparison tells which. The few cells in which
several edges lie, and what is not in the reference's range, are marked and looked at again. A block
goes through its cells first and is looked up after that, so that look-ups do not wait for each
other; even and odd rows have counts of their own, so that a count does not wait either.
"""

from typing import Any

import numba
import numpy as np

from stanch.detect.summaries._lanes import (
    all8,
    all64,
    beyond,
    less,
    load8,
    load64,
    lowest,
    more,
    size_of,
    store,
    to_floats,
    to_signed,
    whole_codes,
)
from stanch.detect.summaries.arrays import Codes, Floats, Ints, Octets
from stanch.detect.summaries.lookup import LANES, SHARED, START
from stanch.detect.summaries.parts import BINS, INFINITE, MISSING, OVER, SLOTS, UNDER
from stanch.detect.summaries.plain import (
    MOST_OUTSIDE,
    ODD_EACH,
    ODD_INFINITE,
    ODD_MISSING,
    ODD_OUTSIDE,
)

BLOCK = 64
"""Rows that go through the kernels together: what is found of them stays in the nearest cache."""
MARKS = 256 - SLOTS
"""Places behind the counts of bins, where what is looked at again is counted meanwhile."""
U = np.uint64
NONE, ONE, STEP, TURN = U(0), U(1), U(LANES), U(BLOCK)
Rows = tuple[Floats, np.uint64, np.uint64, np.uint64]
"""Numbers, where the first row begins, how many rows, how many numbers in each."""
Edges = tuple[tuple[Floats, Floats], Codes, Octets, Floats, Octets, Ints]
"""Of a `Lookup`: limits and bends, begins, start, bounds, ranks, repeated."""


@numba.njit(cache=True, nogil=True)
def bent(x: Any, centre: Any, pace: Any) -> Any:
    """How far along its line each number is, as `lookup.along` has it."""
    far = to_floats(to_signed(size_of(x - centre) * pace + all8(1.0)) - all8(START))
    line = less(x, centre, all8(0.0) - far, far)
    return more(pace, all8(0.0), line, x)


@numba.njit(cache=True, nogil=True)
def cells_of(rows: Rows, lookup: Edges, cells: Codes) -> None:
    """The cell of each number of a block; the last cell is of those that are in none."""
    flat, at, many, width = rows
    (limits, bends), begins = lookup[0], lookup[1]
    room, ends, turns = U(len(begins)), limits.ravel(), bends.ravel()
    size = np.float64(lookup[2].shape[1])
    last, none, most = all8(size - 2.0), all8(size - 1.0), all8(np.inf)
    to = NONE
    for _ in range(many):
        for c in range(NONE, room, STEP):
            x, y = load8(flat, at + c), load8(flat, at + c)
            if len(turns):
                y = bent(x, load8(turns, c), load8(turns, c + room))
            place = (y - load8(ends, c + room + room)) * load8(ends, c + room + room + room)
            place = less(place, last, place, last)
            place = less(x, load8(ends, c), none, more(x, load8(ends, c + room), none, place))
            place = less(x, most, place, none)
            store(cells, to + c, whole_codes(place) + load8(begins, c))
        at += width
        to += room


@numba.njit(cache=True, nogil=True)
def found_in(rows: Rows, lookup: Edges, cells: Codes, turned: Octets, tally: Codes) -> np.bool_:
    """Ranks of a block; whether any is to be looked at again."""
    flat, at, many, width = rows
    room, starts, bounds = U(len(lookup[1])), lookup[2].ravel(), lookup[3]
    here, marked = NONE, NONE
    for i in range(many):
        slot, edge, out = (width * U(SLOTS) if i & ONE else NONE), ONE, U(i)
        for f in range(width):
            own = U(starts[U(cells[here + f])])
            own += U(flat[at + f] > bounds[edge + own])
            turned[out] = own
            tally[slot + own] += np.int32(1)
            marked |= own
            slot += U(SLOTS)
            edge += U(BINS + 1)
            out += TURN
        at += width
        here += room
    return marked >= U(SHARED)


@numba.njit(cache=True, nogil=True)
def seldom(x: float, bounds: Floats, begin: np.uint64) -> tuple[np.uint64, np.uint8]:
    """The rank of any number, in six steps, and what is odd about it."""
    if x >= bounds[begin] and x <= bounds[begin + U(BINS)]:
        at = begin
        for step in (32, 16, 8, 4, 2, 1):
            at += U(step) * U(x > bounds[at + U(step)])
        return at - begin, np.uint8(0)
    if np.isnan(x):
        return U(MISSING), np.uint8(ODD_MISSING)
    if np.isinf(x):
        return U(INFINITE), np.uint8(ODD_INFINITE)
    return U(UNDER) if x < bounds[begin] else U(OVER), np.uint8(ODD_OUTSIDE)


@numba.njit(cache=True, nogil=True)
def mended(rows: Rows, bounds: Floats, turned: Octets, tally: Codes, odd: Octets) -> None:
    """Look again at what is marked in a block."""
    flat, first, _, width = rows
    for f in range(width):
        marked = beyond(load64(turned, f * TURN), all64(np.uint8(SHARED - 1)))
        while marked:
            i = lowest(marked)
            marked &= marked - ONE
            own, bits = seldom(flat[first + i * width + f], bounds, f * U(BINS + 1))
            slot = ((width if i & ONE else NONE) + f) * U(SLOTS)
            tally[slot + U(turned[f * TURN + i])] -= np.int32(1)
            tally[slot + own] += np.int32(1)
            turned[f * TURN + i] = own
            odd[i] |= bits
            if bits == np.uint8(ODD_OUTSIDE) and odd[i] < np.uint8(MOST_OUTSIDE * ODD_EACH):
                odd[i] += np.uint8(ODD_EACH)


@numba.njit(cache=True, nogil=True)
def binned(
    rows: Rows, lookup: Edges, cells: Codes, found: tuple[Octets, Codes], odd: Octets
) -> None:
    """Bins of a block, counted; what is odd about each of its rows."""
    turned, tally = found
    cells_of(rows, lookup, cells)
    if found_in(rows, lookup, cells, turned, tally):
        mended(rows, lookup[3], turned, tally, odd)
    ranks = lookup[4]
    for f in lookup[5]:
        for at in range(U(f) * TURN, U(f) * TURN + rows[2]):
            turned[at] = ranks[U(f), U(turned[at])]


@numba.njit(cache=True, nogil=True)
def tallies(width: int) -> Codes:
    """Counts of nothing yet: bins of even rows, then of odd ones."""
    return np.zeros(2 * width * SLOTS + MARKS, np.int32)


@numba.njit(cache=True, nogil=True)
def told(tally: Codes, ranks: Octets) -> Ints:
    """(F, 68) how often each bin came."""
    size, counts = ranks.size, np.zeros(ranks.shape, np.int64)
    for f in range(len(ranks)):
        for own in range(SLOTS):
            at = f * SLOTS + own
            counts[f, ranks[f, own]] += np.int64(tally[at]) + np.int64(tally[size + at])
    return counts


@numba.njit(cache=True, nogil=True)
def behind(n: int, width: int) -> int:
    """How many of the last rows need room behind them."""
    room = -width % LANES
    return min(n, -(-room // max(width, 1)))


@numba.njit(cache=True, nogil=True)
def roomy(numbers: Floats, many: int) -> Floats:
    """A copy of the last rows, with room behind it."""
    n, width = numbers.shape
    copy = np.zeros(many * width + LANES)
    copy[: many * width] = numbers[n - many :].ravel()
    return copy


@numba.njit(cache=True, nogil=True)
def bins(numbers: Floats, lookup: Edges) -> tuple[Octets, Ints]:
    """(n, F) the bins, and (F, 68) how often each came."""
    n, width = numbers.shape
    out, tally = np.empty((n, width), np.uint8), tallies(width)
    turned, cells = np.zeros(width * BLOCK, np.uint8), np.empty(len(lookup[1]) * BLOCK, np.int32)
    odd, last = np.zeros(BLOCK, np.uint8), behind(n, width)
    copy = roomy(numbers, last)
    for begin, end, flat, base in (
        (0, n - last, numbers.ravel(), 0),
        (n - last, n, copy, n - last),
    ):
        for first in range(begin, end, BLOCK):
            many = min(BLOCK, end - first)
            rows = (flat, U((first - base) * width), U(many), U(width))
            binned(rows, lookup, cells, (turned, tally), odd)
            for i in range(many):
                for f in range(width):
                    out[first + i, f] = turned[f * BLOCK + i]
    return out, told(tally, lookup[4])
