"""Evasion search: somebody asks about one input over and over, a little changed each time.

In    a Window: pairs of neighbours among each principal's inputs, and how far inputs spread.
Out   a Finding that names who searches; Blind when principals cannot be compared.
Why   an attack that has only answers needs hundreds of tries around one input until the answer
      flips. Cover traffic in between hides their spread, not that they are neighbours.
Math  Each row falls into one of 256 cells in each of three ways (its sides along eight axes). How
      many pairs of a principal's rows share a cell is judged by `habits.pairs`. Pairs count by
      clusters of queries: with half of the rows cover, a quarter of all pairs remain. Repeats of
      the same input are taken out (`habits.people`). Flips count neighbours with different
      answers, as in `threshold_probing`. Noise too wide for the cells still leaves the search in
      one place: the mean wave far from everybody's (`habits.apart`), if more than usual are
      neighbours, too. Without cover the spread is narrow (`habits.widths`); under cover, many
      rows fall into a fine neighbourhood asked about before (a share, `habits.shares`). The bar
      (`habits.bar`) shares `rate` among principals, ways and looks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.habits.apart import mix_way
from stanch.detect.habits.judge import (
    Accused,
    Way,
    accused,
    counts_way,
    listed,
    suspects_of,
)
from stanch.detect.habits.pairs import flips_way, neighbours_way
from stanch.detect.habits.people import LONG, People, ground, people, unable
from stanch.detect.habits.widths import width_way
from stanch.detect.summaries.columns import Columns
from stanch.detect.window import Baseline, Window
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId

ID = DetectorId("evasion_search")
NEAR, FLIPS, PLACE, WIDTH, CROWDED = (
    "the share of pairs of inputs that are neighbours",
    "the share of pairs that are neighbours with different answers",
    "the distance of the inputs from everybody's",
    "the spread of the inputs",
    "the share of inputs close to an earlier one",
)
LEAST = 0.01
"""A share of close inputs that is never held for rarer than this."""
CLOSER = 1.5
"""Inputs in an unusual place are a search only if so many times more of them are neighbours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 6
    """Rows of a principal in the window."""
    rate: float = 0.001
    """The share of windows that may name a benign principal."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for all who search."""
    base, ledger = window.baseline, window.ledger
    why = unable(window, limits.enough, needs=_needs)
    if why or base is None or ledger is None or base.habits is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    who, habit = people(ledger, limits.enough), people(base.habits, LONG)
    ways = (
        neighbours_way(NEAR, habit, who),
        flips_way(FLIPS, habit, who),
    )
    found = accused(who, [w for w in ways if w is not None], rate=limits.rate, enough=limits.enough)
    if found:
        yield _finding(window, found)


def _ways(base: Baseline, habit: People, who: People) -> list[Way]:
    known = ground(base)
    near, place = neighbours_way(NEAR, habit, who), mix_way(PLACE, known, habit, who)
    if near is not None and place is not None:
        close = near.shown > CLOSER * near.usual
        place = replace(place, rarity=np.where(close, place.rarity, 0.0))
    ways = (
        near,
        place,
        flips_way(FLIPS, habit, who),
        width_way(WIDTH, known, habit, who),
        counts_way(CROWDED, (habit, habit.crowded()), (who, who.crowded()), LEAST),
    )
    return [way for way in ways if way is not None]


def _needs(base: Baseline) -> str:
    if base.plan.numbers or base.plan.categories:
        return ""
    return "the asset does not tell its inputs"


def _finding(window: Window, found: tuple[Accused, ...]) -> Finding:
    first = found[0]
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"One input was asked about over and over, a little changed each time, by "
        f"{listed([a.name for a in found])}: {first.way} came to "
        f"{first.shown:.2f} over {first.rows} answers, {first.usual:.2g} is usual.",
        measured={
            "principals": float(len(found)),
            "answers": float(sum(a.rows for a in found)),
            **{f"{a.way}: {a.name}": round(a.shown, 4) for a in found[:10]},
        },
        because=window.cites,
        strength=round(-first.rarity, 2),
        suspects=suspects_of(found),
        points_to={AttackKind.EVASION: 0.8},
        atlas=DETECTOR.atlas,
    )


def _searching(rows: Columns) -> Columns:
    """One principal asks about a single input with noise; every second query is an ordinary one."""
    mine = np.flatnonzero(rows.principals == examples.ODD_ONE)[::2]
    asked = rows.numbers.copy()
    asked[mine] = asked[mine[0]] + 0.05 * (asked[mine] - asked[mine].mean(axis=0))
    return replace(rows, numbers=asked)


DETECTOR = Detector(
    id=ID,
    title="Search for an evasion",
    reads=(EventKind.INFERENCE,),
    atlas=("AML.T0043.001", "AML.T0015"),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    fires_on=lambda: examples.window(_searching),
    quiet_on=examples.window,
)
