"""Evasion, adaptive: large noise, and ordinary questions in between, so that no two look alike."""

from stanch.sandbox.attackers.evasion import Hidden, Target, hide
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.drills._people import WIDER
from stanch.sandbox.scene import Scene
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_NEAR = 0.5


def _attack(scene: Scene) -> Hidden:
    known = scene.known
    target = Target(
        row=known.x[0],
        says=known.classes[int(known.y[0])],
        others=known.x[known.y != known.y[0]],
        spread=known.x.std() + 0.0 * known.spread,
        budget=scene.size(900, 300),
        seed=scene.seed,
        noise=0.5,
        cover=known.x,
    )
    return hide([scene.door("searcher")], target, scene.pace(40))


def _gain(scene: Scene, loot: Hidden) -> Gain:
    near = loot.near / loot.start if loot.start else 1.0
    said = None if loot.row is None else int(scene.truth.net.says(loot.row[None])[0])
    renamed = said is not None and said != int(scene.known.y[0]) and near <= _NEAR
    return Gain(
        says=f"a picture at {near:.0%} of the distance, {'' if renamed else 'not '}renamed",
        measured={"nearest": round(near, 3), "asked": loot.asked},
        worked=renamed,
    )


DRILL = Drill(
    id="evasion_adaptive",
    title="A careful client searches under cover",
    world=World(data="digits"),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.EVASION,),
        guilty=("searcher",),
        contained=Contained(denies=("searcher",)),
        seconds=20,
        hears=WIDER,
    ),
    attack=_attack,
    gain=_gain,
)
