"""The counting kernels in plain numpy: what the quick ones in `_fast` must equal, bit for bit.

All that is summed is an integer. The floating-point steps (standardising a number, choosing its
cell) are single IEEE operations on one value each, so neither the batch nor the machine matters.
"""

from dataclasses import dataclass

import numpy as np

from stanch.detect.summaries.arrays import Codes, Flags, Floats, Hashes, Ints, Octets, Shorts
from stanch.detect.summaries.columns import MISSING_CODE
from stanch.detect.summaries.dice import mixed
from stanch.detect.summaries.lookup import Lookup
from stanch.detect.summaries.parts import (
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
from stanch.detect.summaries.plan import MOST_STRAYING, Joint, Manifold
from stanch.detect.summaries.ready import CLIP, COARSE, COARSE_MISSING, Ready
from stanch.detect.summaries.sample import alone_of, places_of

AXIS_SHIFT = 6
_CHUNK = 8192
ODD_MISSING, ODD_OUTSIDE, ODD_INFINITE = 1, 2, 4
ODD_EACH, MOST_OUTSIDE = 8, MOST_STRAYING
"""The bits above those count the numbers out of range, up to so many."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Certain:
    """What the scores of a batch come to."""

    scores: Ints
    """(C, 20)"""
    top: Ints
    """(20,) largest scores."""
    margin: Ints
    """(20,) leads over the second."""
    sixteenth: Ints
    """(n,) the sixteenth that a margin lies in; -1 for none."""
    near: Flags
    """(n,) close to the boundary."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Lain:
    """How the rows of a batch lie along the axes."""

    places: Octets
    """(n, 10) along the main axes, as the cards of a sample hold it."""
    sides: Codes
    """(n,) bits: the sides of the medians along 24 axes."""
    counts: Ints
    """(8, 34) histograms of the first axes."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Seen:
    """What the inputs of a batch are found to be."""

    bins: Ints
    """(F, 68) histograms."""
    odd: Octets
    """(n,) bits: ODD_MISSING, ODD_OUTSIDE, ODD_INFINITE; above, how many are out of range."""
    prints: Hashes
    """(n,) hashes."""
    strange: Codes
    """(n,) off-manifold scores."""
    alone: Octets
    """(n, 8) places of single numbers, as the cards of a sample hold them."""
    lain: Lain


def seen(
    numbers: Floats, categories: Codes, plan: Ready, who: Ints, sums: tuple[Ints, Ints]
) -> Seen:
    """All that is known of these inputs; adds waves and moments to `sums`, line by principal."""
    found, z = bins(numbers, plan.numbers), standard(numbers, plan.plan.joint)
    waves(z, plan.plan.joint, who, sums[0])
    cells = np.concatenate([plan.coarse[found], coarse_codes(categories)], axis=1)
    return Seen(
        bins=histograms(found),
        odd=oddities(found),
        prints=fingerprints(numbers, categories, plan.keys),
        strange=strangeness(cells, plan.plan.manifold),
        alone=alone_of(z, plan.singles),
        lain=lain(z, plan.plan.joint, who, sums[1]),
    )


def coarse_codes(codes: Codes) -> Octets:
    """(n, K) the coarse cell of each category: 15 known values, the rest, missing."""
    known = np.where(codes >= 0, np.minimum(codes, 15), 15)
    return np.where(codes == MISSING_CODE, COARSE_MISSING, known).astype(np.uint8)


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
    """(n,) bits: ODD_MISSING, ODD_OUTSIDE, ODD_INFINITE; above, how many are out of range."""
    outside = ((places == UNDER) | (places == OVER)).sum(axis=1)
    bits = (places == MISSING).any(axis=1) * ODD_MISSING
    bits = bits + (outside > 0) * ODD_OUTSIDE + np.minimum(outside, MOST_OUTSIDE) * ODD_EACH
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


def lain(z: Shorts, joint: Joint, who: Ints, moments: Ints) -> Lain:
    """How the rows lie; adds sums and squares along the main axes to the lines of `moments`."""
    along = projected(z, joint)
    main = along[:, :MAIN_AXES].astype(np.int64)
    np.add.at(moments, who, np.concatenate([main, main * main], axis=1))
    return Lain(
        places=places_of(along),
        sides=sides(along, joint.middle),
        counts=drawn(along, joint.drawn),
    )


def waves(z: Shorts, joint: Joint, who: Ints, table: Ints) -> None:
    """Add each row's 64 waves to the line of its principal in `table`.

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
    for asks, borders, leaves in zip(manifold.asks, manifold.borders, manifold.leaves, strict=True):
        score += leaves[answers(cells, asks, borders)]
    return score


def answers(cells: Octets, asks: Codes, borders: Octets) -> Octets:
    """(n,) the leaf of a tree that each row's answers lead to."""
    place = np.zeros(len(cells), np.uint8)
    for n, (ask, border) in enumerate(zip(asks, borders, strict=True)):
        place |= (cells[:, ask] > border).astype(np.uint8) << n
    return place


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


def sides(along: Codes, middle: Ints) -> Codes:
    """(n,) a bit for each axis: whether a row lies beyond the reference's median along it."""
    powers = np.int32(1) << np.arange(along.shape[1], dtype=np.int32)
    return ((along > middle) * powers).sum(axis=1, dtype=np.int32)


def levels(values: Floats) -> Ints:
    """(20,) the histogram of probabilities on uniform bins."""
    place = np.clip((np.clip(values, 0.0, 1.0) * LEVELS).astype(np.int64), 0, LEVELS - 1)
    return np.bincount(place, minlength=LEVELS).astype(np.int64)


def certainty(scores: Floats | None, n: int) -> tuple[Floats, Floats, Flags]:
    """The largest score, its lead over the second, and the rows that have both."""
    if scores is None or not scores.shape[1]:
        return np.zeros(n), np.zeros(n), np.zeros(n, np.bool_)
    scored = np.ones(n, np.bool_)
    first, second = np.full(n, -1.0), np.full(n, -1.0)
    for column in scores.T:
        scored &= np.isfinite(column)
        clean = np.clip(np.nan_to_num(column), 0.0, 1.0)
        second = np.maximum(second, np.minimum(first, clean))
        first = np.maximum(first, clean)
    if scores.shape[1] == 1:
        second = np.minimum(first, 1.0 - first)
        first = np.maximum(first, 1.0 - first)
    return first, first - second, scored


def certain(scores: Floats, near: float, classes: int) -> Certain:
    """What the scores come to; rows without scores, or with a missing one, are not near."""
    top, margin, scored = certainty(scores, len(scores))
    each = np.zeros((classes, LEVELS), np.int64)
    for k in range(min(classes, scores.shape[1])):
        column = scores[:, k]
        each[k] = levels(column[np.isfinite(column)])
    sixteenth = np.minimum((margin * BLOCK_LEVELS).astype(np.int64), BLOCK_LEVELS - 1)
    return Certain(
        scores=each,
        top=levels(top[scored]),
        margin=levels(margin[scored]),
        sixteenth=np.where(scored, sixteenth, -1),
        near=scored & (margin < near),
    )
