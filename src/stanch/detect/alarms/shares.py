"""Shares: what one principal may weigh, so that a burst of theirs is no evidence about everybody.

In    rows by principal, of a batch and of the baseline; rows of one principal, and the odd ones.
Out   how much each row of a batch counts; how surely one principal exceeds a share.
Why   rows of one principal resemble each other. Honest tenants who ask in bursts, each after their
      own taste, looked like a change of the world within minutes.
Math  With e the e-value of a row and w <= 1, e^w has mean at most one, too. With w such that who
      asked most weighs what they usually do, a burst adds what its principal always adds. A bet on
      one principal's own share is log mean over f of (1 + lam (y - m)) over rows, lam = f / m.
"""

import math

import numpy as np

from stanch.detect.alarms.bets import FRACTIONS
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import Block

BY_CHANCE = 4.0
"""Standard deviations by which somebody may ask more than usual and still be heard in full."""


def voice(batch: Ledger, habits: Ledger | None) -> float:
    """How much each row of the batch counts, from the busiest principal's share now and usually."""
    if habits is None or not habits.names or not batch.names or not batch.n:
        return 1.0
    usual = batch.n * int(habits.block(Block.ROWS).max()) / max(1, habits.n)
    heard = usual + BY_CHANCE * math.sqrt(usual) + 1
    return min(1.0, heard / max(1, int(batch.block(Block.ROWS).max())))


def single_excess(rows: int, odd: int, most: float) -> float:
    """The log e-value that one principal's rows, taken one by one, exceed this share."""
    bound = min(max(most, 1e-9), 1.0)
    lam = FRACTIONS / bound
    bets = odd * np.log1p(lam * (1 - bound)) + (rows - odd) * np.log1p(-lam * bound)
    top = float(bets.max())
    return top + float(np.log(np.mean(np.exp(bets - top))))
