"""Confusions: labels that contradict the answers, by principal and by pair of classes.

In    `Now` and `Base` with their cells (predicted class by the label told later).
Out   `Confusions`: nats of each principal and of everybody, and how much each pair grew.
Why   who turns labels turns one class into another, on answers that the others find right.
Math  Off-diagonal cells given the predicted class, so that a shift of classes is no confusion. Who
      asks what is hard for the model gets more wrong answers: `hard` says how much more; who asks
      about `told` more than others do gets more of them wrong as `said`. A newcomer's questions may
      be as hard as those of anybody who is known. How sure the model was is looked at besides
      (`residuals`); the larger of the two pays for both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from stanch.triage.verdict.nats import TINY, excess, raised, rest_rate, together
from stanch.triage.verdict.observations import Base, Floats, Ints, Now, Pair
from stanch.triage.verdict.residuals import turned

SLACK = 1.4
"""One honest principal's labels may be this much more confused than those of the rest."""
FEWEST = 5
TOP = 3
"""Those who stand out most are not the rest."""
TWO = 2


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Confusions:
    """Confusions above the baseline."""

    each: Floats
    """(P,) nats."""
    surplus: Floats
    """(P,) labels beyond those to expect."""
    who: float
    whole: float
    """Nats of everybody, in the pair that grew most."""
    rest: float
    """The same without those who stand out most."""
    pair: Pair | None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Cell:
    """One answer told as one other class."""

    place: tuple[int, int]
    nats: Floats
    over: Floats
    """(P,) beyond what an honest one may have; `more`: beyond what the rest have."""
    more: Floats
    usual: Floats
    """(P,) to expect of each, and of the rest in its place."""
    rest: Floats
    whole: float
    others: float


def confusions(now: Now, base: Base, new: NDArray[np.bool_]) -> Confusions | None:
    """What labels tell of each principal; None without labels now and in the baseline."""
    if now.cells is None or base.cells is None:
        return None
    told = now.cells.sum(axis=2) if now.told is None else now.told
    cells = list(_cells(now, now.cells, told, base.cells, new))
    people = len(now.principals)
    if not cells:
        cells = [_nothing(people)]
    nats = np.stack([c.nats for c in cells])
    # A principal is looked at in every cell, so the largest of them has to pay for all.
    each = np.maximum(0.0, nats.max(axis=0) - log(max(1, base.cells.size)))
    surplus = np.stack([c.over for c in cells])[nats.argmax(axis=0), np.arange(people)]
    sure = _sure(now, base, cells, new)
    trusted = nats > log(max(2, people))
    grown = np.stack([c.over for c in cells])
    if sure is not None:
        more = np.stack([c.more for c in cells])
        by_level = sure > each
        surplus = np.where(by_level, more.sum(axis=0), surplus)
        accused = by_level & (sure > log(TWO * max(2, people)))
        grown, trusted = np.where(accused, more, grown), trusted | accused
        each = np.maximum(0.0, np.maximum(each, sure) - log(TWO))
    return Confusions(
        each=each,
        surplus=surplus,
        who=together(each, people),
        whole=max(c.whole for c in cells),
        rest=max(c.others for c in cells),
        pair=_named([c.place for c in cells], (grown * trusted).sum(axis=1), base),
    )


def _nothing(people: int) -> _Cell:
    none = np.zeros(people)
    return _Cell(
        place=(0, 0), nats=none, over=none, more=none, usual=none, rest=none, whole=0.0, others=0.0
    )


def _cells(
    now: Now, counts: Ints, totals: Ints, golden: Ints, new: NDArray[np.bool_]
) -> Iterator[_Cell]:
    usual = (golden + 0.5) / (golden.sum(axis=1, keepdims=True) + 0.5 * len(golden))
    for said, told in np.argwhere(~np.eye(counts.shape[1], dtype=np.bool_)).tolist():
        yield _cell(now, (said, told), (counts[:, said, told], totals[:, said]), usual, new)


def _cell(
    now: Now, place: tuple[int, int], of: tuple[Ints, Ints], usual: Floats, new: NDArray[np.bool_]
) -> _Cell:
    count, total = of
    hard = np.ones(len(count)) if now.hard is None else now.hard
    floor = float(usual[place])
    rest = rest_rate(count, np.rint(total * hard), floor)
    mixed = _own(now, *place, rest)
    rate = np.minimum(0.99, SLACK * mixed * hard)
    shown = (count + FEWEST * rest) / (total + FEWEST)
    rate[new] = np.maximum(rate[new], min(0.99, SLACK * shown[~new].max(initial=0.0)))
    nats = excess(count, total, rate)
    expected: Floats = total * np.asarray(mixed, np.float64)
    of_rest: Floats = total * np.float64(rest)
    quiet = nats.argsort(kind="stable")[:-TOP]
    everybody, others = (
        float(excess(c.sum(keepdims=True), t.sum(keepdims=True), raised(floor))[0])
        for c, t in ((count, total), (count[quiet], total[quiet]))
    )
    return _Cell(
        place=place,
        nats=nats,
        over=np.maximum(0.0, count - total * rate),
        more=np.maximum(0.0, count - expected),
        usual=expected,
        rest=of_rest,
        whole=everybody,
        others=others,
    )


def _own(now: Now, said: int, told: int, rest: float) -> Floats | float:
    """The rate of the rest, for who has another mix of classes (Bayes)."""
    if now.often is None or now.seldom is None:
        return rest
    wrong, right = rest * now.often[:, told], (1 - rest) * now.seldom[:, said]
    found: Floats = np.maximum(rest, wrong / np.maximum(wrong + right, TINY))
    return found


def _sure(now: Now, base: Base, cells: list[_Cell], new: NDArray[np.bool_]) -> Floats | None:
    if now.sure is None or base.sure is None:
        return None
    usual, rest = (sum(part) for part in zip(*((c.usual, c.rest) for c in cells), strict=True))
    return turned(now.sure, base.sure, np.maximum(usual / np.maximum(rest, TINY), 1.0), new)


def _named(places: list[tuple[int, int]], grown: Floats, base: Base) -> Pair | None:
    total = float(grown.sum())
    if total <= 0:
        return None
    said, told = places[int(grown.argmax())]
    size = 0 if base.cells is None else len(base.cells)
    names = base.classes or tuple(str(n) for n in range(size))
    return Pair(predicted=names[said], told=names[told], share=float(grown.max()) / total)
