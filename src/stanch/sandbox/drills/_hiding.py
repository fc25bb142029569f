"""Hiding pictures: what the drills share in which somebody searches for one that is misread.

In    who is asked how, how many pictures, how many questions.
Out   the drill; its gain is the pictures that are renamed and still look the same to people.
Why   three drills differ in the searcher alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

from stanch.sandbox.attackers.evasion import Hidden, Target, hide, rightly_named
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.drills._people import WIDER
from stanch.sandbox.pace import Pace
from stanch.sandbox.scene import Scene
from stanch.sandbox.wire import Door
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind

_NEAR = 0.5
"""A picture this share of the first distance away, or nearer, still looks the same to people."""


def by_halving(door: Door, target: Target, pace: Pace) -> Hidden:
    """What our own search finds through one door."""
    return hide([door], target, pace)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hiding:
    """One way to search."""

    search: Callable[[Door, Target, Pace], Hidden] = by_halving
    pictures: int = 1
    budget: int
    small: int
    per_second: float = 30.0
    noise: float = 0.05
    covered: bool = False
    """Whether ordinary questions are asked in between."""

    def attack(self, scene: Scene) -> dict[int, Hidden]:
        """What was found for each picture."""
        door, known = scene.door("searcher"), scene.known
        return {
            n: self.search(door, self._target(scene, n), scene.pace(self.per_second))
            for n in rightly_named(door, known, scene.size(self.pictures, 1))
        }

    def _target(self, scene: Scene, n: int) -> Target:
        known = scene.known
        return Target(
            row=known.x[n],
            says=known.classes[int(known.y[n])],
            others=known.x[known.y != known.y[n]],
            spread=known.x.std() + 0.0 * known.spread,
            budget=scene.size(self.budget, self.small),
            seed=scene.seed + n,
            noise=self.noise,
            cover=known.x if self.covered else None,
        )

    def gain(self, scene: Scene, loot: dict[int, Hidden]) -> Gain:
        """How many pictures were renamed, and how near the nearest is."""
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

    def drill(
        self,
        name: str,
        title: str,
        *,
        seconds: float = 15,
        packages: tuple[tuple[str, str], ...] = (),
    ) -> Drill:
        """The drill of this way."""
        return Drill(
            id=name,
            title=title,
            world=World(data="digits"),
            expected=Expected(
                verdict=VerdictKind.ATTACK,
                attacks=(AttackKind.EVASION,),
                guilty=("searcher",),
                contained=Contained(denies=("searcher",)),
                seconds=seconds,
                hears=WIDER,
            ),
            attack=self.attack,
            gain=self.gain,
            packages=packages,
            anywhere=True,
        )
