"""Repeats: inputs of one principal that hardly differ from others of its own.

In    a ledger's samples; the habits of a baseline.
Out   for each principal, how many different inputs were looked at, and how many of them hardly
      differ from an earlier one, or from several; how near "hardly" is for this asset, and how
      common that is.
Why   a search around one input asks nearly the same again and again. Ordinary people who ask about
      one sort of thing lie close to each other too, the closer the more they ask: so it is a sample
      of at most 64 inputs that is looked at, at a distance at which ordinary inputs hardly meet.
How   Inputs are taken in the order of the sample, each compared with those before it, so that a
      heap of five is one input, one that is near it and three that are near several. The distance
      is the largest of `REACHES` at which at most `RARE` of the baseline's inputs are near several
      of the same principal; if that is too many at every one, the smallest.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from stanch.detect.habits.points import points, squared
from stanch.detect.summaries.arrays import Floats, Ints
from stanch.detect.summaries.ledger import Ledger

REACHES = (0.0, 0.07, 0.1, 0.2, 0.3, 0.4)
"""Distances along the main axes, in standard deviations of a number; cards know sixteenths."""
RARE = 0.001
RAREST = 0.002
"""No asset's inputs near several are taken for rarer than that, near any for twice as much."""
SEVERAL = 2
"""Earlier inputs that are several."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Usual:
    """How near counts as hardly different here, and how often ordinary inputs are that near."""

    reach: float
    shares: Floats
    """(3,) unlike all before, near one, near several."""


def repeats_of(ledger: Ledger, reach: float) -> Ints:
    """(P, 3) inputs of each principal of this ledger: unlike all before, near one, near several."""
    seen = points(ledger, np.arange(len(ledger.names)))
    found = np.zeros((len(ledger.names), SEVERAL + 1), np.int64)
    found[:, 0] = seen.count
    for line in np.flatnonzero(seen.count > 1).tolist():
        own = seen.place[line, seen.there[line]]
        near = np.tril(squared(own, own) <= reach * reach, -1).sum(axis=1)
        found[line] = np.bincount(np.minimum(near, SEVERAL), minlength=SEVERAL + 1)
    return found


@lru_cache(maxsize=8)
def usual_repeats(habits: Ledger) -> Usual:
    """What is usual among the people of a baseline."""
    counts = [(reach, repeats_of(habits, reach).sum(axis=0)) for reach in REACHES]
    rare = [found for found in counts if found[1][-1] <= RARE * found[1].sum()]
    reach, count = rare[-1] if rare else counts[0]
    near_one, near_several = (int(n) + 1 for n in count[1:])
    whole = int(count.sum()) + 2
    several = max(near_several / whole, RAREST)
    again = max((near_one + near_several) / whole, 2 * RAREST, several)
    return Usual(reach=reach, shares=np.array([1 - again, again - several, several]))
