"""Drift: the year goes on. Nobody attacks; flights of summer are later than those of winter."""

from stanch.sandbox.drill import Drill, Expected, World
from stanch.sandbox.drills._going_on import going_on, nothing
from stanch.sandbox.victims.data import flights
from stanch.vocabulary.incident import VerdictKind

_MONTHS = ((3, 4), (5,), (6,), (7,), (9, 10))
_LONG_ENOUGH = 6
"""Seconds of each in the small size: the detectors of drift look from 200 answers on, which eight
requests a second are after 25 seconds. A year that ends before it is seen shows nothing."""

DRILL = Drill(
    id="drift",
    title="The year goes on",
    world=World(data="flights"),
    expected=Expected(verdict=VerdictKind.NATURAL),
    attack=going_on(
        lambda: [flights(months, rows=2000) for months in _MONTHS], full=8, small=_LONG_ENOUGH
    ),
    gain=nothing,
    innocent=True,
)
