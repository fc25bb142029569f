"""Several signs at once: none of them a proof, and together one.

In    ways of being odd, in groups of those that one thing shows in.
Out   a `Way`: how rare it is that each principal is as odd as that by all groups together.
Why   noise under cover is a little out of range, a little off the manifold and a little off the
      centre. By each alone many an honest principal is as odd; by all of them hardly one.
Math  Of a group its rarest way counts, times how many it has. The product of the G chances has the
      tail of Erlang's law (Fisher): with s its logarithm, P = e^-s (1 + s + ... + s^(G-1)/(G-1)!).
      It asks that what is odd by one sign is not therefore odd by another, so signs of one thing
      share a group. When the world changes, all signs move together: s is divided by how many times
      the middle one of the window's people is above G - 1/3, where it lies by chance at most.
"""

import math
from collections.abc import Sequence

import numpy as np

from stanch.detect.habits.judge import Way
from stanch.detect.habits.people import People, peers
from stanch.detect.summaries.arrays import Floats

ODD = -1.0
"""Log10 of how rare a sign is that is told of."""
FEWEST = 2
_TEN = math.log(10)


def several_way(name: str, groups: Sequence[Sequence[Way]], who: People) -> Way | None:
    """How rare each principal is by all groups together; None when there are not two."""
    signs = [_sign(group) for group in groups if group]
    if len(signs) < FEWEST:
        return None
    size, rare = len(signs), np.stack(signs)
    said = -_TEN * rare.sum(axis=0)
    middle = peers(who, said)
    usual = size - 1 / 3
    moved = max(1.0, float(middle) / usual) if middle is not None else 1.0
    return Way(
        name=name,
        shown=(rare <= ODD).sum(axis=0).astype(float),
        usual=size * 10**ODD,
        rarity=np.array([erlang(one / moved, size) for one in said.tolist()]),
    )


def erlang(value: float, parts: int) -> float:
    """Log10 of the chance that the sum of so many exponential variables of mean one is larger."""
    term = total = 1.0
    for part in range(1, parts):
        term *= value / part
        total += term
    return min(0.0, (math.log(total) - value) / _TEN)


def _sign(group: Sequence[Way]) -> Floats:
    """(P,) log10 of how rare each principal is by its rarest way of the group."""
    rarest: Floats = np.min([way.rarity for way in group], axis=0)
    return np.minimum(rarest + math.log10(len(group)), 0.0)
