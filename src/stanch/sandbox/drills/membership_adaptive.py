"""Membership inference, adaptive: one question a person, by three accounts among ordinary ones.

Who asks about each person once asks as an ordinary clinic does. What tells the two apart is whom
they ask about, so here the owner stated which rows the model learnt from.
"""

from dataclasses import replace

from stanch.sandbox.attackers.crowd import Crowd
from stanch.sandbox.attackers.membership import suspect_by_shadows
from stanch.sandbox.drill import Contained
from stanch.sandbox.drills import membership
from stanch.sandbox.scene import Scene
from stanch.sandbox.victims.table import Floats

_CLINICS = tuple(f"clinic-{n + 1}" for n in range(3))
_PLAIN = membership.DRILL


def _attack(scene: Scene) -> Floats:
    people, _ = membership.leaked(scene)
    crowd = Crowd(
        doors=[scene.door(name) for name in _CLINICS],
        ordinary=scene.known,
        cover=2.0,
        dice=scene.dice(43),
        pace=scene.pace(16),
    )
    return suspect_by_shadows(crowd, people, scene.known, scene.seed)


DRILL = replace(
    _PLAIN,
    id="membership_adaptive",
    title="Three accounts ask who was in the training data, once each, with models of their own",
    world=replace(_PLAIN.world, stated=True),
    expected=replace(
        _PLAIN.expected, guilty=_CLINICS, contained=Contained(denies=_CLINICS), seconds=30
    ),
    attack=_attack,
    adaptive=True,
)
