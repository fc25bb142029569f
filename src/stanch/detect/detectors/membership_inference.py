"""Membership inference and inversion: somebody asks whether, or which, records were trained on.

In    a Window: rows that equal a training row, very confident answers and pairs of neighbours, by
      principal; the habits of principals in the baseline.
Out   a Finding that names who asks; Blind when principals cannot be compared, and Blind on hits
      when the asset's training fingerprints are not known.
Why   who tests membership asks about records that were in the training set (or planted canaries,
      which nobody else knows); who inverts a model climbs towards what it is surest of.
Math  Hits: the share of a principal's different rows that equal a row of the training set
      (`habits.shares`); a repeated row counts once. Climbing: the share of answers in the highest
      sixteenth of the margin, counted only where neighbours are more than usual, too
      (`habits.pairs`). The bar (`habits.bar`) shares `rate` among principals, ways and looks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.habits.judge import (
    Accused,
    Way,
    accused,
    counts_way,
    listed,
    share_way,
    suspects_of,
)
from stanch.detect.habits.pairs import neighbours_way
from stanch.detect.habits.people import LONG, People, people, unable
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.parts import Block, Part
from stanch.detect.window import Baseline, Window
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId

ID = DetectorId("membership_inference")
HITS, CLIMB = "inputs that are rows of the training set", "answers of the highest certainty"
CLOSER = 2.0
"""Certainty is a climb only if so many times more inputs than usual are neighbours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 10
    """Rows of a principal in the window."""
    rate: float = 0.001
    """The share of windows that may name a benign principal."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for all who ask; Blind on hits without the training set's fingerprints."""
    base, ledger = window.baseline, window.ledger
    why = unable(window, limits.enough)
    if why or base is None or ledger is None or base.habits is None or window.now is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    known = bool(base.golden.sums[Part.HITS][0] or window.now.sums[Part.HITS][0])
    if not known:
        why = "no answer was ever on a row of the training set, or its fingerprints are not known"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
    who, habit = people(ledger, limits.enough), people(base.habits, LONG)
    ways = _ways(base, habit, who, hits=known)
    found = accused(who, ways, rate=limits.rate, enough=limits.enough) if ways else ()
    if found:
        yield _finding(window, found)


def _ways(base: Baseline, habit: People, who: People, *, hits: bool) -> list[Way]:
    ways: list[Way] = []
    asked = share_way(HITS, habit, who, Block.HITS, 1 / max(base.golden.n, 1)) if hits else None
    if asked is not None:
        ways.append(asked)
    near = neighbours_way(CLIMB, habit, who)
    sure = counts_way(CLIMB, (habit, habit.confident()), (who, who.confident()), 0.0)
    if near is not None and sure is not None and base.plan.near > 0:
        close = near.shown > CLOSER * near.usual
        ways.append(replace(sure, rarity=np.where(close, sure.rarity, 0.0)))
    return ways


def _finding(window: Window, found: tuple[Accused, ...]) -> Finding:
    first = found[0]
    hits = any(a.way == HITS for a in found)
    what = "Records of the training set were asked for" if hits else "Certainty was climbed"
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"{what} by {listed([a.name for a in found])}: {first.shown:.0%} of {first.rows} "
        f"answers are {first.way}, {first.usual:.1%} is usual.",
        measured={
            "principals": float(len(found)),
            "answers": float(sum(a.rows for a in found)),
            **{f"{a.way}: {a.name}": round(a.shown, 4) for a in found[:10]},
        },
        because=window.cites,
        strength=round(-first.rarity, 2),
        suspects=suspects_of(found),
        points_to={AttackKind.MEMBERSHIP_INFERENCE: 0.8 if hits else 0.4},
        atlas=("AML.T0024.000",) if hits else ("AML.T0024.001",),
    )


def _asking(rows: Columns) -> Columns:
    """One principal asks about the training set, every second time."""
    mine = np.flatnonzero(rows.principals == examples.ODD_ONE)[::2]
    hits = np.zeros(rows.n, np.bool_) if rows.hits is None else rows.hits.copy()
    hits[mine] = True
    return replace(rows, hits=hits)


DETECTOR = Detector(
    id=ID,
    title="Membership inference and inversion",
    reads=(EventKind.INFERENCE,),
    atlas=("AML.T0024.000", "AML.T0024.001"),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    fires_on=lambda: examples.window(_asking),
    quiet_on=examples.window,
)
