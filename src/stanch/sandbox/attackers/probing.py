"""Threshold probing: where does the fraud model begin to say no? Then fraud, just under it.

In    a door; frauds one would like to make; harmless payments.
Out   `Passed`: how many frauds went through, before and after learning the threshold, for how much.
Why   halving the way from a harmless payment to a fraud finds the edge in a dozen questions. The
      careful way halves all frauds' ways by turns, off the straight line, through several accounts
      and among ordinary payments, so that no question stands near the one before it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from stanch.sandbox.attackers.crowd import Crowd
from stanch.sandbox.pace import Pace
from stanch.sandbox.victims.table import Floats
from stanch.sandbox.wire import Door

_HALVINGS = 8
_UNDER = 0.97
"""How far along the way to the edge a fraud is placed."""
_FEWER = 5
_FARTHER_UNDER = 0.9
"""The same for who knows the edge less well."""
_JITTER = 0.03
"""How far off the straight line is asked, as a share of each feature's spread."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Passed:
    """What became of the frauds."""

    tried: int
    plainly: int
    """Frauds that passed as they were."""
    after: int
    """Frauds that passed once the edge was known."""
    asked: int
    money: float = 0.0
    """What those were worth that passed once the edge was known."""
    wanted: float = 0.0
    """What all of them were worth as they were."""


def probe_then_defraud(
    door: Door, frauds: Floats, harmless: Floats, good: str, pace: Pace
) -> Passed:
    """Probes for every fraud, then makes it as large as passes."""
    asked = plainly = 0
    ready: list[Floats] = []
    for n, fraud in enumerate(frauds):
        base = harmless[n % len(harmless)]
        low, high = 0.0, 1.0
        for turn in range(_HALVINGS + 1):
            if not pace.next():
                return _nothing(frauds, plainly, asked)
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

    def pay(row: Floats) -> bool | None:
        return door.ask(row).says == good if pace.next() else None

    return _defrauded(ready, pay, _nothing(frauds, plainly, asked))


def probe_under_cover(crowd: Crowd, frauds: Floats, harmless: Floats, good: str) -> Passed:
    """The same by a crowd: all frauds' ways are halved by turns, in an order of chance."""
    dice, spread = crowd.dice, crowd.ordinary.spread
    bases = harmless[dice.integers(len(harmless), size=len(frauds))]
    low, high = np.zeros(len(frauds)), np.ones(len(frauds))
    turns = np.concatenate([dice.permutation(len(frauds)) for _ in range(_FEWER)])
    for n in turns:
        way = (low[n] + high[n]) / 2
        aside = dice.normal(0.0, _JITTER, len(spread)) * spread
        answer = crowd.ask((bases[n] + way * (frauds[n] - bases[n]) + aside).round(4))
        if answer is None:
            return _nothing(frauds, 0, crowd.asked)
        if answer.says == good:
            low[n] = way
        else:
            high[n] = way
    way = (low * _FARTHER_UNDER)[:, None]

    def pay(row: Floats) -> bool | None:
        answer = crowd.ask(row)
        return None if answer is None else answer.says == good

    ready = (bases + way * (frauds - bases)).round(4)
    return _defrauded(list(ready), pay, _nothing(frauds, 0, crowd.asked))


def _nothing(frauds: Floats, plainly: int, asked: int) -> Passed:
    return Passed(tried=len(frauds), plainly=plainly, after=0, asked=asked, wanted=worth(frauds))


def _defrauded(ready: list[Floats], pay: Callable[[Floats], bool | None], before: Passed) -> Passed:
    """What passed of these payments, until it is over."""
    passed: list[Floats] = []
    for row in ready:
        done = pay(row)
        if done is None:
            break
        passed += [row] if done else []
    money = worth(np.asarray(passed)) if passed else 0.0
    return replace(before, after=len(passed), asked=before.asked + len(ready), money=money)


def worth(rows: Floats) -> float:
    """How much money these payments are: the amount is their first feature."""
    return round(float(rows[:, 0].sum()), 2)
