"""Drift over years: people of 2015, then of 2016, 2017 and 2018, as the US census asked them."""

from stanch.sandbox.drill import Drill, Expected, Gain, World
from stanch.sandbox.scene import Scene
from stanch.sandbox.victims.data import PACKAGES
from stanch.sandbox.victims.wheels import FIRST_YEAR, employment
from stanch.vocabulary.incident import VerdictKind

_YEARS = tuple(range(FIRST_YEAR + 1, FIRST_YEAR + 4))
_FULL, _SMALL = 25, 12
"""Seconds of each year: those who look for drift wait for 200 answers, which are there after 25."""


def _attack(scene: Scene) -> float:
    """The share of right answers in the last year: the only harm is the world's."""
    net, right = scene.truth.net, 1.0
    for year in [employment(year) for year in _YEARS]:
        scene.inside.habits.turn_to(year)
        right = net.right(year)
        if scene.stop.wait(scene.size(_FULL, _SMALL) / scene.speed):
            break
    return right


def _gain(_scene: Scene, loot: float) -> Gain:
    return Gain(
        says=f"nothing; {loot:.0%} of answers are right", measured={"right": round(loot, 3)}
    )


DRILL = Drill(
    id="drift_years",
    title="Three real years go on",
    world=World(data="employment"),
    expected=Expected(verdict=VerdictKind.NATURAL),
    attack=_attack,
    gain=_gain,
    packages=(PACKAGES["employment"],),
    innocent=True,
)
