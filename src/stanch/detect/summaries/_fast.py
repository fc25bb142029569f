"""The kernels that look at inputs, compiled by numba; `plain` has their twins, and says what for.

Imported only by `kernels.compiled`, so that numba costs nothing to those who do not use it. Indices
are unsigned where they can be: numba looks at each signed one, whether it counts from the end.
"""

import numba
import numpy as np

from stanch.detect.summaries.arrays import Codes, Floats, Hashes, Ints, Octets, Shorts, Singles
from stanch.detect.summaries.parts import (
    AXES,
    AXIS_SLOTS,
    BLOCK_LEVELS,
    DRAWN_AXES,
    INFINITE,
    LEVELS,
    MAIN_AXES,
    MISSING,
    OVER,
    SLOTS,
    UNDER,
)
from stanch.detect.summaries.plain import AXIS_SHIFT, ODD_INFINITE, ODD_MISSING, ODD_OUTSIDE
from stanch.detect.summaries.ready import CLIP, COARSE, SHARED, UNROLLED
from stanch.detect.summaries.sample import STEP

LAST = np.uint64(63)
ONE = np.uint64(1)
BLOCK = 128
"""Rows that are projected together: their numbers stay in the nearest cache."""


@numba.njit(cache=True, nogil=True)
def seldom(x: float, at: np.uint64, line: Floats) -> tuple[np.uint64, np.uint8]:
    """The bin of a number whose cell holds an edge, or that has none, and what is odd about it."""
    if x >= line[0] and x <= line[64]:
        at &= LAST
        while at < LAST and x > line[at + ONE]:
            at += ONE
        return at, np.uint8(0)
    if np.isnan(x):
        return np.uint64(MISSING), np.uint8(ODD_MISSING)
    if np.isinf(x):
        return np.uint64(INFINITE), np.uint8(ODD_INFINITE)
    return np.uint64(UNDER) if x < line[0] else np.uint64(OVER), np.uint8(ODD_OUTSIDE)


@numba.njit(cache=True, nogil=True)
def bins(
    numbers: Floats, edges: Floats, start: Octets, scale: Floats, coarse: Octets
) -> tuple[Octets, Ints, Octets]:
    """Coarse cells, histograms of bins and what is odd about each row, in one pass.

    A row's cells are computed together, then looked up. Even and odd rows have counts of their
    own, so that a count does not wait for the one before it.
    """
    n, width = numbers.shape
    found = np.empty((n, width), np.uint8)
    counts = np.zeros((width, 2, SLOTS), np.int32)
    odd = np.zeros(n, np.uint8)
    low, high = edges[:, 0].copy(), edges[:, 64].copy()
    cells, size = np.empty(width, np.uint32), np.uint32(start.shape[1])
    last, nowhere = np.float64(size) - 1.0, np.float64(size)
    for i in range(n):
        row, out, half = numbers[i], found[i], counts[:, i & 1]
        for f in range(width):
            x = row[f]
            place = min((x - low[f]) * scale[f], last)
            cells[f] = np.uint32(np.int32(place if (x >= low[f]) & (x <= high[f]) else nowhere))
        for f in range(width):
            at = np.uint64(start[f, cells[f]]) if cells[f] < size else np.uint64(SHARED)
            if at >= np.uint64(SHARED):
                at, bits = seldom(row[f], at, edges[f])
                odd[i] |= bits
            out[f] = coarse[at]
            half[f, at] += 1
    return found, (counts[:, 0] + counts[:, 1]).astype(np.int64), odd


@numba.njit(cache=True, nogil=True)
def standard(numbers: Floats, centre: Floats, scale: Floats) -> Shorts:
    """The used numbers in SIGMA units."""
    n, width = numbers.shape
    z = np.empty((n, width), np.int16)
    for i in range(n):
        for j in range(width):
            x = (numbers[i, j] - centre[j]) * scale[j]
            x = 0.0 if np.isnan(x) else x
            z[i, j] = np.int16(np.rint(min(max(x, -CLIP), CLIP)))
    return z


@numba.njit(cache=True, nogil=True)
def projected(turned: Singles, axes: Singles, middle: Codes, along: Codes, bits: Codes) -> None:
    """A block of rows along the axes, and beyond which medians each lies.

    Sums of whole numbers under 2 ** 24 are exact in single precision, in any order.
    """
    sums = np.empty(BLOCK, np.float32)
    bits[:] = 0
    for a in range(AXES):
        sums[:] = np.float32(0)
        for j in range(0, len(axes), UNROLLED):
            w, x, y, v = axes[j, a], axes[j + 1, a], axes[j + 2, a], axes[j + 3, a]
            first, second, third, last = turned[j], turned[j + 1], turned[j + 2], turned[j + 3]
            for i in range(BLOCK):
                sums[i] += (first[i] * w + second[i] * x) + (third[i] * y + last[i] * v)
        line, median, bit = along[a], middle[a], np.int32(1 << a)
        for i in range(BLOCK):
            line[i] = np.int32(np.int32(sums[i]) >> np.int32(AXIS_SHIFT))
            bits[i] = np.int32(bits[i] + (bit if line[i] > median else np.int32(0)))


@numba.njit(cache=True, nogil=True)
def drawn(along: Codes, many: int, edges: Ints, table: Octets, counts: Ints) -> None:
    """Add a block to the histograms; `table` has the bin of each whole number, or nothing."""
    last = edges.shape[1] - 1
    for a in range(DRAWN_AXES):
        low, high = edges[a, 0], edges[a, last]
        own, line, slots = along[a], counts[a], table[a]
        for i in range(many):
            x = np.int64(own[i])
            if x > high:
                line[AXIS_SLOTS - 1] += 1
            elif x < low:
                line[AXIS_SLOTS - 2] += 1
            elif len(slots):
                line[np.uint64(slots[np.uint64(x - low)])] += 1
            else:
                line[np.searchsorted(edges[a, 1:last], x)] += 1


@numba.njit(cache=True, nogil=True)
def added(along: Codes, who: Ints, moments: Ints, places: Octets) -> None:
    """Add a block's sums and squares to its principals; the places that cards hold."""
    for i in range(len(who)):
        line = moments[who[i]]
        for a in range(MAIN_AXES):
            x = np.int64(along[a, i])
            line[a] += x
            line[MAIN_AXES + a] += x * x
            places[i, a] = np.uint8(np.int8(min(max(x >> STEP, -128), 127)))


@numba.njit(cache=True, nogil=True)
def lain(
    z: Shorts, axes: tuple[Singles, Codes], drawing: tuple[Ints, Octets], who: Ints, moments: Ints
) -> tuple[Octets, Codes, Ints]:
    """Places along the main axes, sides of medians, histograms; adds moments by principal."""
    n, width = z.shape
    places, sides = np.empty((n, MAIN_AXES), np.uint8), np.empty(n, np.int32)
    counts = np.zeros((DRAWN_AXES, AXIS_SLOTS), np.int64)
    turned = np.zeros((len(axes[0]), BLOCK), np.float32)
    along, bits = np.empty((AXES, BLOCK), np.int32), np.empty(BLOCK, np.int32)
    for start in range(0, n, BLOCK):
        end = min(start + BLOCK, n)
        for i in range(start, end):
            for j in range(width):
                turned[j, i - start] = z[i, j]
        projected(turned, axes[0], axes[1], along, bits)
        drawn(along, end - start, drawing[0], drawing[1], counts)
        added(along, who[start:end], moments, places[start:end])
        sides[start:end] = bits[: end - start]
    return places, sides, counts


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


@numba.njit(cache=True, nogil=True)
def strangeness(cells: Octets, pairs: Hashes, tables: Codes) -> Codes:
    """The off-manifold score."""
    score = np.empty(len(cells), np.int32)
    flat, size = tables.ravel(), np.uint64(COARSE * COARSE)
    for i in range(len(cells)):
        row, total, table = cells[i], np.int32(0), np.uint64(0)
        for t in range(len(pairs)):
            one, other = np.uint64(row[pairs[t, 0]]), np.uint64(row[pairs[t, 1]])
            total = np.int32(total + flat[table + one * np.uint64(COARSE) + other])
            table += size
        score[i] = total
    return score


@numba.njit(cache=True, nogil=True)
def mix(z: np.uint64) -> np.uint64:
    """One number scrambled."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@numba.njit(cache=True, nogil=True)
def fingerprints(numbers: Floats, bits: Hashes, codes: Hashes, keys: Hashes) -> Hashes:
    """The hash of each input."""
    n, width = numbers.shape
    out = np.empty(n, np.uint64)
    for i in range(n):
        whole = codes[i]
        for f in range(width):
            b = np.uint64(0x7FF8000000000000) if np.isnan(numbers[i, f]) else bits[i, f]
            whole += (b ^ (b >> np.uint64(32))) * keys[f]
        out[i] = mix(whole)
    return out
