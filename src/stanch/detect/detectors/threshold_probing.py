"""Threshold probing: somebody feels for the place where the answer changes.

In    a Window: rows close to the boundary and pairs of neighbours with different answers, by
      principal; the habits of principals in the baseline.
Out   a Finding that names who probes, another one for several who do so together; Blind when
      principals cannot be compared.
Why   whoever knows where a fraud model begins to refuse stays just under it. Feeling for it takes
      many small tries: a bisection, a staircase, pairs that differ by one number.
Math  Two ways of being odd. Close to the boundary: the share of rows whose margin is under the
      reference's 5th percentile. Flips: of all pairs of a principal's rows, the share that are
      neighbours with different answers (`habits.pairs`). The bar (`habits.bar`) shares `rate`
      among principals, ways and looks. What it is for, the shape of the inputs tells
      (`habits.shapes`): along several lines across the boundary it is felt for; one halved line may
      be the first step of a search, too; around one place an evasion is searched; inputs far from
      each other, along the whole boundary, are how a copy is made. Several who ask little each are
      told by what they were answered next to each other (`habits.leagues`); half of the rate is
      theirs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.habits.bar import bar
from stanch.detect.habits.customs import with_customs
from stanch.detect.habits.judge import (
    Accused,
    Way,
    accused,
    share_way,
    suspects_of,
)
from stanch.detect.habits.leagues import League, leagues_of
from stanch.detect.habits.pairs import flips_way
from stanch.detect.habits.people import LONG, People, people, unable
from stanch.detect.habits.shapes import Shape, shape_of
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.parts import Block
from stanch.detect.window import Baseline, Window
from stanch.detect.wording import listed
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle, Suspect
from stanch.vocabulary.ids import DetectorId, PrincipalId

ID = DetectorId("threshold_probing")
NEAR, FLIPS = "answers close to the boundary", "pairs of like inputs with different answers"
Kinds = Mapping[AttackKind, float]
POINTS_TO: Mapping[Shape, Kinds] = MappingProxyType(
    {
        Shape.LINES: {AttackKind.THRESHOLD_PROBING: 0.9, AttackKind.EVASION: 0.3},
        Shape.LINE: {AttackKind.THRESHOLD_PROBING: 0.6, AttackKind.EVASION: 0.7},
        Shape.PLACE: {AttackKind.THRESHOLD_PROBING: 0.4, AttackKind.EVASION: 0.85},
        Shape.HEAPS: {AttackKind.THRESHOLD_PROBING: 0.7, AttackKind.EVASION: 0.4},
        Shape.SPREAD: {AttackKind.THRESHOLD_PROBING: 0.4, AttackKind.EXTRACTION: 0.7},
        Shape.UNKNOWN: {AttackKind.THRESHOLD_PROBING: 0.7, AttackKind.EVASION: 0.4},
    }
)
"""What each shape of the inputs speaks for."""
TOGETHER: Kinds = MappingProxyType({AttackKind.THRESHOLD_PROBING: 0.9, AttackKind.EVASION: 0.4})
SURE = 20.0
"""Powers of ten that make a league as sure as it gets, past what is sure of each of two."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 10
    """Rows of a principal in the window."""
    few: int = 4
    """Rows that make a principal a candidate for a league, and one of those who show what everybody
    does now: a new version has another boundary, and few have asked it ten times at first."""
    rate: float = 0.001
    """The share of windows that may name a benign principal."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for all who probe alone, one for each league."""
    base, ledger = window.baseline, window.ledger
    why = unable(window, limits.few, needs=_needs)
    if why or base is None or ledger is None or base.habits is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    who = people(ledger, limits.few, base.habits)
    ways = with_customs(_ways, base, who)
    if not ways:
        why = "the baseline shows no boundary: no answer close to it, no like inputs told apart"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
    found = accused(who, ways, rate=limits.rate / 2, enough=limits.enough)
    alone = tuple(one for one in found if one.rows >= limits.enough)
    told: dict[Shape, list[Accused]] = {}
    for one in alone:
        shape = shape_of(base, ledger, int(who.places[one.place]))
        told.setdefault(shape, []).append(one)
    for shape, several in told.items():
        yield _finding(window, ways, tuple(several), shape)
    for league in leagues_of(base, who):
        rows = int(who.rows[league.members].mean())
        if -league.strength <= bar(limits.rate / 4, 1, 1, rows, limits.few):
            yield _together(window, who, league)


def _needs(base: Baseline) -> str:
    return "" if base.plan.classes else "the model gives numbers, not classes: there is no boundary"


def _ways(base: Baseline, who: People) -> list[Way]:
    if base.habits is None:
        return []
    habit = people(base.habits, LONG)
    near = share_way(NEAR, habit, who, Block.NEAR, 0.0) if base.plan.near > 0 else None
    flips = flips_way(FLIPS, base, who)
    return [way for way in (near, flips) if way is not None]


def _finding(window: Window, ways: list[Way], found: tuple[Accused, ...], shape: Shape) -> Finding:
    first = found[0]
    shown = {w.name: float(w.shown[first.place]) for w in ways}
    numbers = "; ".join(f"{s:.0%} of {n}" for n, s in shown.items())
    where = f" Its inputs lie {shape}." if shape is not Shape.UNKNOWN else ""
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"The decision boundary was felt for by {listed([a.name for a in found])}: over "
        f"{first.rows} answers {numbers} (usual for {first.way}: {first.usual:.1%}).{where}",
        measured={
            "principals": float(len(found)),
            "answers": float(sum(a.rows for a in found)),
            **{n: round(s, 4) for n, s in shown.items()},
        },
        because=window.cites,
        strength=round(-first.rarity, 2),
        suspects=suspects_of(found),
        topic=shape.name.lower(),
        points_to=dict(POINTS_TO[shape]),
        atlas=DETECTOR.atlas,
    )


def _together(window: Window, who: People, league: League) -> Finding:
    names = [who.names[i] for i in league.members]
    rows = who.rows[league.members]
    sure = round(min(1.0, 0.75 + league.strength / SURE), 4)
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"The decision boundary was felt for by {len(names)} principals together: "
        f"{listed(names)}, {int(rows.sum())} answers in all. At {league.shown:.0%} of the places "
        f"that they asked about, another of them was answered differently close by (usual: "
        f"{league.usual:.1%}).",
        measured={
            "principals": float(len(names)),
            "answers": float(rows.sum()),
            "most answers of one": float(rows.max()),
            "places answered differently close by": round(league.shown, 4),
        },
        because=window.cites,
        strength=round(league.strength, 2),
        suspects=tuple(
            Suspect(
                principal=PrincipalId(name),
                share=round(int(n) / int(rows.sum()), 4),
                confidence=sure,
            )
            for name, n in sorted(zip(names, rows, strict=True))
        ),
        topic="together",
        points_to=dict(TOGETHER),
        atlas=DETECTOR.atlas,
    )


def _staircase(rows: Columns) -> Columns:
    """One principal takes a step to and fro across the boundary, and the answer flips each time."""
    mine = np.flatnonzero(rows.principals == examples.ODD_ONE)
    asked, said = rows.numbers.copy(), rows.predictions.copy()
    steps = np.arange(len(mine))
    asked[mine] = asked[mine[0]]
    asked[mine, 1] += (steps % 9 - 4) * 0.02
    said[mine] = np.where(steps % 9 < 4, 1, 2)  # noqa: PLR2004  four of nine steps are below
    scores = None if rows.scores is None else rows.scores.copy()
    if scores is not None:
        scores[mine] = [0.02, 0.49, 0.49]
    return replace(rows, numbers=asked, predictions=said, scores=scores)


DETECTOR = Detector(
    id=ID,
    title="Threshold probing",
    reads=(EventKind.INFERENCE,),
    atlas=("AML.T0063", "AML.T0042"),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    fires_on=lambda: examples.window(_staircase),
    quiet_on=examples.window,
)
