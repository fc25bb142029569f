"""Crowds: several principals, each hardly odd alone, that are odd together and alike.

In    for each principal, log10 of how rare it is alone, and the direction in which it is odd.
Out   a `Crowd`: who belongs to it and the evidence, as a power of ten.
Why   who spreads an attack over twenty keys stays under every limit for one.
Math  A p-value becomes an e-value, e = (1 - p + p ln p) / (p (ln p)^2), whose mean is at most one.
      With principals independent, the product over any set is an e-value, and so is its mean over
      all sets of k principals: the elementary symmetric polynomial of degree k over C(P, k). The
      mean over k = 2, 3, ..., P is the evidence; by Markov it passes 1 / alpha with probability
      at most alpha, whatever set was sought. No set is searched for, so none has to be paid for.
      Members are the k rarest at the largest term, less those whom chance explains (rarer than one
      in ten is asked of each) and those whose direction is not alike: whose cosine with the sum of
      the others' directions is under `ALIKE`. Of everybody there, fewer than `INNOCENT` may by
      chance be as rare as a member and as alike: how alike somebody is by chance (a normal law) is
      measured on those who are no members, and is at least what independent directions have. Of who
      was there in the baseline, `STEADY` of that: keys made for a theft are new, and people whom
      one has long known to be ordinary are odd by chance at one look or another.
"""

import math
from dataclasses import dataclass

import numpy as np

from stanch.detect.habits.tails import normal
from stanch.detect.summaries.arrays import Flags, Floats, Ints

ALIKE = 0.1
ODD = -1.0
"""Log10 of how rare each member has to be by itself."""
INNOCENT = 0.05
"""So many who only happen to be there may be taken for a member."""
STEADY = 0.01
"""Who was there before may be taken for a member so many times more seldom."""
MOST = 256
"""Only so many principals, the rarest, are taken as candidates; the others count as e = 0."""
CERTAIN = -1e-6
_TEN = math.log(10)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Crowd:
    """Principals who are odd together."""

    members: Ints
    """Their places, the rarest first."""
    strength: float
    """Log10 of the e-value."""
    alike: float
    """The mean cosine of a member with the others."""


def e_value(rarity: float) -> float:
    """Log10 of the e-value that a p-value of 10^rarity gives."""
    log = rarity * _TEN
    if log > CERTAIN:
        return math.log10(0.5)
    p = math.exp(log)
    return (math.log(max(1 - p + p * log, 1e-300)) - log - 2 * math.log(-log)) / _TEN


def crowd_of(rarity: Floats, directions: Floats, known: Flags) -> Crowd:
    """The crowd that is most odd together, without members when there is none.

    `known` tells who was there in the baseline.
    """
    size = len(rarity)
    none = Crowd(members=np.zeros(0, np.int64), strength=0.0, alike=0.0)
    order = np.argsort(rarity, kind="stable")[:MOST]
    if len(order) < 2:  # noqa: PLR2004  a crowd is two or more
        return none
    logs = np.array([e_value(float(rarity[i])) for i in order]) * _TEN
    terms = _symmetric(logs) - np.array([_log_choose(size, k) for k in range(len(order) + 1)])
    terms = terms[2:]
    strength = (_log_sum(terms) - math.log(size - 1)) / _TEN
    chosen = order[: int(terms.argmax()) + 2]
    odd = chosen[rarity[chosen] <= ODD]
    allowed = np.log10(np.where(known[odd], INNOCENT * STEADY, INNOCENT))
    members, alike = _alike(odd, directions, rarity, allowed)
    return Crowd(members=members, strength=strength, alike=alike) if members.size else none


def _symmetric(logs: Floats) -> Floats:
    """(K + 1,) the logs of the elementary symmetric polynomials of e^logs."""
    found = np.full(len(logs) + 1, -np.inf)
    found[0] = 0.0
    for log in logs:
        found[1:] = np.logaddexp(found[1:], found[:-1] + log)
    return found


def _log_sum(logs: Floats) -> float:
    top = float(logs.max())
    return top + math.log(float(np.exp(logs - top).sum()))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _alike(chosen: Ints, directions: Floats, rarity: Floats, allowed: Floats) -> tuple[Ints, float]:
    """Those of the chosen who look like the others more than chance explains, and how much."""
    unit = directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
    sums = unit[chosen].sum(axis=0)
    cosine = _cosines(unit[chosen], sums - unit[chosen])
    outside = np.ones(len(unit), np.bool_)
    outside[chosen] = False
    by_chance = _cosines(unit[outside], sums[None])
    usual = np.concatenate([by_chance, [1.0 / math.sqrt(unit.shape[1])]])
    spread = max(float(usual[-1]), math.sqrt(float((usual**2).mean())))
    so_alike = np.array([normal(float(c) / spread) for c in cosine])
    happens = rarity[chosen] + so_alike + math.log10(len(unit))
    kept = (cosine >= ALIKE) & (happens <= allowed)
    return chosen[kept], float(cosine[kept].mean()) if kept.any() else 0.0


def _cosines(unit: Floats, others: Floats) -> Floats:
    """Of each direction with its others'."""
    size = np.maximum(np.linalg.norm(others, axis=-1), 1e-12)
    found: Floats = (unit * others).sum(axis=1) / size
    return found
