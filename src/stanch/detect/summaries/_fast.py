"""The counting kernels compiled by numba; `plain` holds their twins and says what they do.

Imported only by `kernels.warm`, so that numba costs nothing to those who do not use it.
"""

import numba
import numpy as np

from stanch.detect.summaries.arrays import Codes, Floats, Hashes, Ints, Octets, Shorts
from stanch.detect.summaries.parts import (
    AXIS_SLOTS,
    BLOCK_LEVELS,
    INFINITE,
    LEVELS,
    MAIN_AXES,
    MISSING,
    OVER,
    SAMPLED,
    SLOTS,
    UNDER,
)
from stanch.detect.summaries.plain import AXIS_SHIFT, CLIP, ODD_INFINITE, ODD_MISSING, ODD_OUTSIDE
from stanch.detect.summaries.ready import CELLS, COARSE

LAST = 63


@numba.njit(cache=True, nogil=True)
def bins(
    numbers: Floats, edges: Floats, start: Octets, scale: Floats, coarse: Octets
) -> tuple[Octets, Ints, Octets]:
    """Coarse cells, histograms of bins and what is odd about each row, in one pass."""
    n, width = numbers.shape
    found = np.empty((n, width), np.uint8)
    counts = np.zeros((width, SLOTS), np.int64)
    odd = np.zeros(n, np.uint8)
    for i in range(n):
        for f in range(width):
            x = numbers[i, f]
            if x <= edges[f, 64] and x >= edges[f, 0]:
                cell = min(int((x - edges[f, 0]) * scale[f]), CELLS - 1) if scale[f] > 0 else 0
                at = int(start[f, cell])
                at += int(x > edges[f, at + 1]) * int(at < LAST)
                while at < LAST and x > edges[f, at + 1]:
                    at += 1
                while at > 0 and x <= edges[f, at]:
                    at -= 1
            elif np.isnan(x):
                at = MISSING
                odd[i] |= ODD_MISSING
            elif np.isinf(x):
                at = INFINITE
                odd[i] |= ODD_INFINITE
            else:
                at = UNDER if x < edges[f, 0] else OVER
                odd[i] |= ODD_OUTSIDE
            found[i, f] = coarse[at]
            counts[f, at] += 1
    return found, counts, odd


@numba.njit(cache=True, nogil=True)
def drawn(along: Codes, edges: Ints, table: Octets) -> Ints:
    """Histograms of the first axes; `table` holds the bin of each whole number from the edge on."""
    axes, last = len(edges), edges.shape[1] - 1
    counts = np.zeros((axes, AXIS_SLOTS), np.int64)
    for i in range(len(along)):
        for a in range(axes):
            x = along[i, a]
            if x > edges[a, last]:
                counts[a, AXIS_SLOTS - 1] += 1
            elif x < edges[a, 0]:
                counts[a, AXIS_SLOTS - 2] += 1
            else:
                counts[a, table[a, x - edges[a, 0]]] += 1
    return counts


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
def standard(numbers: Floats, uses: Codes, centre: Floats, scale: Floats) -> Shorts:
    """The used numbers in SIGMA units."""
    n, width = len(numbers), len(uses)
    z = np.empty((n, width), np.int16)
    for i in range(n):
        for j in range(width):
            x = (numbers[i, uses[j]] - centre[j]) * scale[j]
            if np.isnan(x):
                x = 0.0
            z[i, j] = np.int16(np.rint(min(max(x, -CLIP), CLIP)))
    return z


@numba.njit(cache=True, nogil=True)
def projected(z: Shorts, axes: Shorts) -> Codes:
    """Along the axes."""
    n, width = z.shape
    out = np.zeros((n, axes.shape[1]), np.int32)
    for i in range(n):
        for j in range(width):
            x = np.int32(z[i, j])
            for a in range(axes.shape[1]):
                out[i, a] += x * np.int32(axes[j, a])
        for a in range(axes.shape[1]):
            out[i, a] >>= AXIS_SHIFT
    return out


@numba.njit(cache=True, nogil=True)
def waves(z: Shorts, frequencies: Shorts, phase: Shorts, who: Ints, table: Ints) -> None:
    """Add each row's waves to its principal's line."""
    n, width = z.shape
    turn = np.empty(frequencies.shape[1], np.int16)
    for i in range(n):
        for a in range(len(turn)):
            turn[a] = phase[a]
        for j in range(width):
            x = z[i, j]
            for a in range(len(turn)):
                turn[a] = np.int16(turn[a] + np.int16(x * frequencies[j, a]))
        line = table[who[i]]
        for a in range(len(turn)):
            t = np.int32(turn[a])
            line[a] += (t * (np.int32(32768) - abs(t))) >> 14


@numba.njit(cache=True, nogil=True)
def strangeness(cells: Octets, pairs: Codes, tables: Shorts) -> Codes:
    """The off-manifold score."""
    score = np.zeros(len(cells), np.int32)
    for i in range(len(cells)):
        total = 0
        for t in range(len(pairs)):
            total += tables[t, cells[i, pairs[t, 0]] * COARSE + cells[i, pairs[t, 1]]]
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


@numba.njit(cache=True, nogil=True)
def sides(along: Codes, middle: Ints) -> Codes:
    """A bit for each axis: whether a row lies beyond the median along it."""
    n, width = along.shape
    out = np.empty(n, np.int32)
    for i in range(n):
        bits = np.int32(0)
        for a in range(width):
            bits |= np.int32(along[i, a] > middle[a]) << np.int32(a)
        out[i] = bits
    return out


@numba.njit(cache=True, nogil=True)
def moments(along: Codes, who: Ints, table: Ints) -> None:
    """Add sums and squares along the main axes to each principal's line."""
    for i in range(len(along)):
        line = table[who[i]]
        for a in range(MAIN_AXES):
            x = np.int64(along[i, a])
            line[a] += x
            line[MAIN_AXES + a] += x * x


@numba.njit(cache=True, nogil=True)
def put(registers: Octets, who: Ints, hashes: Hashes) -> None:
    """Count hashes into the sketch of each line."""
    size = registers.shape[1]
    bits = np.uint64(0)
    while (1 << bits) < size:
        bits += np.uint64(1)
    for i in range(len(hashes)):
        rest = (hashes[i] >> bits) | (np.uint64(1) << (np.uint64(64) - bits))
        rank = 1
        while rest & np.uint64(1) == 0:
            rest >>= np.uint64(1)
            rank += 1
        at = np.int64(hashes[i] & np.uint64(size - 1))
        registers[who[i], at] = max(registers[who[i], at], rank)


@numba.njit(cache=True, nogil=True)
def first_not_under(key: np.int64, kept: Ints, keys: Ints, count: np.int64) -> np.int64:
    """The place in `kept`, which is in the order of its keys, at which this key belongs."""
    low, high = np.int64(0), count
    while low < high:
        middle = (low + high) >> 1
        if keys[kept[middle]] < key:
            low = middle + 1
        else:
            high = middle
    return low


@numba.njit(cache=True, nogil=True)
def drawn_rows(lines: Ints, keys: Ints, told: Codes, size: int) -> Ints:
    """The rows that each line's sample keeps: by insertion, for most rows are out at once."""
    rows = np.full((size, SAMPLED), -1, np.int64)
    filled = np.zeros(size, np.int64)
    for i in range(len(lines)):
        line = lines[i]
        full = line >= 0 and filled[line] == SAMPLED
        if line < 0 or (full and keys[i] > keys[rows[line, SAMPLED - 1]]):
            continue
        kept, count = rows[line], filled[line]
        at = first_not_under(keys[i], kept, keys, count)
        if at < count and keys[kept[at]] == keys[i]:
            if told[i] < told[kept[at]]:
                kept[at] = i
            continue
        last = min(count, SAMPLED - 1)
        for place in range(last, at, -1):
            kept[place] = kept[place - 1]
        kept[at] = i
        filled[line] = last + 1
    return rows
