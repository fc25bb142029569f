"""Evasion by HopSkipJump, as the Adversarial Robustness Toolbox has it."""

from stanch.sandbox.attackers.evasion import Hidden, Target
from stanch.sandbox.attackers.hopskipjump import hide_by_toolbox
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
        budget=scene.size(1500, 600),
        seed=scene.seed,
    )
    return hide_by_toolbox(scene.door("searcher"), target, scene.pace(30))


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
    id="evasion_hopskipjump",
    title="One client searches with a well-known toolbox",
    world=World(data="digits"),
    expected=Expected(
        verdict=VerdictKind.ATTACK,
        attacks=(AttackKind.EVASION,),
        guilty=("searcher",),
        contained=Contained(denies=("searcher",)),
        seconds=15,
        hears=WIDER,
    ),
    attack=_attack,
    gain=_gain,
    packages=(("art", "ml"),),
)
