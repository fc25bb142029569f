"""Tastes: how many near pairs to expect of who asks about few kinds of things only.

In    the inputs of one principal; where everybody's inputs lie.
Out   the share of pairs within a width that such a taste explains.
Why   a new customer who scores three kinds of pictures of ten has three times as many pairs that
      hardly differ as people who score all kinds. Nobody asks after records for that.
Math  Of everybody's inputs a share q lies within the width of one of one's own. Who asks about
      a part of the world only has 1 / part times as many, at this width and at every wider one.
      How many times that is, the ring tells that is near and no longer so near: from the width to
      the distance that one in `NEAR` of all pairs of the baseline is under. Questions around
      records fill the width and leave the ring as it is.
"""

from functools import lru_cache

import numpy as np

from stanch.detect.habits.clusters import known_of
from stanch.detect.habits.points import Singles, squared
from stanch.detect.window import Baseline

NEAR = 0.1
"""So many of all pairs of the baseline's inputs lie in the ring or within it."""
LEAST_RING = 1.5
"""The ring ends at least so many times as far out as it begins."""


def explained(base: Baseline, place: Singles, width: float) -> float:
    """The share of pairs of these inputs that lie within the width by taste alone."""
    known = known_of(base)
    inputs = len(place)
    if known is None or inputs < 2:  # noqa: PLR2004  a pair
        return 0.0
    far, own = squared(place, known.pool.place), squared(place, place)
    end = max(_wide(base), LEAST_RING * width) ** 2
    begin, all_of_them = width * width, far.shape[1]
    within = float(((far <= begin).sum(axis=1) + 1).mean()) / (all_of_them + 2)
    usual = float(((far > begin) & (far <= end)).mean())
    shown = float(((own > begin) & (own <= end)).sum()) / (inputs * (inputs - 1))
    return within * max(shown / usual, 1.0) if usual > 0 else within


@lru_cache(maxsize=8)
def _wide(base: Baseline) -> float:
    """How near the nearest of all pairs of the baseline's inputs are, one in ten of them."""
    known = known_of(base)
    if known is None or len(known.pool.place) < 2:  # noqa: PLR2004  a pair
        return 0.0
    place = known.pool.place
    pairs = squared(place, place)[np.triu_indices(len(place), 1)]
    return float(np.sqrt(np.quantile(pairs, NEAR)))
