"""Records: who asks a little around each of many inputs.

In    the sampled inputs of the baseline's people and of the window's.
Out   ways: how rare each principal's share of pairs is that hardly differ, of those whose inputs
      are in many small clusters; and who surely asks so, of those who are odd anyway.
Why   a test of membership asks each record, and a few neighbours of it. They lie off the manifold,
      as the questions of a copy do: what tells the two apart is that a copy's lie far apart.
Math  Not one large cluster (`habits.clusters`), not along a boundary and not by one step
      (`habits.pairs`). Of a copy that grows by small steps it is rarer that inputs touch
      (`habits.touching`) than that many of them lie near each other.
      At the width at which pairs count as near, no input has most of the others around it: of who
      by chance asks ten things of sixteen in one dense place, nearly half of all pairs are near.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stanch.detect.habits.clusters import clusters_of
from stanch.detect.habits.judge import Way
from stanch.detect.habits.pairs import flips_way, largest_heaps, steps_way, tight_ways
from stanch.detect.habits.people import People
from stanch.detect.habits.strides import stride_way
from stanch.detect.habits.touching import touch_way
from stanch.detect.summaries.arrays import Flags
from stanch.detect.window import Baseline

SMALL = 0.34
"""A larger share of the inputs around one of them is one search, not many records."""
HALF = 0.5
"""The same of few inputs, where three records are many."""
FLIPPED = 0.25
"""More pairs with different answers, in those that hardly differ, feel for the boundary."""
STEPPED = -3.0
"""Log10 of how rare a step has to be to make it a copy by steps."""
TIGHT = -2.5
"""Log10 of how rare so many pairs are that tell what somebody odd is after; copies show 10^-1."""


def record_ways(name: str, base: Baseline, who: People, small: float = SMALL) -> tuple[Way, ...]:
    """How rare each principal's pairs are, at each width; 1 for who asks in another shape."""
    clusters, steps = clusters_of(base, who), steps_way("", base, who)
    flips, tight = flips_way("", base, who), tight_ways(name, base, who)
    if clusters is None or steps is None or flips is None:
        return ()
    strides = stride_way("", base, who)
    stepped = steps.rarity if strides is None else np.minimum(steps.rarity, strides.rarity)
    many = (clusters.share <= small) & (stepped > STEPPED)
    agreed = (
        many & (flips.shown <= FLIPPED * way.shown) & (heap <= small)
        for way, heap in zip(tight, largest_heaps(base, who), strict=False)
    )
    return tuple(
        replace(way, rarity=np.where(so, way.rarity, 0.0))
        for way, so in zip(tight, agreed, strict=True)
    )


def around_records(base: Baseline, who: People) -> Flags:
    """(P,) who asks around records, of people of whom it is known that they ask oddly."""
    ways: Sequence[Way] = record_ways("", base, who, HALF)
    touch = touch_way("", base, who)
    if not ways or touch is None:
        return np.zeros(len(who.names), np.bool_)
    rarest = np.min([way.rarity for way in ways], axis=0)
    so: Flags = (rarest <= TIGHT - np.log10(len(ways))) & (touch.rarity >= rarest)
    return so
