"""Threshold probing: where does the fraud model begin to say no? Then fraud, just under it.

In    a door; frauds one would like to make; harmless payments.
Out   `Passed`: how many frauds went through, before and after learning the threshold.
Why   halving the way from a harmless payment to a fraud finds the edge in a dozen questions.
"""

from dataclasses import dataclass

import numpy as np

from stanch.sandbox.pace import Pace
from stanch.sandbox.victims.data import Floats
from stanch.sandbox.wire import Door

_HALVINGS = 8
_UNDER = 0.97
"""How far along the way to the edge a fraud is placed."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Passed:
    """What became of the frauds."""

    tried: int
    plainly: int
    """Frauds that passed as they were."""
    after: int
    """Frauds that passed once the edge was known."""
    asked: int


def probe_then_defraud(
    door: Door, frauds: Floats, harmless: Floats, good: str, pace: Pace
) -> Passed:
    """Probes for every fraud, then makes it as large as passes."""
    asked = plainly = after = 0
    ready: list[Floats] = []
    for n, fraud in enumerate(frauds):
        base = harmless[n % len(harmless)]
        low, high = 0.0, 1.0
        for turn in range(_HALVINGS + 1):
            if not pace.next():
                return Passed(tried=len(frauds), plainly=plainly, after=after, asked=asked)
            way = 1.0 if turn == 0 else (low + high) / 2
            answer = door.ask((base + way * (fraud - base)).round(4))
            asked += 1
            if turn == 0 and answer.says == good:
                plainly += 1
            if answer.says == good:
                low = way
            else:
                high = way
        ready.append((base + low * _UNDER * (fraud - base)).round(4))
    for row in ready:
        if not pace.next():
            break
        asked += 1
        after += door.ask(row).says == good
    return Passed(tried=len(frauds), plainly=plainly, after=after, asked=asked)


def worth(rows: Floats) -> float:
    """How much money these payments are."""
    return float(np.asarray(rows)[:, 0].sum())
