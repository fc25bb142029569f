"""Extraction, active: the thief asks only where the copy so far is least sure."""

from stanch.sandbox.attackers.extraction import Stolen, Style, Thief, extract, fidelity
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.scene import Scene
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_GOOD_COPY = 0.93


def _attack(scene: Scene) -> Stolen:
    thief = Thief(
        known=scene.known, style=Style.ACTIVE, budget=scene.size(2000, 800), seed=scene.seed
    )
    return extract([scene.door("thief")], thief, scene.pace(40))


def _gain(scene: Scene, loot: Stolen) -> Gain:
    same = fidelity(loot.copy, scene.truth.net, scene.truth.unseen)
    return Gain(
        says=f"a copy that agrees in {same:.0%}, from {loot.answered} of {loot.asked} questions",
        measured={"fidelity": round(same, 3), "answered": loot.answered, "asked": loot.asked},
        worked=same >= _GOOD_COPY,
    )


DRILL = Drill(
    id="extraction_active",
    title="One client copies the model, asking only where it pays",
    world=World(data="digits"),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.EXTRACTION,),
        guilty=("thief",),
        contained=Contained(denies=("thief",)),
        seconds=15,
    ),
    attack=_attack,
    gain=_gain,
)
