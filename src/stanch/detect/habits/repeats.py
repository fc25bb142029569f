"""Repeats: inputs of one principal that hardly differ from others of its own.

In    a ledger's samples; the habits of a baseline.
Out   for each principal, how many different inputs were looked at and how many of them lie in a
      heap; how near "hardly" is for this asset, and how common such heaps are.
Why   a search around one input leaves heaps. Ordinary people who ask about one sort of thing lie
      close to each other too, the closer the more they ask: so it is a sample of at most 64 inputs
      that is looked at, at a distance at which ordinary inputs hardly ever meet.
How   The distance is the largest of `REACHES` at which at most `RARE` of the baseline's inputs have
      `HEAP` others of the same principal; if that is too many at every one, the smallest.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from stanch.detect.habits.points import points, squared
from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.ledger import Ledger

REACHES = (0.0, 0.07, 0.1, 0.2)
"""Distances along the main axes, in standard deviations of a number; cards know sixteenths."""
RARE, RAREST = 0.005, 0.01
"""Heaps are this rare at the distance that is chosen; no asset's are taken for rarer than that."""
HEAP = 2
"""Others that make a heap."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Repeats:
    """How many inputs of each principal were looked at, and how many of them lie in a heap."""

    asked: Ints
    heaped: Ints


@dataclass(frozen=True, kw_only=True, slots=True)
class Usual:
    """How near counts as hardly different here, and the share of ordinary inputs in a heap."""

    reach: float
    rate: float


def repeats_of(ledger: Ledger, reach: float) -> Repeats:
    """The heaps of every principal of this ledger."""
    seen = points(ledger, np.arange(len(ledger.names)))
    heaped = np.zeros(len(ledger.names), np.int64)
    for line in np.flatnonzero(seen.count > HEAP).tolist():
        own = seen.place[line, seen.there[line]]
        near = (squared(own, own) <= reach * reach).sum(axis=1) - 1
        heaped[line] = int((near >= HEAP).sum())
    return Repeats(asked=seen.count.astype(np.int64), heaped=heaped)


@lru_cache(maxsize=8)
def usual_repeats(habits: Ledger) -> Usual:
    """What is usual among the people of a baseline."""
    shares = [(reach, _share(repeats_of(habits, reach))) for reach in REACHES]
    rare = [found for found in shares if found[1] <= RARE]
    reach, rate = rare[-1] if rare else shares[0]
    return Usual(reach=reach, rate=max(rate, RAREST))


def _share(found: Repeats) -> float:
    return float(found.heaped.sum() / max(1, int(found.asked.sum())))
