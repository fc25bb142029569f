"""Drift: the year goes on. Nobody attacks; flights of summer are later than those of winter."""

from stanch.sandbox.drill import Drill, Expected, Gain, World
from stanch.sandbox.scene import Scene
from stanch.sandbox.victims.data import flights
from stanch.vocabulary.incident import VerdictKind

_MONTHS = ((3, 4), (5,), (6,), (7,), (9, 10))
_LONG_ENOUGH = 6
"""Seconds of each in the small size: the detectors of drift look from 200 answers on, which eight
requests a second are after 25 seconds. A year that ends before it is seen shows nothing."""


def _attack(scene: Scene) -> float:
    """The share of right answers in the last months: the only harm is the world's."""
    net, right = scene.truth.net, 1.0
    year = [flights(months, rows=2000) for months in _MONTHS]
    for rows in year:
        scene.inside.habits.turn_to(rows)
        right = net.right(rows)
        if scene.stop.wait(scene.size(8, _LONG_ENOUGH) / scene.speed):
            break
    return right


def _gain(_scene: Scene, loot: float) -> Gain:
    return Gain(
        says=f"nothing; {loot:.0%} of answers are right", measured={"right": round(loot, 3)}
    )


DRILL = Drill(
    id="drift",
    title="The year goes on",
    world=World(data="flights"),
    expected=Expected(verdict=VerdictKind.NATURAL),
    attack=_attack,
    gain=_gain,
    innocent=True,
)
