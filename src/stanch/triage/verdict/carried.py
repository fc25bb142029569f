"""Carried: how many rows may be odd combinations because everybody's rows moved.

In    how far inputs moved; how odd all rows are, now and in the baseline.
Out   the share of rows up to which odd combinations from everybody are not held to be an attack.
Why   when the year goes on, rows that were rare become less rare, for everybody alike. An attack by
      everybody adds odd rows and leaves the ordinary ones where they were; a drift moves them too.
Math  Two things tell how far: the largest distance of an input, of which `CARRIED` counts; and the
      shoulder, the rows that are odder than nine of ten of the baseline and are not odd. Taken as a
      normal variable, by how many deviations did the score move that so many of the rows that are
      not odd are in the shoulder? As many more lie beyond the border of the odd ones then. The
      share of now is taken at its upper bound (`ERRORS` of its standard errors): few rows leave
      much doubt, and it is in everybody's favour. Where the last day tells how many odd rows there
      are of late, these may be a quarter more (`LEAST`), or half more than the shoulder accounts
      for; without a shoulder, half as many again.
"""

from statistics import NormalDist

import numpy as np

from stanch.triage.verdict.nats import TOLERANCE, raised
from stanch.triage.verdict.observations import Base, Floats, Now

CARRIED = 0.4
"""So much of what moved may be odd combinations that it took along: a quarter in most months of
flights, two fifths in the worst."""
SHOULDER, ERRORS = 0.9, 1.645
FARTHEST, HALVINGS = 4.0, 40
LEAST = 1.25
"""A day tells a rate no better than this."""
_NORMAL = NormalDist()


def allowed(now: Now, base: Base, far: Floats | None) -> float:
    """The share of rows that may be odd combinations before everybody is held to attack."""
    told = _by_score(now, base)
    if base.recent_off_rate is None:
        return min(0.99, raised(base.off_rate) + max(_by_inputs(now, far), told or 0.0))
    rate = max(base.off_rate, base.recent_off_rate)
    if told is None:
        return raised(rate)
    return min(0.99, max(LEAST * rate, TOLERANCE * (base.off_rate + told)))


def _by_inputs(now: Now, far: Floats | None) -> float:
    if far is None or not far.size:
        return 0.0
    by_chance = 1.0 / np.sqrt(max(1, int(now.rows.sum())))
    return CARRIED * max(0.0, float(far.max()) - by_chance)


def _by_score(now: Now, base: Base) -> float | None:
    """How many more that the shoulder accounts for; None where it tells nothing."""
    if now.grades is None or base.grades is None:
        return None
    before = base.grades.cumsum()
    whole, rows = int(before[-1]), int(now.grades[:-1].sum())
    place = int(np.searchsorted(before, SHOULDER * whole)) + 1
    rate, high = (float(base.grades[at:].sum()) / max(1, whole) for at in (-1, place))
    return accounted(rows, int(now.grades[place:-1].sum()), rate, high)


def accounted(rows: int, shoulder: int, rate: float, high: float) -> float | None:
    """How many more odd ones the shoulder accounts for: that many of the rows that are not odd.

    Before, `rate` were odd, and `high` odd or in the shoulder. None where that tells nothing.
    """
    if not rows or not 0 < rate < high < 1:
        return None
    seen = shoulder / rows
    seen += ERRORS * float(np.sqrt(max(seen, 1 / rows) * (1 - seen) / rows))
    low, border = _NORMAL.inv_cdf(1 - high), _NORMAL.inv_cdf(1 - rate)
    return 1 - _NORMAL.cdf(border - _moved(seen, low, border)) - rate


def _moved(seen: float, low: float, border: float) -> float:
    """By how much a normal variable moved, when of what is under the border so much is over `low`.

    That grows with the move, so halving finds it; a move down counts as none.
    """
    least, most = 0.0, FARTHEST
    for _ in range(HALVINGS):
        middle = (least + most) / 2
        under = _NORMAL.cdf(border - middle)
        short = 1 - _NORMAL.cdf(low - middle) / under < seen
        least, most = (middle, most) if short else (least, middle)
    return least
