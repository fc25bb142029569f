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
      The reference's share is bounded by `bounds.highest`.
"""

import math

from stanch.detect.alarms.shares import single_excess

WINDOWS_A_YEAR = 52_560
SHARERS = 10
BAR = math.log10(WINDOWS_A_YEAR * SHARERS)
"""Log10 of the evidence that one window needs."""


def excess(rows: int, odd: int, most: float) -> float:
    """Log10 of the evidence that more than this share of the rows is odd."""
    return single_excess(rows, odd, most) / math.log(10) if rows else 0.0
