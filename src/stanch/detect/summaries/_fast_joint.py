"""How rows lie together, a block at a time, compiled by numba: waves and axes; twins in `plain`.

In    standardised numbers, two neighbours at a time; waves and axes woven alike.
Out   sums of waves and moments by principal, histograms of axes, sides and places of each row.

A sum of the products of two neighbours is one step of a processor; sums stay in registers, and two
rows go through the same frequencies together.
"""

from typing import Any

import numba
import numpy as np

from stanch.detect.summaries._fast_bins import NONE, ONE, U
from stanch.detect.summaries._lanes import (
    all16,
    all32,
    all64,
    beyond,
    dots,
    first8,
    first10,
    first16,
    less,
    load8,
    load10,
    load32,
    load64,
    load128,
    more,
    size_of,
    store,
    to_longs,
    to_octets,
    twos,
)
from stanch.detect.summaries.arrays import Codes, Ints, Octets, Shorts
from stanch.detect.summaries.lookup import LANES
from stanch.detect.summaries.parts import AXIS_SLOTS, DRAWN_AXES, MAIN_AXES, WAVES
from stanch.detect.summaries.plain import AXIS_SHIFT
from stanch.detect.summaries.ready import BESIDE
from stanch.detect.summaries.sample import STEP

Turns = tuple[Shorts, Codes, np.int32]
"""Of a plan made ready: woven, phase; and 16, which the compiler is not to know."""
Drawing = tuple[Codes, Codes, Octets]
"""Of a plan made ready: middle, ends, drawn."""
Sums = tuple[Codes, Ints, Codes, Ints]
"""Heights of waves by principal, moments by principal, counts of axes, each in one line; whose each
row is."""
Lain = tuple[Octets, Codes, Codes]
"""Places of each row, with room behind them; sides of each row; room for eight numbers."""
ROOM = 16 - MAIN_AXES
"""Behind the places of the last row: they are written in a step."""
THROUGH, ALONG = U(2 * (WAVES + BESIDE)), U(2 * WAVES)
TWO = U(2)


@numba.njit(cache=True, nogil=True)
def heights(turns: Any, half: np.int32) -> Any:
    """The heights of waves at these phases, of which the lower 16 bits count.

    Were `half` a constant, the compiler would see that 16 bits are enough, and take the long way.
    """
    turn = (turns << all64(half)) >> all64(half)
    return (turn * (all64(np.int32(32768)) - size_of(turn))) >> all64(np.int32(14))


@numba.njit(cache=True, nogil=True)
def moved(at: np.uint64, along: Any, moments: Ints) -> None:
    """Add a row's sums and squares along the main axes to its principal's line."""
    main = to_longs(first10(along))
    store(moments, at, load10(moments, at) + main)
    at += U(MAIN_AXES)
    store(moments, at, load10(moments, at) + main * main)


@numba.njit(cache=True, nogil=True)
def placed(i: np.uint64, along: Any, places: Octets) -> None:
    """The places of a row along the main axes, as cards hold them."""
    near, low, high = first16(along) >> all16(np.int32(STEP)), np.int32(-128), np.int32(127)
    near = more(near, all16(high), all16(high), less(near, all16(low), all16(low), near))
    store(places, i * U(MAIN_AXES), to_octets(near))


@numba.njit(cache=True, nogil=True)
def held_in(along: Any, ends: Codes, held: Codes) -> None:
    """The places along the first axes, none farther than next to the histogram."""
    first, under, over = first8(along), load8(ends, NONE), load8(ends, U(LANES))
    first = more(first, over, over, less(first, under, under, first))
    store(held, NONE, first + load8(ends, U(2 * LANES)))


@numba.njit(cache=True, nogil=True)
def tallied(held: Codes, slots: Octets, counts: Codes) -> None:
    """Add one row to the histograms."""
    line = NONE
    for a in range(U(DRAWN_AXES)):
        counts[line + U(slots[U(held[a])])] += np.int32(1)
        line += U(AXIS_SLOTS)


@numba.njit(cache=True, nogil=True)
def laid(
    row: Any, turns: Any, along: Any, plan: tuple[Drawing, np.int32], into: tuple[Sums, Lain]
) -> None:
    """Add one row, by its phases and its sums along the axes."""
    ((middle, ends, slots), half), ((waves, moments, counts, who), lain) = plan, into
    places, sides, held = lain
    line, along = U(who[row]), along >> all32(np.int32(AXIS_SHIFT))
    store(waves, line * U(WAVES), load64(waves, line * U(WAVES)) + heights(turns, half))
    sides[row] = np.int32(beyond(along, load32(middle, NONE)))
    moved(line * U(2 * MAIN_AXES), along, moments)
    placed(row, along, places)
    held_in(along, ends, held)
    tallied(held, slots, counts)


@numba.njit(cache=True, nogil=True)
def lying(
    rows: tuple[Shorts, np.uint64, np.uint64, np.uint64],
    plan: tuple[Turns, Drawing],
    sums: Sums,
    lain: Lain,
) -> None:
    """Add a block of rows, standardised."""
    (z, begin, many, width), ((woven, phase, half), drawing) = rows, plan
    pairs, end, none = U(len(woven)) // THROUGH, begin + many, all32(np.int32(0))
    for i in range(begin, end, TWO):
        k = min(i + ONE, end - ONE)
        one, other, here, there = load64(phase, NONE), load64(phase, NONE), none, none
        at, left, right = NONE, (i - begin) * width, (k - begin) * width
        for _ in range(pairs):
            frequencies, axes = load128(woven, at), load64(woven, at + ALONG)
            one = one + dots(twos(z, left, frequencies), frequencies)
            here = here + dots(twos(z, left, axes), axes)
            other = other + dots(twos(z, right, frequencies), frequencies)
            there = there + dots(twos(z, right, axes), axes)
            at, left, right = at + THROUGH, left + TWO, right + TWO
        laid(i, one, here, (drawing, half), (sums, lain))
        if k > i:
            laid(k, other, there, (drawing, half), (sums, lain))


@numba.njit(cache=True, nogil=True)
def poured(heights: Codes, waves: Ints) -> None:
    """Add the heights to the waves, and begin anew."""
    for i in range(len(heights)):
        waves[i] += heights[i]
        heights[i] = 0
