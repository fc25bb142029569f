"""Inputs and scores, compiled by numba; `plain` has the twins, and says what for.

Imported only by `kernels.compiled`, so that numba costs nothing to those who do not use it. Indices
are unsigned where they can be: numba looks at each signed one, whether it counts from the end.

All that is known of an input is found in one go over blocks of 64 rows: bins, hash, standardised
numbers, off-manifold score, waves and axes. So a row is read from afar once.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from stanch.detect.summaries._fast_bins import (
    BLOCK,
    NONE,
    STEP,
    TURN,
    Edges,
    Rows,
    U,
    behind,
    binned,
    bins,
    roomy,
    tallies,
    told,
)
from stanch.detect.summaries._fast_joint import ROOM, Drawing, Turns, lying, poured
from stanch.detect.summaries._lanes import (
    added,
    all8,
    all64,
    itself,
    known,
    less,
    load8,
    load64,
    more,
    rounded,
    store,
    to_bits,
    to_shorts,
    whole_shorts,
)
from stanch.detect.summaries.arrays import Codes, Floats, Hashes, Ints, Octets, Shorts
from stanch.detect.summaries.parts import (
    AXIS_SLOTS,
    BINS,
    BLOCK_LEVELS,
    DRAWN_AXES,
    LEVELS,
    MAIN_AXES,
    OVER,
    SINGLES,
)
from stanch.detect.summaries.plan import QUESTIONS
from stanch.detect.summaries.ready import CLIP
from stanch.detect.summaries.sample import STEP as SHIFT

__all__ = ["bins", "certain", "grades", "seen"]
AT_ONCE = 1 << 16
"""Rows whose waves 32 bits hold; a few more do."""
QUARTER, NOTHING = U(BLOCK // 4), np.int32(0)
NAN_BITS = U(0x7FF8000000000000)
LEAVES = 1 << QUESTIONS
Units = tuple[Ints, Floats, Ints]
"""Of a plan made ready: uses, units, singles."""
Trees = tuple[Hashes, Octets, Shorts]
"""Of a plan made ready: asks; of its manifold: borders, leaves."""
Places = NDArray[np.uint16]
Inputs = tuple[Floats, Octets, Ints]
"""Numbers, coarse cells of categories, whose each row is."""
Each = tuple[Octets, Hashes, Octets, Octets, Codes, Codes]
"""Of each row: what is odd, hash, single numbers, places, sides, off-manifold score."""


@numba.njit(cache=True, nogil=True)
def mix(z: np.uint64) -> np.uint64:
    """One number scrambled."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@numba.njit(cache=True, nogil=True)
def hashed(rows: Rows, keys: Hashes, out: Hashes) -> None:
    """Make whole hashes of a block; those of its categories are in `out`."""
    flat, at, many, width = rows
    for i in range(many):
        whole = all8(NONE)
        for c in range(NONE, U(len(keys)), STEP):
            x = load8(flat, at + c)
            bits = known(x, to_bits(x), all8(NAN_BITS))
            whole = whole + (bits ^ (bits >> all8(U(32)))) * load8(keys, c)
        out[i] = mix(out[i] + added(whole))
        at += width


@numba.njit(cache=True, nogil=True)
def standard(rows: Rows, units: Units, chosen: Floats, z: Shorts) -> None:
    """The numbers of a block that are used, in SIGMA units."""
    flat, at, many, width = rows
    uses, scales, room = units[0], units[1].ravel(), U(units[1].shape[1])
    highest, lowest, to = all8(np.float64(CLIP)), all8(-np.float64(CLIP)), NONE
    for _ in range(many):
        for j in range(U(len(uses))):
            chosen[j] = flat[at + U(uses[j])]
        for c in range(NONE, room, STEP):
            x = load8(chosen, c) if len(uses) else load8(flat, at + c)
            x = (x - load8(scales, c)) * load8(scales, c + room)
            x = known(x, x, all8(0.0))
            x = less(x, lowest, lowest, more(x, highest, highest, x))
            store(z, to + c, whole_shorts(rounded(x)))
        at += width
        to += room


@numba.njit(cache=True, nogil=True)
def singled(z: Shorts, room: np.uint64, singles: Ints, alone: Octets) -> None:
    """The places of single numbers of a block, as cards hold them."""
    for s in range(U(len(singles))):
        at = U(singles[s])
        for i in range(U(len(alone))):
            alone[i, s] = np.uint8(np.int8(min(max(np.int64(z[at]) >> SHIFT, -128), 127)))
            at += room


@numba.njit(cache=True, nogil=True)
def strange(turned: Octets, width: np.uint64, trees: Trees, place: Places, score: Codes) -> None:
    """The off-manifold scores of a block, by bins that are turned and made coarse here."""
    first, over = all64(np.uint8(0)), all64(np.uint8(OVER))
    for f in range(width):
        bins, at = load64(turned, f * TURN), f * TURN
        odd = less(bins, over, first, more(bins, over, all64(np.uint8(16)), all64(np.uint8(15))))
        store(turned, at, less(bins, all64(np.uint8(BINS)), bins >> all64(np.uint8(2)), odd))
    asks, borders, leaves = trees
    begin, many_trees, no = np.uint16(0), U(len(asks)), all64(np.uint8(0))
    for t in range(many_trees):
        found, yes = no, np.uint8(1)
        for q in range(U(QUESTIONS)):
            cells = load64(turned, asks[t, q] * TURN)
            found = found + more(cells, all64(borders[t, q]), all64(yes), no)
            yes = np.uint8(yes << np.uint8(1))
        store(place, t * TURN, to_shorts(found) + all64(begin))
        begin = np.uint16(begin + np.uint16(LEAVES))
    flat = leaves.ravel()
    for i in range(QUARTER):
        at, one, two, three, four = i, NOTHING, NOTHING, NOTHING, NOTHING
        for _ in range(many_trees):
            at = itself(at)
            one = np.int32(one + flat[U(place[at])])
            two = np.int32(two + flat[U(place[at + QUARTER])])
            three = np.int32(three + flat[U(place[at + U(2) * QUARTER])])
            four = np.int32(four + flat[U(place[at + U(3) * QUARTER])])
            at += TURN
        score[i], score[i + QUARTER] = one, two
        score[i + U(2) * QUARTER], score[i + U(3) * QUARTER] = three, four


@numba.njit(cache=True, nogil=True)
def seen(
    inputs: Inputs,
    plan: tuple[Edges, Hashes, Units, Trees],
    joint: tuple[Turns, Drawing],
    prints: Hashes,
    sums: tuple[Ints, Ints],
) -> tuple[Each, Ints, Ints]:
    """All that is known of inputs, row by row, and the histograms of bins and axes.

    `prints` come as the hashes of categories; waves and moments are added to `sums` by principal.
    """
    (numbers, cells, who), (n, width) = inputs, inputs[0].shape
    lookup, keys, units, trees = plan
    steps, columns = len(lookup[1]), width + cells.shape[1]
    room = U(units[1].shape[1])
    odd, z = np.zeros(n, np.uint8), np.empty(room * U(BLOCK), np.int16)
    alone = np.zeros((n, SINGLES), np.uint8)
    sides, score = np.empty(n, np.int32), np.empty(n + BLOCK, np.int32)
    places, held = np.empty(n * MAIN_AXES + ROOM, np.uint8), np.empty(DRAWN_AXES, np.int32)
    heights, waves = np.zeros(sums[0].size, np.int32), sums[0].ravel()
    moments = sums[1].ravel()
    counts, tally = np.zeros(DRAWN_AXES * AXIS_SLOTS, np.int32), tallies(width)
    turned, found = np.zeros(columns * BLOCK, np.uint8), np.empty(steps * BLOCK, np.int32)
    chosen, place = np.zeros(room, np.float64), np.empty(len(trees[0]) * BLOCK, np.uint16)
    last = behind(n, width)
    copy = roomy(numbers, last)
    for begin, end, flat, base in (
        (0, n - last, numbers.ravel(), 0),
        (n - last, n, copy, n - last),
    ):
        for first in range(begin, end, BLOCK):
            many, at = U(min(BLOCK, end - first)), U(first)
            rows = (flat, U((first - base) * width), many, U(width))
            block = slice(first, first + many)
            binned(rows, lookup, found, (turned, tally), odd[block])
            hashed(rows, keys, prints[block])
            for k in range(cells.shape[1]):
                for i in range(many):
                    turned[(width + k) * BLOCK + i] = cells[first + i, k]
            strange(turned, U(width), trees, place, score[first : first + BLOCK])
            standard(rows, units, chosen, z)
            singled(z, room, units[2], alone[block])
            lying(
                (z, at, many, room), joint, (heights, moments, counts, who), (places, sides, held)
            )
            if (first + BLOCK) % AT_ONCE == 0:
                poured(heights, waves)
    poured(heights, waves)
    each = (odd, prints, alone, places, sides, score[:n])
    return each, told(tally, lookup[4]), counts.astype(np.int64)


@numba.njit(cache=True, nogil=True)
def certain(scores: Floats, near: float, classes: int) -> tuple[Ints, Ints, Ints, Ints, np.ndarray]:
    """Histograms of scores, confidence and margin; the sixteenth of each margin; who is near."""
    n, width = scores.shape
    each = np.zeros((classes, LEVELS), np.int64)
    tops, margins = np.zeros(LEVELS, np.int64), np.zeros(LEVELS, np.int64)
    sixteenth, close = np.full(n, -1, np.int64), np.zeros(n, np.bool_)
    for i in range(n):
        first, second, scored = -1.0, -1.0, width > 0
        for k in range(width):
            x = scores[i, k]
            finite = np.isfinite(x)
            scored &= finite
            clean = 0.0 if np.isnan(x) else min(max(x, 0.0), 1.0)
            if finite and k < classes:
                each[k, min(int(clean * LEVELS), LEVELS - 1)] += 1
            second = max(second, min(first, clean))
            first = max(first, clean)
        if width == 1:
            second, first = min(first, 1.0 - first), max(first, 1.0 - first)
        if scored:
            margin = first - second
            tops[min(int(min(max(first, 0.0), 1.0) * LEVELS), LEVELS - 1)] += 1
            margins[min(int(min(max(margin, 0.0), 1.0) * LEVELS), LEVELS - 1)] += 1
            sixteenth[i] = min(int(margin * BLOCK_LEVELS), BLOCK_LEVELS - 1)
            close[i] = margin < near
    return each, tops, margins, sixteenth, close


@numba.njit(cache=True, nogil=True)
def grades(score: Codes, edges: Ints) -> Ints:
    """The bin of each score: how many edges lie below it."""
    out = np.empty(len(score), np.int64)
    low = min(np.int64(score.min()) if len(score) else 0, edges[0])
    high = max(np.int64(score.max()) if len(score) else 0, edges[-1])
    if high - low > 1 << 20:
        return np.searchsorted(edges, score)
    table = np.searchsorted(edges, np.arange(low, high + 1))
    for i in range(len(score)):
        out[i] = table[score[i] - low]
    return out
