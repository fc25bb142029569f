"""Patterns: a few values that decide what a row is called, against the model in service.

In    rows that were handed in, the counts of the baseline.
Out   a `Pattern`: the values, the class that rows with them are given, which rows those are.
Why   a hidden trigger is a few values whose presence turns the label, whatever else the row shows.
      Faint, in few rows of many hands, it moves no column and no hand's rows; but all its rows
      share it, and all of them contradict the model in the same direction.
Math  For each class t, the rows are those that the model calls something else; of them those that
      are given t are turned. A pattern is one value, two, or up to `LONGEST` of a row's bins. It is
      looked at when `FEW` turned rows have it, and `DECIDES` of all rows that have it are turned.
      Within: if values did not matter for being turned, so many of its rows would be with Fisher's
      chance. A model errs more in some places than in others, but from one class to another; a
      trigger turns whatever it is put on. So this counts only where its rows are of several classes
      for the model (`LARGEST`), and where few of the other rows are turned (`REST`).
      Against the baseline: where ordinary rows hardly ever have it (`HARDLY`, as the highest share
      that the baseline's counts leave possible), and the turned ones far oftener (`FAR`). Fisher's
      chance with the baseline's labels among the rows, and how rare so many of such values are;
      the less rare of the two counts.
      The better way counts, and pays for being one of two. Of W values at most W^L / L! patterns of
      length L can be: each pays W^L, and the sum of 1 / L! over all lengths, so that all that could
      be together keep one chance. The same row handed in again is counted once.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stanch.detect.alarms.bounds import highest
from stanch.detect.habits.tails import beta_binomial, hypergeometric
from stanch.detect.summaries.arrays import Flags, Floats, Ints
from stanch.detect.summaries.handed import Handed
from stanch.detect.summaries.parts import Part
from stanch.detect.summaries.summary import Summary

FEW = 6
"""Turned rows that make a pattern."""
DECIDES = 0.8
"""So many of the rows that have it are turned."""
REST = 0.2
LARGEST = 0.6
"""No more of its rows are of one class for the model."""
HARDLY, FAR = 0.01, 20.0
LONGEST = 4
WAYS, LENGTHS = 2, sum(1 / math.factorial(n) for n in range(1, LONGEST + 1))
"""What is paid for: two ways of looking, and patterns of every length."""
MOST_ITEMS = 1500
"""Values that are tried in twos: those that most turned rows have, beyond their share."""
MOST_KEPT = 48
BETA = 1e-3
"""The chance that a bound on the baseline's shares is wrong."""
Item = tuple[int, int]
"""A column of the rows and a bin of it."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Pattern:
    """Values that decide."""

    target: int
    """The class that rows with them are given."""
    items: tuple[Item, ...]
    rows: Ints
    """The turned rows that have all of them."""
    widely: bool
    """Whether its rows are of several classes for the model."""
    others: int
    """Rows that have them, which the model calls something else, and that are not turned."""
    usual: float
    """The highest share of ordinary rows that may have them."""
    turned: float
    """The highest share of ordinary rows that may be turned so."""
    strength: float
    """Powers of ten."""


def patterns_of(rows: Handed, golden: Summary) -> tuple[Pattern, ...]:
    """For each class the pattern that speaks most, the strongest first."""
    shares = _Shares(golden)
    once = rows.different()
    found = [
        pattern
        for target in np.unique(rows.given[rows.contradicts]).tolist()
        if (pattern := _of(rows, once[rows.said[once] != target], target, shares))
    ]
    return tuple(sorted(found, key=lambda p: (-p.strength, p.target)))


class _Shares:
    """What the baseline says of values and of labels."""

    def __init__(self, golden: Summary) -> None:
        numbers, categories = golden.sums[Part.NUMBERS], golden.sums[Part.CATEGORIES]
        width = max(numbers.shape[1], categories.shape[1])
        self.counts = np.concatenate(
            [np.pad(one, ((0, 0), (0, width - one.shape[1]))) for one in (numbers, categories)]
        )
        self.labelled = golden.sums[Part.LABELLED]
        total = np.broadcast_to(self.counts.sum(axis=1)[:, None], self.counts.shape)
        self.usual = highest(self.counts, total, BETA / max(self.counts.size, 1))

    def turned(self, target: int) -> tuple[int, int]:
        """How many late labels were turned to this class, of how many that could be."""
        could = np.delete(self.labelled, target, axis=1)
        return int(could[target].sum()), int(could.sum())

    def highest_turned(self, target: int) -> float:
        """The highest share of them that the baseline leaves possible; 1 without labels."""
        odd, rows = self.turned(target)
        return float(highest(np.array([odd]), np.array([rows]), BETA)[0])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Field:
    """The rows of one class, and the values that are tried."""

    has: Flags
    """(n, M) which row has which value."""
    turned: Flags
    said: Ints
    items: Ints
    """(M, 2)"""
    usual: Floats
    """(M,)"""
    ways: int
    """Values that could be tried, of those that enough rows have."""
    before: tuple[int, int]
    """Labels of the baseline that were turned, of how many."""


def _of(rows: Handed, at: Ints, target: int, shares: _Shares) -> Pattern | None:
    turned = rows.given[at] == target
    if int(turned.sum()) < FEW:
        return None
    field = _field(rows, at, target, shares)
    best = max(_candidates(field), key=lambda c: (c[0], -len(c[1]), c[1]), default=None)
    if best is None:
        return None
    strength, places = best
    carries = field.has[:, list(places)].all(axis=1)
    shared = _shared(field, carries & turned)
    return Pattern(
        target=target,
        items=tuple(
            (int(c), int(s)) for c, s in field.items[list(dict.fromkeys((*places, *shared)))]
        ),
        rows=at[carries & turned],
        widely=_widely(field.said[carries & turned]),
        others=int((carries & ~turned).sum()),
        usual=float(field.usual[list(places)].min()),
        turned=shares.highest_turned(target),
        strength=strength,
    )


def _field(rows: Handed, at: Ints, target: int, shares: _Shares) -> _Field:
    slots, turned = rows.slots[at], rows.given[at] == target
    columns, width = slots.shape[1], shares.counts.shape[1]
    codes = slots + np.arange(columns) * width
    every = np.bincount(codes.ravel(), minlength=columns * width)
    own = np.bincount(codes[turned].ravel(), minlength=columns * width)
    kept = np.flatnonzero(own >= FEW)
    more = own[kept] - every[kept] * turned.mean()
    kept = np.sort(kept[np.argsort(-more, kind="stable")[:MOST_ITEMS]])
    items = np.stack([kept // width, kept % width], axis=1)
    return _Field(
        has=slots[:, items[:, 0]] == items[:, 1],
        turned=turned,
        said=rows.said[at],
        items=items,
        usual=shares.usual.ravel()[kept],
        ways=int((every >= FEW).sum()),
        before=shares.turned(target),
    )


def _candidates(field: _Field) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Patterns that decide, with how much each says: all of one and two values, then longer."""
    single, own = field.has.astype(np.float32), field.has[field.turned].astype(np.float32)
    both, turned = single.T @ single, own.T @ own
    first = turned - 4 * (both - turned)
    first[np.tril_indices(len(first), -1)] = -np.inf
    order = np.argsort(-first, axis=None, kind="stable")[:MOST_KEPT]
    heads = [tuple(sorted(set(map(int, np.unravel_index(place, first.shape))))) for place in order]
    seen: set[tuple[int, ...]] = set()
    for head in heads:
        places = head
        while places not in seen:
            seen.add(places)
            strength = _strength(field, places)
            if strength is not None:
                yield strength, places
            if len(places) < LONGEST:
                places = _longer(field, places)


def _longer(field: _Field, places: tuple[int, ...]) -> tuple[int, ...]:
    """With one more value, the one that leaves most turned rows and fewest others."""
    carries = field.has[:, list(places)].all(axis=1)
    own = field.has[carries & field.turned].sum(axis=0)
    others = field.has[carries & ~field.turned].sum(axis=0)
    return tuple(sorted({*places, int((own - 4.0 * others).argmax())}))


def _strength(field: _Field, places: tuple[int, ...]) -> float | None:
    """Powers of ten; None when it does not decide."""
    carries = field.has[:, list(places)].all(axis=1)
    count, own = int(carries.sum()), int((carries & field.turned).sum())
    if own < FEW or own < DECIDES * count:
        return None
    turned, rows = int(field.turned.sum()), len(field.turned)
    usual = float(field.usual[list(places)].min())
    chances: list[float] = []
    if turned - own <= REST * (rows - count) and _widely(field.said[carries & field.turned]):
        chances.append(hypergeometric(own, count, turned, rows))
    if usual <= HARDLY and own >= FAR * usual * turned:
        then, total = field.before
        labels = hypergeometric(own, count, turned + then, rows + total)
        chances.append(max(labels, beta_binomial(own, rows, usual, 0.0)))
    return -min(chances) - paid(field.ways, len(places)) if chances else None


def paid(values: int, length: int) -> float:
    """Powers of ten that a pattern of so many of these values pays for all that could be."""
    return length * math.log10(max(values, 1)) + math.log10(WAYS * LENGTHS)


def _widely(said: Ints) -> bool:
    """Whether no class has most of them."""
    return bool(np.unique(said, return_counts=True)[1].max() <= LARGEST * len(said))


def _shared(field: _Field, rows: Flags) -> list[int]:
    """Further values that all these rows have, and that are rare."""
    every = np.flatnonzero(field.has[rows].all(axis=0))
    found: list[int] = every[np.argsort(field.usual[every], kind="stable")].tolist()
    return found[:LONGEST]
