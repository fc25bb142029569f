"""A plan made ready for counting: its lookup tables, worked out once per process and plan."""

from dataclasses import dataclass, replace

import numpy as np

from stanch.detect.summaries.arrays import Codes, Floats, Hashes, Ints, Octets, Shorts, aligned
from stanch.detect.summaries.dice import words
from stanch.detect.summaries.latency import latency_edges
from stanch.detect.summaries.lookup import Lookup, lookup_of, stepped
from stanch.detect.summaries.parts import (
    AXES,
    AXIS_SLOTS,
    BINS,
    INFINITE,
    MISSING,
    OVER,
    SIGMA,
    SINGLES,
    SLOTS,
    UNDER,
)
from stanch.detect.summaries.plan import Joint, Plan
from stanch.vocabulary.ids import Digest

BESIDE = 32
"""Lanes that the 24 axes take."""
MOST_TREES = 1000
"""Trees of the off-manifold score whose leaves 16 bits can count through."""
MOST_USED = 128
"""Numbers whose sums along the axes 32 bits hold."""
FARTHEST = 1 << 30
MOST_PLACES = 1 << 15
COARSE = 17
CLIP = 8 * SIGMA
"""No number is farther from its centre, in SIGMA units."""
COARSE_MISSING = 16
FREELY = 0.9
"""Numbers with this share of the edges of the one with most are as free."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Ready:
    """A plan with its lookup tables."""

    plan: Plan
    digest: Digest
    numbers: Lookup
    value: Lookup
    coarse: Octets
    """(68,) the coarse cell of each bin."""
    keys: Hashes
    """(F + K,) odd multipliers of the hash of an input."""
    padded: Hashes
    """(F',) those of the numbers."""
    uses: Ints
    """(J,) places of the numbers that the joint structure uses; none when it is all, in order."""
    units: Floats
    """(2, J') centre and scale of each of them; J' is J, and nothing up to a whole step."""
    woven: Shorts
    """(J / 2 * 192,) frequencies of waves, then axes, those of two neighbours together."""
    phase: Codes
    """(64,)"""
    middle: Codes
    """(32,)"""
    ends: Codes
    """(24,) of 8 axes each: a place under the histogram, one over it, where it lies in `drawn`."""
    drawn: Octets
    """(8 * W,) the slot of each place from under to over; empty when W would be too many."""
    asks: Hashes
    """(T, 6) the inputs that the trees of the off-manifold score ask for."""
    latencies: Floats
    """(63,) the edges of latencies, and one that none reaches, so that a search has even steps."""
    singles: Ints
    """(8,) at most: the numbers, of those that the joint structure uses, that cards keep."""
    quick: bool
    """Whether it is as the compiled kernels suppose; every plan that is learnt now is."""


def ready(plan: Plan) -> Ready:
    """The plan with its lookup tables."""
    coarse = np.arange(SLOTS) // 4
    coarse[[UNDER, OVER, MISSING, INFINITE]] = 0, 15, COARSE_MISSING, COARSE_MISSING
    numbers, joint = len(plan.numbers), plan.joint
    keys = words(7, numbers + len(plan.categories)) | np.uint64(1)
    ends, drawn = _places_of(joint.drawn)
    every = np.array_equal(joint.uses, np.arange(numbers))
    return Ready(
        plan=plan,
        digest=plan.digest,
        numbers=lookup_of(plan.edges),
        value=lookup_of(plan.value.reshape(-1, BINS + 1)),
        coarse=coarse.astype(np.uint8),
        keys=keys,
        padded=stepped(keys[:numbers]),
        uses=np.zeros(0, np.int64) if every else joint.uses.astype(np.int64),
        units=stepped(np.stack([joint.centre, joint.scale])),
        woven=_woven(joint),
        phase=joint.phase.astype(np.int32),
        middle=np.append(
            np.clip(joint.middle, -(1 << 31), (1 << 31) - 1),
            np.full(BESIDE - AXES, (1 << 31) - 1),
        ).astype(np.int32),
        ends=ends,
        drawn=drawn,
        asks=plan.manifold.asks.astype(np.uint64),
        latencies=np.append(latency_edges(plan.quickest), np.nan),
        singles=singles_of(plan),
        quick=_quick(plan) and drawn.size > 0,
    )


def with_manifold(made: Ready, plan: Plan) -> Ready:
    """The same plan with another off-manifold score; what is not of that is not made again."""
    return replace(
        made,
        plan=plan,
        digest=plan.digest,
        asks=plan.manifold.asks.astype(np.uint64),
        quick=_quick(plan) and made.drawn.size > 0,
    )


def singles_of(plan: Plan) -> Ints:
    """Which numbers cards keep by themselves: those that vary most freely, spread evenly.

    Equal values of a number that has few of them say nothing.
    """
    lines, there = plan.edges[plan.joint.uses], plan.joint.scale > 0
    values = np.array([len(np.unique(line)) for line in lines], np.int64) * there
    free = int((values >= FREELY * values.max(initial=0)).sum())
    order = np.argsort(-values, kind="stable")[: max(free, SINGLES)]
    pool = np.sort(order[values[order] > 0])
    size = min(SINGLES, len(pool))
    return pool[np.arange(size) * len(pool) // max(size, 1)]


def _woven(joint: Joint) -> Shorts:
    """Frequencies and axes, the two of neighbouring numbers together."""
    wide = np.pad(joint.axes, ((0, 0), (0, BESIDE - AXES)))
    whole = np.concatenate([joint.waves, wide], axis=1)
    whole = np.pad(whole, ((0, len(whole) % 2), (0, 0)))
    pairs = whole.reshape(len(whole) // 2, 2, whole.shape[1])
    return aligned(pairs.transpose(0, 2, 1).ravel())


def _quick(plan: Plan) -> bool:
    own = plan.manifold
    fits = len(own.asks) <= MOST_TREES and len(plan.joint.uses) <= MOST_USED
    return fits and not own.pairs.size


def _places_of(edges: Ints) -> tuple[Codes, Octets]:
    """The ends of the axes' histograms, and the slot of each whole number between them."""
    edges = np.clip(edges, -FARTHEST, FARTHEST)
    low, high = edges[:, 0], edges[:, -1]
    width = int((high - low).max()) + 3
    fits = width <= MOST_PLACES and bool((low <= high).all())
    begins = np.arange(len(edges)) * width - (low - 1) if fits else np.zeros(len(edges))
    table = np.zeros((len(edges), width if fits else 0), np.uint8)
    for axis, line in enumerate(edges if fits else edges[:0]):
        size = line[-1] - line[0] + 1
        places = np.searchsorted(line[1:-1], line[0] + np.arange(size), side="left")
        table[axis, 0] = AXIS_SLOTS - 2
        table[axis, 1 : size + 1] = places
        table[axis, size + 1 :] = AXIS_SLOTS - 1
    return np.concatenate([low - 1, high + 1, begins]).astype(np.int32), table.ravel()
