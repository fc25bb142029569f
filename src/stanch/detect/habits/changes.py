"""Changes: inputs that are another one of the same principal with a few numbers changed.

In    the sampled inputs of the baseline's people and of the window's.
Out   a `Way`: how rare each principal's share of such inputs is; whether they are all of one.
Why   a search that changes a few numbers of one input from end to end (a square, a pixel, one
      amount) moves it far, so that nothing lies close together. But what it does not change is
      equal, and ordinary inputs are not equal in most of their numbers.
Math  A card keeps the places of up to eight numbers that vary freely. Two inputs are one, changed,
      when at least `need` of these are equal: of half of the numbers or more, the fewest that at
      most `RARE` of the inputs of the baseline's people share with another. Cards of before keep
      zeros, which are like nothing. For the rest, see `habits.partners`.
"""

from functools import lru_cache, partial

import numpy as np

from stanch.detect.habits.judge import Way
from stanch.detect.habits.partners import partner_way, partners_of
from stanch.detect.habits.people import People
from stanch.detect.habits.points import Points, points
from stanch.detect.summaries.arrays import Flags, Octets
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.ready import singles_of
from stanch.detect.window import Baseline

FEWEST = 4
"""Of fewer numbers, to share most is to share nearly all or hardly any."""
RARE = 0.01
HALF = 0.5


def change_way(name: str, base: Baseline, who: People) -> Way | None:
    """How rare each principal's share of inputs is that are another one, changed a little."""
    need = need_of(base)
    return partner_way(name, base, who, changed(need)) if need else None


def of_one(base: Baseline, ledger: Ledger, line: int) -> bool:
    """Whether most of the changed inputs on this line of the ledger are changed from one."""
    seen = points(ledger, np.array([line]))
    there = seen.there[0]
    alike = changed(need_of(base))(base, seen)[0][np.ix_(there, there)]
    each = alike.sum(axis=1)
    return bool(each.max(initial=1) >= HALF * (each > 1).sum())


@lru_cache(maxsize=8)
def need_of(base: Baseline) -> int:
    """How many numbers two inputs have to share to be one, changed; 0 where nothing tells."""
    kept = kept_of(base)
    if kept < FEWEST or not told(base):
        return 0
    for need in range(kept // 2, kept - 1):
        counts, inputs = partners_of(base, changed(need))
        if counts.sum() <= RARE * inputs.sum():
            return need
    return kept - 1


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
def changed(need: int) -> partial[Flags]:
    """What is alike when so many numbers are equal."""
    return partial(_changed, need)


def _changed(need: int, base: Baseline, seen: Points) -> Flags:
    equal: Octets = np.zeros((*seen.there.shape, seen.there.shape[-1]), np.uint8)
    for number in range(kept_of(base)):
        one = seen.alone[..., number]
        equal += one[:, :, None] == one[:, None, :]
    kept = np.asarray(seen.alone.any(axis=2), np.bool_)
    found: Flags = (equal >= need) & kept[:, :, None] & kept[:, None, :]
    return found
