"""Customs: what the baseline's people do within a window, which a draw of their week hides.

In    the baseline's people, each in a few windows of the reference; ways of being odd.
Out   the same ways, by which nobody is rarer than beside people in whose windows this is usual.
Why   who puts forms right asks nearly the same twice, who moves a number of a dashboard twenty
      times. Of 64 questions of a whole week hardly two are such neighbours, and what is usual in
      the house would be an attack in every window.
Math  Of each principal the customs hold the `WINDOWS` fullest windows that a sample holds whole. A
      way by which one of these is rarer than chance explains (`BY_CHANCE`) is judged by them as
      well, each principal by its rarest one: shares as in `habits.shares`, of so many inputs;
      distances as in `habits.distances`, by no law sharper than an exponential one. The less rare
      counts. Where all rows are counted, the week tells it as well as its windows do. One principal
      in twenty may be left out, and one at least, so what a single one did in the baseline is no
      custom: it may be poison. Nor does it follow a custom who does not show the signs of it, half
      of what all of them show always whose custom it is: who moves one number by steps asks with
      the same step, and who searches around one place does not.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce

import numpy as np
from numpy.typing import NDArray

from stanch.detect.habits.changes import change_way
from stanch.detect.habits.distances import distance_of
from stanch.detect.habits.judge import Law, Way
from stanch.detect.habits.pairs import steps_way
from stanch.detect.habits.people import LONG, People, people
from stanch.detect.habits.shares import share_of
from stanch.detect.habits.touching import touch_way
from stanch.detect.summaries.arrays import Flags, Floats, Ints
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import SAMPLED
from stanch.detect.window import Baseline

WINDOWS, MOST = 8, 64
"""Windows of each principal, and principals, the heaviest, that are kept."""
BY_CHANCE = 0.05
"""So many windows of the whole baseline may be that rare before a way is judged by customs."""
SHARPEST = 1.0
LIKE = 0.5
"""So much of what all of them show, whose custom it is, has to be shown by whoever follows it."""
Ways = Callable[[Baseline, People], Sequence[Way]]


def fullest(who: Ints, window: Ints) -> Iterator[Flags]:
    """(n,) the rows of each one's fullest window that a sample holds whole, of the next one, ...

    Rows of nobody are -1. Windows that are fuller come last, the least full of them first.
    """
    some = np.flatnonzero(who >= 0)
    keys = np.stack([who[some], window[some]])
    pairs, at, rows = np.unique(keys, axis=1, return_inverse=True, return_counts=True)
    past = np.where(rows <= SAMPLED, SAMPLED - rows, rows)
    order = np.lexsort((pairs[1], past, pairs[0]))
    sorted_who = pairs[0][order]
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - np.searchsorted(sorted_who, sorted_who)
    for place in range(WINDOWS):
        found = np.zeros(len(who), np.bool_)
        found[some] = rank[at.reshape(-1)] == place
        yield found


def customs_of(windows: Iterable[Ledger]) -> Ledger:
    """One ledger of them all: a line for each window of each principal."""
    lines = (
        replace(one, names=tuple(f"{place} {name}" for name in one.names))
        for place, one in enumerate(ledger.seal(MOST) for ledger in windows)
    )
    return reduce(Ledger.merge, lines)


def with_customs(make: Ways, base: Baseline, who: People) -> list[Way]:
    """These ways, by which nobody is rarer than the customs of the baseline's people make it."""
    found, usual = list(make(base, who)), _usual(make, base)
    if not usual or len(usual) != len(found):
        return found
    least = LIKE * _always(make, base)[:, None]
    alike: Flags = np.all(_signs(base, who) >= least, axis=0)
    return [_by_custom(now, then, who, alike) for now, then in zip(found, usual, strict=True)]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Usual:
    """What each of the baseline's people shows in the window that is rarest in one way."""

    shown: Floats
    inputs: Floats
    odd: bool
    """Whether one of them is rarer than so many windows are by chance."""


@lru_cache(maxsize=32)
def _usual(make: Ways, base: Baseline) -> tuple[_Usual, ...]:
    """What is shown by way; nothing without customs."""
    then = _windows(base)
    return () if then is None else tuple(_rarest(way, then) for way in _then(make, base))


@lru_cache(maxsize=32)
def _always(make: Ways, base: Baseline) -> Floats:
    """(3,) what whoever is odd in the baseline by these ways shows of each sign, always."""
    then = _windows(base)
    if then is None:
        return np.zeros(3)
    rare = [way.rarity <= _bar(then) for way in _then(make, base) if way.law is Law.DRAWN]
    odd = np.isin(_owners(then), _owners(then)[np.any(rare or [[False]], axis=0)])
    return _signs(base, then)[:, odd].min(axis=1) if odd.any() else np.zeros(3)


def _signs(base: Baseline, who: People) -> Floats:
    """(3, P) how people ask again, by which one custom is told from another."""
    none = np.zeros(len(who.names))
    found = (way("", base, who) for way in (steps_way, touch_way, change_way))
    return np.stack([none if way is None else way.shown for way in found])


@lru_cache(maxsize=32)
def _then(make: Ways, base: Baseline) -> tuple[Way, ...]:
    """These ways of the baseline's people in their windows."""
    then = _windows(base)
    return () if then is None else tuple(make(base, then))


@lru_cache(maxsize=8)
def _windows(base: Baseline) -> People | None:
    found = people(base.customs, LONG) if base.customs is not None else None
    return found if found is not None and found.names else None


def _rarest(way: Way, then: People) -> _Usual:
    owners = _owners(then)
    order = np.lexsort((-way.shown, way.rarity, owners))
    first = order[np.unique(owners[order], return_index=True)[1]]
    return _Usual(
        shown=way.shown[first],
        inputs=_inputs(then)[first],
        odd=float(way.rarity.min(initial=0.0)) <= _bar(then),
    )


def _owners(then: People) -> NDArray[np.str_]:
    """Whose windows these are."""
    return np.array([name.partition(" ")[2] for name in then.names])


def _bar(then: People) -> float:
    return float(np.log10(BY_CHANCE / max(len(then.names), 1)))


def _by_custom(now: Way, then: _Usual, who: People, alike: Flags) -> Way:
    if not then.odd or now.law is Law.COUNTED:
        return now
    if now.law is Law.FAR:
        far = distance_of(then.shown**2, then.inputs, 0.0, SHARPEST)
        rare = None if far is None else [far.rarity(d * d, 1.0) for d in now.shown.tolist()]
    else:
        often = share_of(then.shown * then.inputs, then.inputs)
        each = zip(now.shown.tolist(), _inputs(who).tolist(), strict=True)
        rare = None if often is None else [often.rarity(s * n, round(n)) for s, n in each]
    if rare is None:
        return now
    return replace(now, rarity=np.where(alike, np.maximum(now.rarity, rare), now.rarity))


def _inputs(who: People) -> Floats:
    """(P,) how many different inputs are sampled of each."""
    return (who.ledger.keys[who.places] > 0).sum(axis=1).astype(float)
