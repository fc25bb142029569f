"""Like cases: how a group's answers changed, were as many cases of each kind to ask as before.

In    late labels by group, truth and answer, now and in the baseline; the groups on either side;
      what the alarms say of the inputs, and their counts.
Out   whether others may be asking; the growth of the gap that this does not explain.
Why   a group is answered otherwise when others are in it, and when the model treats it otherwise.
Math  Cases are alike by their truth: where more of one class ask, each truth is answered as before.
      Or by their answer: where easier or harder cases ask, each answer is wrong as often as before.
      A model that harms a group changes both. Of n cases with shares w_k of each kind, of which a
      are odd (so answered, or answered wrongly), a side's growth is a/n - sum_k w_k p_k, where p_k
      is the baseline's share of odd ones in kind k. Its variance is the sum over k of
      v_k (w_k / n + w_k^2 / n_k), with v_k that of the odd ones in kind k, now or then, the larger.
      The inputs moved when an alarm on them sounds, or when the distribution of a number or along
      an axis is farther from the baseline's than `LITTLE`, and than chance moves any of them once
      in a thousand looks (Smirnov's bound). This raises no alarm: it decides what caused one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stanch.detect.alarms.reading import Stream
from stanch.detect.alarms.streams import table
from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.parts import Part
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Baseline, Window


@dataclass(frozen=True, kw_only=True, slots=True)
class Alike:
    """How far like cases are answered otherwise."""

    growth: float
    error: float
    """Its standard error."""
    labels: int
    """Of the side that has fewest, now or then."""


INPUTS = (Stream.NUMBERS, Stream.CATEGORIES, Stream.AXES, Stream.MANIFOLD)
CHANCE = 0.001
LITTLE = 0.03
"""A shift of the inputs that does not matter."""


def moved(window: Window, baseline: Baseline, now: Summary) -> bool:
    """Whether others than in the baseline may be asking."""
    if any(s in window.readings and window.readings[s].alarm for s in INPUTS):
        return True
    for stream in (Stream.NUMBERS, Stream.AXES):
        here = table(stream, now, baseline.plan).counts
        there = table(stream, baseline.golden, baseline.plan).counts
        if not len(here):
            continue
        rows, past = (np.maximum(c.sum(axis=1), 1) for c in (here, there))
        apart = np.cumsum(here / rows[:, None] - there / past[:, None], axis=1)
        bar = np.sqrt(math.log(4 * len(here) / CHANCE) / 2 * (1 / rows + 1 / past))
        if (np.abs(apart).max(axis=1) > np.maximum(bar, LITTLE)).any():
            return True
    return False


Sides = tuple[list[int], list[int]]


def by_truth(now: Summary, then: Summary, sides: Sides, answer: int) -> Alike:
    """How far cases of one truth are given this answer otherwise, one side against the other."""

    def kinds(labels: Ints) -> tuple[Ints, Ints]:
        return labels[:, answer], labels.sum(axis=1)

    return _alike(now, then, sides, kinds)


def by_answer(now: Summary, then: Summary, sides: Sides) -> Alike:
    """How far the same answers are wrong otherwise, one side against the other."""

    def kinds(labels: Ints) -> tuple[Ints, Ints]:
        rows = labels.sum(axis=0)
        return rows - np.diagonal(labels), rows

    return _alike(now, then, sides, kinds)


def wrong_by_truth(now: Summary, then: Summary, sides: Sides) -> Alike:
    """How far cases of the same truths are answered wrongly more often, one side than the other."""

    def kinds(labels: Ints) -> tuple[Ints, Ints]:
        rows = labels.sum(axis=1)
        return rows - np.diagonal(labels), rows

    return _alike(now, then, sides, kinds)


def _alike(
    now: Summary, then: Summary, sides: Sides, kinds: Callable[[Ints], tuple[Ints, Ints]]
) -> Alike:
    growth, variance, labels = 0.0, 0.0, list[int]()
    for side, sign in zip(sides, (1.0, -1.0), strict=True):
        odd, rows = kinds(now.sums[Part.FAIRNESS][side].sum(axis=0))
        past, known = kinds(then.sums[Part.FAIRNESS][side].sum(axis=0))
        labels += [int(rows.sum()), int(known.sum())]
        count = max(labels[-2], 1)
        share = rows / count
        rows, known = np.maximum(rows, 1), np.maximum(known, 1)
        lately, usual = odd / rows, past / known
        growth += sign * float((share * (lately - usual)).sum())
        spread = np.maximum(usual * (1 - usual), lately * (1 - lately))
        spread = np.maximum(spread, 0.5 / np.minimum(known, rows))
        variance += float((spread * (share / count + share**2 / known)).sum())
    return Alike(growth=growth, error=math.sqrt(variance), labels=min(labels))
