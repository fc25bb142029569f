"""Shares: evidence from one bounded mean per principal, so that a burst counts once.

In    for each principal of a batch, rows and the rows among them with some property.
Out   the log e-value that principals show the property more often than the reference says.
Why   the rows of one principal depend on each other; a principal counts as one vote y in [0, 1].
Math  log e = log mean over f of prod over principals of (1 + lam (y - m)), lam = f / m. Each
      factor has mean at most one when a principal's expected share is at most m, however its
      rows hang together. The same bet on rates of wrong answers by group is the fairness test
      (betting), valid at any time when the e-values of batches are multiplied.
"""

import numpy as np

from stanch.detect.alarms.bets import FRACTIONS
from stanch.detect.summaries.arrays import Ints


def log_votes(rows: Ints, odd: Ints, most: float) -> float:
    """The log e-value of these principals against a share of at most `most`."""
    here = rows > 0
    if not here.any():
        return 0.0
    bound = min(max(most, 1e-9), 1.0)
    votes = odd[here] / rows[here]
    bets = np.log1p((FRACTIONS / bound)[:, None] * (votes[None, :] - bound)).sum(axis=1)
    top = float(bets.max())
    return top + float(np.log(np.mean(np.exp(bets - top))))


def single_excess(rows: int, odd: int, most: float) -> float:
    """The log e-value that one principal's rows, taken one by one, exceed this share."""
    bound = min(max(most, 1e-9), 1.0)
    lam = FRACTIONS / bound
    bets = odd * np.log1p(lam * (1 - bound)) + (rows - odd) * np.log1p(-lam * bound)
    top = float(bets.max())
    return top + float(np.log(np.mean(np.exp(bets - top))))
