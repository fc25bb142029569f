"""Membership inference: was this person's row in the training data?

In    a door; rows of people, some of whom were.
Out   a score for each row: the higher, the likelier.
Why   a model is surer of what it learnt, and stays sure a little way around it. Asking each row,
      and a few neighbours of it, gives the confidence and how far it holds.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from stanch.sandbox.pace import Pace
from stanch.sandbox.victims.data import Floats, Table
from stanch.sandbox.wire import Door


def suspect_members(
    door: Door, people: Table, neighbours: int, dice: np.random.Generator, pace: Pace
) -> Floats:
    """How likely each was learnt from; 0 for those about whom nothing was answered."""
    found = np.zeros(len(people))
    for n, row in enumerate(people.x):
        truth = people.classes[int(people.y[n])]
        sure: list[float] = []
        for turn in range(neighbours + 1):
            if not pace.next():
                return found
            noise = dice.normal(0.0, 0.15, len(row)) * people.spread if turn else 0.0
            sure.append(_belief(door, row + noise, truth, people.classes))
        found[n] = sure[0] + 0.5 * float(np.mean(sure[1:] or [0.0]))
    return found


def _belief(door: Door, row: Floats, truth: str, classes: Sequence[str]) -> float:
    """What the victim gives the row's true class."""
    answer = door.ask(row.round(4))
    if not answer.given:
        return 0.0
    if answer.scores is None or len(answer.scores) != len(classes):
        return 1.0 if answer.says == truth else 0.0
    return float(answer.scores[list(classes).index(truth)])


def advantage(scores: Floats, member: Floats) -> Mapping[str, float]:
    """The area under the curve, and members found at one false name in twenty."""
    inside, outside = scores[member > 0], scores[member == 0]
    wins = (inside[:, None] > outside[None, :]).mean()
    ties = (inside[:, None] == outside[None, :]).mean()
    bar = np.quantile(outside, 0.95)
    return {
        "auc": round(float(wins + ties / 2), 3),
        "found at 5% false": round(float((inside > bar).mean()), 3),
    }
