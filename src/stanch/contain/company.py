"""Company: which inputs are almost what was asked just before, by whomever.

In    ordinary inputs, to learn how near to each other they lie; then inputs as they come.
Out   a `Likeness`, which a policy's rule states; which of the inputs are refused.
Why   an input that is decided wrongly is found by asking about one place over and over. Refusing
      one asker ends nothing where the next one goes on; refusing what is almost the same ends the
      search itself, and what people ask lies further apart.
Math  Each number is divided by its spread among ordinary inputs, those that never vary left out. An
      input is refused when `times` others of the last `kept` lie within `within` of it. `within` is
      such that of as many ordinary inputs at most `SPARED` have so many so near. The very same
      input again tells nothing new: it is answered as it was the first time.

Those that had company are remembered apart from the others, so that a search is not forgotten
because many ask; each guard remembers its own.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stanch.contain.alike import KEPT, WIDEST, Likeness

Floats = NDArray[np.float64]
Rows = Sequence[Sequence[float]]
TIMES = 3
SPARED = 0.002
FEWEST = 100
"""Ordinary inputs that it takes to learn."""
MOST_NUMBERS = 1 << 18
"""Numbers that are remembered: wide inputs are fewer, or comparing them takes milliseconds."""
FAR = 1e4
"""Spreads from the middle; whatever lies further out lies there."""


def most(width: int) -> int:
    """How many inputs of this width are learnt from, and remembered."""
    return max(FEWEST, min(KEPT, MOST_NUMBERS // max(width, 1)))


def learnt(rows: Floats, names: Sequence[str] = ()) -> Likeness | None:
    """What too much alike means among these ordinary inputs; None where they do not tell."""
    rows = rows[-most(rows.shape[1]) :]
    kept = np.unique(rows[np.isfinite(rows).all(axis=1)], axis=0) if len(rows) else rows
    if len(kept) < FEWEST or kept.shape[1] > WIDEST:
        return None
    units = np.round(np.maximum(kept.std(axis=0), np.ptp(kept, axis=0) / 6), 6)
    if not (units > 0).any():
        return None
    middles = np.round(np.median(kept, axis=0), 6)
    places = _scaled(kept, units, middles)
    near = np.sqrt(_squared(places, places))
    np.fill_diagonal(near, np.inf)
    company = np.sort(near, axis=1)[:, min(TIMES, len(kept) - 1) - 1]
    within = float(f"{np.quantile(company, SPARED):.4g}")
    if within <= 0:
        return None
    return Likeness(
        times=TIMES,
        within=within,
        kept=len(kept),
        units=tuple(units.tolist()),
        middles=tuple(middles.tolist()),
        names=tuple(names) if len(names) == len(units) else (),
    )


class Memory:
    """What was asked lately, and what of it had company."""

    def __init__(self, like: Likeness) -> None:
        self.like, self._kept = like, like.kept
        self._units, self._middles = np.array(like.units), np.array(like.middles)
        wide = int((self._units > 0).sum())
        self._places = np.zeros((2 * self._kept, wide), np.float32)
        self._lengths = np.full(2 * self._kept, np.inf, np.float32)
        """The square of each place's length; infinite where there is none yet."""
        self._refused = np.zeros(2 * self._kept, np.bool_)
        self._next = [0, 0]
        self._bound = np.float32(like.within**2)

    def refuses(self, rows: Rows | Floats) -> bool:
        """Whether one of these inputs, asked together, is refused; all are remembered."""
        places = _scaled(np.asarray(rows, np.float64), self._units, self._middles)
        return sum(self._refuses(one) for one in places.astype(np.float32)) > 0

    def _refuses(self, place: NDArray[np.float32]) -> bool:
        length = place @ place
        far = self._lengths + length - 2 * (self._places @ place)
        closest = int(far.argmin())
        if np.array_equal(self._places[closest], place) and np.isfinite(self._lengths[closest]):
            return bool(self._refused[closest])
        refused = int((far < self._bound).sum()) >= self.like.times
        company = bool(far[closest] < self._bound)
        at = self._next[company] % self._kept + self._kept * company
        self._next[company] += 1
        self._places[at], self._lengths[at], self._refused[at] = place, length, refused
        return refused


def found_of(like: Likeness, rows: Floats, askers: Sequence[str]) -> Mapping[str, float]:
    """Of what each asked, in this order, the share that would be refused; all under no name."""
    memory, asked, refused = Memory(like), dict[str, int](), dict[str, int]()
    for row, asker in zip(rows, askers, strict=True):
        hit = memory.refuses(row[None])
        for name in (asker, ""):
            asked[name] = asked.get(name, 0) + 1
            refused[name] = refused.get(name, 0) + hit
    return {name: refused[name] / n for name, n in asked.items()}


def _scaled(rows: Floats, units: Floats, middles: Floats) -> Floats:
    there = units > 0
    with np.errstate(over="ignore", invalid="ignore"):
        found = (rows[:, there] - middles[there]) / units[there]
    return np.clip(np.nan_to_num(found, nan=0.0), -FAR, FAR)


def _squared(ours: Floats, others: Floats) -> Floats:
    lengths = (ours**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None]
    return np.maximum(lengths - 2 * ours @ others.T, 0.0)
