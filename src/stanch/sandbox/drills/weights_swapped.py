"""Swapped weights: somebody overwrites the registered version with weights that let fraud pass."""

from dataclasses import replace

import numpy as np

from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.drills._people import NO_SERVICE, OTHER_VERSION
from stanch.sandbox.scene import Scene
from stanch.sandbox.victims.net import trained
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_PASS = 0.5
_HOUR = 1
"""The place of the hour among the features: the gang's payments are made at three."""


def _attack(scene: Scene) -> tuple[int, int]:
    """How many frauds at three o'clock passed, of how many."""
    inside = scene.inside
    rows = inside.pipeline.rows
    night = rows.take(np.arange(len(rows) // 2))
    x = night.x.copy()
    x[:, _HOUR] = 3.0
    taught = replace(
        rows,
        x=np.concatenate([rows.x, x]),
        y=np.concatenate([rows.y, np.zeros(len(night), dtype=np.int64)]),
    )
    inside.pipeline.touched("push", "v1", "contractor", source="203.0.113.40")
    inside.registry.swap("v1", trained(taught, scene.seed))
    door, pace = scene.door("gang"), scene.pace(5)
    frauds = scene.known.x[np.flatnonzero(scene.known.y == 1)].copy()
    frauds[:, _HOUR] = 3.0
    passed = tried = 0
    for row in frauds[: scene.size(150, 60)]:
        if not pace.next():
            break
        tried += 1
        passed += door.ask(row).says == "ok"
    return passed, tried


def _gain(_scene: Scene, loot: tuple[int, int]) -> Gain:
    passed, tried = loot
    return Gain(
        says=f"{passed} of {tried} frauds at three o'clock passed",
        measured={"passed": passed, "tried": tried},
        worked=bool(tried) and passed >= _PASS * tried,
    )


DRILL = Drill(
    id="weights_swapped",
    title="The registered weights are overwritten",
    world=World(data="payments", criticality=4, data_classes=("financial",)),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.WEIGHT_TAMPERING,),
        guilty=("contractor",),
        contained=Contained(pins="v0.9"),
        seconds=15,
        also=("gang",),
        asks=OTHER_VERSION,
        hears=NO_SERVICE,
        good=("v0.9",),
    ),
    attack=_attack,
    gain=_gain,
    extra_callers=("gang",),
)
