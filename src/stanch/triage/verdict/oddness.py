"""Oddness: rows weighed by how odd their combinations are, instead of counted beyond one border.

In    rows of each principal by grade (ordinary, unusual, off, far: the oddest tenth, hundredth and
      thousandth of the reference), now and in the baseline; what shuffled rows of the baseline are.
Out   nats of each principal; nats of everybody by the share of odd rows that are far off.
Why   half of what is foreign is odder than all but one of a thousand ordinary rows, and a row that
      is only unusual says a little too: a count beyond one border sees neither.
Math  `mixture`, of shuffled rows of the baseline with those of the rest of now, no less odd than
      the baseline. Of everybody the same with two borders: a drift may make as many
      rows odd as `carried` allows, and a quarter of those far at most (in months of flights .18
      to .28); an attack adds odd and far rows as shuffled ones are.
"""

import numpy as np

from stanch.triage.verdict.mixture import PRIOR, among_others, shares_of, tails
from stanch.triage.verdict.nats import TINY
from stanch.triage.verdict.observations import Base, Floats, Ints, Now
from stanch.triage.verdict.past import TASTES

MOST_FAR = 0.25
"""So much of what is odd may be far off by a drift."""
HIGHER = 1.25
LOWER = 1.5
"""How much higher, and lower, than of late that may be."""
FEW = np.array([0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2])
"""Shares of foreign rows from everybody that are tried."""
STEPS = 9


def by_principal(now: Now, base: Base, taste: float = TASTES[0]) -> Floats | None:
    """(P,) the nats of each; None where grades were not counted.

    `taste` is how much more of what is odd one honest principal may ask than the rest.
    """
    if now.graded is None or base.graded is None or base.foreign is None:
        return None
    return among_others(now.graded, _usual(base.graded, base), base.foreign, taste)


def stood(graded: Ints, base: Base) -> tuple[float, ...]:
    """The nats of whoever stands out most of these, at each of `TASTES`; nothing without grades."""
    if base.graded is None or base.foreign is None or not len(graded):
        return ()
    usual = _usual(base.graded, base)
    return tuple(float(among_others(graded, usual, base.foreign, t).max()) for t in TASTES)


def of_everybody(now: Now, base: Base, allowed: float) -> float | None:
    """The nats by which odd and far rows are those of an attack rather than of a drift.

    `allowed` is the rate of odd rows that a drift may bring. None where grades were not counted.
    """
    if now.graded is None or base.graded is None or base.foreign is None:
        return None
    whole = now.graded.sum(axis=0)
    counts = np.array([whole[:2].sum(), whole[2], whole[3]], np.float64)
    foreign = np.array([base.foreign[:2].sum(), *base.foreign[2:]])
    low, high = _far_shares(base)
    rates, shares = allowed * np.geomspace(1 / 16, 1, STEPS), np.linspace(low, high, STEPS)
    rate, share, attack = np.meshgrid(rates, shares, [0.0, *FEW], indexing="ij")
    drift = np.stack([1 - rate, rate * (1 - share), rate * share], axis=-1)
    mixed = (1 - attack)[..., None] * drift + attack[..., None] * foreign
    told = (counts * np.log(np.maximum(mixed, TINY))).sum(axis=-1)
    return max(0.0, float(told[..., 1:].max() - told[..., 0].max()))


def _far_shares(base: Base) -> tuple[float, float]:
    """The least and the most of the odd rows that are far off in a drift."""
    if base.graded is None:
        return 0.0, 1.0
    usual = float(base.graded[-1] / max(float(base.graded[-2:].sum()), TINY))
    told = (usual, usual if base.recent_far is None else base.recent_far)
    return min(told) / LOWER, min(0.9, max(MOST_FAR, HIGHER * max(told)))


def _usual(shares: Floats, base: Base) -> Floats:
    """(4,) the baseline's shares, with as many odd rows as of late."""
    late = base.recent_off_rate or 0.0
    least = np.array([0.0, late, late, late * (base.recent_far or 0.0)])
    if base.past is not None and base.past.taste < TASTES[0]:
        counts = base.past.graded + PRIOR * shares
        least = tails(counts / counts.sum())
    return shares_of(np.maximum(tails(shares), least))
