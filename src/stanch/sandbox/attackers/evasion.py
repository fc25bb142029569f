"""Evasion: an input that means one thing and is called another, found by asking.

In    a door that gives only the class; an input to hide; inputs the victim calls otherwise.
Out   `Hidden`: the nearest input found that is called otherwise, and how near it is.
Why   the strongest attack that needs no scores. Again and again: back to the boundary by halving,
      its direction from random tries around it, a step along it. The adaptive way tries far from
      the boundary point (large noise) and asks ordinary questions in between, so that no two of
      its questions look alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stanch.sandbox.pace import Pace
from stanch.sandbox.victims.table import Floats, Table
from stanch.sandbox.wire import Door

_HALVINGS = 10
_TRIES = 24
_SHRINK = 0.5


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Target:
    """What is to be hidden, and how."""

    row: Floats
    says: str
    """What the victim rightly calls it."""
    others: Floats
    """Inputs that it calls otherwise."""
    spread: Floats
    """The unit of distance of each feature."""
    budget: int
    seed: int
    noise: float = 0.05
    """How far around the boundary is tried, as a share of the distance to the input."""
    cover: Floats | None = None
    """Ordinary questions that are asked in between."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Hidden:
    """What was found."""

    row: Floats | None
    start: float
    """How far the nearest known other input was."""
    near: float
    """How far the found one is."""
    asked: int
    answered: int


class _Asker:
    """Asks, counts, and stops when it is over."""

    def __init__(self, doors: Sequence[Door], target: Target, pace: Pace) -> None:
        self._doors, self._target, self._pace = doors, target, pace
        self._dice = np.random.default_rng([target.seed, 3])
        self.asked = self.answered = 0

    @property
    def over(self) -> bool:
        return self.asked >= self._target.budget

    def other(self, row: Floats) -> bool:
        """Whether the victim calls this input otherwise."""
        if self.over or not self._pace.next():
            self.asked = max(self.asked, self._target.budget)
            return False
        cover = self._target.cover
        if cover is not None:
            self._door().ask(cover[int(self._dice.integers(len(cover)))])
            if not self._pace.next():
                return False
        answer = self._door().ask(row)
        self.asked += 1
        self.answered += answer.given
        return answer.given and answer.says != self._target.says

    def _door(self) -> Door:
        return self._doors[self.asked % len(self._doors)]


def rightly_named(door: Door, known: Table, count: int) -> list[int]:
    """The first so many inputs that the victim calls what they are: others need not be hidden.

    Who is refused knows nothing better than to take them as they come.
    """
    found: list[int] = []
    for n, row in enumerate(known.x):
        if len(found) == count:
            break
        if door.ask(row).says in ("", known.classes[int(known.y[n])]):
            found.append(n)
    return found


def hide(doors: Sequence[Door], target: Target, pace: Pace) -> Hidden:
    """The nearest input that is called otherwise."""
    ask = _Asker(doors, target, pace)
    dice = np.random.default_rng([target.seed, 4])
    row, unit = target.row, np.maximum(target.spread, 1e-9)

    def far(other: Floats) -> float:
        return float(np.linalg.norm((other - row) / unit))

    order = sorted(target.others, key=far)
    start = next((one for one in order[:10] if ask.other(one)), None)
    if start is None:
        return Hidden(row=None, start=0.0, near=0.0, asked=ask.asked, answered=ask.answered)
    begun = far(start)
    best = _to_boundary(ask, row, start)
    turn = 1
    while not ask.over:
        away = _direction(ask, best, far(best) * target.noise * unit, dice)
        step = far(best) / np.sqrt(turn)
        while not ask.over:
            tried = best + step * away * unit
            if ask.other(tried):
                found = _to_boundary(ask, row, tried)
                best = found if far(found) < far(best) else best
                break
            step *= _SHRINK
        turn += 1
    return Hidden(row=best, start=begun, near=far(best), asked=ask.asked, answered=ask.answered)


def _to_boundary(ask: _Asker, row: Floats, other: Floats) -> Floats:
    """The input nearest to `row` on the way to `other` that is still called otherwise."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        if ask.over:
            break
        middle = (low + high) / 2
        if ask.other(row + middle * (other - row)):
            high = middle
        else:
            low = middle
    found: Floats = row + high * (other - row)
    return found


def _direction(ask: _Asker, at: Floats, noise: Floats, dice: np.random.Generator) -> Floats:
    """Where it is called otherwise, as a unit vector."""
    tries = dice.normal(0.0, 1.0, (_TRIES, len(at)))
    tries /= np.linalg.norm(tries, axis=1, keepdims=True)
    said = np.asarray([1.0 if ask.other(at + one * noise) else -1.0 for one in tries])
    found: Floats = ((said - said.mean())[:, None] * tries).mean(axis=0)
    if not found.any():
        found = tries.mean(axis=0) * said.mean()
    unit: Floats = found / max(float(np.linalg.norm(found)), 1e-12)
    return unit
