"""Newcomer: a new customer signs up, with a mix of its own and a busy first day."""

import numpy as np

from stanch.sandbox.drill import Drill, Expected, Gain, World
from stanch.sandbox.scene import Scene
from stanch.vocabulary.incident import VerdictKind


def _attack(scene: Scene) -> int:
    """How many of the newcomer's ordinary questions were answered."""
    door, pace, rows = scene.door("newcomer"), scene.pace(15), scene.outside
    dice = scene.dice(51)
    few = dice.choice(len(rows.classes), 3, replace=False)
    own = rows.take(np.flatnonzero(np.isin(rows.y, few)))
    answered = 0
    for _ in range(scene.size(500, 200)):
        if not pace.next():
            break
        answered += door.ask(own.x[int(dice.integers(len(own)))]).given
    return answered


def _gain(scene: Scene, loot: int) -> Gain:
    asked = scene.size(500, 200)
    return Gain(says=f"{loot} of {asked} ordinary answers", measured={"answered": loot})


DRILL = Drill(
    id="newcomer",
    title="A new customer has a busy first day",
    world=World(data="digits"),
    expected=Expected(verdict=VerdictKind.NATURAL),
    attack=_attack,
    gain=_gain,
    extra_callers=("newcomer",),
    innocent=True,
)
