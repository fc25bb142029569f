"""Rates: bets on shares within one window, and the bar that a year of windows needs.

In    how often something was seen among how many, now and in the reference.
Out   log10 e-values, and bounds on the reference's true share.
Why   what has no stream of its own (a cell of a table, a principal, an address) is judged window
      by window, while the window fills, however often it is looked at.
Math  Within a window the evidence is the product, over rows, of factors 1 + lam (y - m) with mean
      at most one: a test martingale, so the chance that it *ever* reaches 1/alpha while the window
      fills is at most alpha (Ville). A year has 52,560 windows (one starts every ten minutes), and
      `SHARERS` detectors share one false alarm a year: the bar is log10(52,560 x SHARERS).
      The mean over many things looked at is an e-value again: it costs log10(how many).
      `highest` is the largest m with rows x KL(seen, m) <= ln(1/beta) (Chernoff), which is far
      closer than DKW for rare things.
"""

import math

import numpy as np

from stanch.detect.alarms.bets import BETA
from stanch.detect.alarms.shares import single_excess
from stanch.detect.summaries.arrays import Floats, Ints

WINDOWS_A_YEAR = 52_560
SHARERS = 10
BAR = math.log10(WINDOWS_A_YEAR * SHARERS)
"""Log10 of the evidence that one window needs."""
_HALVINGS = 60


def excess(rows: int, odd: int, most: float) -> float:
    """Log10 of the evidence that more than this share of the rows is odd."""
    return single_excess(rows, odd, most) / math.log(10) if rows else 0.0


def highest(odd: Ints, rows: Ints, beta: float = BETA) -> Floats:
    """The highest true shares that such counts leave possible; 1 where nothing was counted."""
    seen = odd / np.maximum(rows, 1)
    room = math.log(1 / beta) / np.maximum(rows, 1)
    low, high = seen.astype(np.float64), np.ones_like(seen, dtype=np.float64)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        fits = _divergence(seen, middle) <= room
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return np.where(rows > 0, high, 1.0)


def _divergence(seen: Floats, share: Floats) -> Floats:
    """The Kullback-Leibler divergence of two coins."""
    p, m = np.clip(seen, 0, 1), np.clip(share, 1e-15, 1 - 1e-15)
    with np.errstate(divide="ignore", invalid="ignore"):
        yes = np.where(p > 0, p * np.log(p / m), 0.0)
        no = np.where(p < 1, (1 - p) * np.log((1 - p) / (1 - m)), 0.0)
    return np.asarray(yes + no, np.float64)
