"""Evasion: somebody who sees only classes searches for a picture that is called something else."""

from stanch.sandbox.attackers.evasion import Hidden, Target, hide, rightly_named
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.drills._people import WIDER
from stanch.sandbox.scene import Scene
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_NEAR = 0.5
"""A picture this share of the first distance away, or nearer, still looks the same to people."""


def _attack(scene: Scene) -> dict[int, Hidden]:
    door = scene.door("searcher")
    known = scene.known
    found: dict[int, Hidden] = {}
    spread = known.x.std() + 0.0 * known.spread
    for n in rightly_named(door, known, scene.size(3, 1)):
        target = Target(
            row=known.x[n],
            says=known.classes[int(known.y[n])],
            others=known.x[known.y != known.y[n]],
            spread=spread,
            budget=scene.size(600, 300),
            seed=scene.seed + n,
        )
        found[n] = hide([door], target, scene.pace(30))
    return found


def _gain(scene: Scene, loot: dict[int, Hidden]) -> Gain:
    net, known = scene.truth.net, scene.known
    flips = 0
    for n, one in loot.items():
        if one.row is not None and one.near <= _NEAR * one.start:
            flips += int(net.says(one.row[None])[0] != known.y[n])
    near = min((one.near / one.start for one in loot.values() if one.start), default=1.0)
    return Gain(
        says=f"{flips} of {len(loot)} pictures renamed, the best at {near:.0%} of the distance",
        measured={
            "flips": flips,
            "nearest": round(near, 3),
            "asked": sum(o.asked for o in loot.values()),
        },
        worked=flips > 0,
    )


DRILL = Drill(
    id="evasion",
    title="One client searches for an input that is misread",
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
)
