"""Widths: how little a principal's inputs spread, against the habit.

In    first and second moments along the main axes: all rows, the baseline's people, people now.
Out   a `Way`: how rare so narrow a spread is.
Math  L = ln of the mean over the axes of (variance of the principal / variance of all). L varies
      by c / n + h: c is 2 / axes for normal inputs, three times that for the tails of real ones,
      and never more than what the baseline's principals show; h, how much they differ by nature,
      is raised by (P - 1) / chi-square(P - 1, 5 %). L is taken as normal.
"""

import numpy as np

from stanch.detect.habits.judge import Way
from stanch.detect.habits.people import Ground, People, peers
from stanch.detect.habits.shares import FEWEST
from stanch.detect.habits.tails import chi_square_low, normal
from stanch.detect.summaries.arrays import Floats

HEAVY = 3.0
"""The variance of a variance, in that of normal inputs: kurtosis 7."""
NORMAL_RANGE = 3.29
"""Standard deviations between a normal variable's 5 % and 95 %."""
LEAST_WIDTH = 1e-6


def width_way(name: str, known: Ground, habit: People, who: People) -> Way | None:
    """How rare each principal's narrow spread is; None without eight principals to compare."""
    if len(habit.names) < FEWEST or not (known.width > 0).any():
        return None
    logs, rows = np.log(_widths(known, habit)), habit.weight()
    low, high = np.quantile(logs, (0.05, 0.95))
    kept = (logs >= low) & (logs <= high) if len(logs) >= 2 * FEWEST else np.ones(len(logs), bool)
    middle, size = float(np.median(logs)), int(kept.sum())
    spread = float(((logs[kept] - middle) ** 2).sum()) / chi_square_low(size - 1)
    spread = max(spread, ((high - low) / NORMAL_RANGE) ** 2)
    inverse = float((1 / rows[kept]).mean())
    chance = min(HEAVY * 2 / max(int((known.width > 0).sum()), 1), spread / inverse)
    between = max(spread - chance * inverse, 0.0)
    shown = _widths(known, who)
    now = peers(who, np.log(shown))
    middle = middle if now is None else min(middle, float(now))
    deviations = (middle - np.log(shown)) / np.sqrt(chance / who.weight() + between)
    rare = np.array([normal(max(float(z), 0.0)) if z > 0 else 0.0 for z in deviations])
    return Way(name=name, shown=shown, usual=float(np.exp(middle)), rarity=rare)


def _widths(known: Ground, who: People) -> Floats:
    """(P,) the mean variance along the main axes, in that of all."""
    first, second = who.moments()[:, 0], who.moments()[:, 1]
    weight = np.maximum(who.weight(), 1.5)[:, None]
    variance = np.maximum(second - first * first, 0.0) * weight / (weight - 1)
    there = known.width > 0
    return np.maximum((variance[:, there] / known.width[there]).mean(axis=1), LEAST_WIDTH)
