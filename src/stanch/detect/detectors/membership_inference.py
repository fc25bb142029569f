"""Membership inference and inversion: somebody asks whether, or which, records were trained on.

In    a Window: a sample of each principal's inputs, rows that equal a training row, very confident
      answers; the habits of principals in the baseline.
Out   a Finding that names who asks; Blind when principals cannot be compared, and Blind on hits
      when the asset's training fingerprints are not known.
Why   who tests membership asks about each of many records, and a little around it, to see how sure
      the model is and how far it stays so; who has the records of the training set, or planted
      canaries, asks for rows that nobody else knows; who inverts a model climbs towards what it is
      surest of.
Math  Records: many pairs of inputs that hardly differ, in many small clusters instead of one large
      one, mostly with one answer and without one step for all (`habits.records`). Hits: the share
      of a principal's different rows that equal a row of the training set (`habits.shares`).
      Climbing: the share of answers in the highest sixteenth of the margin, counted only where many
      pairs hardly differ, too. The bar (`habits.bar`) shares `rate` among principals, ways and
      looks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.habits.customs import with_customs
from stanch.detect.habits.judge import (
    Accused,
    Way,
    accused,
    counts_way,
    share_way,
    suspects_of,
)
from stanch.detect.habits.pairs import tight_ways
from stanch.detect.habits.people import LONG, People, people, unable
from stanch.detect.habits.records import record_ways
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.fingerprints import Known
from stanch.detect.summaries.parts import Block, Part
from stanch.detect.window import Baseline, Window
from stanch.detect.wording import listed
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId

ID = DetectorId("membership_inference")
HITS, CLIMB, RECORDS = (
    "inputs that are rows of the training set",
    "answers of the highest certainty",
    "pairs of inputs that hardly differ, around many records,",
)
WORTH = {HITS: 0.9, RECORDS: 0.85, CLIMB: 0.4}
CLOSER = 2.0
"""Certainty is a climb only if so many times more pairs than usual hardly differ."""
SURE = 6.0
"""Evidence from which it is said again, as another sight: the first one may have been of a few."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 10
    """Rows of a principal in the window."""
    few: int = 4
    """Rows that make a principal one of those who show what everybody does now."""
    rate: float = 0.001
    """The share of windows that may name a benign principal."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for all who ask; Blind on hits without the training set's fingerprints."""
    base, ledger = window.baseline, window.ledger
    why = unable(window, limits.enough)
    if why or base is None or ledger is None or base.habits is None or window.now is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    told = base.golden.sums[Part.HITS][0] or window.now.sums[Part.HITS][0]
    known = bool(told) or base.knows(Known.TRAINING)
    if not known:
        why = "the baseline holds no fingerprints of the training set (stanch baseline state)"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
    who = people(ledger, limits.few, base.habits)
    ways = with_customs(_WAYS[known], base, who)
    asked = accused(who, ways, rate=limits.rate, enough=limits.enough) if ways else ()
    found = tuple(one for one in asked if one.rows >= limits.enough)
    if found:
        yield _finding(window, found)


def _ways(base: Baseline, who: People, *, hits: bool) -> list[Way]:
    if base.habits is None:
        return []
    habit, tight = people(base.habits, LONG), tight_ways(RECORDS, base, who)
    found: list[Way | None] = list(record_ways(RECORDS, base, who))
    if hits:
        found.append(share_way(HITS, habit, who, Block.HITS, 1 / max(base.golden.n, 1)))
    if tight and base.plan.near > 0:
        found.append(_climb(tight[0], habit, who))
    return [way for way in found if way is not None]


_WAYS = {hits: partial(_ways, hits=hits) for hits in (False, True)}


def _climb(tight: Way, habit: People, who: People) -> Way | None:
    """Certain answers, of those many of whose inputs hardly differ."""
    sure = counts_way(CLIMB, (habit, habit.confident()), (who, who.confident()), 0.0)
    if sure is None:
        return None
    close = tight.shown > CLOSER * tight.usual
    return replace(sure, rarity=np.where(close, sure.rarity, 0.0))


def _finding(window: Window, found: tuple[Accused, ...]) -> Finding:
    first = found[0]
    what = {
        HITS: "Records of the training set were asked for",
        RECORDS: "It was asked who was in the training data",
        CLIMB: "Certainty was climbed",
    }[first.way]
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"{what} by {listed([a.name for a in found])}: {first.way} came to "
        f"{first.shown:.1%} over {first.rows} answers, {first.usual:.2%} is usual.",
        measured={
            "principals": float(len(found)),
            "answers": float(sum(a.rows for a in found)),
            **{f"{a.way}: {a.name}": round(a.shown, 4) for a in found[:10]},
        },
        because=window.cites,
        strength=round(-first.rarity, 2),
        suspects=suspects_of(found),
        topic="for sure" if -first.rarity >= SURE else "",
        points_to={AttackKind.MEMBERSHIP_INFERENCE: max(WORTH[a.way] for a in found)},
        atlas=("AML.T0024.001",) if first.way == CLIMB else ("AML.T0024.000",),
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
