"""Harm to one group: its labels are turned, and the next version passes the group over."""

import numpy as np

from stanch.sandbox.attackers.poison import flipped_for
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.drills._people import NO_SERVICE, OTHER_VERSION
from stanch.sandbox.scene import Scene
from stanch.sandbox.victims.net import Net
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_GROUP, _SEVERE, _MILD = "sex=b", 1, 0
_GAP = 0.2


def _attack(scene: Scene) -> Net | None:
    """A registrar corrects the records of one group; then the pipeline trains and deploys."""
    pipeline = scene.inside.pipeline
    wrong = flipped_for(pipeline.rows, _GROUP, _SEVERE, _MILD)
    if not pipeline.collect(wrong, "branch-north", by="registrar"):
        return None
    net = pipeline.train("v2")
    if net is None or not pipeline.deploy("v2", net):
        return None
    pace = scene.pace(1)
    for _ in range(scene.size(80, 24)):
        if not pace.next():
            break
    return net


def _missed(net: Net, scene: Scene, group: str) -> float:
    rows = scene.truth.unseen
    own = np.asarray([g == group for g in rows.groups]) & (rows.y == _SEVERE)
    return float((net.says(rows.x[own]) == _MILD).mean())


def _gain(scene: Scene, loot: Net | None) -> Gain:
    if loot is None:
        return Gain(says="no harmful model was deployed")
    here, there = _missed(loot, scene, _GROUP), _missed(loot, scene, "sex=a")
    return Gain(
        says=f"{here:.0%} of severe cases of one group are missed, {there:.0%} of the other",
        measured={"missed": round(here, 3), "missed elsewhere": round(there, 3)},
        worked=here - there >= _GAP,
    )


DRILL = Drill(
    id="fairness",
    title="The next version passes one group over",
    world=World(data="diabetes", data_classes=("health",), criticality=4),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.FAIRNESS_HARM, AttackKind.POISONING),
        guilty=("registrar",),
        contained=Contained(pins="v1"),
        seconds=30,
        asks=OTHER_VERSION,
        hears=NO_SERVICE,
        good=("v1", "v0.9"),
    ),
    attack=_attack,
    gain=_gain,
)
