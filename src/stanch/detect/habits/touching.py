"""Touching: how many of a principal's inputs have another one of its own close by.

In    the sampled inputs of the baseline's people and of the window's.
Out   a `Way`: how rare each principal's share of such inputs is.
Why   a copy that grows from a few inputs by small steps (along the signs of a surrogate's gradient)
      asks inputs that each lie near an older one. Where there are many classes the steps differ, so
      that no single one is taken often; but each of them is small.
Math  Two inputs touch as in `habits.shapes`, at a distance that is rarer still. The share of inputs
      that touch another is judged as a share (`habits.shares`), by the baseline's samples cut to
      exactly as many inputs as there are: of more inputs, more touch. What touches comes in twos,
      so the count varies at least twice as much as that of inputs apart: two inputs of n are
      correlated by at least 1 / (n - 1), which a few samples with hardly any touch cannot show.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from stanch.detect.habits.clusters import known_of
from stanch.detect.habits.judge import Way
from stanch.detect.habits.people import LONG, People, looser, peers, people
from stanch.detect.habits.points import points, scaled, squared
from stanch.detect.habits.shapes import reach_of
from stanch.detect.habits.shares import FEWEST, Share, share_of
from stanch.detect.summaries.arrays import Flags, Floats, Ints
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import SAMPLED
from stanch.detect.window import Baseline

NEAREST = 0.05
"""So small a share of ordinary inputs has a neighbour of the same principal this near."""
LEAST = 8
"""Of fewer inputs, the habit in so many is taken."""


def touch_way(name: str, base: Baseline, who: People) -> Way | None:
    """How rare each principal's share of inputs is that lie close to another of its own."""
    if reach_of(base, NEAREST) <= 0:
        return None
    near, trials = _near(base, who.ledger, who.places)
    counts = near.any(axis=2).sum(axis=1).astype(float)
    shown = counts / np.maximum(trials, 1)
    middle = peers(who, shown)
    least = 0.0 if middle is None else float(middle)
    sizes = np.clip(trials, LEAST, SAMPLED)
    fits = {size: _fit(base, size, least) for size in {SAMPLED, *sizes.tolist()}}
    whole = fits[SAMPLED]
    if whole is None:
        return None
    more = looser(who, whole.ratio(counts, trials.astype(float)))
    rare = [
        (fits[size] or whole).rarity(float(count), int(inputs), more)
        for count, inputs, size in zip(counts, trials, sizes.tolist(), strict=True)
    ]
    return Way(name=name, shown=shown, usual=whole.mean, rarity=np.array(rare))


def _fit(base: Baseline, size: int, least: float) -> Share | None:
    """The habit in samples of so many inputs."""
    fit = share_of(*_usual(base, size), least)
    return None if fit is None else replace(fit, spread=max(fit.spread, 1 / (size - 1)))


@lru_cache(maxsize=128)
def _usual(base: Baseline, size: int) -> tuple[Floats, Floats]:
    """The same of the baseline's people, in pieces of so many inputs, and of how many.

    Pieces of fewer count where there are hardly any others.
    """
    near, there = _known(base)
    pieces = [slice(at, at + size) for at in range(0, SAMPLED - size + 1, size)]
    counts = np.concatenate([near[:, p, p].any(axis=2).sum(axis=1) for p in pieces]).astype(float)
    inputs = np.concatenate([there[:, p].sum(axis=1) for p in pieces]).astype(float)
    full = inputs == size
    return (counts[full], inputs[full]) if full.sum() >= FEWEST else (counts, inputs)


@lru_cache(maxsize=4)
def _known(base: Baseline) -> tuple[Flags, Flags]:
    """(P, 64, 64) and (P, 64): which inputs of the baseline's people touch, and which there are."""
    if base.habits is None:
        return np.zeros((0, SAMPLED, SAMPLED), np.bool_), np.zeros((0, SAMPLED), np.bool_)
    habit = people(base.habits, LONG)
    near, _ = _near(base, habit.ledger, habit.places)
    return near, points(habit.ledger, habit.places).there


def _near(base: Baseline, ledger: Ledger, places: Ints) -> tuple[Flags, Ints]:
    """(P, 64, 64) which inputs of each touch, and of how many each has."""
    known, seen = known_of(base), points(ledger, places)
    if known is None:
        return np.zeros((*seen.there.shape, SAMPLED), np.bool_), seen.count
    place = scaled(seen.place, known.width)
    near = squared(place, place) <= reach_of(base, NEAREST) ** 2
    near &= seen.there[:, :, None] & seen.there[:, None, :] & ~np.eye(SAMPLED, dtype=np.bool_)
    return near, seen.count
