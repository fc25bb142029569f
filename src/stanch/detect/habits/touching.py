"""Touching: how many of a principal's inputs have another one of its own close by.

In    the sampled inputs of the baseline's people and of the window's.
Out   a `Way`: how rare each principal's share of such inputs is.
Why   a copy that grows from a few inputs by small steps (along the signs of a surrogate's gradient)
      asks inputs that each lie near an older one. Where there are many classes the steps differ, so
      that no single one is taken often; but each of them is small.
Math  Two inputs touch as in `habits.shapes`, at a distance that is rarer still; for the rest, see
      `habits.partners`.
"""

import numpy as np

from stanch.detect.habits.clusters import known_of
from stanch.detect.habits.judge import Way
from stanch.detect.habits.partners import partner_way
from stanch.detect.habits.people import People
from stanch.detect.habits.points import Points, scaled, squared
from stanch.detect.habits.shapes import reach_of
from stanch.detect.summaries.arrays import Flags
from stanch.detect.window import Baseline

NEAREST = 0.05
"""So small a share of ordinary inputs has a neighbour of the same principal this near."""


def touch_way(name: str, base: Baseline, who: People) -> Way | None:
    """How rare each principal's share of inputs is that lie close to another of its own."""
    if reach_of(base, NEAREST) <= 0:
        return None
    return partner_way(name, base, who, touching)


def touching(base: Baseline, seen: Points) -> Flags:
    """(P, 64, 64) which inputs of each touch."""
    known = known_of(base)
    if known is None:
        return np.zeros((*seen.there.shape, seen.there.shape[-1]), np.bool_)
    place = scaled(seen.place, known.width)
    near: Flags = squared(place, place) <= reach_of(base, NEAREST) ** 2
    return near
