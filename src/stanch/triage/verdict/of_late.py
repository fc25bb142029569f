"""Of late: whether odd combinations from everybody are more than since yesterday can be.

In    the grades of all rows, now and on the last day; how far inputs moved since.
Out   nats, by which the rows are an attack's rather than a drift's.
Why   twelve rows more of fourteen hundred are nothing against a baseline of years ago, and four
      times the usual against yesterday, when no input moved and ordinary rows stayed.
Math  As in `oddness.of_everybody`, with two rates: a day allows a quarter more odd rows than it
      had, and half more far ones, each with a standard error; besides what a drift since then
      carried along: of what inputs moved, `CARRIED`, and no more than `ANEW` times what the
      shoulder accounts for: values that come together anew are odder than what only went on.
"""

import numpy as np

from stanch.triage.verdict.carried import CARRIED, LEAST, accounted
from stanch.triage.verdict.nats import TINY
from stanch.triage.verdict.observations import Base, Now
from stanch.triage.verdict.oddness import FEW, HIGHER, MOST_FAR
from stanch.triage.verdict.past import beyond_chance

FARTHER = 1.5
"""Far rows vary more from day to day than odd ones."""
ANEW = 3.0
"""A drift that brings values together anew makes so many times as many odd."""
STEPS = 27
MOST = 0.9


def of_late(now: Now, base: Base, moved: float | None) -> float:
    """The nats; 0 where nothing is known of the last day."""
    past = base.past
    if now.graded is None or past is None or base.foreign is None or moved is None:
        return 0.0
    ordinary, unusual, off, far = (int(n) for n in now.graded.sum(axis=0))
    before = past.graded
    days, odd = int(before.sum()), int(before[2:].sum())
    further = CARRIED * beyond_chance(moved, now, past)
    told = accounted(ordinary + unusual, unusual, odd / days, int(before[1:].sum()) / days)
    further = further if told is None else min(further, ANEW * told)
    most = min(MOST, LEAST * _at_most(odd, days) + further)
    farther = _at_most(int(before[3]), days)
    most_far = FARTHER * farther + MOST_FAR * further
    share = min(MOST, max(MOST_FAR, HIGHER * farther * days / (odd + 0.5)))
    grid = np.geomspace(1 / 64, 1, STEPS)
    rate, distant, attack = np.meshgrid(most * grid, most_far * grid, [0.0, *FEW], indexing="ij")
    distant = np.minimum(distant, share * rate)
    drift = np.stack([1 - rate, rate - distant, distant], axis=-1)
    foreign = np.array([base.foreign[:2].sum(), *base.foreign[2:]])
    mixed = (1 - attack)[..., None] * drift + attack[..., None] * foreign
    seen = np.array([ordinary + unusual, off, far], np.float64)
    nats = (seen * np.log(np.maximum(mixed, TINY))).sum(axis=-1)
    return max(0.0, float(nats[..., 1:].max() - nats[..., 0].max()))


def _at_most(count: int, of: int) -> float:
    """The rate, with a standard error."""
    return float((count + 0.5 + np.sqrt(count + 0.5)) / of)
