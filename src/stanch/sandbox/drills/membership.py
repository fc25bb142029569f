"""Membership inference: who was in the training data of a clinic's model?"""

import numpy as np

from stanch.sandbox.attackers.membership import advantage, suspect_members
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.drills._people import WIDER
from stanch.sandbox.scene import Scene
from stanch.sandbox.victims.table import Floats, Table, joined
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_TOLD = 0.6
"""The area under the curve at which the answers tell who was there."""


def leaked(scene: Scene) -> tuple[Table, Floats]:
    """A leaked list, half of it patients of the study; and, for the referee, which half."""
    half = scene.size(100, 60)
    inside = scene.truth.learnt.take(np.arange(half))
    outside = joined(scene.outside, scene.truth.unseen).take(np.arange(half))
    order = scene.dice(41).permutation(2 * half)
    member = np.concatenate([np.ones(half), np.zeros(half)])
    return joined(inside, outside).take(order), member[order]


def _attack(scene: Scene) -> Floats:
    people, _ = leaked(scene)
    return suspect_members(scene.door("broker"), people, 4, scene.dice(42), scene.pace(40))


def gain(scene: Scene, loot: Floats) -> Gain:
    """How well members are told from others."""
    _, member = leaked(scene)
    told = advantage(loot, member)
    return Gain(
        says=f"members told from others with an area under the curve of {told['auc']:.2f}",
        measured=told,
        worked=told["auc"] >= _TOLD,
    )


DRILL = Drill(
    id="membership",
    title="A broker asks who was in the training data",
    world=World(data="diabetes", data_classes=("health",), hidden=(256,), rounds=2000),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.MEMBERSHIP_INFERENCE,),
        guilty=("broker",),
        contained=Contained(denies=("broker",)),
        seconds=20,
        hears=WIDER,
    ),
    attack=_attack,
    gain=gain,
)
