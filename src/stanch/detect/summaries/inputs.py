"""The inputs of a batch, counted: bins, categories, axes, off-manifold score, hashes.

In    the plan made ready, the columns, whose each row is, the kernels to use.
Out   `Inputs`: the sums, and what each row is (for the ledger).
"""

from dataclasses import dataclass

import numpy as np

from stanch.detect.summaries.arrays import Codes, Flags, Hashes, Ints, Octets
from stanch.detect.summaries.columns import MISSING_CODE, NEW_CODE, Columns
from stanch.detect.summaries.dice import mixed
from stanch.detect.summaries.grid import between
from stanch.detect.summaries.kernels import Kernels
from stanch.detect.summaries.parts import (
    BINS,
    MAIN_AXES,
    MANIFOLD_BINS,
    UNUSUAL,
    WAVES,
    Part,
)
from stanch.detect.summaries.plain import (
    ODD_EACH,
    ODD_INFINITE,
    ODD_MISSING,
    ODD_OUTSIDE,
    code_hashes,
)
from stanch.detect.summaries.plan import MOST_VALUES
from stanch.detect.summaries.ready import Ready
from stanch.detect.summaries.sample import hashed_sides


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Inputs:
    """What the inputs of a batch come to."""

    sums: dict[Part, Ints]
    places: Octets
    """(n, 10) along the main axes, as a sample's cards hold it."""
    off: Flags
    unusual: Flags
    far: Flags
    odd: Flags
    """Rows with anything missing, out of range, new or infinite."""
    strayed: Flags
    """Rows with several numbers out of range."""
    between: Flags
    """Rows with a number between the places that such numbers have."""
    prints: Hashes
    cells: Hashes
    waves: Ints
    """(P + 1, 64) sums of each principal."""
    moments: Ints
    """(P + 1, 20) sums and squares of each principal."""
    lies: Codes
    """(n,) the sides of the medians along 24 axes, as bits."""
    sides: Codes
    """The same; a hash of the categories when there are no numbers."""
    alone: Octets
    """(n, 8) places of single numbers, as a sample's cards hold it."""


def inputs_of(plan: Ready, batch: Columns, who: Ints, quick: Kernels) -> Inputs:
    """The inputs of this batch, counted."""
    waves = np.zeros((len(batch.names) + 1, WAVES), np.int64)
    moments = np.zeros((len(batch.names) + 1, 2 * MAIN_AXES), np.int64)
    seen = quick.seen(batch, plan, who, (waves, moments))
    lain, odd, strange, manifold = seen.lain, seen.odd, seen.strange, plan.plan.manifold
    grade = quick.grades(strange, manifold.edges)
    far = np.zeros(batch.n, np.bool_) if manifold.far is None else strange > manifold.far
    gone = (batch.categories == MISSING_CODE).any(axis=1)
    new = (batch.categories == NEW_CODE).any(axis=1)
    missing = ((odd & ODD_MISSING) != 0) | gone
    kinds = (missing, (odd & ODD_OUTSIDE) != 0, new, (odd & ODD_INFINITE) != 0)
    sums: dict[Part, Ints] = {
        Part.ROWS: np.array([batch.n], np.int64),
        Part.NUMBERS: seen.bins,
        Part.CATEGORIES: _categories(batch.categories),
        Part.ODD: np.array([*(int(k.sum()) for k in kinds), batch.misshapen], np.int64),
        Part.AXES: lain.counts,
        Part.MANIFOLD: np.bincount(grade, minlength=MANIFOLD_BINS).astype(np.int64),
        Part.MOMENTS: moments.sum(axis=0).reshape(2, MAIN_AXES),
        Part.WAVES: waves.sum(axis=0),
    }
    sums |= {} if manifold.far is None else {Part.FAR: np.array([far.sum()], np.int64)}
    codes = code_hashes(batch.categories, plan.keys[batch.numbers.shape[1] :])
    return Inputs(
        sums=sums,
        places=lain.places,
        off=grade == MANIFOLD_BINS - 1,
        unusual=grade >= UNUSUAL,
        far=far,
        between=between(batch.numbers, plan.plan.grid),
        prints=seen.prints,
        cells=mixed(lain.sides.astype(np.uint64) + codes),
        waves=waves,
        moments=moments,
        lies=lain.sides,
        sides=lain.sides if plan.plan.joint.uses.size else hashed_sides(codes),
        alone=seen.alone,
        odd=missing | new | (odd != 0),
        strayed=odd >= plan.plan.straying * ODD_EACH,
    )


def _categories(codes: Codes) -> Ints:
    counts = np.zeros((codes.shape[1], BINS + 2), np.int64)
    special = np.where(codes == MISSING_CODE, MOST_VALUES + 1, MOST_VALUES)
    places = np.where(codes >= 0, codes, special)
    for k in range(codes.shape[1]):
        counts[k] = np.bincount(places[:, k], minlength=MOST_VALUES + 2)
    return counts
