"""Evasion search: somebody asks about one input over and over, a little changed each time.

In    a Window: a sample of each principal's inputs, and where everybody's lie.
Out   a Finding that names who searches; Blind when principals cannot be compared.
Why   an attack that has only answers needs hundreds of tries around one input until the answer
      flips. Cover traffic in between hides their spread, not that they lie together.
Math  The densest cluster among a principal's inputs, against how many of everybody's inputs lie
      there (`habits.clusters`); how many are another one with a few numbers changed, which moves
      them far (`habits.changes`). Repeats of one input count once, so that a health check is no
      search. The bar (`habits.bar`) shares `rate` among principals and looks. What it is for, the
      shape of the inputs tells (`habits.shapes`): around one place they are a search; along lines
      they feel for a threshold, and one line alone may be either. Inputs that share their sides of
      the medians and lie apart along the main axes are no search: blind questions where no data is
      (noise, say) speak for a copy; when all get one answer, they may carry something that the
      model obeys.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.habits.changes import change_way, of_one
from stanch.detect.habits.clusters import cluster_way, clusters_of
from stanch.detect.habits.customs import with_customs
from stanch.detect.habits.judge import Accused, Way, accused, suspects_of
from stanch.detect.habits.people import People, people, unable
from stanch.detect.habits.shapes import Shape, one_answer, shape_of
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.window import Baseline, Window
from stanch.detect.wording import listed
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId

ID = DetectorId("evasion_search")
AROUND = "the share of different inputs that lie around one of them"
CHANGED = "the share of inputs that are another one with a few numbers changed"
CLOSE = 0.5
"""So much of a cluster is near along the main axes too, or it is no search."""
Kinds = Mapping[AttackKind, float]
SEARCH: Kinds = MappingProxyType({AttackKind.EVASION: 0.9})
HALVED: Kinds = MappingProxyType({AttackKind.EVASION: 0.75, AttackKind.THRESHOLD_PROBING: 0.6})
WALKED: Kinds = MappingProxyType({AttackKind.THRESHOLD_PROBING: 0.85, AttackKind.EVASION: 0.5})
BLIND: Kinds = MappingProxyType({AttackKind.EXTRACTION: 0.8})
OBEYED: Kinds = MappingProxyType({AttackKind.EXTRACTION: 0.6, AttackKind.BACKDOOR: 0.5})
GROWN: Kinds = MappingProxyType({AttackKind.EVASION: 0.6, AttackKind.EXTRACTION: 0.5})
_ONE_INPUT = "One input was asked about over and over, a little changed each time"
_FEW_NUMBERS = "One input was asked about over and over, a few numbers changed each time"
_SEVERAL = "Several inputs were asked about over and over, a few numbers changed each time"
_HALVED = "The way between two inputs was halved again and again"
_ALONG = "Inputs were asked about that lie close together along lines across the boundary"
_NO_DATA = "Inputs were asked about that lie together where nobody else's do, far from each other"
_ALL_ONE = f"{_NO_DATA}, and nearly all got one answer"
_TOLD: Mapping[str, Kinds] = MappingProxyType(
    {
        _ONE_INPUT: SEARCH,
        _FEW_NUMBERS: SEARCH,
        _SEVERAL: GROWN,
        _HALVED: HALVED,
        _ALONG: WALKED,
        _NO_DATA: BLIND,
        _ALL_ONE: OBEYED,
    }
)
"""What speaks for what."""


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
    who = people(ledger, limits.enough, base.habits)
    clusters = clusters_of(base, who)
    if clusters is None:
        why = "the baseline does not tell where inputs lie; set it anew with more principals"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    ways = with_customs(_ways, base, who)
    found = accused(who, ways, rate=limits.rate, enough=limits.enough)
    told: dict[str, list[Accused]] = {}
    for one in found:
        near = clusters.close[one.place] >= CLOSE * clusters.share[one.place]
        line, few = int(who.places[one.place]), one.way == CHANGED
        how = _how_changed(base, ledger, line) if few else _how(base, ledger, line, near=bool(near))
        told.setdefault(how, []).append(one)
    for how, several in told.items():
        yield _finding(window, tuple(several), how)


def _ways(base: Baseline, who: People) -> list[Way]:
    clusters = clusters_of(base, who)
    around = None if clusters is None else cluster_way(AROUND, clusters)
    return [way for way in (around, change_way(CHANGED, base, who)) if way is not None]


def _how(base: Baseline, ledger: Ledger, line: int, *, near: bool) -> str:
    """How the principal on this line of the ledger asked, in words."""
    match shape_of(base, ledger, line):
        case Shape.LINES:
            return _ALONG
        case Shape.LINE:
            return _HALVED
        case Shape.PLACE | Shape.HEAPS | Shape.RECORDS:
            return _ONE_INPUT
        case Shape.SPREAD | Shape.UNKNOWN:
            blind = _ALL_ONE if one_answer(ledger, line) else _NO_DATA
            return _ONE_INPUT if near else blind


def _how_changed(base: Baseline, ledger: Ledger, line: int) -> str:
    """The same, of inputs that share most of their numbers."""
    match shape_of(base, ledger, line):
        case Shape.LINES:
            return _ALONG
        case Shape.LINE:
            return _HALVED
        case _:
            return _FEW_NUMBERS if of_one(base, ledger, line) else _SEVERAL


def _needs(base: Baseline) -> str:
    if base.plan.numbers or base.plan.categories:
        return ""
    return "the asset does not tell its inputs"


def _finding(window: Window, found: tuple[Accused, ...], how: str) -> Finding:
    first = found[0]
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"{how}, by {listed([a.name for a in found])}: {first.way} came to "
        f"{first.shown:.0%} over {first.rows} answers, {first.usual:.0%} is usual.",
        measured={
            "principals": float(len(found)),
            "answers": float(sum(a.rows for a in found)),
            **{f"{a.way}: {a.name}": round(a.shown, 4) for a in found[:10]},
        },
        because=window.cites,
        strength=round(-first.rarity, 2),
        suspects=suspects_of(found),
        topic=max(_TOLD[how], key=lambda kind: _TOLD[how][kind]),
        points_to=dict(_TOLD[how]),
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
