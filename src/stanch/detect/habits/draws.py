"""Draws: how far the mean of a few inputs lies from everybody's by chance alone.

In    the sampled inputs of the baseline's people.
Out   the shape of the law by which such distances vary, of mean waves and of centres.
Why   eight people tell little of how rare a distance is: where theirs happen to be alike, a
      customer's first fourteen questions would be a wonder. That a few rows lie apart by chance is
      no matter of people, and the rows show it.
Math  `DRAWS` times, `FEW` inputs are drawn from all that are kept, and the squared distance of
      their mean from the mean of all is taken, over what is usual. Gamma variables of mean one and
      the shape that is given back are as rarely as far out as the rarest thousandth of these: few
      rows have the heaviest tails, so it is never too sharp for more. Cards keep ten directions, in
      which inputs vary most; what varies across them is in many small parts, so it adds to the mean
      and hardly to the tail, and the shape grows as the mean does.
"""

from functools import lru_cache

import numpy as np

from stanch.detect.habits.people import LONG, ground, people
from stanch.detect.habits.points import points
from stanch.detect.habits.tails import gamma
from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.dice import words
from stanch.detect.summaries.parts import AMPLITUDE, MAIN_AXES, SIGMA, WAVES
from stanch.detect.summaries.plain import AXIS_SHIFT, waves
from stanch.detect.summaries.ready import CLIP
from stanch.detect.window import Baseline

DRAWS, FEW = 20_000, 10
RAREST = 3
"""The powers of ten at which both laws agree."""
LEAST, MOST = 0.05, 64.0
HALVINGS = 30


@lru_cache(maxsize=8)
def wave_shape(base: Baseline) -> float:
    """The sharpest law that distances of mean waves may be taken to have."""
    joint, place = base.plan.joint, _places(base)
    axes = joint.axes[:, : min(MAIN_AXES, len(joint.uses))].T / (1 << AXIS_SHIFT)
    z = np.rint(np.clip(SIGMA * place[:, : len(axes)] @ axes, -CLIP, CLIP))
    heights = np.zeros((len(place), WAVES), np.int64)
    waves(z.astype(np.int16), joint, np.arange(len(place)), heights)
    seen = heights / AMPLITUDE
    beyond = ground(base).waves_chance / max(float(seen.var(axis=0).sum()), 1e-9)
    return min(shape_of_draws(seen) * max(beyond, 1.0), MOST)


@lru_cache(maxsize=8)
def centre_shape(base: Baseline) -> float:
    """The same of distances of centres along the main axes."""
    width = ground(base).width
    there = width > 0
    return shape_of_draws(_places(base)[:, there] * SIGMA / np.sqrt(width[there]))


def shape_of_draws(rows: Floats) -> float:
    """The shape of the squared distances of means of a few of these rows."""
    variance = float(rows.var(axis=0).sum()) if len(rows) else 0.0
    if variance <= 0:
        return MOST
    drawn = (words(31, DRAWS * FEW) % np.uint64(len(rows))).astype(np.int64).reshape(FEW, DRAWS)
    apart = sum((rows[one] for one in drawn), np.zeros((DRAWS, rows.shape[1])))
    apart = apart / FEW - rows.mean(axis=0)
    far = float(np.quantile((apart * apart).sum(axis=1), 1 - 10.0**-RAREST)) * FEW / variance
    low, high = LEAST, MOST
    for _ in range(HALVINGS):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if gamma(far, middle) < -RAREST else (middle, high)
    return low


def _places(base: Baseline) -> Floats:
    """(N, 10) where the sampled inputs of the baseline's people lie, in deviations of a number."""
    if base.habits is None:
        return np.zeros((0, MAIN_AXES))
    habit = people(base.habits, LONG)
    seen = points(habit.ledger, habit.places)
    return seen.place[seen.there].astype(np.float64)
