"""Beside: inputs next to which somebody else was answered differently.

In    the sampled inputs of the baseline's people and of the window's.
Out   of a principal's places, how many lie so; the habit of the baseline's people in it.
Why   who feels for a threshold through several accounts asks little by each. But the accounts walk
      the same ways: where one was told yes another one is told no, close by, at many places.
Math  Two inputs touch as in `habits.shapes`, at half the share. Inputs of one principal that touch
      each other are one place. A place is beside somebody when an input of it touches one of
      somebody else's that got another answer. The share of such places is judged as a share
      (`habits.shares`), by that of the baseline's people among each other. It grows with the inputs
      of others that are looked at, which are no more than `MOST`, as many of each.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from stanch.detect.habits.clusters import known_of
from stanch.detect.habits.people import LONG, People, people
from stanch.detect.habits.points import Singles, points, scaled, squared
from stanch.detect.habits.shapes import reach_of
from stanch.detect.habits.shares import Share, share_of
from stanch.detect.summaries.arrays import Flags, Floats, Ints, Octets
from stanch.detect.window import Baseline

NEAREST = 0.05
"""So small a share of ordinary inputs has a neighbour of the same principal this near."""
MOST = 512
"""Inputs of others that are looked at."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Asked:
    """The sampled inputs of some principals, with whose they are and what they were answered."""

    place: Singles
    said: Octets
    owner: Ints

    def of(self, lines: Ints) -> "Asked":
        """Those of these principals."""
        return self._only(np.isin(self.owner, lines))

    def few(self, most: int) -> "Asked":
        """So many at most, as many of each."""
        each = max(1, most // max(1, len(np.unique(self.owner))))
        first = np.searchsorted(self.owner, self.owner, side="left")
        return self._only(np.arange(len(self.owner)) - first < each)

    def _only(self, which: Flags) -> "Asked":
        return Asked(place=self.place[which], said=self.said[which], owner=self.owner[which])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Usual:
    """The habit of the baseline's people."""

    places: Share
    others: float
    """Inputs of others that were looked at."""
    reach: float

    def among(self, others: float) -> Share:
        """The habit where so many inputs of others are looked at."""
        return replace(self.places, mean=min(self.places.mean * others / self.others, 0.5))


def asked_of(base: Baseline, who: People) -> Asked:
    """What these people asked; nothing where nothing tells what is near."""
    known, seen = known_of(base), points(who.ledger, who.places)
    width = np.zeros(seen.place.shape[-1]) if known is None else known.width
    owner = np.broadcast_to(np.arange(len(seen.there))[:, None], seen.there.shape)
    there = seen.there
    return Asked(place=scaled(seen.place, width)[there], said=seen.said[there], owner=owner[there])


@lru_cache(maxsize=8)
def usual_places(base: Baseline) -> Usual | None:
    """What is usual; None where nothing tells what is near, or too few people do."""
    reach = reach_of(base, NEAREST)
    if base.habits is None or reach <= 0:
        return None
    habit = people(base.habits, LONG)
    asked = asked_of(base, habit)
    found = places(asked, asked.few(MOST), np.arange(len(habit.names)), reach)
    fit = share_of(found[:, 0], found[:, 1])
    looked = len(asked.few(MOST).owner) * (1 - 1 / len(habit.names))
    return None if fit is None else Usual(places=fit, others=looked, reach=reach)


def places(asked: Asked, others: Asked, lines: Ints, reach: float) -> Floats:
    """(n, 2) of each of these principals, the places beside others and all places."""
    return np.array([_places(asked, others, line, reach) for line in lines.tolist()], np.float64)


def _places(asked: Asked, others: Asked, line: int, reach: float) -> tuple[int, int]:
    mine, away = asked.owner == line, others.owner != line
    own, said = asked.place[mine], asked.said[mine]
    touch = squared(own, others.place[away]) <= reach * reach
    beside = (touch & (said[:, None] != others.said[away])).any(axis=1)
    near = squared(own, own) <= reach * reach
    whole = _apart(near)
    return min(_apart(near[beside][:, beside]), whole), whole


def _apart(near: Flags) -> int:
    """How many of these inputs lie apart from each other, taken in their order."""
    free, count = np.ones(len(near), np.bool_), 0
    for at in range(len(near)):
        if free[at]:
            count += 1
            free &= ~near[at]
    return count
