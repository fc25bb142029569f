"""The last day: what it tells of the inputs that come now, and of the people who send them.

In    counts of the last day, and those of the window.
Out   how far inputs moved since; how much odder than the rest one honest principal may be.
Why   a baseline is of months ago. Who watched yesterday knows how odd rows are of late, how far
      the world is from there, and how much people differ: that leaves less to be forgiven.
Math  Distances are taken at the eighths of the baseline. In every earlier window somebody stands
      out most; of N principals looked at, by more than log N nats in one case of e. The least taste
      at which nobody did is enough for today, as far as inputs stayed where they were: once they
      moved by `WHOLLY`, people may differ as much as those of whom nothing is known. Never more
      than that, so that who was odd yesterday already is not forgiven for it.
"""

from collections.abc import Sequence

import numpy as np

from stanch.triage.verdict.observations import Floats, Ints, Now, Past

TASTES = (3.0, 2.7, 2.4, 2.1, 1.9, 1.7, 1.5, 1.3)
"""How much more of what is odd one honest principal may ask than the rest, from most to least."""
EIGHTHS = 8
CHANCE = 1.5
"""Distances that chance makes, over the root of the rows, where the largest of some is taken."""
WHOLLY = 0.1
"""Who moved this far since yesterday may have other tastes than yesterday."""
SLACK = 1.0


def places(bins: Ints) -> Ints:
    """(F, 8) equal-mass bins in eighths; the outer ones hold what is out of range too."""
    ends = np.linspace(0, bins.shape[1] - 2, EIGHTHS + 1).astype(np.int64) + 1
    ends[0], ends[-1] = 0, bins.shape[1]
    sums = np.pad(bins.cumsum(axis=1), ((0, 0), (1, 0)))
    return np.diff(sums[:, ends], axis=1)


def distance(pooled: Ints | None, past: Past | None) -> float | None:
    """How far the feature that moved most is from the last day; None where that is not known."""
    if pooled is None or past is None or past.places is None or not pooled.size:
        return None
    one, two = _reached(places(pooled)), _reached(past.places)
    return float(np.abs(one - two).max())


def beyond_chance(moved: float, now: Now, past: Past) -> float:
    """What of this distance chance does not make."""
    rows, before = max(1, int(now.rows.sum())), max(1, int(past.graded.sum()))
    return max(0.0, moved - CHANCE * float(np.sqrt(1 / rows + 1 / before)))


def narrowest(stood: Sequence[Sequence[float]], looked: int) -> float:
    """The least taste at which nobody of earlier windows stood out: of so many looked at."""
    least = TASTES[0]
    for n, taste in enumerate(TASTES):
        if any(len(one) <= n or one[n] > np.log(max(1, looked)) + SLACK for one in stood):
            return least
        least = taste
    return least


def taste_of(now: Now, past: Past | None, moved: float | None) -> float:
    """How much more of what is odd one may ask now than the rest."""
    if past is None or moved is None:
        return TASTES[0]
    share = min(1.0, beyond_chance(moved, now, past) / WHOLLY)
    return past.taste + (TASTES[0] - past.taste) * share


def _reached(counts: Ints) -> Floats:
    told: Floats = counts.cumsum(axis=1) / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return told
