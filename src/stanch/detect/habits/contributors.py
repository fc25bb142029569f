"""Contributors: whose late labels contradict the answers, and in which pair of classes.

In    a window's ledger, and the counts of true by predicted class in the baseline.
Out   `Accused` contributors, the most certain first, each with the pair that grew most.
Why   flipped labels come from few hands. Among two thousand labels the ten that one hand flipped
      are no more than what chance moves elsewhere; among its own hundred they are.
Math  Of each contributor: all its labels, and each pair (answers a, labels b) among its labels on
      the answers a (`pair_counts`); then each pair again, of the labels that the model held for
      unlikely: its own mistakes are seldom such, a flipped label mostly is.
      Fisher's exact test says how rare it is that so many of those which the baseline and all
      labels now have together are this one's. It needs no bound on how often the model errs, which
      from 400 rows would cost as much as two flipped labels of six. It is at most as rare as at
      the share that the others show now, so a change that is everybody's accuses nobody, and at
      what its own mix of classes makes of it (`mixes`).
      `TO_PAIRS` of the chance is on the pairs, `TO_DOUBTED` on the doubted ones, the rest on all
      labels. Pairs share theirs only with those that could show anything (Tarone): where all
      have three odd labels together, nobody can be accused of them, whoever's they are. The chance
      is shared by the contributors too, and by looks while labels come in, as in `bar`.
      Honest hands differ: as far as the others do now, more than chance has it, one's own rate
      is drawn from a beta distribution as wide (`spreads.spreads_of`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stanch.detect.alarms.rates import BAR
from stanch.detect.habits.bar import bar
from stanch.detect.habits.mixes import Mixes, expected, mixes_of
from stanch.detect.habits.pair_counts import Told, contradicted, doubted, kept_of, unfolded
from stanch.detect.habits.spreads import spreads_of
from stanch.detect.habits.tails import beta_binomial, hypergeometric
from stanch.detect.summaries.arrays import Floats, Ints
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import Block
from stanch.vocabulary.words import counted

TO_PAIRS = 0.45
TO_DOUBTED = 0.45
ENOUGH = 50
"""Labels of one contributor at which the looks begin to be counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Labels of one contributor on one answer that name one other class."""

    said: int
    given: int
    labels: int
    """Its labels on these answers."""
    flipped: int
    usual: float
    """The share that is usual."""
    share: float
    """Of what is too much in all its pairs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accused:
    """A contributor whose labels stand out."""

    name: str
    labels: int
    wrong: int
    excess: float
    """Labels more than usual, in its pair or in all."""
    strength: float
    pair: Pair


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Judged:
    """What was counted of some, one by one, and what it says."""

    usual: Floats
    """The share of all the others, then and now, or now alone, whichever is more."""
    excess: Floats
    rarity: Floats
    """Log10."""


def accused_of(ledger: Ledger, golden: Ints, habits: Ledger | None = None) -> tuple[Accused, ...]:
    """The contributors whose labels stand out; `golden` is true by predicted class.

    `habits` are those of the baseline's people.
    """
    who = np.flatnonzero(ledger.block(Block.LABELLED)[:, 0] > 0)
    if not who.size:
        return ()
    labels, wrong = ledger.block(Block.LABELLED)[who].T
    classes = len(golden) - 2
    told, doubts = contradicted(ledger, who, golden), doubted(ledger, who, habits, classes)
    mixes = mixes_of(
        tuple(ledger.names[i] for i in who), told.rows.sum(axis=1), habits, kept_of(classes)
    )
    seen, least = _seen(told, mixes)
    looked = [(seen, TO_PAIRS)]
    looked += [(_seen(doubts, mixes)[0], TO_DOUBTED)] if doubts is not None else []
    rest = wrong.sum() - wrong, labels.sum() - labels
    whole = _judged((wrong, labels), rest, _off(golden), (least, spreads_of(wrong, labels)))
    found: list[Accused] = []
    for place in np.unique(seen.hand).tolist():
        limit = bar(10.0**-BAR, len(who), 1, int(labels[place]), ENOUGH)
        ways = [_pair(one, place, limit, share) for one, share in looked]
        pair, rarity = min(ways, key=lambda way: way[1])
        rarity = min(rarity, float(whole.rarity[place]) - math.log10(1 - TO_PAIRS - TO_DOUBTED))
        if rarity <= limit and pair is not None:
            most = float(seen.judged.excess[seen.hand == place].max())
            found.append(
                Accused(
                    name=ledger.names[who[place]],
                    labels=int(labels[place]),
                    wrong=int(wrong[place]),
                    excess=max(float(whole.excess[place]), most),
                    strength=-rarity,
                    pair=_told(seen, place, pair, classes),
                )
            )
    return tuple(sorted(found, key=lambda a: (-a.strength, -a.excess, a.name)))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Seen:
    """Every pair that some contributor has a label of."""

    hand: Ints
    said: Ints
    given: Ints
    rows: Ints
    odd: Ints
    judged: _Judged
    could: Floats
    """(P, pairs) log10 of the rarest that each pair could show."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Spot:
    """The pair of a contributor that speaks most."""

    said: int
    given: int
    share: float
    """Of what is too much in all its pairs."""


def _seen(told: Told, mixes: Mixes | None) -> tuple[_Seen, Floats]:
    """The pairs, and (P,) the least share to expect in all labels of each."""
    rows, odd = told.rows, told.odd
    least = np.zeros(odd.shape)
    if mixes is not None:
        usual = told.then_odd / np.maximum(told.then_rows, 1)[:, None]
        least = expected(mixes, rows, odd, usual)
    hand, said, given = np.nonzero(odd)
    others_odd, others_rows = told.rest()
    judged = _judged(
        (odd[hand, said, given], rows[hand, said]),
        (others_odd[hand, said, given], others_rows[hand, said]),
        (told.then_odd[said, given], told.then_rows[said]),
        (least[hand, said, given], spreads_of(odd.sum(axis=(1, 2)), rows.sum(axis=1))[hand]),
    )
    seen = _Seen(
        hand=hand,
        said=said,
        given=given,
        rows=rows[hand, said],
        odd=odd[hand, said, given],
        judged=judged,
        could=_could(rows, others_rows + told.then_rows, odd.sum(axis=0) + told.then_odd),
    )
    return seen, (rows * least.sum(axis=2)).sum(axis=1) / np.maximum(rows.sum(axis=1), 1)


def _could(rows: Ints, rest: Ints, odd: Ints) -> Floats:
    """(P, pairs) how rare it would be that as many of the odd ones as can be are one's own.

    `rows` (P, A) are one's own labels, `rest` (P, A) all the others, `odd` (A, B) everybody's.
    What cannot come near the bar is 0.
    """
    said, given = np.nonzero(odd)
    own, every = rows[:, said], np.broadcast_to(odd[said, given], (len(rows), len(said)))
    whole, most = own + rest[:, said], np.minimum(own, every)
    least = most * np.log10((np.maximum(own, every) - most + 1) / np.maximum(whole - most + 1, 1))
    found = np.zeros(every.shape)
    for at in zip(*np.nonzero(least <= -BAR), strict=True):
        n = int(own[at])
        found[at] = hypergeometric(int(most[at]), n, int(every[at]), int(whole[at]))
    return found


def _sharing(could: Floats, limit: float) -> int:
    """Among how many pairs the chance is shared: no more than these could reach their part."""
    order, ways = np.sort(could), 1
    while ways < order.size and order[ways] <= limit - math.log10(ways):
        ways += 1
    return ways


def _pair(seen: _Seen, place: int, limit: float, share: float) -> tuple[_Spot | None, float]:
    """The pair of this contributor that speaks most, and how rare it is for all of them."""
    mine, judged = np.flatnonzero(seen.hand == place), seen.judged
    if not mine.size:
        return None, 0.0
    first = mine[np.lexsort((-judged.excess[mine], judged.rarity[mine]))[0]]
    ways = _sharing(seen.could[place], limit + math.log10(share))
    spot = _Spot(
        said=int(seen.said[first]),
        given=int(seen.given[first]),
        share=float(judged.excess[first] / max(float(judged.excess[mine].sum()), 1e-9)),
    )
    return spot, float(judged.rarity[first]) + math.log10(ways / share)


def _told(seen: _Seen, place: int, spot: _Spot, classes: int) -> Pair:
    """What all labels of this contributor say of the pair."""
    here = (seen.hand == place) & (seen.said == spot.said) & (seen.given == spot.given)
    line = int(np.flatnonzero(here)[0])
    return Pair(
        said=unfolded(spot.said, classes),
        given=unfolded(spot.given, classes),
        labels=int(seen.rows[line]),
        flipped=int(seen.odd[line]),
        usual=float(seen.judged.usual[line]),
        share=spot.share,
    )


def others(found: Sequence[Accused]) -> str:
    """How many more there are than the first, for a sentence."""
    return f", and {counted(len(found) - 1, 'other contributor')} beside" if found[1:] else ""


def _share(counts: tuple[Ints, Ints]) -> Floats:
    """Odd ones of rows."""
    found: Floats = counts[0] / np.maximum(counts[1], 1)
    return found


def _judged(
    now: tuple[Ints, Ints],
    rest: tuple[Ints, Ints],
    then: tuple[Ints, Ints],
    honest: tuple[Floats, Floats],
) -> _Judged:
    """Odd ones and rows of each, of all the others, and in the baseline.

    `honest` are the least to expect, and how far honest hands differ.
    """
    (odd, rows), (least, spread) = now, honest
    others, total = np.broadcast_arrays(then[0] + rest[0], then[1] + rest[1])
    here = np.maximum(_share(rest), least)
    usual = np.maximum(others / np.maximum(total, 1), here)
    rarity = [
        max(
            hypergeometric(k, n, int(a) + k, int(b) + n),
            beta_binomial(k, n, float(q), float(w)) if q > 0 else -math.inf,
        )
        for k, n, a, b, q, w in zip(
            odd.tolist(), rows.tolist(), others, total, here, spread, strict=True
        )
    ]
    return _Judged(usual=usual, excess=np.maximum(odd - usual * rows, 0.0), rarity=np.array(rarity))


def _off(golden: Ints) -> tuple[Ints, Ints]:
    """How many labels of the baseline contradict, and how many there are."""
    return np.array([golden.sum() - np.trace(golden)]), np.array([golden.sum()])
