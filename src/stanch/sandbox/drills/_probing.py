"""Probing: what the drills share in which a gang feels for a fraud model's threshold.

In    who probes, and how.
Out   the drill; its gain is the frauds that passed once the edge was known, and their money.
Why   two drills differ in the gang alone.
"""

from collections.abc import Callable

import numpy as np

from stanch.sandbox.attackers.probing import Passed
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.drills._people import WIDER
from stanch.sandbox.scene import Scene
from stanch.sandbox.victims.table import Floats
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

GOOD = "ok"
_WORTH_IT = 0.5


def wares(scene: Scene) -> tuple[Floats, Floats]:
    """The frauds that the gang would like to make, and harmless payments it knows."""
    known = scene.known
    frauds = known.x[np.flatnonzero(known.y == 1)][: scene.size(60, 24)]
    return frauds, known.x[np.flatnonzero(known.y == 0)]


def gain(_scene: Scene, loot: Passed) -> Gain:
    """What passed, and what it was worth."""
    plainly = f", {loot.plainly} without probing" if loot.plainly else ""
    return Gain(
        says=(
            f"{loot.after} of {loot.tried} frauds passed{plainly}: "
            f"{loot.money:,.0f} of {loot.wanted:,.0f} in money"
        ),
        measured={
            "passed": loot.after,
            "tried": loot.tried,
            "asked": loot.asked,
            "money": loot.money,
            "wanted": loot.wanted,
        },
        worked=loot.after >= _WORTH_IT * loot.tried,
    )


def probing(
    name: str, title: str, attack: Callable[[Scene], Passed], guilty: tuple[str, ...]
) -> Drill:
    """The drill of this gang."""
    return Drill(
        id=name,
        title=title,
        world=World(data="payments", criticality=4, data_classes=("financial",)),
        expected=Expected(
            verdict=VerdictKind.ATTACK,
            attacks=(AttackKind.THRESHOLD_PROBING, AttackKind.EVASION),
            guilty=guilty,
            contained=Contained(denies=guilty),
            seconds=15 if len(guilty) == 1 else 30,
            hears=WIDER,
        ),
        attack=attack,
        gain=gain,
        adaptive=len(guilty) > 1,
    )
