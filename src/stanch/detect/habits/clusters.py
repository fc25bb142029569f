"""Clusters: how many of a principal's inputs lie around one of them, against everybody's.

In    the sampled inputs of the baseline's people and of the window's.
Out   a `Way`: how rare the densest cluster of each principal is; where it is.
Why   a search asks around one input. Cover traffic between the tries does not move them apart,
      and wide noise still leaves them closer together than inputs lie by themselves.
Math  For each input of a principal and each distance (`habits.points`): m of the n - 1 others are
      neighbours. Of everybody's inputs a share q lies there, in the baseline or among the window's
      others, whichever is more. An honest principal may like one kind of input `taste` times as
      much as others do, so m of n - 1 is at most binomial with min(taste q, 0.9), and its tail at
      most exp(-(n - 1) KL(m / (n - 1) || taste q)) (Chernoff). The rarest place and distance count.
      That many were looked at is paid for by `taste`: it is doubled from 4 until of the baseline's
      own principals, each against the others, hardly any is rarer than one in a hundred.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from stanch.detect.habits.judge import Way
from stanch.detect.habits.people import LONG, People, people
from stanch.detect.habits.points import (
    LEVELS,
    Bits,
    Points,
    Singles,
    neighbours,
    parted,
    points,
    scaled,
    squared,
)
from stanch.detect.habits.shares import FEWEST, LEFT_OUT
from stanch.detect.summaries.arrays import Flags, Floats, Ints
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import Block
from stanch.detect.window import Baseline

REFERENCE, PEERS = 1024, 512
"""Inputs of everybody that a cluster is compared with: of the baseline, of the window."""
JUDGED = 64
"""Principals of the baseline whose own clusters fix the taste."""
TASTE, MOST_TASTE = 4.0, 1024.0
SMALLEST = 3
"""Inputs of a cluster: two are a pair."""
HARDLY = -2.0
AT_MOST = 0.9
_TEN = np.log(10)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Pool:
    """Inputs of many principals, with whose they are."""

    sides: Bits
    """(N,)"""
    place: Singles
    """(N, 10) scaled."""
    owner: Ints
    """(N,) the line of the principal."""

    def around(self, sides: Bits, place: Singles, own: int) -> Floats:
        """(n, LEVELS) the share of inputs of others that are neighbours of each."""
        others = self.owner != own
        found = neighbours(parted(sides, self.sides), squared(place, self.place), there=others)
        return (found + 1) / (int(others.sum()) + 2)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Known:
    """What the baseline says of where inputs lie."""

    pool: Pool
    width: Floats
    taste: float
    usual: float
    """The share of their inputs that principals have in their rarest cluster; the middle one's."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Clusters:
    """The rarest cluster of each principal."""

    usual: float

    rarity: Floats
    """(P,) log10."""
    share: Floats
    """(P,) how many of the principal's inputs lie in it."""
    close: Floats
    """(P,) how many lie around its middle along the main axes too, and not only on its sides of the
    medians: where nobody else's inputs are, all are on the same sides, however far apart."""


@lru_cache(maxsize=8)
def known_of(base: Baseline) -> Known | None:
    """What the baseline says; None when it knows too few principals."""
    habits = base.habits
    who = people(habits, LONG) if habits is not None else None
    if habits is None or who is None or len(who.names) < FEWEST:
        return None
    seen = points(habits, who.places)
    width = _widths(who)
    pool = _pool(seen, scaled(seen.place, width), REFERENCE)
    step = -(-len(who.names) // JUDGED)
    lines = range(0, len(who.names), step)
    own = [_one(seen, scaled(seen.place, width), line) for line in lines]
    shares = [pool.around(one.sides, one.place, line) for one, line in zip(own, lines, strict=True)]
    taste, found = TASTE, [(0.0, (0, 0))] * len(own)
    while taste < MOST_TASTE:
        found = [_rarest(one.counts, q * taste) for one, q in zip(own, shares, strict=True)]
        if sum(rare <= HARDLY for rare, _ in found) <= len(found) / LEFT_OUT:
            break
        taste *= 2
    sizes = [one.within(*at).mean() for one, (_, at) in zip(own, found, strict=True)]
    return Known(pool=pool, width=width, taste=taste, usual=float(np.median(sizes)))


def clusters_of(base: Baseline, who: People) -> Clusters | None:
    """The rarest cluster of each principal; None when the baseline knows too few."""
    known = known_of(base)
    if known is None:
        return None
    rarity, share, close = (of[who.places] for of in _of_all(base, who.ledger))
    return Clusters(usual=known.usual, rarity=rarity, share=share, close=close)


@lru_cache(maxsize=4)
def _of_all(base: Baseline, ledger: Ledger) -> tuple[Floats, Floats, Floats]:
    """How rare, how large and how close the rarest cluster is, on every line of the ledger."""
    known, size = known_of(base), len(ledger.names)
    rarity, share, close = np.zeros(size), np.zeros(size), np.zeros(size)
    if known is None:
        return rarity, share, close
    seen = points(ledger, np.arange(size))
    place = scaled(seen.place, known.width)
    peers = _pool(seen, place, PEERS) if (seen.count > 0).sum() >= FEWEST else None
    for line in np.flatnonzero(seen.count >= SMALLEST).tolist():
        one = _one(seen, place, line)
        q = known.pool.around(one.sides, one.place, -1)
        if peers is not None:
            q = np.maximum(q, peers.around(one.sides, one.place, line))
        rarity[line], at = _rarest(one.counts, known.taste * q)
        share[line] = one.within(*at).mean()
        close[line] = one.within(at[0], LEVELS - 1).mean()
    return rarity, share, close


def cluster_way(name: str, found: Clusters) -> Way:
    """How rare each principal's densest cluster is."""
    return Way(name=name, shown=found.share, usual=found.usual, rarity=found.rarity)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _One:
    """One principal's inputs."""

    sides: Bits
    place: Singles
    counts: Ints
    """(n, LEVELS) neighbours among its own."""

    def within(self, row: int, level: int) -> Flags:
        """(n,) the inputs in this cluster."""
        near = neighbours(
            parted(self.sides, self.sides[row : row + 1]),
            squared(self.place, self.place[row : row + 1]),
            there=np.ones(1, np.bool_),
        )
        return near[:, level] > 0


def _one(seen: Points, place: Singles, line: int) -> _One:
    there = seen.there[line]
    sides, own = seen.sides[line, there], place[line, there]
    others = ~np.eye(len(own), dtype=np.bool_)
    counts = neighbours(parted(sides, sides), squared(own, own), there=others)
    return _One(sides=sides, place=own, counts=counts)


def _pool(seen: Points, place: Singles, most: int) -> Pool:
    each = max(1, most // max(1, len(place)))
    there = seen.there.copy()
    there[:, each:] = False
    owner = np.broadcast_to(np.arange(len(place))[:, None], there.shape)
    return Pool(sides=seen.sides[there], place=place[there], owner=owner[there])


def _rarest(counts: Ints, chance: Floats) -> tuple[float, tuple[int, int]]:
    """Log10 of how rare the densest cluster is, and at which input and distance it lies."""
    size = max(len(counts) - 1, 1)
    p = np.minimum(chance, AT_MOST)
    m = counts / size
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.where(m > 0, m * np.log(m / p), 0.0)
        outside = np.where(m < 1, (1 - m) * np.log((1 - m) / (1 - p)), 0.0)
    nats = np.where(m > p, size * (inside + outside), 0.0)
    row, level = divmod(int(nats.argmax()), LEVELS)
    return -float(nats[row, level]) / _TEN, (row, level)


def _widths(who: People) -> Floats:
    """(10,) the variance along the main axes, over all of these people."""
    sums = who.ledger.block(Block.MOMENTS)[who.places].sum(axis=0).astype(float)
    rows = max(int(who.rows.sum()), 1)
    return np.maximum(sums[1] / rows - (sums[0] / rows) ** 2, 0.0)
