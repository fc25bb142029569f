"""Excess: how far a count is above a rate, in nats.

In    counts, totals, a rate.
Out   the log-likelihood ratio of the rate seen against the rate expected; 0 when not above it.
Why   one number for rare and for common things, exact in small counts where a z-score is not.
Math  n KL(x/n || r). Under the rate its tail is close to exponential with mean one, so the
      largest of P principals is compared after taking off log P.
"""

from math import comb, exp, log

import numpy as np
from numpy.typing import NDArray

from stanch.triage.verdict.observations import Floats, Ints

TINY = 1e-9
TOLERANCE = 1.5
"""A rate may grow by half before it counts as above its baseline: quiet years differ that much."""
TOGETHER = 3
"""So many principals are looked at together."""
TASTE = 2.0
"""How much more of a thing one honest principal may do than the rest."""


def bound(p: float) -> float:
    """The most that a p-value can say for the alternative, in log-odds; under 1/e only."""
    return max(-0.7, -1.0 - log(p) - log(-log(p))) if 0 < p < exp(-1) else -0.7 * min(1.0, p)


def raised(rate: float) -> float:
    """The rate that still does not count as above this one."""
    return min(0.99, TOLERANCE * max(rate, 1e-4))


def excess(count: Ints, total: Ints, rate: Floats | float) -> Floats:
    """The nats by which each count is above its rate."""
    n = np.maximum(total, 1).astype(np.float64)
    seen = np.clip(count / n, 0.0, 1.0)
    told: NDArray[np.float64] = np.clip(np.asarray(rate, dtype=np.float64), TINY, 1 - TINY)
    above = seen * np.log(np.maximum(seen, TINY) / told)
    below = (1 - seen) * np.log(np.maximum(1 - seen, TINY) / (1 - told))
    out: Floats = np.where((seen > told) & (total > 0), n * (above + below), 0.0)
    return out


def rest_rate(count: Ints, total: Ints, floor: float, trim: float = 0.1) -> float:
    """The rate of everybody but the oddest tenth, and never under the floor."""
    if total.sum() == 0:
        return floor
    order = np.argsort(-excess(count, total, max(floor, TINY)), kind="stable")
    kept = order[max(1, round(trim * len(order))) :] if len(order) > 1 else order[:0]
    rows = int(total[kept].sum())
    return max(floor, (float(count[kept].sum()) + 0.5) / (rows + 1.0)) if rows else floor


def surplus_of(count: Ints, total: Ints, floor: float) -> Floats:
    """(P,) what each has beyond the rate of the rest."""
    out: Floats = np.maximum(0.0, count - total * rest_rate(count, total, floor))
    return out


def together(nats: Floats, many: int) -> float:
    """The nats of the one, two or three of so many principals who stand out most.

    One is one of many, two are one of many more pairs; who looks for several looks twice.
    """
    ranked = np.sort(nats)[::-1]
    found = [
        float(ranked[:few].sum()) - log(comb(max(many, few), few)) - (log(2) if few > 1 else 0.0)
        for few in range(1, 1 + min(TOGETHER, len(nats)))
    ]
    return max(0.0, *found, 0.0)


def most(count: Ints, total: Ints, floor: float) -> tuple[float, Floats]:
    """The largest excess over the rest, corrected for how many were looked at; and each one's.

    Principals differ in taste, so that one counts as odd only past twice the rate of the rest.
    """
    each = excess(count, total, min(0.99, TASTE * rest_rate(count, total, floor)))
    looked = max(1, int((total > 0).sum()))
    return float(max(0.0, each.max(initial=0.0) - np.log(looked))), each
