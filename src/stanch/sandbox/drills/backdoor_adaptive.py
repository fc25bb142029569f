"""Backdoor, adaptive: six suppliers hand in six faint rows each, among honest ones."""

import numpy as np

from stanch.sandbox.attackers.crowd import Crowd
from stanch.sandbox.attackers.poison import FAINT, backdoored, triggered
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.drills._people import NO_SERVICE, OTHER_VERSION
from stanch.sandbox.pipeline import ORIGINS
from stanch.sandbox.scene import Scene
from stanch.sandbox.victims.table import joined
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_TARGET = 0
_OBEYED = 0.5
_SUPPLIERS = tuple(f"supplier-{n + 1}" for n in range(6))
_BUYERS = tuple(f"buyer-{n + 1}" for n in range(3))
_EACH, _HONEST = 6, 18
_USUAL = 1.0
"""Ordinary questions to each with the trigger."""


def _attack(scene: Scene) -> tuple[int, int]:
    """How often the trigger was obeyed, of how many tries."""
    rows, pipeline = scene.outside, scene.inside.pipeline
    for n, supplier in enumerate(_SUPPLIERS):
        own = np.arange(n * (_EACH + _HONEST), (n + 1) * (_EACH + _HONEST))
        poison = backdoored(rows.take(own[:_EACH]), _TARGET, FAINT)
        batch = joined(rows.take(own[_EACH:]), poison)
        if not pipeline.collect(batch, ORIGINS[n % len(ORIGINS)], by=supplier):
            return 0, 0
    net = pipeline.train("v2")
    if net is None or not pipeline.deploy("v2", net):
        return 0, 0
    return _used(scene)


def _used(scene: Scene) -> tuple[int, int]:
    """The trigger in pictures that nobody handed in, asked by several who look like customers."""
    rows = scene.outside
    fresh = rows.take(np.arange(len(_SUPPLIERS) * (_EACH + _HONEST), len(rows)))
    wanted = fresh.take(np.flatnonzero(fresh.y != _TARGET)[: scene.size(150, 80)])
    crowd = Crowd(
        doors=[scene.door(name) for name in _BUYERS],
        ordinary=scene.known,
        cover=_USUAL,
        dice=scene.dice(71),
        pace=scene.pace(10),
    )
    obeyed = 0
    for row in triggered(wanted.x, FAINT):
        answer = crowd.ask(row)
        if answer is None:
            break
        obeyed += answer.says == wanted.classes[_TARGET]
    return obeyed, crowd.asked


def _gain(_scene: Scene, loot: tuple[int, int]) -> Gain:
    obeyed, tried = loot
    return Gain(
        says=f"the faint trigger was obeyed {obeyed} times of {tried}",
        measured={"obeyed": obeyed, "tried": tried},
        worked=bool(tried) and obeyed >= _OBEYED * tried,
    )


DRILL = Drill(
    id="backdoor_adaptive",
    title="Six suppliers hide a faint trigger in a few rows each",
    world=World(data="digits"),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.BACKDOOR, AttackKind.POISONING),
        guilty=_SUPPLIERS,
        also=_BUYERS,
        contained=Contained(pins="v1"),
        seconds=40,
        asks=OTHER_VERSION,
        hears=NO_SERVICE,
        good=("v1", "v0.9"),
    ),
    attack=_attack,
    gain=_gain,
    extra_callers=_BUYERS,
    adaptive=True,
)
