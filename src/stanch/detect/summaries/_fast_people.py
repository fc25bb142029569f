"""The kernels that count for each principal, compiled by numba.

Imported only by `kernels.compiled`, like `_fast`; the twins are in `told`, `plain` and `sample`.
"""

import numba
import numpy as np

from stanch.detect.summaries.arrays import Codes, Floats, Hashes, Ints, Marks, Octets
from stanch.detect.summaries.blocks import BUCKETS, PLACES
from stanch.detect.summaries.columns import MISSING_CODE
from stanch.detect.summaries.parts import (
    BLOCK_TICKS,
    CARD,
    LATENCIES,
    MAIN_AXES,
    SAMPLED,
    SINGLES,
    STATUSES,
    UNIT,
    Block,
)
from stanch.detect.summaries.plan import FOLDED
from stanch.detect.summaries.sample import ALONE, FLAGS, MARGIN, PLACE, SAID
from stanch.detect.summaries.told import DEAREST, MARKED, TICK

SINGLE = np.array([PLACES[block].start for block in MARKED], np.int64)
"""Where the marks of a row are counted, the lowest bit first; handed in, for the cache of compiled
code looks at this file only and would keep those of before."""
ROWS, SAYS, STATUS, TICKS, MARGINS, COST, TOKENS = (
    PLACES[block].start
    for block in (
        Block.ROWS,
        Block.PREDICTIONS,
        Block.STATUS,
        Block.TICKS,
        Block.MARGIN,
        Block.COST,
        Block.TOKENS,
    )
)
AHEAD = PLACE.start
SINGLE_PLACES = ALONE.start
NO_KEY = np.iinfo(np.int64).max
SPREAD = np.uint64(0x03F79D71B4CB0A89)
"""A de Bruijn word: each power of two times this has other highest six bits."""
RANKS = np.zeros(64, np.uint8)
RANKS[[((int(SPREAD) << k) % (1 << 64)) >> 58 for k in range(64)]] = np.arange(1, 65)
"""One more than the power of two, by those bits."""


@numba.njit(cache=True, nogil=True)
def tallied(
    table: Ints,
    who: Ints,
    columns: tuple[Ints, Ints, Ints, Ints, Ints, Ints],
    marks: Marks,
    single: Ints,
) -> None:
    """Add what is told of each row to its principal's line."""
    said, status, ticks, margin, cost, tokens = columns
    for i in range(len(who)):
        line = table[who[i]]
        line[ROWS] += 1
        line[SAYS + said[i]] += 1
        line[STATUS + status[i]] += 1
        line[TICKS + (ticks[i] // TICK) % BLOCK_TICKS] += 1
        if margin[i] >= 0:
            line[MARGINS + margin[i]] += 1
        line[COST] += cost[i]
        line[TOKENS] += tokens[i]
        bits = np.int64(marks[i])
        if bits:
            for k in range(len(single)):
                line[single[k]] += (bits >> k) & 1


@numba.njit(cache=True, nogil=True)
def answered(
    predictions: Codes, status: Codes, cost: Floats, classes: int
) -> tuple[Ints, tuple[Ints, Ints, Ints], int]:
    """Counts of answers; answers, statuses and costs by row; how many rows said a cost."""
    n, priced, most = len(predictions), 0, min(classes, FOLDED)
    says, said = np.zeros(classes + 2, np.int64), np.empty(n, np.int64)
    place, fixed = np.full(n, STATUSES - 1, np.int64), np.zeros(n, np.int64)
    for i in range(n):
        code, gone = np.int64(predictions[i]), np.int64(predictions[i] == MISSING_CODE)
        says[code if 0 <= code < classes else classes + gone] += 1
        said[i] = code if 0 <= code < most else FOLDED + gone
        if len(status):
            hundreds = np.int64(status[i]) // 100 - 1
            place[i] = hundreds if 0 <= hundreds < STATUSES - 1 else STATUSES - 1
        if len(cost) and np.isfinite(cost[i]):
            priced += 1
            fixed[i] = np.int64(np.rint(min(max(cost[i], -DEAREST), DEAREST) * UNIT))
    return says, (said, place, fixed), priced


@numba.njit(cache=True, nogil=True)
def behaved(lies: Codes, said: Ints, buckets: int, width: int) -> Ints:
    """Folded answers by the sides of the medians on which the inputs lie."""
    counts = np.zeros((buckets, width), np.int64)
    for i in range(len(lies)):
        place = said[i] if said[i] < FOLDED else said[i] - FOLDED + width - 2
        counts[lies[i] & (buckets - 1), min(place, width - 1)] += 1
    return counts


@numba.njit(cache=True, nogil=True)
def pooled(table: Ints, hashes: Hashes) -> Ints:
    """The lines of principals by the highest bits of their hashes."""
    buckets = np.zeros((BUCKETS, table.shape[1]), np.int64)
    for i in range(len(hashes)):
        line, own = buckets[hashes[i] >> np.uint64(58)], table[i]
        for k in range(len(own)):
            line[k] += own[k]
    return buckets


@numba.njit(cache=True, nogil=True)
def latencies(latency: Floats, edges: Floats) -> Ints:
    """The histogram of latencies; a search in six steps, whatever the value."""
    counts = np.zeros(LATENCIES, np.int64)
    for x in latency:
        at = LATENCIES - 1
        if not np.isnan(x):
            at = 0
            for step in (32, 16, 8, 4, 2, 1):
                at += step * np.int64(edges[at + step - 1] <= x)
        counts[at] += 1
    return counts


@numba.njit(cache=True, nogil=True)
def minutes(ticks: Ints, length: int) -> Ints:
    """The minutes of these ticks, each at least once."""
    found, many, low = np.empty(len(ticks), np.int64), 0, np.int64(0)
    for i in range(len(ticks)):
        if many and low <= ticks[i] < low + length:
            continue
        found[many] = ticks[i] // length
        low = found[many] * length
        many += 1
    return found[:many]


@numba.njit(cache=True, nogil=True)
def put(registers: Octets, who: Ints, hashes: Hashes) -> None:
    """Count hashes into the sketch of each line."""
    size, flat = registers.shape[1], registers.ravel()
    bits = np.uint64(0)
    while (1 << bits) < size:
        bits += np.uint64(1)
    top, mask = np.uint64(1) << (np.uint64(64) - bits), np.uint64(size - 1)
    for i in range(len(hashes)):
        rest = (hashes[i] >> bits) | top
        lowest = rest & (~rest + np.uint64(1))
        rank = RANKS[(lowest * SPREAD) >> np.uint64(58)]
        at = (np.uint64(who[i]) << bits) | (hashes[i] & mask)
        flat[at] = max(flat[at], rank)


@numba.njit(cache=True, nogil=True)
def begun(places: Ints, size: int) -> Ints:
    """Where each of so many places begins when rows are laid out by theirs; -1 is left out."""
    begins = np.zeros(size + 1, np.int64)
    for place in places:
        if place >= 0:
            begins[place + 1] += 1
    for at in range(size):
        begins[at + 1] += begins[at]
    return begins


@numba.njit(cache=True, nogil=True)
def nearly_sorted(lines: Ints, keys: Ints, begins: Ints) -> Codes:
    """The rows line by line, their keys all but in order.

    Keys are hashes: each line gets as many buckets as it has rows, and a key's is its share of the
    largest, so that there is about one to a bucket.
    """
    bucket = np.full(len(lines), -1, np.int64)
    for i in range(len(lines)):
        line = lines[i]
        if line >= 0:
            many = begins[line + 1] - begins[line]
            bucket[i] = begins[line] + (((keys[i] >> 31) * many) >> 32)
    ends = begun(bucket, begins[-1])
    rows = np.empty(begins[-1], np.int32)
    for i in range(len(lines)):
        if bucket[i] >= 0:
            rows[ends[bucket[i]]] = i
            ends[bucket[i]] += 1
    return rows


@numba.njit(cache=True, nogil=True)
def drawn_rows(lines: Ints, keys: Ints, told: Codes, size: int) -> Ints:
    """The rows that each line's sample keeps: by insertion, nearly always at the end."""
    begins = begun(lines, size)
    order = nearly_sorted(lines, keys, begins)
    rows = np.full((size, SAMPLED), -1, np.int64)
    kept = np.empty(SAMPLED, np.int64)
    for line in range(size):
        out, count = rows[line], 0
        for turn in range(begins[line], begins[line + 1]):
            i = np.int64(order[turn])
            key = keys[i]
            if count == SAMPLED and key > kept[SAMPLED - 1]:
                continue
            at = count
            while at > 0 and kept[at - 1] > key:
                at -= 1
            if at > 0 and kept[at - 1] == key:
                out[at - 1] = i if told[i] < told[out[at - 1]] else out[at - 1]
                continue
            last = min(count, SAMPLED - 1)
            for place in range(last, at, -1):
                kept[place] = kept[place - 1]
                out[place] = out[place - 1]
            kept[at] = key
            out[at] = i
            count = last + 1
    return rows


@numba.njit(cache=True, nogil=True)
def cards(
    rows: Ints, keys: Ints, told: Codes, lying: tuple[Codes, Octets], alone: Octets
) -> tuple[Ints, Octets]:
    """The keys and the cards of these rows; empty ones are zeros."""
    size, many = rows.shape
    drawn, out = np.zeros((size, many), np.int64), np.zeros((size, many, CARD), np.uint8)
    for line in range(size):
        for k in range(many):
            i = rows[line, k]
            if i < 0:
                continue
            drawn[line, k] = keys[i]
            card = out[line, k]
            for n in range(3):
                card[n] = np.uint8(lying[0][i] >> (8 * n))
            card[SAID] = np.uint8(told[i] >> 16)
            card[FLAGS] = np.uint8(told[i] >> 8)
            card[MARGIN] = np.uint8(told[i])
            for a in range(MAIN_AXES):
                card[AHEAD + a] = lying[1][i, a]
            for s in range(SINGLES):
                card[SINGLE_PLACES + s] = alone[i, s]
    return drawn, out


@numba.njit(cache=True, nogil=True)
def in_order(keys: Ints) -> bool:
    """Whether each line's keys rise, and only empty places follow."""
    for line in keys:
        for k in range(len(line)):
            risen = k == 0 or (line[k] > line[k - 1] and line[k - 1] > 0)
            if line[k] < 0 or line[k] == NO_KEY or (line[k] > 0 and not risen):
                return False
    return True


@numba.njit(cache=True, nogil=True)
def told_by(card: Octets) -> np.int64:
    """Answer, flags and margin of a card as one number."""
    return (np.int64(card[SAID]) << 16) | (np.int64(card[FLAGS]) << 8) | np.int64(card[MARGIN])


@numba.njit(cache=True, nogil=True)
def united(ours: tuple[Ints, Octets], others: tuple[Ints, Octets]) -> tuple[Ints, Octets]:
    """The samples of both together, line by line; keys are in order."""
    size, many = ours[0].shape
    keys, cards = np.zeros((size, many), np.int64), np.zeros((size, many, CARD), np.uint8)
    for line in range(size):
        one, other = ours[0][line], others[0][line]
        i = k = at = 0
        while at < many and ((i < many and one[i]) or (k < many and other[k])):
            mine = one[i] if i < many and one[i] else NO_KEY
            theirs = other[k] if k < many and other[k] else NO_KEY
            first = mine < theirs
            if mine == theirs:
                first = told_by(ours[1][line, i]) <= told_by(others[1][line, k])
            keys[line, at] = min(mine, theirs)
            cards[line, at] = ours[1][line, i] if first else others[1][line, k]
            i += int(mine <= theirs)
            k += int(theirs <= mine)
            at += 1
    return keys, cards
