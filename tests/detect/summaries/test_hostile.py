"""Hostile and unusual data: all of it is counted, none of it is dropped, nothing breaks."""

from dataclasses import replace

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.summaries.columns import Columns, coded, factored
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.learn import Schema, known_of, learned
from stanch.detect.summaries.parts import INFINITE, MISSING, OVER, UNDER, Part
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.ready import ready
from stanch.detect.summaries.summary import Summary, empty
from stanch.vocabulary.trouble import BadFile, BadInput


def bare(numbers: np.ndarray) -> Columns:
    n = len(numbers)
    return Columns(
        numbers=numbers,
        principals=np.full(n, -1, np.int32),
        names=(),
        categories=np.zeros((n, 0), np.int32),
        predictions=np.full(n, -1, np.int32),
        ticks=np.zeros(n, np.int64),
    )


def names(width: int) -> Schema:
    return Schema(numbers=tuple(f"f{i}" for i in range(width)))


@pytest.mark.parametrize(
    "numbers",
    [
        np.zeros((50, 3)),
        np.full((50, 2), np.nan),
        np.full((50, 2), np.inf),
        np.array([[1.0, np.nan]]),
        np.zeros((50, 0)),
        np.array([[-1.7e308, 5e-324], [1.7e308, 0.0]] * 20),
        np.where(np.arange(300).reshape(100, 3) % 97 == 0, 1.0, 0.0),
    ],
    ids=["constant", "missing", "infinite", "one row", "no inputs", "extremes", "sparse"],
)
def test_it_learns_and_counts(numbers: np.ndarray) -> None:
    found = learned(names(numbers.shape[1]), bare(numbers))
    again = counted(ready(found.plan), bare(numbers)).summary
    assert again.sums[Part.NUMBERS].sum() == numbers.size
    assert Plan.from_bytes(found.plan.to_bytes()).digest == found.plan.digest


def test_ten_thousand_columns_work() -> None:
    numbers = np.random.default_rng(0).normal(size=(300, 10_000))
    found = learned(names(10_000), bare(numbers))
    assert counted(ready(found.plan), bare(numbers)).summary.n == 300
    assert found.plan.joint.uses.size <= 64


def test_a_plan_needs_a_row() -> None:
    with pytest.raises(BadInput):
        learned(names(2), bare(np.zeros((0, 2))))


def test_what_does_not_fit_is_counted_where_it_belongs() -> None:
    known = examples.reference()
    rows = examples.columns(5)
    numbers = rows.numbers.copy()
    numbers[:, 0] = [np.nan, np.inf, -np.inf, 1e9, -1e9]
    row = counted(known.ready, replace(rows, numbers=numbers)).summary.sums[Part.NUMBERS][0]
    assert (row[MISSING], row[INFINITE], row[OVER], row[UNDER], row[:64].sum()) == (1, 2, 1, 1, 0)


def test_new_categories_are_counted_and_named() -> None:
    codes, new = coded(["web", "fax", None, "fax"], ("web", "phone", "branch"))
    rows = replace(examples.columns(4), categories=codes.reshape(-1, 1), strange={"channel": new})
    found = counted(examples.reference().ready, rows).summary
    assert found.sums[Part.CATEGORIES][0][[0, 64, 65]].tolist() == [1, 2, 1]
    assert found.strange.top("channel") == ("fax",)


def test_a_batch_of_another_shape_is_refused() -> None:
    rows = replace(examples.columns(5), numbers=np.zeros((5, 3)))
    with pytest.raises(BadInput, match="wants 4 numbers"):
        counted(examples.reference().ready, rows)


def test_known_values_are_the_most_frequent_ones() -> None:
    assert known_of("c", ["b", "a", "b", None]).values == ("b", "a")
    assert factored(["y", None, "x", "y"])[1] == ("x", "y")


def test_summaries_on_different_plans_do_not_merge() -> None:
    other = learned(names(1), bare(np.arange(10.0).reshape(-1, 1))).plan
    with pytest.raises(BadInput):
        empty(examples.reference().learned.plan).merge(empty(other))


@pytest.mark.parametrize("seed", range(30))
def test_damaged_bytes_are_refused_or_read_as_what_they_say(seed: int) -> None:
    known = examples.reference()
    whole = bytearray(counted(known.ready, examples.columns(50)).summary.to_bytes())
    dice = np.random.default_rng(seed)
    whole[int(dice.integers(len(whole)))] ^= int(dice.integers(1, 256))
    damaged = bytes(whole[: len(whole) - int(dice.integers(0, 2)) * 7])
    try:
        read = Summary.from_bytes(damaged, known.learned.plan)
    except BadFile:
        return
    assert read.to_bytes() == damaged


def test_a_minute_of_twenty_features_fits_in_ten_kilobytes() -> None:
    dice = np.random.default_rng(1)
    found = learned(names(20), bare(dice.normal(size=(5000, 20))))
    minute = counted(ready(found.plan), bare(dice.normal(size=(50_000, 20)))).summary
    assert len(minute.to_bytes()) <= 10_000


def test_permuted_rows_lie_off_the_manifold_and_real_ones_do_not() -> None:
    known = examples.reference()
    rows = examples.columns(2000)
    mixed = rows.numbers.copy()
    mixed[:, 1] = np.roll(mixed[:, 1], 777)
    mixed[:, 2] = np.roll(mixed[:, 2], 333)
    here = counted(known.ready, rows).summary.sums[Part.MANIFOLD][-1]
    there = counted(known.ready, replace(rows, numbers=mixed)).summary.sums[Part.MANIFOLD][-1]
    assert known.learned.plan.manifold.auc > 0.9
    assert here < 0.03 * rows.n
    assert there > 0.4 * rows.n
