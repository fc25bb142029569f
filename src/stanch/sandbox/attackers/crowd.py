"""A crowd: several accounts of one attacker, who hides each question among ordinary ones.

In    doors with keys of one's own; ordinary rows; how many of them to a question.
Out   the answer to a question, and by whom nobody can tell from its neighbours.
Why   who knows how attacks are found asks little, slowly, by turns, and something else in between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stanch.sandbox.pace import Pace
from stanch.sandbox.victims.table import Floats, Table
from stanch.sandbox.wire import Answer, Door

_NOISE = 0.05
"""How much ordinary questions differ from the rows they are made of, as a share of the spread."""


@dataclass(kw_only=True, slots=True, eq=False)
class Crowd:
    """Several accounts that take turns at random."""

    doors: Sequence[Door]
    ordinary: Table
    cover: float
    """Ordinary questions to each of one's own, on average."""
    dice: np.random.Generator
    pace: Pace
    asked: int = 0
    answered: int = 0
    covered: int = 0

    def ask(self, row: Floats, groups: str = "") -> Answer | None:
        """The answer to one's own question; None once it is over."""
        for _ in range(int(self.dice.poisson(self.cover))):
            if not self._hide():
                return None
        if not self.pace.next():
            return None
        answer = self._door().ask(row, grouped(groups))
        self.asked += 1
        self.answered += answer.given
        return answer

    def _hide(self) -> bool:
        """One ordinary question; false once it is over."""
        if not self.pace.next():
            return False
        rows = self.ordinary
        place = int(self.dice.integers(len(rows)))
        noise = self.dice.normal(0.0, _NOISE, len(rows.features)) * rows.spread
        row = rows.x[place] + (0.0 if rows.whole else noise)
        self._door().ask(row.round(4), grouped(rows.groups[place] if rows.groups else ""))
        self.covered += 1
        return True

    def _door(self) -> Door:
        return self.doors[int(self.dice.integers(len(self.doors)))]


def grouped(text: str) -> Mapping[str, str]:
    """The group of a row as a request names it: empty where people belong to none."""
    name, _, value = text.partition("=")
    return {name: value} if value else {}
