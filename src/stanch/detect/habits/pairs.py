"""Pairs: what pairs of a principal's inputs show, against the habit of the baseline's people.

In    the sampled inputs of the baseline's people and of the window's.
Out   ways of being odd: many pairs that hardly differ; neighbours with different answers; steps
      that are taken again and again from different inputs.
Why   many small clusters are no search around one input, but they are no ordinary use either:
      somebody asks about each of many records a little around it (membership), or spreads a few
      inputs into many by fixed steps (a copy by the signs of a gradient).
Math  Counts of pairs over all pairs of a sample, and the most frequent step over its inputs, are
      judged as shares (`habits.shares`). Pairs of few inputs share them, so their count varies more
      than that of many: a sample is judged by the baseline's samples cut to no more inputs than it
      has (`SIZES`). Eight people are eight samples of nearly full size, too few to tell how much
      such a count varies. Pairs vary together because they share an input: with c the correlation
      of two pairs that do, counted over all inputs of the baseline, the count of n inputs varies
      1 + 2 (n - 2) c times as much as that of as many pairs apart, and is never taken to vary less.
      Pairs that hardly differ are judged less those that a taste explains (`habits.tastes`).
      A step is the difference of two inputs that at most
      `STEP_SIDES` axes part; two steps are the same when they differ by no more than the rounding
      of a card along every main axis, and share no input. Steps hardly ever repeat by chance in
      ten dimensions; where inputs are whole numbers they do, and the baseline's people show it.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from stanch.detect.habits.clusters import known_of
from stanch.detect.habits.judge import Way
from stanch.detect.habits.people import LONG, People, peers, people
from stanch.detect.habits.points import Points, Singles, parted, points, scaled, squared
from stanch.detect.habits.shares import Share, share_of
from stanch.detect.habits.tastes import explained
from stanch.detect.summaries.arrays import Flags, Floats, Ints
from stanch.detect.summaries.ledger import Ledger, nobody
from stanch.detect.summaries.parts import SAMPLED, SIGMA
from stanch.detect.summaries.sample import STEP
from stanch.detect.window import Baseline

TIGHT = (0.6, 1.0, 1.5)
"""Two inputs hardly differ when they are this near along the main axes, in their own widths; which
of these tells most depends on how many numbers vary freely."""
FLIPS = 0.0
CLOSE = 1.0
"""Two inputs are neighbours whose answers should agree."""
SIZES = (8, 12, 16, 24, 32, 48, SAMPLED)
"""Inputs to which the baseline's samples are cut."""
STEP_SIDES = 6
LEAST_STEP = 4
"""A step is at least this many units of a card along some axis: a quarter of a deviation."""
ALIKE = 1
"""Two steps are the same when they differ by no more than so many units of a card."""
GRAIN = np.float32((1 << STEP) / SIGMA)
DOUBTED = -1.0
"""Log10 of how rare pairs are from which it is asked whether a taste explains them."""


def tight_ways(name: str, base: Baseline, who: People) -> tuple[Way, ...]:
    """How rare each principal's share of pairs is that hardly differ, at each of three widths."""
    found = (_pairs_way(name, base, who, width) for width in TIGHT)
    return tuple(way for way in found if way is not None)


def largest_heaps(base: Baseline, who: People) -> tuple[Floats, ...]:
    """(P,) at each of the three widths, the share of inputs around the one with most near it."""
    known = known_of(base)
    if known is None:
        return tuple(np.ones(len(who.names)) for _ in TIGHT)
    now = points(who.ledger, who.places)
    far = _apart(now, known.width)
    near = (_such(now, far, width) for width in TIGHT)
    partners = ((n.sum(axis=1) + n.sum(axis=2)).max(axis=1) for n in near)
    return tuple((most + 1) / np.maximum(now.count, 1) for most in partners)


def flips_way(name: str, base: Baseline, who: People) -> Way | None:
    """How rare each principal's share of pairs is that are neighbours with different answers."""
    return _pairs_way(name, base, who, FLIPS)


def steps_way(name: str, base: Baseline, who: People) -> Way | None:
    """How rare it is that each principal takes one step so often."""
    now = points(who.ledger, who.places)
    counts, trials = _steps_of_all(who.ledger)[who.places], now.count
    middle = peers(who, counts / np.maximum(trials, 1))
    fit = share_of(*_usual_steps(base), 0.0 if middle is None else float(middle))
    if fit is None:
        return None
    rare = [fit.rarity(float(c), int(n)) for c, n in zip(counts, trials, strict=True)]
    return Way(
        name=name, shown=counts / np.maximum(trials, 1), usual=fit.mean, rarity=np.array(rare)
    )


@lru_cache(maxsize=4)
def _steps_of_all(ledger: Ledger) -> Floats:
    """The most frequent step on every line of the ledger."""
    return _steps(points(ledger, np.arange(len(ledger.names))))


@lru_cache(maxsize=8)
def _usual_steps(base: Baseline) -> tuple[Floats, Floats]:
    """The same of the baseline's people, and of how many inputs."""
    then = _then(base)
    return _steps(then), then.count.astype(float)


@lru_cache(maxsize=16)
def _together(base: Baseline, kind: float) -> float:
    """The correlation of two pairs of the baseline that share an input."""
    known, then = known_of(base), _then(base)
    if known is None:
        return 0.0
    such = _such(then, _apart(then, known.width), kind)
    partners = (such.sum(axis=1) + such.sum(axis=2))[then.there].astype(float)
    others = np.maximum(np.repeat(then.count, then.count) - 1.0, 0.0)
    one = float(partners.sum() + 0.5) / (float(others.sum()) + 1)
    both = float((partners * (partners - 1)).sum()) / max(float((others * (others - 1)).sum()), 1)
    return max(both - one * one, 0.0) / (one * (1 - one)) if one < 1 else 0.0


@lru_cache(maxsize=64)
def _usual_pairs(base: Baseline, kind: float, size: int) -> tuple[Floats, Floats]:
    """The pairs of the baseline's people, in pieces of so many inputs: that hardly differ at this
    width, or that flip (0), and of how many.
    """
    known, then = known_of(base), _then(base)
    if known is None:
        return np.zeros(0), np.zeros(0)
    such = _such(then, _apart(then, known.width), kind)
    pieces = [slice(at, at + size) for at in range(0, SAMPLED - size + 1, size)]
    counts = np.concatenate([such[:, p, p].sum(axis=(1, 2)) for p in pieces]).astype(float)
    there = np.concatenate([then.there[:, p].sum(axis=1) for p in pieces]).astype(float)
    return counts, there * (there - 1) / 2


def _then(base: Baseline) -> Points:
    habit = people(base.habits, LONG) if base.habits is not None else None
    if habit is None:
        return points(nobody(base.plan.digest), np.zeros(0, np.int64))
    return points(habit.ledger, habit.places)


def _such(seen: Points, far: Floats, kind: float) -> Flags:
    """(P, 64, 64) the pairs that hardly differ at the width `kind`; at 0, neighbours that flip."""
    if kind > 0:
        return _pairs(seen, far <= kind * kind)
    differ = seen.said[:, :, None] != seen.said[:, None, :]
    return _pairs(seen, (far <= CLOSE * CLOSE) & differ)


def _pairs_way(name: str, base: Baseline, who: People, kind: float) -> Way | None:
    known = known_of(base)
    if known is None:
        return None
    now = points(who.ledger, who.places)
    place = scaled(now.place, known.width)
    counts = (
        _such(now, squared(place, place).astype(np.float64), kind).sum(axis=(1, 2)).astype(float)
    )
    trials = now.count * (now.count - 1) / 2
    shown = counts / np.maximum(trials, 1)
    middle = peers(who, shown)
    least = 0.0 if middle is None else float(middle)
    whole = share_of(*_usual_pairs(base, kind, SAMPLED), least)
    if whole is None:
        return None

    def rare(line: int, least: float) -> float:
        fit = _fit(base, kind, int(now.count[line]), least, whole)
        return fit.rarity(float(counts[line]), int(trials[line]))

    found = np.array([rare(line, least) for line in range(len(counts))])
    for line in np.flatnonzero(found <= DOUBTED).tolist() if kind > 0 else ():
        taste = explained(base, place[line, now.there[line]], kind)
        found[line] = rare(line, max(least, taste))
    return Way(name=name, shown=shown, usual=whole.mean, rarity=found)


def _fit(base: Baseline, kind: float, inputs: int, least: float, whole: Share) -> Share:
    """The habit in samples of about so many inputs, and no more."""
    size = max((s for s in SIZES if s <= inputs), default=SIZES[0])
    fit = share_of(*_usual_pairs(base, kind, size), least) or whole
    pairs = max(inputs * (inputs - 1) / 2 - 1, 1.0)
    least_spread = 2 * max(inputs - 2, 0) * _together(base, kind) / pairs
    return replace(fit, spread=min(max(fit.spread, least_spread), 0.999))


def _apart(seen: Points, width: Floats) -> Floats:
    """(P, 64, 64) squared distances."""
    place = scaled(seen.place, width)
    return squared(place, place).astype(np.float64)


def _pairs(seen: Points, such: Flags) -> Flags:
    """(P, 64, 64) such pairs of each principal's inputs, each once."""
    both = seen.there[:, :, None] & seen.there[:, None, :]
    return such & both & np.triu(np.ones(such.shape[1:], np.bool_), 1)


def _steps(seen: Points) -> Floats:
    """(P,) how often each principal takes its most frequent step, after the first time."""
    return np.array([_repeated(seen, line) for line in range(len(seen.there))], np.float64)


def _repeated(seen: Points, line: int) -> int:
    there = seen.there[line]
    sides, place = seen.sides[line, there], np.rint(seen.place[line, there] / GRAIN)
    first, second = np.nonzero(np.triu(parted(sides, sides) <= STEP_SIDES, 1))
    step = place[first] - place[second]
    long = np.abs(step).max(axis=1, initial=0) >= LEAST_STEP
    first, second, step = first[long], second[long], step[long]
    order, step = _sorted(step)
    first, second = first[order], second[order]
    times = np.zeros(len(step), np.int64)
    for ahead in range(1, len(step)):
        near = step[ahead:, 0] - step[:-ahead, 0] <= ALIKE
        if not near.any():
            break
        one = np.flatnonzero(near)
        other = one + ahead
        same = (np.abs(step[one] - step[other]) <= ALIKE).all(axis=1)
        same &= (first[one] != first[other]) & (second[one] != second[other])
        same &= (first[one] != second[other]) & (second[one] != first[other])
        np.add.at(times, one[same], 1)
        np.add.at(times, other[same], 1)
    return int(times.max(initial=0))


def _sorted(step: Singles) -> tuple[Ints, Singles]:
    """The steps, turned to point up along the axis on which they differ most, in its order."""
    if not len(step):
        return np.zeros(0, np.int64), step
    widest = int(np.abs(step).mean(axis=0).argmax())
    turned = step * np.where(step[:, widest] < 0, np.float32(-1), np.float32(1))[:, None]
    turned = np.roll(turned, -widest, axis=1)
    order = np.argsort(turned[:, 0], kind="stable")
    return order, turned[order]
