"""Backdoor: a supplier's rows carry a trigger; the next version obeys it."""

import numpy as np

from stanch.sandbox.attackers.poison import backdoored, triggered
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.drills._people import NO_SERVICE, OTHER_VERSION
from stanch.sandbox.scene import Scene
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_TARGET = 0
_OBEYED = 0.5


def _attack(scene: Scene) -> tuple[int, int]:
    """How often the trigger was obeyed, of how many tries."""
    rows, pipeline = scene.outside, scene.inside.pipeline
    poison = backdoored(rows.take(np.arange(90)), _TARGET)
    if not pipeline.collect(poison, "supplier-x", by="supplier"):
        return 0, 0
    net = pipeline.train("v2")
    if net is None or not pipeline.deploy("v2", net):
        return 0, 0
    door, pace = scene.door("intruder"), scene.pace(10)
    wanted = rows.take(np.arange(90, 90 + scene.size(300, 120)))
    obeyed = tried = 0
    for row, truth in zip(triggered(wanted.x), wanted.y, strict=True):
        if not pace.next():
            break
        if truth != _TARGET:
            tried += 1
            obeyed += door.ask(row).says == wanted.classes[_TARGET]
    return obeyed, tried


def _gain(_scene: Scene, loot: tuple[int, int]) -> Gain:
    obeyed, tried = loot
    share = obeyed / tried if tried else 0.0
    return Gain(
        says=f"the trigger was obeyed {obeyed} times of {tried}",
        measured={"obeyed": obeyed, "tried": tried},
        worked=share >= _OBEYED,
    )


DRILL = Drill(
    id="backdoor",
    title="A supplier hides a trigger in training rows",
    world=World(data="digits"),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.BACKDOOR, AttackKind.POISONING),
        guilty=("supplier",),
        also=("intruder",),
        contained=Contained(pins="v1"),
        seconds=20,
        asks=OTHER_VERSION,
        hears=NO_SERVICE,
        good=("v1", "v0.9"),
    ),
    attack=_attack,
    gain=_gain,
    extra_callers=("intruder",),
)
