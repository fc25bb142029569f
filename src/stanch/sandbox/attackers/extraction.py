"""Extraction: a copy of the model, made from nothing but its answers.

In    a door; how inputs are chosen; how many questions there are money for.
Out   `Stolen`: a surrogate, and what it cost.
Why   the three ways that are in use: blind (uniform over what the features may be), data-like (a
      sample of the thief's own, columns mixed), active (near where the copy so far is least sure).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from stanch.sandbox.pace import Pace
from stanch.sandbox.victims.net import Net, trained
from stanch.sandbox.victims.table import Floats, Table
from stanch.sandbox.wire import Door

_ROUNDS = 5
_POOL = 20
"""Candidates that the active thief weighs for each question it asks."""


class Style(StrEnum):
    """How the questions are chosen."""

    UNIFORM = "uniform"
    DATA_LIKE = "data_like"
    ACTIVE = "active"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Thief:
    """What an extraction attacker starts with."""

    known: Table
    """A few rows of their own, whose labels are not used: the domain is known, the data is not."""
    style: Style
    budget: int
    seed: int


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Stolen:
    """What the thief has at the end."""

    copy: Net | None
    asked: int
    answered: int


def extract(doors: Sequence[Door], thief: Thief, pace: Pace) -> Stolen:
    """The copy that these doors gave away, taking turns."""
    dice = np.random.default_rng(thief.seed)
    choose = {
        Style.UNIFORM: _uniform,
        Style.DATA_LIKE: _data_like,
        Style.ACTIVE: _data_like,
    }[thief.style]
    rounds = _ROUNDS if thief.style is Style.ACTIVE else 1
    held, copy, asked = _Answers(thief), None, 0
    for turn in range(rounds):
        rows = choose(thief.known, thief.budget // rounds * (_POOL if copy else 1), dice)
        if copy is not None:
            rows = _least_sure(copy, rows, thief.budget // rounds)
        for row in rows:
            if not pace.next():
                break
            held.add(row, doors[asked % len(doors)])
            asked += 1
        copy = held.learnt() if thief.style is Style.ACTIVE or turn == rounds - 1 else None
    return Stolen(copy=copy, asked=asked, answered=len(held))


class _Answers:
    """What the victim said so far."""

    def __init__(self, thief: Thief) -> None:
        self._thief = thief
        self._rows: list[Floats] = []
        self._says: list[int] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: Floats, door: Door) -> None:
        answer = door.ask(row)
        if answer.given and answer.says in self._thief.known.classes:
            self._rows.append(row)
            self._says.append(self._thief.known.classes.index(answer.says))

    def learnt(self) -> Net | None:
        if len(set(self._says)) < 2:  # noqa: PLR2004  one class teaches nothing
            return None
        rows = np.asarray(self._rows)
        said = replace(self._thief.known, x=rows, y=np.asarray(self._says), groups=())
        return trained(said, self._thief.seed, hidden=(64,), rounds=80)


def _uniform(known: Table, count: int, dice: np.random.Generator) -> Floats:
    low, high = known.x.min(axis=0), known.x.max(axis=0)
    return _whole(known, dice.uniform(low, high, (count, len(low))))


def _data_like(known: Table, count: int, dice: np.random.Generator) -> Floats:
    """Two rows of one's own crossed, with noise: near the data, and never quite of it."""
    first = known.x[dice.integers(len(known), size=count)]
    second = known.x[dice.integers(len(known), size=count)]
    mixed = np.where(dice.random(first.shape) < 0.5, first, second)  # noqa: PLR2004  a fair coin
    noisy = mixed + dice.normal(0, 0.1, first.shape) * known.spread
    return _whole(known, np.clip(noisy, known.x.min(axis=0), known.x.max(axis=0)))


def _least_sure(copy: Net, rows: Floats, count: int) -> Floats:
    ranked = np.sort(copy.scores(rows), axis=1)
    margin = ranked[:, -1] - ranked[:, -2]
    return rows[np.argsort(margin)[:count]]


def _whole(known: Table, rows: Floats) -> Floats:
    found: Floats = rows.round() if known.whole else rows.round(4)
    return found


def fidelity(copy: Net | None, victim: Net, on: Table) -> float:
    """The share of rows on which the copy says what the victim says; 0 without a copy."""
    return 0.0 if copy is None else float((copy.says(on.x) == victim.says(on.x)).mean())
