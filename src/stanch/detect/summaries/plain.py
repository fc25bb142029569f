"""The counting kernels in plain numpy: what the quick ones in `_fast` must equal, bit for bit.

All that is summed is an integer. The floating-point steps (standardising a number, choosing its
cell) are single IEEE operations on one value each, so neither the batch nor the machine matters.
"""

import numpy as np

from stanch.detect.summaries.arrays import Codes, Floats, Hashes, Ints, Octets, Shorts
from stanch.detect.summaries.dice import mixed
from stanch.detect.summaries.parts import (
    AXIS_SLOTS,
    DRAWN_AXES,
    INFINITE,
    MISSING,
    OVER,
    SIGMA,
    SLOTS,
    UNDER,
)
from stanch.detect.summaries.plan import Joint, Manifold
from stanch.detect.summaries.ready import COARSE, Lookup

CLIP = 8 * SIGMA
AXIS_SHIFT = 6
_CHUNK = 8192
ODD_MISSING, ODD_OUTSIDE, ODD_INFINITE = 1, 2, 4


def bins(numbers: Floats, lookup: Lookup) -> Octets:
    """(n, F) the bin of each number."""
    found = np.empty(numbers.shape, np.uint8)
    for f in range(numbers.shape[1]):
        column, edges = numbers[:, f], lookup.edges[f]
        place = np.searchsorted(edges[1:-1], column, side="left")
        place = np.where(column <= edges[-1], place, OVER)
        place = np.where(column < edges[0], UNDER, place)
        place = np.where(np.isinf(column), INFINITE, place)
        found[:, f] = np.where(np.isnan(column), MISSING, place)
    return found


def histograms(places: Octets) -> Ints:
    """(F, 68) how often each bin came."""
    counts = np.zeros((places.shape[1], SLOTS), np.int64)
    for f in range(places.shape[1]):
        counts[f] = np.bincount(places[:, f], minlength=SLOTS)
    return counts


def oddities(places: Octets) -> Octets:
    """(n,) bits: ODD_MISSING, ODD_OUTSIDE, ODD_INFINITE."""
    bits = (places == MISSING).any(axis=1) * ODD_MISSING
    bits = bits + ((places == UNDER) | (places == OVER)).any(axis=1) * ODD_OUTSIDE
    bits = bits + (places == INFINITE).any(axis=1) * ODD_INFINITE
    return bits.astype(np.uint8)


def drawn(along: Codes, edges: Ints) -> Ints:
    """(8, 34) histograms of the first axes: 32 bins, under, over."""
    counts = np.zeros((DRAWN_AXES, AXIS_SLOTS), np.int64)
    for a in range(DRAWN_AXES):
        place = np.searchsorted(edges[a, 1:-1], along[:, a], side="left")
        place = np.where(along[:, a] > edges[a, -1], AXIS_SLOTS - 1, place)
        place = np.where(along[:, a] < edges[a, 0], AXIS_SLOTS - 2, place)
        counts[a] = np.bincount(place, minlength=AXIS_SLOTS)
    return counts


def standard(numbers: Floats, joint: Joint) -> Shorts:
    """(n, J) the used numbers in SIGMA units, clipped at 8 sigma; missing ones at the centre."""
    with np.errstate(over="ignore", invalid="ignore"):
        z = (numbers[:, joint.uses] - joint.centre) * joint.scale
    z = np.where(np.isnan(z), 0.0, z)
    return np.rint(np.clip(z, -CLIP, CLIP)).astype(np.int16)


def projected(z: Shorts, joint: Joint) -> Codes:
    """(n, 24) along the axes, in SIGMA units."""
    exact = z.astype(np.float64) @ joint.axes.astype(np.float64)
    return exact.astype(np.int32) >> AXIS_SHIFT


def waves(z: Shorts, joint: Joint, who: Ints, table: Ints) -> None:
    """Add each row's 128 waves to the line of its principal in `table`.

    A phase is an integer modulo 65,536, a full turn, which is how int16 overflows; the wave is a
    sine drawn with two parabolas.
    """
    for at in range(0, len(z), _CHUNK):
        part = z[at : at + _CHUNK]
        exact = part.astype(np.float64) @ joint.waves.astype(np.float64)
        turn = (exact.astype(np.int64) + joint.phase).astype(np.int16).astype(np.int32)
        height = (turn * (32768 - np.abs(turn))) >> 14
        np.add.at(table, who[at : at + _CHUNK], height)


def strangeness(cells: Octets, manifold: Manifold) -> Codes:
    """(n,) the off-manifold score of each row."""
    score = np.zeros(len(cells), np.int32)
    for (a, b), table in zip(manifold.pairs, manifold.tables, strict=True):
        score += table[cells[:, a].astype(np.int32) * COARSE + cells[:, b]]
    return score


def fingerprints(numbers: Floats, categories: Codes, keys: Hashes) -> Hashes:
    """(n,) the hash of each input: equal inputs, equal hashes."""
    whole = np.zeros(len(numbers), np.uint64)
    for f in range(numbers.shape[1]):
        column = np.where(np.isnan(numbers[:, f]), np.nan, numbers[:, f])
        bits = np.ascontiguousarray(column).view(np.uint64)
        whole += (bits ^ (bits >> np.uint64(32))) * keys[f]
    return mixed(whole + code_hashes(categories, keys[numbers.shape[1] :]))


def code_hashes(categories: Codes, keys: Hashes) -> Hashes:
    """(n,) the part of the hash that the categories give."""
    whole = np.zeros(len(categories), np.uint64)
    for k in range(categories.shape[1]):
        whole += (categories[:, k] + 3).astype(np.uint64) * keys[k]
    return whole


def neighbourhoods(along: Codes, middle: Ints, codes: Hashes) -> Hashes:
    """(n,) the hash of the side on which a row lies along each axis, and of its categories."""
    sides = (along > middle).astype(np.uint64)
    powers = np.uint64(1) << np.arange(along.shape[1], dtype=np.uint64)
    return mixed((sides * powers).sum(axis=1, dtype=np.uint64) + codes)
