"""Extraction by many hands: twenty clients copy the model together, each asking little."""

from stanch.sandbox.attackers.extraction import Stolen, Style, Thief, extract, fidelity
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.scene import Scene
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_GOOD_COPY = 0.9
_HANDS = tuple(f"reader-{n + 1}" for n in range(20))


def _attack(scene: Scene) -> Stolen:
    thief = Thief(
        known=scene.known, style=Style.DATA_LIKE, budget=scene.size(2400, 800), seed=scene.seed
    )
    return extract([scene.door(name) for name in _HANDS], thief, scene.pace(40))


def _gain(scene: Scene, loot: Stolen) -> Gain:
    same = fidelity(loot.copy, scene.truth.net, scene.truth.unseen)
    return Gain(
        says=f"a copy that agrees in {same:.0%}, from {loot.answered} of {loot.asked} questions",
        measured={"fidelity": round(same, 3), "answered": loot.answered, "asked": loot.asked},
        worked=same >= _GOOD_COPY,
    )


DRILL = Drill(
    id="extraction_colluding",
    title="Twenty clients copy the model together",
    world=World(data="digits", tenants=20),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.EXTRACTION,),
        guilty=_HANDS,
        contained=Contained(denies=_HANDS),
        seconds=30,
    ),
    attack=_attack,
    gain=_gain,
)
