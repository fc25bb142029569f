"""Strides: pairs of a principal's inputs that differ by as much in every number, up or down.

In    the sampled inputs of the baseline's people and of the window's.
Out   a `Way`: how rare it is that each principal takes one stride so often.
Why   a copy by the signs of a surrogate's gradient asks x + s * (+-1, ..., +-1). With many classes
      the signs differ from step to step and no step is taken twice; how far it goes in each number
      stays the same.
Math  The stride of two inputs is how far they lie apart in each of the eight numbers that cards
      keep, without its sign, at least `LONG_STEP` in half of them. Two strides are the same when no
      number differs by more than the rounding of a card, and they share no input. Counted is how
      often the most frequent one is taken again, by other inputs each time. Among more inputs more
      are alike by chance: a sample is cut to one of `SIZES`, and judged by the baseline's samples
      of exactly as many.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from stanch.detect.habits.changes import kept_of, told
from stanch.detect.habits.judge import Way
from stanch.detect.habits.people import LONG, People, peers, people
from stanch.detect.habits.points import points
from stanch.detect.habits.shares import FEWEST, Share, share_of
from stanch.detect.summaries.arrays import Flags, Ints
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import SAMPLED
from stanch.detect.window import Baseline

SIZES = (8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, SAMPLED)
LONG_STEP = 4
"""Sixteenths of a deviation: shorter ones are alike by rounding."""
ALIKE = 1
LEAST = 6
"""Numbers that have to be kept: of fewer, strides are alike by chance."""
WAY = 1 << 9
Small = NDArray[np.int16]


def stride_way(name: str, base: Baseline, who: People) -> Way | None:
    """How rare it is that each principal takes one stride so often."""
    if kept_of(base) < LEAST or not told(base):
        return None
    fits = {size: _fit(base, size) for size in SIZES}
    known = [size for size, fit in fits.items() if fit is not None]
    if not known:
        return None
    counts, cut = (of[who.places] for of in _of_all(who.ledger, tuple(known)))
    sizes = cut.tolist()
    shown = counts / cut
    middle = peers(who, shown)
    least = 0.0 if middle is None else float(middle)

    def rare(size: int, found: float) -> float:
        fit = fits[size]
        return 0.0 if fit is None else replace(fit, mean=max(fit.mean, least)).rarity(found, size)

    rarity = [rare(size, float(n)) for size, n in zip(sizes, counts.tolist(), strict=True)]
    usual = fits[known[-1]]
    return Way(
        name=name,
        shown=shown,
        usual=0.0 if usual is None else usual.mean,
        rarity=np.array(rarity),
    )


@lru_cache(maxsize=64)
def _fit(base: Baseline, size: int) -> Share | None:
    """The habit in samples of so many inputs; None where there are too few of them."""
    if base.habits is None:
        return None
    habit = people(base.habits, LONG)
    seen = points(habit.ledger, habit.places)
    pieces = [slice(at, at + size) for at in range(0, SAMPLED - size + 1, size)]
    counts = [
        strided(seen.alone[line, p])
        for p in pieces
        for line in np.flatnonzero(seen.there[:, p].sum(axis=1) == size).tolist()
    ]
    if len(counts) < FEWEST:
        return None
    return share_of(np.array(counts, np.float64), np.full(len(counts), float(size)))


@lru_cache(maxsize=4)
def _of_all(ledger: Ledger, known: tuple[int, ...]) -> tuple[Ints, Ints]:
    """How often each on the ledger takes its most frequent stride again, and of how many inputs."""
    seen = points(ledger, np.arange(len(ledger.names)))
    sizes = [max((s for s in known if s <= n), default=known[0]) for n in seen.count.tolist()]
    counts = [
        strided(seen.alone[line, :size][seen.there[line, :size]]) for line, size in enumerate(sizes)
    ]
    return np.array(counts, np.int64), np.array(sizes, np.int64)


def strided(alone: NDArray[np.int8]) -> int:
    """How often the most frequent stride of these inputs is taken, after the first time."""
    one, other, stride = _strides(alone)
    if len(stride) < 2:  # noqa: PLR2004  two are the same
        return 0
    first, second = _same(stride)
    apart = (one[first] != one[second]) & (other[first] != other[second])
    apart &= (one[first] != other[second]) & (other[first] != one[second])
    first, second = first[apart], second[apart]
    if not len(first):
        return 0
    times = np.bincount(np.concatenate([first, second]), minlength=len(stride))
    most = int(times.argmax())
    such = np.concatenate([[most], second[first == most], first[second == most]])
    return len(np.unique(np.concatenate([one[such], other[such]]))) // 2 - 1


def _strides(alone: NDArray[np.int8]) -> tuple[Ints, Ints, Small]:
    """The pairs of these inputs with a long stride."""
    one, other = np.triu_indices(len(alone), 1)
    places = alone.astype(np.int16)
    stride = np.abs(places[one] - places[other])
    long: Flags = (stride >= LONG_STEP).sum(axis=1) * 2 >= alone.shape[1]
    return one[long], other[long], stride[long]


def _same(stride: Small) -> tuple[Ints, Ints]:
    """The pairs of strides that are the same; found by the two numbers in which they vary most."""
    by = np.argsort(-stride.astype(np.float64).var(axis=0))[:2]
    a, b = (stride[:, n].astype(np.int64) for n in by)
    keys = a * WAY + b
    order = np.argsort(keys, kind="stable")
    keys, a, b, stride = keys[order], a[order], b[order], stride[order]
    firsts: list[Ints] = []
    seconds: list[Ints] = []
    for up in (0, 1):
        at = (a + up) * WAY + b
        low = np.searchsorted(keys, at - ALIKE, side="left")
        high = np.searchsorted(keys, at + ALIKE, side="right")
        if up == 0:
            low = np.maximum(low, np.arange(len(keys)) + 1)
        many = np.maximum(high - low, 0)
        first = np.repeat(np.arange(len(keys)), many)
        second = np.arange(many.sum()) - np.repeat(many.cumsum() - many, many) + low[first]
        same = (np.abs(stride[first] - stride[second]) <= ALIKE).all(axis=1)
        firsts.append(order[first[same]])
        seconds.append(order[second[same]])
    return np.concatenate(firsts), np.concatenate(seconds)
