"""Distances: how far a principal's mean vector lies from everybody's, against the habit.

In    squared distances of the baseline's principals from the whole, with their rows.
Out   a `Distance`, which says how rare a new principal's distance is.
Math  D2 of n rows has mean a / n + b: a is the variance of one row (known, or bounded), b how far
      principals differ by nature. b is fitted from P principals and raised by 1.645 standard
      errors. D2 / (a / n + b) is taken as gamma of mean one; its shape is 1 / variance over the
      principals, the variance first raised by (P - 1) / chi-square(P - 1, 5 %), and never more
      than `sharpest`, which means of a few rows have by chance alone (`habits.draws`). Gross
      outliers are left out as in `shares`.
"""

import math
from dataclasses import dataclass

import numpy as np

from stanch.detect.habits.shares import ERRORS, FEWEST, GROSS, LEFT_OUT
from stanch.detect.habits.tails import chi_square_low, gamma
from stanch.detect.summaries.arrays import Floats


@dataclass(frozen=True, kw_only=True, slots=True)
class Distance:
    """The habit of a population in one distance."""

    chance: float
    """a: the part that falls with the rows."""
    habit: float
    """b: the part that stays."""
    shape: float
    principals: int

    def rarity(self, squared: float, rows: float) -> float:
        """Log10 of the chance that a principal of the baseline is this far or farther."""
        usual = self.chance / max(rows, 1) + self.habit
        if usual <= 0 or squared <= usual:
            return 0.0
        return min(0.0, gamma(squared / usual, self.shape))


def distance_of(squared: Floats, rows: Floats, chance: float, sharpest: float) -> Distance | None:
    """The habit of these principals; None when there are fewer than eight with a row."""
    there = rows >= 1
    squared, rows = squared[there], rows[there]
    if len(rows) < FEWEST:
        return None
    kept = np.ones(len(rows), np.bool_)
    for _ in range(max(1, len(rows) // LEFT_OUT)):
        excess = np.where(kept, squared / (chance / rows + 1e-12), -1.0)
        worst = int(excess.argmax())
        kept[worst] = False
        others = _fitted(squared[kept], rows[kept], chance, sharpest)
        if others.rarity(float(squared[worst]), float(rows[worst])) > GROSS:
            kept[worst] = True
            break
    return _fitted(squared[kept], rows[kept], chance, sharpest)


def _fitted(squared: Floats, rows: Floats, chance: float, sharpest: float) -> Distance:
    size = len(rows)
    beyond = squared - chance / rows
    error = float(beyond.std()) / math.sqrt(size)
    habit = max(float(beyond.mean()) + ERRORS * error, 0.0)
    ratio = squared / np.maximum(chance / rows + habit, 1e-12)
    variance = float(ratio.var()) * (size - 1) / chi_square_low(size - 1)
    shape = min(1 / max(variance, 1e-9), sharpest)
    return Distance(chance=chance, habit=habit, shape=max(shape, 0.05), principals=size)
