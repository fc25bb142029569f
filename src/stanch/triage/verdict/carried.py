"""Carried: how many rows may be odd combinations because everybody's rows moved.

In    how far inputs moved; how odd all rows are, now and in the baseline.
Out   a share of rows that is allowed for, before what came from everybody is held to be an attack.
Why   when the year goes on, rows that were rare become less rare, for everybody alike. An attack by
      everybody adds odd rows and leaves the ordinary ones where they were; a drift moves them too.
Math  Two things tell how far: the largest distance of an input, of which `CARRIED` counts; and the
      shoulder, the rows that are odder than nine of ten of the baseline and are not odd. Its share
      of the rows that are not odd, in deviations of a normal variable, moved by so much; then the
      rows beyond the border of the odd ones are expected to have moved by as much. The share of now
      is taken at its upper bound (`ERRORS` of its standard errors): few rows leave much doubt, and
      it is in everybody's favour. Where the last day tells how many odd rows there are of late,
      that is known and nothing is allowed for.
"""

from statistics import NormalDist

import numpy as np

from stanch.triage.verdict.observations import Base, Floats, Now

CARRIED = 0.4
"""So much of what moved may be odd combinations that it took along: a quarter in most months of
flights, two fifths in the worst."""
SHOULDER, ERRORS = 0.9, 1.645
FARTHEST, HALVINGS = 4.0, 40
_NORMAL = NormalDist()


def carried(now: Now, base: Base, far: Floats | None) -> float:
    """How many rows more may be odd combinations because ordinary rows moved."""
    if base.recent_off_rate is not None:
        return 0.0
    return max(_by_inputs(now, far), _by_score(now, base))


def _by_inputs(now: Now, far: Floats | None) -> float:
    if far is None or not far.size:
        return 0.0
    by_chance = 1.0 / np.sqrt(max(1, int(now.rows.sum())))
    return CARRIED * max(0.0, float(far.max()) - by_chance)


def _by_score(now: Now, base: Base) -> float:
    if now.grades is None or base.grades is None:
        return 0.0
    before = base.grades.cumsum()
    whole, rows = int(before[-1]), int(now.grades[:-1].sum())
    place = int(np.searchsorted(before, SHOULDER * whole)) + 1
    rate, high = (float(base.grades[at:].sum()) / max(1, whole) for at in (-1, place))
    if not rows or not 0 < rate < high < 1:
        return 0.0
    seen = float(now.grades[place:-1].sum()) / rows
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
