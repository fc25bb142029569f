"""Apart: how far each principal's mean lies from everybody's, as ways of being odd.

In    the ground of a baseline, its people, the window's people.
Out   a `Way` for the mean wave (the MMD of a Gaussian kernel), and one for the centre along the
      main axes; see `distances` for the math.
"""

from dataclasses import dataclass, replace

import numpy as np

from stanch.detect.habits.distances import distance_of
from stanch.detect.habits.draws import centre_shape, wave_shape
from stanch.detect.habits.judge import Law, Way
from stanch.detect.habits.people import People, ground, looser, peers
from stanch.detect.summaries.arrays import Floats
from stanch.detect.window import Baseline


def mix_way(name: str, base: Baseline, habit: People, who: People) -> Way | None:
    """How rare each principal's mix of inputs is."""
    return _way(name, habit, who, _waves(base, habit, who))


def centre_way(name: str, base: Baseline, habit: People, who: People) -> Way | None:
    """How rare the centre of each principal's inputs is."""
    return _way(name, habit, who, _centres(base, habit, who))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Vectors:
    """Mean vectors of principals, then and now, on a scale on which one row varies by `chance`."""

    centre: Floats
    habit: Floats
    now: Floats
    chance: float
    sharpest: float
    """The shape of the law by which means of a few rows vary; no fit of people is sharper."""
    chance_now: float = 0.0
    """The same now, where that is counted: half of a window after a unit broke, rows lie apart."""


def _waves(base: Baseline, habit: People, who: People) -> Vectors:
    known = ground(base)
    return Vectors(
        centre=known.waves,
        habit=habit.waves(),
        now=who.waves(),
        chance=known.waves_chance,
        sharpest=wave_shape(base),
    )


def _centres(base: Baseline, habit: People, who: People) -> Vectors:
    known = ground(base)
    there = known.width > 0
    scale = np.sqrt(known.width[there])
    first, second = (who.moments()[:, k][:, there] for k in (0, 1))
    wide = peers(who, ((second - first * first) / known.width[there]).sum(axis=1))
    return Vectors(
        centre=known.axes[there] / scale,
        habit=habit.moments()[:, 0][:, there] / scale,
        now=first / scale,
        chance=float(there.sum()),
        sharpest=centre_shape(base),
        chance_now=0.0 if wide is None else float(wide),
    )


def _way(name: str, then: People, now: People, vectors: Vectors) -> Way | None:
    """How far each principal's mean lies from everybody's, then and now; the lesser counts."""
    known = _squared(vectors.habit - vectors.centre)
    dist = distance_of(known, then.weight(), vectors.chance, vectors.sharpest)
    if dist is None:
        return None
    far = _squared(vectors.now - vectors.centre)
    middle = peers(now, vectors.now)
    if middle is not None:
        far = np.minimum(far, _squared(vectors.now - middle))
    rows = now.weight()
    dist = replace(dist, chance=max(dist.chance, vectors.chance_now))
    ratio = far / np.maximum(dist.chance / np.maximum(rows, 1) + dist.habit, 1e-12)
    real = far / looser(now, ratio, dist.shape)
    rare = [dist.rarity(float(d), float(n)) for d, n in zip(real, rows, strict=True)]
    usual = float(np.sqrt(dist.chance / max(float(np.median(rows)), 1) + dist.habit))
    return Way(name=name, shown=np.sqrt(far), usual=usual, rarity=np.array(rare), law=Law.FAR)


def _squared(apart: Floats) -> Floats:
    return (apart * apart).sum(axis=1)
