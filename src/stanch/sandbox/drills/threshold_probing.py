"""Threshold probing: a card gang learns where a fraud model says no, and stays just under it."""

from stanch.sandbox.attackers.probing import Passed, probe_then_defraud
from stanch.sandbox.drills._probing import GOOD, probing, wares
from stanch.sandbox.scene import Scene


def _attack(scene: Scene) -> Passed:
    frauds, harmless = wares(scene)
    return probe_then_defraud(scene.door("gang"), frauds, harmless, GOOD, scene.pace(30))


DRILL = probing(
    "threshold_probing", "A fraud model's threshold is felt for, then used", _attack, ("gang",)
)
