"""Contributors: whose late labels contradict the answers, and in which pair of classes.

In    a window's ledger, and the counts of true by predicted class in the baseline.
Out   `Accused` contributors, the most certain first, each with the pair that grew most.
Why   flipped labels come from few hands. Among two thousand labels the ten that one hand flipped
      are no more than what chance moves elsewhere; among its own hundred they are.
Math  Of each contributor: all its labels, and each pair (answers a, labels b) among its labels on
      the answers a. Past 8 classes pairs share places (`summaries.pairs`), and the least of three
      counts stands for the pair, in the baseline too: its place, the wrong a, the wrong labels b.
      Fisher's exact test says how rare it is that so many of those which the baseline and all
      labels now have together are this one's. It needs no bound on how often the model errs, which
      from 400 rows would cost as much as two flipped labels of six. It is at most as rare as at
      the share that the others show now, so a change that is everybody's accuses nobody, and at
      what its own mix of classes makes of it (`mixes`). `TO_PAIRS`
      of the chance is shared by the pairs, the rest is on all labels; it is shared by the
      contributors, and by looks while labels come in, as in `bar`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stanch.detect.alarms.rates import BAR
from stanch.detect.habits.bar import bar
from stanch.detect.habits.mixes import expected, mixes_of
from stanch.detect.habits.tails import beta_binomial, hypergeometric
from stanch.detect.summaries.arrays import Floats, Ints
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.pairs import pair_places
from stanch.detect.summaries.parts import BLOCK_CLASSES, BLOCK_PAIRS, Block
from stanch.vocabulary.words import counted

TO_PAIRS = 0.9
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
    seen, least = _seen(ledger, who, golden, habits)
    rest = wrong.sum() - wrong, labels.sum() - labels
    whole = _judged((wrong, labels), rest, _off(golden), least)
    found: list[Accused] = []
    for place in np.unique(seen.hand).tolist():
        mine = np.flatnonzero(seen.hand == place)
        rarity = min(
            float(seen.judged.rarity[mine].min()) + math.log10(seen.ways / TO_PAIRS),
            float(whole.rarity[place]) - math.log10(1 - TO_PAIRS),
        )
        if rarity <= bar(10.0**-BAR, len(who), 1, int(labels[place]), ENOUGH):
            pair = _pair(seen, mine, len(golden) - 2)
            more = max(float(whole.excess[place]), float(seen.judged.excess[mine].max()))
            found.append(
                Accused(
                    name=ledger.names[who[place]],
                    labels=int(labels[place]),
                    wrong=int(wrong[place]),
                    excess=more,
                    strength=-rarity,
                    pair=pair,
                )
            )
    return tuple(sorted(found, key=lambda a: (-a.strength, -a.excess, a.name)))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Seen:
    """Every pair that some contributor has a label of."""

    ways: int
    """Pairs that there could be."""
    hand: Ints
    said: Ints
    given: Ints
    rows: Ints
    odd: Ints
    judged: _Judged


def _seen(ledger: Ledger, who: Ints, golden: Ints, habits: Ledger | None) -> tuple[_Seen, Floats]:
    """The pairs, and (P,) the least share to expect in all labels of each."""
    kept = _kept(len(golden) - 2)
    rows, odd = _pairs(ledger, who, kept, len(golden) - 2)
    then_rows, then_odd = _reference(golden)
    least = np.zeros(odd.shape)
    names = tuple(ledger.names[i] for i in who)
    mixes = mixes_of(names, rows.sum(axis=1), habits, kept)
    if mixes is not None:
        least = expected(mixes, rows, odd, then_odd / np.maximum(then_rows, 1)[:, None])
    hand, said, given = np.nonzero(odd)
    own = odd[hand, said, given], rows[hand, said]
    rest = odd.sum(axis=0)[said, given] - own[0], rows.sum(axis=0)[said] - own[1]
    then = then_odd[said, given], then_rows[said]
    judged = _judged(own, rest, then, least[hand, said, given])
    seen = _Seen(
        ways=odd[0].size,
        hand=hand,
        said=said,
        given=given,
        rows=own[1],
        odd=own[0],
        judged=judged,
    )
    return seen, (rows * least.sum(axis=2)).sum(axis=1) / np.maximum(rows.sum(axis=1), 1)


def _pair(seen: _Seen, mine: Ints, classes: int) -> Pair:
    """The pair of these that speaks most."""
    judged = seen.judged
    first = mine[np.lexsort((-judged.excess[mine], judged.rarity[mine]))[0]]
    return Pair(
        said=_unfolded(int(seen.said[first]), classes),
        given=_unfolded(int(seen.given[first]), classes),
        labels=int(seen.rows[first]),
        flipped=int(seen.odd[first]),
        usual=float(judged.usual[first]),
        share=float(judged.excess[first] / max(float(judged.excess[mine].sum()), 1e-9)),
    )


def others(found: Sequence[Accused]) -> str:
    """How many more there are than the first, for a sentence."""
    return f", and {counted(len(found) - 1, 'other contributor')} beside" if found[1:] else ""


def _share(counts: tuple[Ints, Ints]) -> Floats:
    """Odd ones of rows."""
    found: Floats = counts[0] / np.maximum(counts[1], 1)
    return found


def _judged(
    now: tuple[Ints, Ints], rest: tuple[Ints, Ints], then: tuple[Ints, Ints], least: Floats
) -> _Judged:
    """Odd ones and rows of each, of all the others, and in the baseline; the least to expect."""
    odd, rows = now
    others, total = np.broadcast_arrays(then[0] + rest[0], then[1] + rest[1])
    here = np.maximum(_share(rest), least)
    usual = np.maximum(others / np.maximum(total, 1), here)
    rarity = [
        max(
            hypergeometric(k, n, int(a) + k, int(b) + n),
            beta_binomial(k, n, float(q), 0.0) if q > 0 else -math.inf,
        )
        for k, n, a, b, q in zip(odd.tolist(), rows.tolist(), others, total, here, strict=True)
    ]
    return _Judged(usual=usual, excess=np.maximum(odd - usual * rows, 0.0), rarity=np.array(rarity))


def _off(golden: Ints) -> tuple[Ints, Ints]:
    """How many labels of the baseline contradict, and how many there are."""
    return np.array([golden.sum() - np.trace(golden)]), np.array([golden.sum()])


def _pairs(ledger: Ledger, who: Ints, kept: list[int], classes: int) -> tuple[Ints, Ints]:
    """(P, A) labels on each answer, and (P, A, B) those of them that name another class."""
    rows = ledger.block(Block.GUESSED)[who][:, kept]
    missed = ledger.block(Block.MISSED)[who][:, kept]
    given = ledger.block(Block.GIVEN)[who][:, kept]
    least = np.minimum(missed[:, :, None], given[:, None, :])
    if classes <= BLOCK_CLASSES:
        said, named = np.indices((len(kept), len(kept)))
        least = np.minimum(
            least, ledger.block(Block.PAIRS)[who][:, pair_places(said, named, classes)]
        )
    return rows, _off_diagonal(least)


def _reference(golden: Ints) -> tuple[Ints, Ints]:
    """(A,) the baseline's labels on each answer, (A, B) what stands for each pair in it."""
    classes = len(golden) - 2
    fold = [_folded(place, classes) for place in range(len(golden))]
    small = np.zeros((len(_kept(classes)),) * 2, np.int64)
    np.add.at(small, tuple(np.meshgrid(fold, fold, indexing="ij")), golden)
    wrong = _off_diagonal(small)
    least = np.minimum(wrong.sum(axis=0)[:, None], wrong.sum(axis=1)[None, :])
    if classes <= BLOCK_CLASSES:
        said, named = np.indices(small.shape)
        places = pair_places(said, named, classes)
        shared = np.bincount(places.ravel(), wrong.T.ravel(), BLOCK_PAIRS).astype(np.int64)
        least = np.minimum(least, shared[places])
    return small.sum(axis=0), _off_diagonal(least)


def _off_diagonal(square: Ints) -> Ints:
    return np.where(np.eye(square.shape[-1], dtype=bool), 0, square)


def _kept(classes: int) -> list[int]:
    """The places of a folded block that this many classes use."""
    return [*range(min(classes, BLOCK_CLASSES)), BLOCK_CLASSES, BLOCK_CLASSES + 1]


def _folded(place: int, classes: int) -> int:
    """Where a class, another class or none stands among the kept places."""
    known = min(classes, BLOCK_CLASSES)
    return known + 1 if place == classes + 1 else min(place, known)


def _unfolded(place: int, classes: int) -> int:
    """The class, another class or none that this kept place stands for."""
    known = min(classes, BLOCK_CLASSES)
    return place if place < known else classes + place - known
