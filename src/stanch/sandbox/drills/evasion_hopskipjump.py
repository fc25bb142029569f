"""Evasion by HopSkipJump, as the Adversarial Robustness Toolbox has it."""

from stanch.sandbox.attackers.evasion import Hidden, Target, rightly_named
from stanch.sandbox.attackers.hopskipjump import hide_by_toolbox
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.drills._people import WIDER
from stanch.sandbox.scene import Scene
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_NEAR = 0.5


def _attack(scene: Scene) -> dict[int, Hidden]:
    known, door = scene.known, scene.door("searcher")
    found: dict[int, Hidden] = {}
    for n in rightly_named(door, known, 1):
        target = Target(
            row=known.x[n],
            says=known.classes[int(known.y[n])],
            others=known.x[known.y != known.y[n]],
            spread=known.x.std() + 0.0 * known.spread,
            budget=scene.size(1500, 600),
            seed=scene.seed,
        )
        found[n] = hide_by_toolbox(door, target, scene.pace(30))
    return found


def _gain(scene: Scene, loot: dict[int, Hidden]) -> Gain:
    if not loot:
        return Gain(says="no picture was called what it is")
    ((n, hidden),) = loot.items()
    near = hidden.near / hidden.start if hidden.start else 1.0
    said = None if hidden.row is None else int(scene.truth.net.says(hidden.row[None])[0])
    renamed = said is not None and said != int(scene.known.y[n]) and near <= _NEAR
    return Gain(
        says=f"a picture at {near:.0%} of the distance, {'' if renamed else 'not '}renamed",
        measured={"nearest": round(near, 3), "asked": hidden.asked},
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
