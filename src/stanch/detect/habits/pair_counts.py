"""Pair counts: how many labels of each contributor contradict the answers, by pair of classes.

In    ledgers, and the counts of true by predicted class in the baseline.
Out   `Told`: labels on each answer and those that name another class, by contributor and in the
      baseline; the same of doubted labels only.
Why   past 8 classes pairs share places (`summaries.pairs`). The least of three counts stands for
      the pair, in the baseline too: its place, the wrong answers a, the wrong labels b.
Math  A label is doubted when the model gave its class less than a tenth of what it gave the answer
      (`DOUBTED`). Of labels without scores that is not known: those of the others, and of the
      baseline, are taken off the labels among which none was doubted, which accuses nobody.
"""

from dataclasses import dataclass

import numpy as np

from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.pairs import pair_places
from stanch.detect.summaries.parts import BLOCK_CLASSES, BLOCK_PAIRS, Block


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Told:
    """Labels on each answer (A), and those of them that name another class (A, B)."""

    rows: Ints
    """(P, A)"""
    odd: Ints
    """(P, A, B)"""
    then_rows: Ints
    """(A,) in the baseline."""
    then_odd: Ints
    """(A, B)"""
    unknown: int = 0
    """Labels now of which it is not known whether they are odd."""

    def rest(self) -> tuple[Ints, Ints]:
        """(P, A, B) odd ones and (P, A) rows of all the others."""
        rows = np.maximum(self.rows.sum(axis=0) - self.rows - self.unknown, 0)
        odd = self.odd.sum(axis=0) - self.odd
        return odd, np.maximum(rows, odd.max(axis=2, initial=0))


def contradicted(ledger: Ledger, who: Ints, golden: Ints) -> Told:
    """All labels of these lines; `golden` is true by predicted class."""
    classes = len(golden) - 2
    then_rows, then_odd = _reference(golden)
    return Told(
        rows=ledger.block(Block.GUESSED)[who][:, kept_of(classes)],
        odd=_odd(ledger, who, Block.PAIRS, classes),
        then_rows=then_rows,
        then_odd=then_odd,
    )


def doubted(ledger: Ledger, who: Ints, habits: Ledger | None, classes: int) -> Told | None:
    """The doubted ones; None where no label has scores, or there are too many classes."""
    scored = ledger.block(Block.DOUBTED)[who][:, BLOCK_PAIRS]
    if classes > BLOCK_CLASSES or not scored.any():
        return None
    kept = kept_of(classes)
    then_rows = np.zeros(len(kept), np.int64)
    then_odd = np.zeros((len(kept), len(kept)), np.int64)
    if habits is not None:
        lacks = habits.everybody(Block.LABELLED)[0] - habits.everybody(Block.DOUBTED)[BLOCK_PAIRS]
        then_odd = _least(
            habits.everybody(Block.MISSED)[None],
            habits.everybody(Block.GIVEN)[None],
            habits.everybody(Block.DOUBTED)[None],
            classes,
        )[0]
        then_rows = np.maximum(habits.everybody(Block.GUESSED)[kept] - lacks, 0)
        then_rows = np.maximum(then_rows, then_odd.max(axis=1, initial=0))
    return Told(
        rows=ledger.block(Block.GUESSED)[who][:, kept],
        odd=_odd(ledger, who, Block.DOUBTED, classes),
        then_rows=then_rows,
        then_odd=then_odd,
        unknown=int((ledger.block(Block.LABELLED)[who][:, 0] - scored).sum()),
    )


def kept_of(classes: int) -> list[int]:
    """The places of a folded block that this many classes use."""
    return [*range(min(classes, BLOCK_CLASSES)), BLOCK_CLASSES, BLOCK_CLASSES + 1]


def unfolded(place: int, classes: int) -> int:
    """The class, another class or none that this kept place stands for."""
    known = min(classes, BLOCK_CLASSES)
    return place if place < known else classes + place - known


def _odd(ledger: Ledger, who: Ints, which: Block, classes: int) -> Ints:
    """(P, A, B) labels of each that name another class, as far as this block tells."""
    missed, given = ledger.block(Block.MISSED)[who], ledger.block(Block.GIVEN)[who]
    return _least(missed, given, ledger.block(which)[who], classes)


def _least(missed: Ints, given: Ints, places: Ints, classes: int) -> Ints:
    """(P, A, B) the least of the three counts that stand for each pair."""
    kept = kept_of(classes)
    least = np.minimum(missed[:, kept][:, :, None], given[:, kept][:, None, :])
    if classes <= BLOCK_CLASSES:
        said, named = np.indices((len(kept), len(kept)))
        least = np.minimum(least, places[:, pair_places(said, named, classes)])
    return _off_diagonal(least)


def _reference(golden: Ints) -> tuple[Ints, Ints]:
    """(A,) the baseline's labels on each answer, (A, B) what stands for each pair in it."""
    classes = len(golden) - 2
    fold = [_folded(place, classes) for place in range(len(golden))]
    small = np.zeros((len(kept_of(classes)),) * 2, np.int64)
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


def _folded(place: int, classes: int) -> int:
    """Where a class, another class or none stands among the kept places."""
    known = min(classes, BLOCK_CLASSES)
    return known + 1 if place == classes + 1 else min(place, known)
