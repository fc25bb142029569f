"""Changes: inputs that are another one of the same principal with a few numbers changed.

In    the sampled inputs of the baseline's people and of the window's.
Out   a `Way`: how rare each principal's share of such inputs is; whether they are all of one.
Why   a search that changes a few numbers of one input from end to end (a square, a pixel, one
      amount) moves it far, so that nothing lies close together. But what it does not change is
      equal, and ordinary inputs are not equal in most of their numbers.
Math  A card keeps the places of up to eight numbers that vary freely. That two inputs are equal in
      a number says -ln q when of all pairs of the baseline's inputs a share q are: much of an
      amount, little of a code that has two values. Two inputs are one, changed, when the equal
      numbers say at least `need`: of half of what all of them could say or more, the least that at
      most `RARE` of the inputs of the baseline's people come to with another. Cards of before keep
      zeros, which are like nothing. Who puts a form right asks nearly the same twice or three
      times, and then of something else: half of such inputs at least have to be in chains of
      `TRIES` or more. For the rest, see `habits.partners`.
"""

from dataclasses import replace
from functools import lru_cache, partial

import numpy as np

from stanch.detect.habits.judge import Way
from stanch.detect.habits.partners import among, chains, partner_way, partners_of
from stanch.detect.habits.people import People
from stanch.detect.habits.points import Points, Singles, points
from stanch.detect.summaries.arrays import Flags
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.ready import singles_of
from stanch.detect.window import Baseline

FEWEST = 4
"""Of fewer numbers, to share most is to share nearly all or hardly any."""
RARE = 0.01
HALF = 0.5
TRIES = 4
"""Of one thing: with fewer, a person put it right once or twice."""
STEPS = 16
"""Between half of what equal numbers could say and all of it."""
ROUNDING = 1e-4


def change_way(name: str, base: Baseline, who: People) -> Way | None:
    """How rare each principal's share of inputs is that are another one, changed a little."""
    need = need_of(base)
    found = partner_way(name, base, who, changed(need)) if need else None
    if found is None:
        return None
    return replace(found, rarity=np.where(_tried(base, who, need), found.rarity, 0.0))


def _tried(base: Baseline, who: People, need: float) -> Flags:
    """(P,) who tries things more often than a person puts them right."""
    near = among(base, points(who.ledger, who.places), changed(need))
    again, tried = near.any(axis=2), chains(near) >= TRIES
    often: Flags = (again & tried).sum(axis=1) >= HALF * again.sum(axis=1)
    return often


def of_one(base: Baseline, ledger: Ledger, line: int) -> bool:
    """Whether most of the changed inputs on this line of the ledger are changed from one."""
    seen = points(ledger, np.array([line]))
    there = seen.there[0]
    alike = changed(need_of(base))(base, seen)[0][np.ix_(there, there)]
    each = alike.sum(axis=1)
    return bool(each.max(initial=1) >= HALF * (each > 1).sum())


@lru_cache(maxsize=8)
def need_of(base: Baseline) -> float:
    """How much equal numbers have to say of two inputs that are one, changed; 0: nothing tells."""
    if kept_of(base) < FEWEST or not told(base):
        return 0.0
    says = says_of(base)
    whole, most = sum(says), sum(says) - min(says)
    for step in range(STEPS):
        need = whole * (HALF + (1 - HALF) * step / STEPS)
        if need >= most:
            break
        counts, inputs = partners_of(base, changed(need))
        if counts.sum() <= RARE * inputs.sum():
            return need
    return most


@lru_cache(maxsize=8)
def says_of(base: Baseline) -> tuple[float, ...]:
    """What it says that two inputs are equal in each number that cards keep, in nats."""
    if base.habits is None:
        return ()
    seen = points(base.habits, np.arange(len(base.habits.names)))
    kept = seen.alone[seen.there][:, : kept_of(base)]
    values = (np.unique(one, return_counts=True)[1] / len(kept) for one in kept.T)
    return tuple(-float(np.log((share * share).sum())) for share in values)


@lru_cache(maxsize=8)
def kept_of(base: Baseline) -> int:
    """How many single numbers the cards of this asset keep."""
    return len(singles_of(base.plan))


def told(base: Baseline) -> bool:
    """Whether the baseline's cards keep single numbers: those of an older one do not."""
    if base.habits is None:
        return False
    seen = points(base.habits, np.arange(len(base.habits.names)))
    return bool(seen.alone.any())


@lru_cache(maxsize=16)
def changed(need: float) -> partial[Flags]:
    """What is alike when the equal numbers say so much."""
    return partial(_changed, need)


def _changed(need: float, base: Baseline, seen: Points) -> Flags:
    said: Singles = np.zeros((*seen.there.shape, seen.there.shape[-1]), np.float32)
    for number, says in enumerate(says_of(base)):
        one = seen.alone[..., number]
        said += (one[:, :, None] == one[:, None, :]) * np.float32(says)
    kept = np.asarray(seen.alone.any(axis=2), np.bool_)
    found: Flags = (said >= need - ROUNDING) & kept[:, :, None] & kept[:, None, :]
    return found
