"""Leagues: several principals who feel along the same ways across the boundary.

In    the sampled inputs of the baseline's people and of the window's.
Out   a `League`: who belongs to it, and the evidence as a power of ten.
Why   of many careful accounts none is odd alone. What none of them shows, they show together: close
      by each other, and at many places, they were answered differently (`habits.beside`).
Math  Who came new is held beside who came new, and who was there before beside those: accounts made
      for an attack are new, and among a hundred old ones they would not be seen. Of P such people
      those come into question who are rarest beside all of them. Of the k rarest, places beside
      each other are counted once; with everybody on their own, their count varies as that of k
      people apart, so the correlation of one's own places is spread over all of them. The chance is
      paid for all sets of k of P people and for all k. Who belongs to it has to be as rare, beside
      the others of the set, as `INNOCENT` allows for all who are there.
      People who all ask about doubtful cases are answered differently, too, and the nearer the more
      seldom: so many pairs as lie within twice the reach, a `p` of them lies within it, as in the
      baseline. Ways that are halved fill the reach first. Who ask about the same cases lie near
      each other with the same answers, too, and a way of length d meets the boundary in proportion
      to d: where the pairs of the set, whatever their answers and each counted as its length, have
      a higher `p`, that counts. Pairs share inputs, so they are taken for fewer: for so many times
      fewer as an input has of them, on the mean over all pairs.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from stanch.detect.habits.beside import MOST, Asked, Usual, asked_of, places, usual_places
from stanch.detect.habits.people import LONG, People, people
from stanch.detect.habits.points import squared
from stanch.detect.habits.shapes import reach_of
from stanch.detect.habits.tails import beta_binomial
from stanch.detect.summaries.arrays import Floats, Ints
from stanch.detect.window import Baseline

HARDLY = -0.5
"""Log10 of how rare somebody is, beside all others, to come into question."""
LARGEST = 32
INNOCENT = 0.05
"""So many who only happen to be there may be taken for a member."""
FILLED = -2.0
"""Log10 of how rare it has to be that so many of the pairs lie within the reach."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class League:
    """Principals who feel along the same ways."""

    members: Ints
    """Their places, the rarest first."""
    strength: float
    """Log10, paid for all sets that could have been taken."""
    shown: float
    """The share of their places that lie beside each other with another answer."""
    usual: float


def leagues_of(base: Baseline, who: People) -> tuple[League, ...]:
    """The leagues of those who were there before and of those who were not."""
    usual = usual_places(base)
    if usual is None:
        return ()
    asked = asked_of(base, who)
    groups = (np.flatnonzero(~who.known), np.flatnonzero(who.known))
    found = (_league(base, usual, asked, lines) for lines in groups if len(lines) > 1)
    return tuple(league for league in found if league is not None)


def _league(base: Baseline, usual: Usual, asked: Asked, lines: Ints) -> League | None:
    counts = places(asked, asked.of(lines).few(MOST), lines, usual.reach)
    rarity = _rarities(usual, counts)
    order = np.lexsort((-counts[:, 0], rarity))
    odd = lines[order[rarity[order] <= HARDLY]][:LARGEST]
    sets = (_judged(usual, asked, odd[:size], len(lines)) for size in range(2, len(odd) + 1))
    best = max(sets, key=lambda league: league.strength, default=None)
    if best is None or best.strength <= 0:
        return None
    own = places(asked, asked.of(best.members), best.members, usual.reach)
    sure = _rarities(usual, own) <= math.log10(INNOCENT / len(lines))
    members = best.members[sure]
    if len(members) < 2 or _filled(base, asked.of(members)) > FILLED:  # noqa: PLR2004  two are one
        return None
    return replace(best, members=members)


def _rarities(usual: Usual, counts: Floats) -> Floats:
    return np.array([usual.places.rarity(k, round(n)) for k, n in counts.tolist()])


def _judged(usual: Usual, asked: Asked, chosen: Ints, there: int) -> League:
    """These people, as one set of all that could have been taken."""
    size, others = len(chosen), asked.of(chosen)
    counts = places(asked, others, chosen, usual.reach)
    each = float(counts[:, 1].mean())
    beside, trials = counts.sum(axis=0) / 2
    fit = usual.among(len(others.owner) * (1 - 1 / size))
    spread = fit.spread * max(each - 1, 0.0) / max(trials - 1, 1.0)
    chance = replace(fit, spread=spread).rarity(float(beside), round(float(trials)))
    paid = _log_choose(there, size) + math.log10(max(there - 1, 1))
    return League(
        members=chosen,
        strength=-chance - paid,
        shown=float(beside / max(trials, 1.0)),
        usual=fit.mean,
    )


def _filled(base: Baseline, asked: Asked) -> float:
    """Log10 of how rare it is that so many pairs of other answers are within the reach."""
    within, wider, shared = _pairs(base, asked, differ=True)
    usual = max(_usual_filled(base), _near_anyhow(base, asked))
    return beta_binomial(within / shared, round(wider / shared), usual, 0.0)


def _near_anyhow(base: Baseline, asked: Asked) -> float:
    """The same share of all pairs of these people, each counted as its length."""
    far, reach = np.sqrt(squared(asked.place, asked.place)), reach_of(base)
    wider = far * ((asked.owner[:, None] != asked.owner) & (far <= 2 * reach))
    return float(wider[far <= reach].sum() / max(float(wider.sum()), 1e-9))


@lru_cache(maxsize=8)
def _usual_filled(base: Baseline) -> float:
    """The same share of the baseline's pairs: of all of them, or of those answered differently."""
    if base.habits is None:
        return 1.0
    asked = asked_of(base, people(base.habits, LONG)).few(2 * MOST)
    found = (_pairs(base, asked, differ=differ) for differ in (False, True))
    return max((within + 0.5) / (wider + 1) for within, wider, _ in found)


def _pairs(base: Baseline, asked: Asked, *, differ: bool) -> tuple[float, float, float]:
    """Pairs of two people within the reach and within twice that; of the first, an input's."""
    far, reach = squared(asked.place, asked.place), reach_of(base)
    such = asked.owner[:, None] != asked.owner
    if differ:
        such &= asked.said[:, None] != asked.said
    wider = such & (far <= 4 * reach * reach)
    each = (wider & (far <= reach * reach)).sum(axis=1).astype(float)
    shared = float((each * each).sum() / max(float(each.sum()), 1.0))
    return float(each.sum()) / 2, float(wider.sum()) / 2, max(shared, 1.0)


def _log_choose(n: int, k: int) -> float:
    return (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)) / math.log(10)
