"""Partners: how many of a principal's inputs have another one of its own that is like it.

In    the sampled inputs of the baseline's people and of the window's; what is alike.
Out   a `Way`: how rare each principal's share of such inputs is.
Math  The share of inputs with a partner is judged as a share (`habits.shares`), by the baseline's
      samples cut to exactly as many inputs as there are: of more inputs, more have one. Partners
      come in twos, so the count varies at least twice as much as that of inputs apart: two inputs
      of n are correlated by at least 1 / (n - 1), which a few samples with hardly any cannot show.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from stanch.detect.habits.judge import Way
from stanch.detect.habits.people import LONG, People, looser, peers, people
from stanch.detect.habits.points import Points, points
from stanch.detect.habits.shares import FEWEST, Share, share_of
from stanch.detect.summaries.arrays import Flags, Floats, Ints
from stanch.detect.summaries.parts import SAMPLED
from stanch.detect.window import Baseline

Alike = Callable[[Baseline, Points], Flags]
"""(P, 64, 64) which inputs of each principal are alike."""
LEAST = 8
"""Of fewer inputs, the habit in so many is taken."""


def partner_way(name: str, base: Baseline, who: People, alike: Alike) -> Way | None:
    """How rare each principal's share of inputs is that are like another of its own."""
    seen = points(who.ledger, who.places)
    counts = among(base, seen, alike).any(axis=2).sum(axis=1).astype(float)
    trials = seen.count
    shown = counts / np.maximum(trials, 1)
    middle = peers(who, shown)
    least = 0.0 if middle is None else float(middle)
    sizes = np.clip(trials, LEAST, SAMPLED)
    fits = {size: _fit(base, alike, size, least) for size in {SAMPLED, *sizes.tolist()}}
    whole = fits[SAMPLED]
    if whole is None:
        return None
    more = looser(who, whole.ratio(counts, trials.astype(float)))
    rare = [
        (fits[size] or whole).rarity(float(count), int(inputs), more)
        for count, inputs, size in zip(counts, trials, sizes.tolist(), strict=True)
    ]
    return Way(name=name, shown=shown, usual=whole.mean, rarity=np.array(rare))


def partners_of(base: Baseline, alike: Alike) -> tuple[Floats, Floats]:
    """How many inputs of each of the baseline's people have a partner, and of how many."""
    return _usual(base, alike, SAMPLED)


def chains(near: Flags) -> Ints:
    """(P, 64) how many inputs of the same principal each is chained to, itself among them."""
    size = near.shape[1]
    labels = np.broadcast_to(np.arange(size), near.shape[:2])
    while True:
        first = np.minimum(np.where(near, labels[:, None, :], size).min(axis=2), labels)
        if (first == labels).all():
            found: Ints = (labels[:, :, None] == labels[:, None, :]).sum(axis=2)
            return found
        labels = first


def _fit(base: Baseline, alike: Alike, size: int, least: float) -> Share | None:
    """The habit in samples of so many inputs."""
    fit = share_of(*_usual(base, alike, size), least)
    return None if fit is None else replace(fit, spread=max(fit.spread, 1 / (size - 1)))


@lru_cache(maxsize=256)
def _usual(base: Baseline, alike: Alike, size: int) -> tuple[Floats, Floats]:
    """The same of the baseline's people, in pieces of so many inputs, and of how many.

    Pieces of fewer count where there are hardly any others.
    """
    near, there = _known(base, alike)
    pieces = [slice(at, at + size) for at in range(0, SAMPLED - size + 1, size)]
    counts = np.concatenate([near[:, p, p].any(axis=2).sum(axis=1) for p in pieces]).astype(float)
    inputs = np.concatenate([there[:, p].sum(axis=1) for p in pieces]).astype(float)
    full = inputs == size
    return (counts[full], inputs[full]) if full.sum() >= FEWEST else (counts, inputs)


@lru_cache(maxsize=8)
def _known(base: Baseline, alike: Alike) -> tuple[Flags, Flags]:
    """(P, 64, 64) and (P, 64): which of the baseline's inputs are alike, and which there are."""
    if base.habits is None:
        return np.zeros((0, SAMPLED, SAMPLED), np.bool_), np.zeros((0, SAMPLED), np.bool_)
    habit = people(base.habits, LONG)
    seen = points(habit.ledger, habit.places)
    return among(base, seen, alike), seen.there


def among(base: Baseline, seen: Points, alike: Alike) -> Flags:
    """(P, 64, 64) which inputs of each have each other for partners."""
    both = seen.there[:, :, None] & seen.there[:, None, :] & ~np.eye(SAMPLED, dtype=np.bool_)
    return alike(base, seen) & both
