"""HopSkipJump as the Adversarial Robustness Toolbox has it: somebody else's attack, unchanged.

In    a door that gives only the class; an input to hide.
Out   `Hidden`, as our own search gives it.
Why   a defence tried only on its author's attacks proves little. The toolbox asks a function for
      classes; here that function asks the door, counts, and ends the search when it is over.
"""

import warnings
from contextlib import suppress
from typing import Any

import numpy as np

from stanch.sandbox.attackers.evasion import Hidden, Target
from stanch.sandbox.pace import Pace
from stanch.sandbox.victims.table import Floats
from stanch.sandbox.wire import Door
from stanch.vocabulary.trouble import Missing

_ROUNDS = 40
_FIRST_TRIES, _MOST_TRIES = 20, 200


class _OverError(Exception):
    """The budget is spent, or somebody said stop."""


class _Asked:
    """The victim as the toolbox sees it, and the nearest input that was called otherwise."""

    def __init__(self, door: Door, target: Target, pace: Pace) -> None:
        self._door, self._target, self._pace = door, target, pace
        self.asked = self.answered = 0
        self.best: Floats | None = None

    def classes(self, rows: Any) -> Floats:
        """One row a question: all weight on the class that was said."""
        found = np.zeros((len(rows), 2))
        for place, row in enumerate(np.asarray(rows, dtype=np.float64)):
            found[place, int(self._other(row))] = 1.0
        return found

    def far(self, row: Floats) -> float:
        """How far it is from what is hidden."""
        return float(np.linalg.norm(row - self._target.row))

    def _other(self, row: Floats) -> bool:
        if self.asked >= self._target.budget or not self._pace.next():
            raise _OverError
        answer = self._door.ask(row)
        self.asked += 1
        self.answered += answer.given
        other = answer.given and answer.says != self._target.says
        if other and (self.best is None or self.far(row) < self.far(self.best)):
            self.best = row
        return other


def hide_by_toolbox(door: Door, target: Target, pace: Pace) -> Hidden:
    """The nearest input that is called otherwise, as the toolbox finds it."""
    with warnings.catch_warnings():
        # The toolbox warns of every deep-learning framework that is not installed.
        warnings.simplefilter("ignore")
        try:
            from art.attacks.evasion import HopSkipJump  # noqa: PLC0415  heavy, and optional
            from art.estimators.classification import BlackBoxClassifier  # noqa: PLC0415  heavy
        except ImportError:
            raise Missing("HopSkipJump", "ml", "ml") from None
    asked = _Asked(door, target, pace)
    start = min(target.others, key=asked.far)
    low, high = float(target.others.min()), float(target.others.max())
    model: Any = BlackBoxClassifier(
        asked.classes, (len(target.row),), 2, clip_values=(low, high), preprocessing=(0.0, 1.0)
    )
    attack: Any = HopSkipJump(
        model,
        batch_size=1,
        max_iter=_ROUNDS,
        max_eval=_MOST_TRIES,
        init_eval=_FIRST_TRIES,
        verbose=False,
    )
    with suppress(_OverError):
        attack.generate(target.row[None], x_adv_init=start[None])
    best = asked.best
    return Hidden(
        row=best,
        start=asked.far(start),
        near=asked.far(best) if best is not None else asked.far(start),
        asked=asked.asked,
        answered=asked.answered,
    )
