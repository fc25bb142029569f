"""Bets: how much a batch of counts speaks against the reference, as log e-values.

In    a batch's counts and the reference's counts, on the same bins.
Out   a log e-value for each member (a feature, a class, a group) and each way to bet.
Why   only counts go in, so shards merge exactly before the step; each e-value has mean at most one
      while nothing changed, whatever the data look like and however often one looks.

Math  Let F be the reference's true distribution and R its rows. By DKW (with Massart's constant),
      with probability 1 - beta every tail share is within eps = sqrt(ln(2 / beta) / 2R) of what was
      counted. For a function g of a row with values in [0, 1] and total variation V, its mean is
      at most m = (counted mean) + V eps. The bet 1 + lam (g - m) with lam = f / m, f <= 1/2, is
      then never negative and has mean at most one. Of n rows with c_b in bin b:
      log e = sum over b of c_b log(1 + lam (g_b - m)).
      g are: each tail (both sides), the rank, and the distance of the rank from the middle (both
      ways), so that shifts and changes of scale are found quickly. Of these two scores more is
      known: the true mean of the counted rank differs from a half by the mean of R independent
      variables of variance at most 1/12, and that of the distance by such a mean and at most
      2 eps^2; Bernstein's inequality bounds them, at a third less than eps and 2 eps. For counts
      without an order (categories) g is each value; its mean is bounded by Chernoff's inequality
      (`bounds.highest`), with beta shared among the values by the union bound.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from stanch.detect.alarms.bounds import highest
from stanch.detect.summaries.arrays import Floats, Ints

FRACTIONS = np.array([0.02, 0.05, 0.1, 0.2, 0.35, 0.5])
"""How much of the fortune is risked; a mixture over all of them."""
ON_SCORE = np.array([0.03, 0.07, 0.15, 0.35])
"""The same for scores."""
SCORES = 4
"""Scores of a member: the rank and its distance from the middle, both ways."""
TO_SCORES = 0.75
"""The share of the fortune that is bet on scores; the rest is on tails."""
BETA = 0.01
"""The chance that a whole stream's reference misleads by more than eps."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Table:
    """Counts of a stream: M members, B bins."""

    members: tuple[str, ...]
    counts: Ints
    """(M, B)"""
    ordered: bool
    """Whether the bins have an order, so that tails mean something."""


def radius(rows: int, beta: float) -> float:
    """The DKW radius: how far the counted distribution function can be from the true one."""
    return math.sqrt(math.log(2 / beta) / (2 * rows)) if rows else 1.0


def bernstein(rows: int, beta: float) -> float:
    """How far the mean of so many variables, each spread like a rank, can be from its own."""
    chance = math.log(1 / beta)
    return math.sqrt(chance / (6 * rows)) + chance / (3 * rows) if rows else 1.0


def log_bets(now: Table, reference: Table, *, temper: float = 1.0) -> Floats:
    """(M, Q) log e-values of the batch, one for each way to bet.

    `temper` below one makes rows of one principal count as dependent: with temper at most
    1 / (rows of the busiest principal), the e-values hold when only principals are independent,
    for a mean of a power below one is at most the power of the mean.
    """
    total = reference.counts.sum(axis=1)
    if now.ordered:
        bets = _ordered(now.counts, reference.counts, total)
    else:
        bets = _unordered(now.counts, reference.counts)
    return bets * temper


def weights(*, bins: int, ordered: bool) -> Floats:
    """(Q,) how much of the fortune each way to bet gets at the start; they sum to one."""
    ways = len(FRACTIONS) * 2
    if not ordered:
        return np.full(bins * ways, 1.0 / (bins * ways))
    few, many = SCORES * len(ON_SCORE), (bins - 1) * ways
    return np.concatenate([np.full(many, (1 - TO_SCORES) / many), np.full(few, TO_SCORES / few)])


def _ordered(now: Ints, reference: Ints, total: Ints) -> Floats:
    members = max(len(now), 1)
    eps = np.array([radius(int(r), BETA / (2 * members)) for r in total])
    near = np.array([bernstein(int(r), BETA / (2 * SCORES * members)) for r in total])
    below = np.cumsum(reference, axis=1)
    share = below / np.maximum(total, 1)[:, None]
    tails = _indicators(np.cumsum(now, axis=1)[:, :-1], now.sum(axis=1), share[:, :-1], eps)
    rank = (share + (below - reference) / np.maximum(total, 1)[:, None]) / 2
    scores = _scores(now, reference, rank, np.minimum(eps, near))
    spread = np.minimum(2 * eps, near + 2 * eps * eps)
    return np.concatenate(
        [tails, scores, _scores(now, reference, abs(2 * rank - 1), spread)], axis=1
    )


def _unordered(now: Ints, reference: Ints) -> Floats:
    most = _most(reference.tobytes(), reference.shape)
    return _bets(now, now.sum(axis=1), most)


@lru_cache(maxsize=256)
def _most(counts: bytes, shape: tuple[int, int]) -> Floats:
    """(M, B, 2) the highest shares of each event, and of its absence; the reference stays long."""
    reference = np.frombuffer(counts, np.int64).reshape(shape)
    rows = np.broadcast_to(reference.sum(axis=1)[:, None], shape)
    beta = BETA / max(2 * shape[0] * shape[1], 1)
    return np.stack([highest(reference, rows, beta), highest(rows - reference, rows, beta)], axis=2)


def _indicators(count: Ints, rows: Ints, share: Floats, eps: Floats) -> Floats:
    """(M, I * 2 * 6) bets that an event is more, or less, frequent than in the reference."""
    most = np.minimum(np.stack([share, 1 - share], axis=2) + eps[:, None, None], 1.0)
    return _bets(count, rows, most)


def _bets(count: Ints, rows: Ints, highest_shares: Floats) -> Floats:
    """The bets against these highest shares of each event, and of its absence."""
    both = np.stack([count, rows[:, None] - count], axis=2)[..., None]
    most = np.maximum(highest_shares, 1e-12)[..., None]
    lam = FRACTIONS / most
    others = rows[:, None, None, None] - both
    bets = both * np.log1p(lam * (1 - most)) + others * np.log1p(-lam * most)
    return bets.reshape(len(count), -1).astype(np.float64)


def _scores(now: Ints, reference: Ints, height: Floats, beyond: Floats) -> Floats:
    """(M, 2 * 4) bets that a score in [0, 1] is larger, or smaller, than in the reference."""
    total = np.maximum(reference.sum(axis=1), 1)
    sides = np.stack([height, 1 - height], axis=1)
    mean = (sides * reference[:, None, :]).sum(axis=2) / total[:, None]
    most = np.clip(mean + beyond[:, None], 1e-12, 1.0)[..., None]
    lam = ON_SCORE / most
    factor = np.log1p(lam[..., None] * (sides[:, :, None, :] - most[..., None]))
    return (factor * now[:, None, None, :]).sum(axis=3).reshape(len(now), -1).astype(np.float64)
