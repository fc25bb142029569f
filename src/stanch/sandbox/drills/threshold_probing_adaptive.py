"""Threshold probing, adaptive: four accounts, off the line, each question among ordinary ones."""

from stanch.sandbox.attackers.crowd import Crowd
from stanch.sandbox.attackers.probing import Passed, probe_under_cover
from stanch.sandbox.drills._probing import GOOD, probing, wares
from stanch.sandbox.scene import Scene

_GANG = tuple(f"shopper-{n + 1}" for n in range(4))


def _attack(scene: Scene) -> Passed:
    frauds, harmless = wares(scene)
    crowd = Crowd(
        doors=[scene.door(name) for name in _GANG],
        ordinary=scene.known,
        cover=1.0,
        dice=scene.dice(61),
        pace=scene.pace(16),
    )
    return probe_under_cover(crowd, frauds, harmless, GOOD)


DRILL = probing(
    "threshold_probing_adaptive",
    "Four careful accounts feel for a fraud model's threshold among ordinary payments",
    _attack,
    _GANG,
)
