"""Drift over years: people of 2015, then of 2016, 2017 and 2018, as the US census asked them."""

from stanch.sandbox.drill import Drill, Expected, World
from stanch.sandbox.drills._going_on import going_on, nothing
from stanch.sandbox.victims.data import PACKAGES
from stanch.sandbox.victims.wheels import FIRST_YEAR, employment
from stanch.vocabulary.incident import VerdictKind

_YEARS = tuple(range(FIRST_YEAR + 1, FIRST_YEAR + 4))
_FULL, _SMALL = 25, 12
"""Seconds of each year: those who look for drift wait for 200 answers, which are there after 25."""

DRILL = Drill(
    id="drift_years",
    title="Three real years go on",
    world=World(data="employment"),
    expected=Expected(verdict=VerdictKind.NATURAL),
    attack=going_on(lambda: [employment(year) for year in _YEARS], full=_FULL, small=_SMALL),
    gain=nothing,
    packages=(PACKAGES["employment"],),
    innocent=True,
)
