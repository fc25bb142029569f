from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stanch.detect import examples
from stanch.detect.summaries.columns import Labels
from stanch.detect.summaries.count import counted, labels_counted
from stanch.detect.summaries.learn import learned
from stanch.detect.summaries.manifold import learnt
from stanch.detect.summaries.parts import Block, Part
from stanch.detect.summaries.plan import Manifold, Plan
from stanch.detect.summaries.ready import ready
from stanch.detect.summaries.summary import Summary

FOUND = learned(examples.SCHEMA, examples.columns(4000))
MADE = ready(FOUND.plan)


def shuffled() -> NDArray[np.float64]:
    dice = np.random.default_rng(3)
    return np.stack([dice.permutation(c) for c in examples.columns(2000).numbers.T], axis=1)


def test_far_rows_are_off_and_off_rows_unusual_for_everybody_and_by_name() -> None:
    seen = counted(MADE, replace(examples.columns(2000), numbers=shuffled()))
    everybody = seen.ledger.everybody
    unusual, off, far = (int(everybody(b)[0]) for b in (Block.UNUSUAL, Block.OFF, Block.FAR))
    assert unusual > off > far > 0
    assert seen.summary.sums[Part.FAR].tolist() == [far]
    assert int(seen.summary.sums[Part.MANIFOLD][-1]) == off


def test_one_row_in_a_thousand_of_those_held_out_is_far() -> None:
    held = int(FOUND.golden.summary.sums[Part.MANIFOLD].sum())
    assert int(FOUND.golden.summary.sums[Part.FAR][0]) <= held / 1000
    told = FOUND.plan.manifold.foreign
    assert told == tuple(sorted(told, reverse=True))
    assert told[0] > 0.2


def of_before() -> Manifold:
    """A manifold as they were: a table for a pair of inputs, and no border of far rows."""
    dice = np.random.default_rng(5)
    return Manifold(
        pairs=np.array([[0, 1]], np.int32),
        tables=dice.integers(-99, 99, (1, 17 * 17)).astype(np.int16),
        edges=np.arange(-60, 64, 4)[:31],
        auc=0.8,
    )


def test_a_plan_of_before_counts_no_far_rows_and_keeps_its_digest_and_its_summaries() -> None:
    old = replace(FOUND.plan, manifold=of_before())
    assert b"foreign" not in old.to_bytes()
    assert b"leaves" not in old.to_bytes()
    again = Plan.from_bytes(old.to_bytes())
    assert again.digest == old.digest
    seen = counted(ready(again), examples.columns(200))
    assert np.count_nonzero(seen.summary.sums[Part.MANIFOLD]) > 2
    assert Part.FAR not in seen.summary.sums
    assert not seen.ledger.everybody(Block.FAR).any()
    read = Summary.from_bytes(seen.summary.to_bytes(), again)
    assert read.digest == seen.summary.digest
    assert Plan.from_bytes(FOUND.plan.to_bytes()).manifold.foreign == FOUND.plan.manifold.foreign


def test_three_inputs_that_go_together_are_known_where_no_two_of_them_do() -> None:
    dice = np.random.default_rng(11)
    cells = dice.integers(0, 16, (6000, 4)).astype(np.uint8)
    odd = ((cells[:, 0] > 7) ^ (cells[:, 1] > 7)).astype(np.uint8)
    cells[:, 2] = cells[:, 2] % 8 + 8 * odd
    found = learnt(cells[:4000], cells[4000:])
    assert found.auc > 0.7


def test_labels_are_counted_by_how_sure_the_model_was_and_whether_they_say_wrong() -> None:
    late = Labels(
        truth=np.array([0, 1, 1, 0, 1], np.int32),
        predictions=np.array([0, 0, 1, 1, 1], np.int32),
        confidence=np.array([0.3, 0.56, 0.96, 1.0, np.nan]),
        principals=np.zeros(5, np.int32),
        names=("anna",),
    )
    told, wrong = labels_counted(MADE, late).ledger.of("anna")[Block.SURE].tolist()
    assert told == [1, 0, 1, *[0] * 7, 2]

    assert wrong == [0, 0, 1, *[0] * 7, 1]
