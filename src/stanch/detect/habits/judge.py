"""Judging: which principals are named, from several ways of being odd.

In    people, and for each way how rare each of them is.
Out   `Accused` principals with the way in which each is oddest; a crowd as suspects.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from stanch.detect.habits.bar import bar
from stanch.detect.habits.people import People, looser, peers
from stanch.detect.habits.shares import share_of
from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.parts import Block
from stanch.vocabulary.finding import Suspect
from stanch.vocabulary.ids import PrincipalId

SURE = 6.0
"""Powers of ten beyond the bar that make an accusation as sure as it gets."""


class Law(StrEnum):
    """What it is that a way shows."""

    COUNTED = "a share of all rows"
    DRAWN = "a share of the inputs that are drawn"
    FAR = "a distance"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Way:
    """One way of being odd."""

    name: str
    shown: Floats
    """(P,) what each principal shows, as people are told it."""
    usual: float
    """What is usual."""
    rarity: Floats
    """(P,) log10 of how rare that is."""
    law: Law = Law.DRAWN


@dataclass(frozen=True, kw_only=True, slots=True)
class Accused:
    """A principal beyond the bar."""

    place: int
    name: str
    way: str
    shown: float
    usual: float
    rows: int
    rarity: float
    """Log10, after sharing the chance among the ways."""
    over: float
    """Powers of ten beyond the bar."""


def share_way(name: str, habit: People, who: People, block: Block, at_least: float) -> Way | None:
    """The share of rows with a property, against the habit and against the window's own middle."""
    return _way(
        name, (habit, habit.count(block)), (who, who.count(block)), who.different(block), at_least
    )


def counts_way(
    name: str, then: tuple[People, Floats], now: tuple[People, Floats], at_least: float
) -> Way | None:
    """The same for counts that are not one number of the ledger."""
    return _way(name, then, now, now[0].fresh(now[1], surely=True), at_least)


def _way(
    name: str,
    then: tuple[People, Floats],
    now: tuple[People, Floats],
    counts: Floats,
    at_least: float,
) -> Way | None:
    """What repeats of one input may have counted is taken off in full from who is judged, and as
    little as may be from the habit: in both, doubt is in favour of the judged.
    """
    who, habit = now[0], then[0]
    trials = who.trials()
    shown = counts / trials
    middle = peers(who, who.fresh(now[1]) / trials)
    if middle is not None:
        at_least = max(at_least, float(middle))
    fit = share_of(habit.fresh(then[1]), habit.trials(), at_least)
    if fit is None:
        return None
    more = looser(who, fit.ratio(counts, trials))
    rare = [
        fit.rarity(float(c), round(float(n)), more) for c, n in zip(counts, trials, strict=True)
    ]
    return Way(name=name, shown=shown, usual=fit.mean, rarity=np.array(rare), law=Law.COUNTED)


def rarest(ways: Sequence[Way]) -> Floats:
    """(P,) log10 of how rare each principal is, over all ways (Bonferroni)."""
    least = np.min([w.rarity for w in ways], axis=0)
    return np.minimum(least + np.log10(len(ways)), 0.0)


def accused(
    who: People,
    ways: Sequence[Way],
    *,
    rate: float,
    enough: int,
    company: frozenset[int] = frozenset(),
) -> tuple[Accused, ...]:
    """The principals beyond the bar, the oddest first; nobody, where there is no way to be odd.

    Of those places that are known to be one company, each is one of so many and not of everybody.
    """
    found: list[Accused] = []
    for place, name in enumerate(who.names if ways else ()):
        way = min(ways, key=lambda w: float(w.rarity[place]))
        rows = int(who.rows[place])
        among = len(company) if place in company else len(who.names)
        limit = bar(rate, among, len(ways), rows, enough)
        rarity = float(way.rarity[place])
        if rarity <= limit:
            found.append(
                Accused(
                    place=place,
                    name=name,
                    way=way.name,
                    shown=float(way.shown[place]),
                    usual=way.usual,
                    rows=rows,
                    rarity=rarity + float(np.log10(len(ways))),
                    over=limit - rarity,
                )
            )
    return tuple(sorted(found, key=lambda a: (-a.over, a.name)))


def suspects_of(found: Sequence[Accused]) -> tuple[Suspect, ...]:
    """The accused as suspects: their share of the accused rows, and how sure it is."""
    rows = max(sum(a.rows for a in found), 1)
    return tuple(
        Suspect(
            principal=PrincipalId(a.name),
            share=round(a.rows / rows, 4),
            confidence=round(min(1.0, 0.5 + 0.5 * max(a.over, 0.0) / SURE), 4),
        )
        for a in found
    )
