"""Threshold probing: a card gang learns where a fraud model says no, and stays just under it."""

import numpy as np

from stanch.sandbox.attackers.probing import Passed, probe_then_defraud
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.drills._people import WIDER
from stanch.sandbox.scene import Scene
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_WORTH_IT = 0.5


def _attack(scene: Scene) -> Passed:
    known = scene.known
    frauds = known.x[np.flatnonzero(known.y == 1)][: scene.size(60, 24)]
    harmless = known.x[np.flatnonzero(known.y == 0)]
    return probe_then_defraud(scene.door("gang"), frauds, harmless, "ok", scene.pace(30))


def _gain(_scene: Scene, loot: Passed) -> Gain:
    return Gain(
        says=f"{loot.after} of {loot.tried} frauds passed, {loot.plainly} without probing",
        measured={"passed": loot.after, "tried": loot.tried, "asked": loot.asked},
        worked=loot.after >= _WORTH_IT * loot.tried,
    )


DRILL = Drill(
    id="threshold_probing",
    title="A fraud model's threshold is felt for, then used",
    world=World(data="payments", criticality=4, data_classes=("financial",)),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.THRESHOLD_PROBING, AttackKind.EVASION),
        guilty=("gang",),
        contained=Contained(denies=("gang",)),
        seconds=15,
        hears=WIDER,
    ),
    attack=_attack,
    gain=_gain,
)
