"""Touching: how many of a principal's inputs have another one of its own close by.

In    the sampled inputs of the baseline's people and of the window's.
Out   a `Way`: how rare each principal's share of such inputs is.
Why   a copy that grows from a few inputs by small steps (along the signs of a surrogate's gradient)
      asks inputs that each lie near an older one. Where there are many classes the steps differ, so
      that no single one is taken often; but each of them is small.
Math  Two inputs touch as in `habits.shapes`, at a distance that is rarer still. The share of inputs
      that touch another is judged as a share (`habits.shares`), by the baseline's samples cut to no
      more inputs than there are: of more inputs, more touch.
"""

from functools import lru_cache

import numpy as np

from stanch.detect.habits.clusters import known_of
from stanch.detect.habits.judge import Way
from stanch.detect.habits.pairs import SIZES
from stanch.detect.habits.people import LONG, People, looser, peers, people
from stanch.detect.habits.points import points, scaled, squared
from stanch.detect.habits.shapes import reach_of
from stanch.detect.habits.shares import share_of
from stanch.detect.summaries.arrays import Flags, Floats, Ints
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import SAMPLED
from stanch.detect.window import Baseline

NEAREST = 0.05
"""So small a share of ordinary inputs has a neighbour of the same principal this near."""


def touch_way(name: str, base: Baseline, who: People) -> Way | None:
    """How rare each principal's share of inputs is that lie close to another of its own."""
    if reach_of(base, NEAREST) <= 0:
        return None
    near, trials = _near(base, who.ledger, who.places)
    counts = near.any(axis=2).sum(axis=1).astype(float)
    shown = counts / np.maximum(trials, 1)
    middle = peers(who, shown)
    least = 0.0 if middle is None else float(middle)
    fits = {size: share_of(*_usual(base, size), least) for size in SIZES}
    whole = fits[SAMPLED]
    if whole is None:
        return None
    more = looser(who, whole.ratio(counts, trials.astype(float)))
    rare = []
    for count, inputs in zip(counts, trials, strict=True):
        size = max((s for s in SIZES if s <= inputs), default=SIZES[0])
        rare.append((fits[size] or whole).rarity(float(count), int(inputs), more))
    return Way(name=name, shown=shown, usual=whole.mean, rarity=np.array(rare))


@lru_cache(maxsize=32)
def _usual(base: Baseline, size: int) -> tuple[Floats, Floats]:
    """The same of the baseline's people, in pieces of so many inputs, and of how many."""
    if base.habits is None:
        return np.zeros(0), np.zeros(0)
    habit = people(base.habits, LONG)
    near, _ = _near(base, habit.ledger, habit.places)
    there = points(habit.ledger, habit.places).there
    pieces = [slice(at, at + size) for at in range(0, SAMPLED - size + 1, size)]
    counts = np.concatenate([near[:, p, p].any(axis=2).sum(axis=1) for p in pieces])
    inputs = np.concatenate([there[:, p].sum(axis=1) for p in pieces])
    return counts.astype(float), inputs.astype(float)


def _near(base: Baseline, ledger: Ledger, places: Ints) -> tuple[Flags, Ints]:
    """(P, 64, 64) which inputs of each touch, and of how many each has."""
    known, seen = known_of(base), points(ledger, places)
    if known is None:
        return np.zeros((*seen.there.shape, SAMPLED), np.bool_), seen.count
    place = scaled(seen.place, known.width)
    near = squared(place, place) <= reach_of(base, NEAREST) ** 2
    near &= seen.there[:, :, None] & seen.there[:, None, :] & ~np.eye(SAMPLED, dtype=np.bool_)
    return near, seen.count
