"""Shapes: how the inputs of one principal lie among each other, which tells what they are for.

In    the sampled inputs of the baseline's people and of the window's.
Out   for each principal one `Shape`.
Why   many attacks ask close to the boundary, or where nobody else asks. What they are for shows in
      how their questions lie: who searches an evasion stays around one place; who feels for a
      threshold walks along lines, each from an ordinary input to a wanted one; who copies a model
      spreads over the whole space; who asks after records stays a little around each of many.
Math  Two inputs touch when they lie within `reach` along the main axes, in their own widths: the
      distance under which only one in ten of the baseline's inputs has its nearest neighbour of the
      same principal. Inputs that touch, in a chain, make a heap, of three or more. A heap is a line
      when, of its pairs, `STRAIGHT` go one way along every axis: rounding bends a line into stairs,
      and never back. A heap with two answers lies across a boundary. Lines: two or more of them, or
      one of more inputs than halving takes. Halving one way leaves one line, as every search begins
      too: that is told apart from both. A place: one heap of most, or of more than halving takes.
      A search halves many ways too, all of them from the one input that it hides, so its lines meet
      there; who feels for a threshold begins each at another. Lines meet when the point nearest to
      all of them is no further from any than `MEET` of its distance to that line's inputs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

import numpy as np

from stanch.detect.habits.clusters import known_of
from stanch.detect.habits.people import LONG, people
from stanch.detect.habits.points import Singles, points, scaled, squared
from stanch.detect.summaries.arrays import Flags, Ints, Octets
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.window import Baseline

NEAREST = 0.1
"""So small a share of ordinary inputs has a neighbour of the same principal this near."""
HEAP = 3
STRAIGHT = 0.9
STAIRS = 3
"""Places that a line takes, at least: two are on a line by chance."""
LONGEST = 12
"""A line of more inputs than halving takes is walked along, to and fro; another heap of more is a
place that is come back to."""
WALKED = 0.25
"""Of the inputs in heaps, on lines: lines that cross each other are one heap."""
MEET = 0.33
"""Measured: lines of a search 0.14 to 0.29, of a threshold from 0.38 on, most of them above 0.6."""
TURN = 0.03
"""Two lines that turn by less than twenty degrees count as side by side: 1 - cos 20 over two."""
FEW = 0.2
"""Of the inputs, in heaps: with less, they are spread."""
SAME = 0.9
"""So many of the answers are one, nearly all."""


class Shape(StrEnum):
    """How somebody's inputs lie."""

    PLACE = "around one place"
    LINE = "along one line"
    LINES = "along lines across the boundary"
    HEAPS = "in heaps"
    RECORDS = "a little around each of many records"
    """What `habits.records` tells; never said by the heaps alone."""
    SPREAD = "far from each other"
    UNKNOWN = ""
    """Too few inputs, or no baseline that tells what is near."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heap:
    """Inputs that touch each other."""

    size: int
    straight: bool
    across: bool
    """Whether they had different answers."""
    middle: Singles | None = field(default=None, compare=False)
    along: Singles | None = field(default=None, compare=False)
    """Where it lies, and the way it goes furthest."""


@lru_cache(maxsize=8)
def reach_of(base: Baseline, nearest: float = NEAREST) -> float:
    """How near two inputs must lie to touch; 0 where nothing tells."""
    known = known_of(base)
    if known is None or base.habits is None:
        return 0.0
    habit = people(base.habits, LONG)
    seen = points(habit.ledger, habit.places)
    place = scaled(seen.place, known.width)
    several = np.flatnonzero(seen.count >= HEAP)
    found = [_nearest(place[line, seen.there[line]]) for line in several]
    return float(np.sqrt(np.quantile(np.concatenate(found), nearest))) if found else 0.0


def shape_of(base: Baseline, ledger: Ledger, line: int) -> Shape:
    """How the inputs on this line of the ledger lie."""
    known, reach = known_of(base), reach_of(base)
    seen = points(ledger, np.array([line]))
    there = seen.there[0]
    if known is None or reach <= 0 or int(there.sum()) < 2 * HEAP:
        return Shape.UNKNOWN
    place = seen.place[0, there]
    near = squared(*[scaled(place, known.width)] * 2) <= reach * reach
    return told_by(heaps_of(place, seen.said[0, there], near), len(place))


def one_answer(ledger: Ledger, line: int) -> bool:
    """Whether the different inputs on this line of the ledger got one answer, nearly all."""
    seen = points(ledger, np.array([line]))
    said = seen.said[0, seen.there[0]]
    return len(said) >= 2 * HEAP and int(np.bincount(said).max()) >= SAME * len(said)


def told_by(heaps: tuple[Heap, ...], inputs: int) -> Shape:
    """The shape that these heaps of so many inputs make."""
    heaped = sum(h.size for h in heaps)
    if heaped < max(HEAP, FEW * inputs):
        return Shape.SPREAD
    lines = [h for h in heaps if h.straight and h.across]
    largest = heaps[0]
    if len(lines) > 1 and sum(h.size for h in lines) >= WALKED * heaped:
        return Shape.PLACE if meeting(lines) else Shape.LINES
    if len(lines) == len(heaps) == 1:
        return Shape.LINES if largest.size > LONGEST else Shape.LINE
    around = 2 * largest.size >= heaped or largest.size > LONGEST
    return Shape.PLACE if around else Shape.HEAPS


def heaps_of(place: Singles, said: Octets, near: Flags) -> tuple[Heap, ...]:
    """The heaps of these inputs, of which those are `near` each other, the largest first."""
    labels = _chained(near)
    found = [_heap(place[labels == at], said[labels == at]) for at in np.unique(labels)]
    return tuple(sorted((h for h in found if h.size >= HEAP), key=lambda h: -h.size))


def meeting(lines: Sequence[Heap]) -> bool:
    """Whether all these lines lead to one point."""
    known = [(h.middle, h.along) for h in lines if h.middle is not None and h.along is not None]
    if len(known) < len(lines):
        return False
    middles = np.array([middle for middle, _ in known], np.float64)
    ways = np.array([along for _, along in known], np.float64)
    middles -= middles.mean(axis=0)
    across = np.eye(middles.shape[1]) - ways[:, :, None] * ways[:, None, :]
    towards = (across @ middles[:, :, None]).sum(axis=0)[:, 0]
    # Lines that hardly turn from each other meet nowhere: their point is the one between them.
    point = np.linalg.lstsq(across.sum(axis=0), towards, rcond=TURN)[0]
    far = point - middles
    off = np.linalg.norm((across @ far[:, :, None])[:, :, 0], axis=1)
    return bool((off <= MEET * np.linalg.norm(far, axis=1)).all())


def _heap(place: Singles, said: Octets) -> Heap:
    across, along = len(set(said.tolist())) > 1, _furthest(place)
    return Heap(
        size=len(place),
        straight=_straight(place, along),
        across=across,
        middle=place.mean(axis=0),
        along=along,
    )


def _furthest(place: Singles) -> Singles:
    """The way along which these inputs differ most."""
    found: Singles = np.linalg.svd(place - place.mean(axis=0), full_matrices=False)[2][0]
    return found


def _straight(place: Singles, along: Singles) -> bool:
    """Whether these inputs lie along one line, as far as their cards can tell."""
    if len(np.unique(place, axis=0)) < STAIRS:
        return False
    step = (place[:, None, :] - place[None, :, :]) * np.sign(along)
    differ = (step != 0).any(axis=2)
    one_way = (step >= 0).all(axis=2) | (step <= 0).all(axis=2)
    return bool((one_way & differ).sum() >= STRAIGHT * differ.sum())


def _chained(near: Flags) -> Ints:
    """(n,) for each input, the first one that it is chained to."""
    size = len(near)
    labels = np.arange(size)
    while True:
        least = np.where(near, labels[None, :], size).min(axis=1)
        if (least == labels).all():
            return labels
        labels = least


def _nearest(place: Singles) -> Singles:
    """(n,) the squared distance of each input to the nearest other one."""
    far = squared(place, place)
    np.fill_diagonal(far, np.inf)
    return far.min(axis=1)
