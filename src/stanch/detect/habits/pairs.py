"""Pairs: how many of a principal's pairs of rows are neighbours, against the habit.

In    the ledgers of the baseline and of the window, as People.
Out   a `Pairing`, which says how rare so many pairs are.
Why   a search around one input is a cluster of queries; clusters show in pairs, even under cover.
Math  Of N pairs of n rows, C are neighbours: a U-statistic with kernel mean m. Its relative
      variance is
          1 / (m N)      for the pairs as such (Poisson),
          4 z / n        for rows that have more neighbours than others: with p the shares of the
                         cells over all principals, z = sum p^3 / (sum p^2)^2 - 1,
          h              for principals who differ by nature.
      m and h come from the principals of the baseline: m raised by 1.645 standard errors, h by
      (P - 1) / chi-square(P - 1, 5 %). The share C / N is taken as beta with that mean and
      variance: people with a taste for one class fill its lower half, and only a search comes
      close to one. Gross outliers are left out as in `shares`.
"""

import math
from dataclasses import dataclass

import numpy as np

from stanch.detect.habits.judge import Way
from stanch.detect.habits.people import People, peers
from stanch.detect.habits.shares import ERRORS, FEWEST, GROSS, LEFT_OUT
from stanch.detect.habits.tails import beta, chi_square_low
from stanch.detect.summaries.arrays import Floats

LEAST = 1e-4
"""A share of pairs that is never held for rarer than this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairing:
    """The habit of a population in one kind of pair."""

    mean: float
    uneven: float
    """z: how unevenly rows have neighbours."""
    habit: float
    """h: the relative variance between principals."""
    principals: int

    def rarity(self, share: float, pairs: float, rows: float) -> float:
        """Log10 of the chance that a principal of the baseline has so large a share of pairs."""
        if share <= self.mean or pairs <= 0:
            return 0.0
        width = self.habit + 4 * self.uneven / max(rows, 1.0) + 1 / (self.mean * pairs)
        return beta(min(share, 1 - 0.5 / (pairs + 1)), self.mean, width * self.mean**2)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Seen:
    """Shares of pairs of some principals."""

    share: Floats
    pairs: Floats
    rows: Floats

    def only(self, kept: np.ndarray) -> "Seen":
        """Some of them."""
        return Seen(share=self.share[kept], pairs=self.pairs[kept], rows=self.rows[kept])


def neighbours_way(name: str, habit: People, who: People) -> Way | None:
    """How rare each principal's share of neighbours is."""
    cells = habit.cells().sum(axis=3)
    return _way(
        name, _uneven(cells, cells), _seen(habit, habit.near()), _seen(who, who.near()), who
    )


def flips_way(name: str, habit: People, who: People) -> Way | None:
    """How rare each principal's share of neighbours with different answers is."""
    cells = habit.cells()
    uneven = _uneven(cells, cells[..., ::-1])
    return _way(name, uneven, _seen(habit, habit.flipped()), _seen(who, who.flipped()), who)


def pairing_of(seen: Seen, uneven: float, at_least: float = LEAST) -> Pairing | None:
    """The habit of these principals; None when there are fewer than eight with pairs."""
    seen = seen.only(seen.pairs >= 1)
    if len(seen.share) < FEWEST:
        return None
    kept = np.ones(len(seen.share), np.bool_)
    for _ in range(max(1, len(kept) // LEFT_OUT)):
        worst = int(np.where(kept, seen.share, -1.0).argmax())
        kept[worst] = False
        others = _fitted(seen.only(kept), uneven, at_least)
        own = others.rarity(
            float(seen.share[worst]), float(seen.pairs[worst]), float(seen.rows[worst])
        )
        if own > GROSS:
            kept[worst] = True
            break
    return _fitted(seen.only(kept), uneven, at_least)


def _fitted(seen: Seen, uneven: float, at_least: float) -> Pairing:
    size = len(seen.share)
    mean = max(float(seen.share.mean()), at_least)
    chance = 4 * uneven / seen.rows + 1 / (mean * seen.pairs)
    apart = (seen.share / mean - 1) ** 2
    raised = float(apart.sum()) / chi_square_low(size - 1)
    habit = max(raised - float(chance.mean()), 0.0)
    mean *= 1 + ERRORS * math.sqrt(float(apart.mean()) / size)
    return Pairing(mean=min(mean, 1 - 1e-9), uneven=uneven, habit=habit, principals=size)


def _way(name: str, uneven: float, then: Seen, now: Seen, who: People) -> Way | None:
    middle = peers(who, now.share)
    fit = pairing_of(then, uneven, LEAST if middle is None else max(float(middle), LEAST))
    if fit is None:
        return None
    rare = [
        fit.rarity(float(s), float(p), float(n))
        for s, p, n in zip(now.share, now.pairs, now.rows, strict=True)
    ]
    return Way(name=name, shown=now.share, usual=fit.mean, rarity=np.array(rare))


def _seen(who: People, share: Floats) -> Seen:
    return Seen(share=share, pairs=who.pairs(), rows=who.trials())


def _uneven(cells: Floats, others: Floats) -> float:
    """The z of the mean principal: how unevenly the rows in `cells` have neighbours in `others`."""
    rows = np.maximum(cells.reshape(len(cells), cells.shape[1], -1).sum(axis=2), 1)
    shape = (len(cells), cells.shape[1], *(1,) * (cells.ndim - 2))
    mass = (cells / rows.reshape(shape)).mean(axis=0)
    near = (others / rows.reshape(shape)).mean(axis=0)
    ways = range(len(mass))
    mean = float(np.mean([(mass[w] * near[w]).sum() for w in ways]))
    square = float(np.mean([(mass[w] * near[w] ** 2).sum() for w in ways]))
    return max(square / mean**2 - 1, 0.0) if mean > 0 else 1.0
