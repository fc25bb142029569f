"""A plan made ready for counting: its lookup tables, worked out once per process and plan."""

from dataclasses import dataclass

import numpy as np

from stanch.detect.summaries.arrays import Floats, Hashes, Ints, Octets, Shorts
from stanch.detect.summaries.dice import words
from stanch.detect.summaries.parts import BINS, INFINITE, MISSING, OVER, SLOTS, UNDER
from stanch.detect.summaries.plan import Plan
from stanch.vocabulary.ids import Digest

CELLS = 1024
"""Equal-width cells of the lookup table of a number's bins."""
MOST_PLACES = 1 << 15
COARSE = 17
COARSE_MISSING = 16


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Lookup:
    """Bins of several numbers: edges, and where in the edges to start to look."""

    edges: Floats
    """(F, 65)"""
    start: Octets
    """(F, 1024) a bin near the right one."""
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


def ready(plan: Plan) -> Ready:
    """The plan with its lookup tables."""
    coarse = np.arange(SLOTS) // 4
    coarse[[UNDER, OVER, MISSING, INFINITE]] = 0, 15, COARSE_MISSING, COARSE_MISSING
    width = len(plan.numbers) + len(plan.categories)
    return Ready(
        plan=plan,
        digest=plan.digest,
        numbers=lookup_of(plan.edges),
        value=lookup_of(plan.value.reshape(-1, BINS + 1)),
        coarse=coarse.astype(np.uint8),
        keys=words(7, width) | np.uint64(1),
        drawn=_places_of(plan.joint.drawn),
        waves=np.ascontiguousarray(plan.joint.waves),
    )


def lookup_of(edges: Floats) -> Lookup:
    """The lookup table of these edges."""
    low, high = edges[:, 0], edges[:, -1]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        width = high - low
        scale = CELLS / width
    scale = np.where(np.isfinite(scale) & np.isfinite(width), scale, 0.0)
    start = np.zeros((len(edges), CELLS), np.uint8)
    for row in np.flatnonzero(scale > 0):
        left = low[row] + np.arange(CELLS) / scale[row]
        start[row] = np.searchsorted(edges[row, 1:-1], left, side="left")
    return Lookup(edges=np.ascontiguousarray(edges), start=start, scale=scale)


def _places_of(edges: Ints) -> Octets:
    """The bins of the axes' histograms, for every whole number within them."""
    width = int((edges[:, -1] - edges[:, 0]).max()) + 1
    if width > MOST_PLACES:
        return np.zeros((len(edges), 0), np.uint8)
    table = np.zeros((len(edges), width), np.uint8)
    for axis, line in enumerate(edges):
        table[axis] = np.searchsorted(line[1:-1], line[0] + np.arange(width), side="left")
    return table
