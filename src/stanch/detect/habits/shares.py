"""Shares: the share of a principal's rows that have a property, against all principals' habit.

In    for each principal of the baseline, rows with the property and rows.
Out   a `Share`, which says how rare a new principal's share is.
Why   rows of one principal hang together, and principals differ by nature; a test that forgets it
      accuses somebody every day.
Math  k of n rows is beta-binomial with mean m and correlation r. From P principals:
      m = (sum k + 1/2) / (sum n + 1), raised by 1.645 of its standard errors;
      r from Pearson's X2 = sum (k - n m)^2 / (n m (1 - m)), whose mean is
      sum (1 + (n - 1) r) (P - 1) / P; X2 is first divided by the value that a chi-square of P - 1
      degrees stays under once in twenty and multiplied by P - 1. Both corrections make the tail
      heavier the fewer principals there were, so the rate of wrong alarms holds with 95 %.
      At most one principal in twenty is left out of the fit, when without it its own tail is under
      10^-6: one who poisons the baseline then neither raises the mean nor widens the spread.
"""

import math
from dataclasses import dataclass

import numpy as np

from stanch.detect.habits.tails import beta_binomial, chi_square_low
from stanch.detect.summaries.arrays import Floats

FEWEST = 8
"""Principals of a baseline that make a habit."""
GROSS = -6.0
"""Log10 of a tail that no principal of a baseline has by chance."""
LEFT_OUT = 20
"""At most one in so many principals is left out of a fit."""
ERRORS = 1.645


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """The habit of a population in one property."""

    mean: float
    """Upper bound of the mean share."""
    spread: float
    """Upper bound of the correlation of two rows of one principal."""
    principals: int

    def rarity(self, count: float, trials: int, looser: float = 1.0) -> float:
        """Log10 of the chance that a principal of the baseline shows this or more.

        `looser`: so many times more than then do counts vary now.
        """
        if count <= trials * self.mean:
            return 0.0
        spread = self.spread
        if looser > 1 and trials > 1:
            spread = min((looser * (1 + (trials - 1) * spread) - 1) / (trials - 1), 0.999)
        return beta_binomial(count, trials, self.mean, spread)

    def ratio(self, counts: Floats, trials: Floats) -> Floats:
        """How far counts are from the mean, squared, in what they vary; one is usual."""
        usual = trials * self.mean * (1 - self.mean) * (1 + np.maximum(trials - 1, 0) * self.spread)
        found: Floats = (counts - trials * self.mean) ** 2 / np.maximum(usual, 1e-9)
        return found


def share_of(counts: Floats, trials: Floats, at_least: float = 0.0) -> Share | None:
    """The habit of these principals; None when there are fewer than eight with a trial.

    `at_least` is a share known from elsewhere, like that of rows held out.
    """
    there = trials >= 1
    counts, trials = counts[there].astype(float), trials[there].astype(float)
    if len(counts) < FEWEST:
        return None
    kept = np.ones(len(counts), np.bool_)
    for _ in range(max(1, len(counts) // LEFT_OUT)):
        share = np.where(kept, counts / trials, -1.0)
        worst = int(share.argmax())
        kept[worst] = False
        others = _fitted(counts[kept], trials[kept], at_least)
        if others.rarity(float(counts[worst]), int(trials[worst])) > GROSS:
            kept[worst] = True
            break
    return _fitted(counts[kept], trials[kept], at_least)


def _fitted(counts: Floats, trials: Floats, at_least: float) -> Share:
    size, total = len(counts), float(trials.sum())
    mean = max((float(counts.sum()) + 0.5) / (total + 1), at_least)
    mean = min(max(mean, 1e-9), 1 - 1e-9)
    raised = float(((counts - trials * mean) ** 2 / (trials * mean * (1 - mean))).sum())
    raised *= (size - 1) / chi_square_low(size - 1)
    pairs = float((trials - 1).sum()) * (size - 1) / size
    spread = min(max((raised - (size - 1)) / max(pairs, 1.0), 0.0), 0.999)
    each = 1 + (total / size - 1) * spread
    error = math.sqrt(mean * (1 - mean) * each / total)
    return Share(mean=min(mean + ERRORS * error, 1 - 1e-9), spread=spread, principals=size)
