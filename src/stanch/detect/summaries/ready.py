"""A plan made ready for counting: its lookup tables, worked out once per process and plan."""

from dataclasses import dataclass

import numpy as np

from stanch.detect.summaries.arrays import Codes, Floats, Hashes, Ints, Octets, Shorts, Singles
from stanch.detect.summaries.dice import words
from stanch.detect.summaries.parts import (
    BINS,
    INFINITE,
    MISSING,
    OVER,
    SIGMA,
    SINGLES,
    SLOTS,
    UNDER,
)
from stanch.detect.summaries.plan import Plan
from stanch.vocabulary.ids import Digest

CELLS = 4096
"""Equal-width cells of the lookup table of a number's bins: so many that few hold an edge."""
FEWER = 1024
"""Cells where there are more than `MANY` numbers."""
MANY = 128
SHARED = 128
"""The bit of a cell that holds an edge, so that its numbers lie in several bins."""
UNROLLED = 4
"""Numbers that are projected at a time."""
EXACT = 1 << 24
"""Whole numbers under this are exact in single precision."""
MOST_PLACES = 1 << 15
COARSE = 17
CLIP = 8 * SIGMA
"""No number is farther from its centre, in SIGMA units."""
COARSE_MISSING = 16
FREELY = 0.9
"""Numbers with this share of the edges of the one with most are as free."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Lookup:
    """Bins of several numbers: edges, and where in the edges to start to look."""

    edges: Floats
    """(F, 65)"""
    start: Octets
    """(F, 4096) the lowest bin of a cell, plus `SHARED` when it is not the only one."""
    scale: Floats
    """(F,) cells per unit; 0 when the range is empty or too wide to divide."""


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
    drawn: Octets
    """(8, W) the bin of each whole number from the lowest edge of an axis on; empty when W would
    be too many."""
    waves: Shorts
    """(J, 64)"""
    straight: bool
    """Whether the numbers that the joint structure uses are all, in their order."""
    axes: Singles
    """(J, 24), J rounded up; empty when sums along them could be inexact in single precision."""
    middle: Codes
    """(24,)"""
    pairs: Hashes
    """(T', 2) the different pairs of the off-manifold score."""
    tables: Codes
    """(T', 17 * 17) the sum of the tables of each."""
    singles: Ints
    """(8,) at most: the numbers, of those that the joint structure uses, that cards keep."""


def ready(plan: Plan) -> Ready:
    """The plan with its lookup tables."""
    coarse = np.arange(SLOTS) // 4
    coarse[[UNDER, OVER, MISSING, INFINITE]] = 0, 15, COARSE_MISSING, COARSE_MISSING
    width, joint = len(plan.numbers) + len(plan.categories), plan.joint
    pairs, tables = _once_each(plan)
    return Ready(
        plan=plan,
        digest=plan.digest,
        numbers=lookup_of(plan.edges),
        value=lookup_of(plan.value.reshape(-1, BINS + 1)),
        coarse=coarse.astype(np.uint8),
        keys=words(7, width) | np.uint64(1),
        drawn=_places_of(joint.drawn),
        waves=np.ascontiguousarray(joint.waves),
        straight=np.array_equal(joint.uses, np.arange(len(plan.numbers))),
        axes=_single(joint.axes),
        middle=np.clip(joint.middle, -(1 << 31), (1 << 31) - 1).astype(np.int32),
        pairs=pairs,
        tables=tables,
        singles=singles_of(plan),
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


def lookup_of(edges: Floats) -> Lookup:
    """The lookup table of these edges."""
    low, high = edges[:, 0], edges[:, -1]
    cells = CELLS if len(edges) <= MANY else FEWER
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        width = high - low
        scale = cells / width
    scale = np.where(np.isfinite(scale) & np.isfinite(width), scale, 0.0)
    start = np.full((len(edges), cells), SHARED, np.uint8)
    for row in np.flatnonzero(scale > 0):
        inner = edges[row, 1:-1]
        held = np.minimum(((inner - low[row]) * scale[row]).astype(np.int64), cells - 1)
        first = np.searchsorted(held, np.arange(cells), side="left")
        start[row] = first
        start[row, held] |= SHARED
    return Lookup(edges=np.ascontiguousarray(edges), start=start, scale=scale)


def _single(axes: Shorts) -> Singles:
    """The axes in single precision, with lines of nothing up to the next whole step."""
    if (np.abs(axes.astype(np.int64)).sum(axis=0) * CLIP >= EXACT).any():
        return np.zeros((0, axes.shape[1]), np.float32)
    return np.pad(axes.astype(np.float32), ((0, -len(axes) % UNROLLED), (0, 0)))


def _once_each(plan: Plan) -> tuple[Hashes, Codes]:
    """The pairs of the off-manifold score, each once, and the sums of their tables."""
    pairs, place = np.unique(plan.manifold.pairs, axis=0, return_inverse=True)
    tables = np.zeros((len(pairs), plan.manifold.tables.shape[1]), np.int32)
    np.add.at(tables, place.ravel(), plan.manifold.tables)
    return pairs.astype(np.uint64), tables


def _places_of(edges: Ints) -> Octets:
    """The bins of the axes' histograms, for every whole number within them."""
    width = int((edges[:, -1] - edges[:, 0]).max()) + 1
    if width > MOST_PLACES:
        return np.zeros((len(edges), 0), np.uint8)
    table = np.zeros((len(edges), width), np.uint8)
    for axis, line in enumerate(edges):
        table[axis] = np.searchsorted(line[1:-1], line[0] + np.arange(width), side="left")
    return table
