"""The laws of the algebra: merging is exact, order-free and bit-identical; engines agree."""

from dataclasses import replace
from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stanch.detect import examples
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import Counted, counted, labels_counted, nothing
from stanch.detect.summaries.kernels import PLAIN, compiled
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.summary import Summary

WILD = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e308, -1e308, 5e-324, 1.0]


def bits(one: Counted) -> tuple[bytes, bytes]:
    return one.summary.to_bytes(), one.ledger.to_bytes()


def wild(seed: int, n: int) -> Columns:
    """Rows with everything in them that a sender can get wrong."""
    rows = examples.columns(n, seed)
    dice = np.random.default_rng(seed)
    numbers = rows.numbers.copy()
    spots = dice.random(numbers.shape) < 0.2
    numbers[spots] = dice.choice(WILD, int(spots.sum()))
    names = tuple(f"someone {seed % 7}-{i}" for i in range(30))
    return replace(
        rows,
        numbers=numbers,
        names=names,
        principals=dice.integers(-1, 30, n).astype(np.int32),
        categories=dice.integers(-2, 3, (n, 1)).astype(np.int32),
        predictions=dice.integers(-2, 3, n).astype(np.int32),
        latency=dice.choice([np.nan, 0.0, -1.0, 3.0, 1e9, np.inf], n),
        status=dice.choice([0, -5, 200, 404, 503, 999, 70000], n).astype(np.int32),
        cost=dice.choice([np.nan, np.inf, 1e300, 0.1, -0.5], n),
        strange={"channel": {f"new {k}": k + 1 for k in range(seed % 50)}},
        misshapen=seed % 3,
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 9), st.randoms())
def test_any_sharding_in_any_order_gives_the_same_bytes(
    seed: int, n: int, into: int, order: object
) -> None:
    known = examples.reference()
    rows = wild(seed, n)
    shards = [counted(known.ready, part) for part in examples.split(rows, into)]
    order.shuffle(shards)  # type: ignore[attr-defined]
    middle = len(shards) // 2
    left = reduce(Counted.merge, shards[:middle], nothing(known.learned.plan))
    right = reduce(Counted.merge, shards[middle:], nothing(known.learned.plan))
    assert bits(left.merge(right)) == bits(right.merge(left)) == bits(counted(known.ready, rows))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 60))
def test_bytes_read_back_are_the_same_value(seed: int, n: int) -> None:
    known = examples.reference()
    one = counted(known.ready, wild(seed, n))
    read = Summary.from_bytes(one.summary.to_bytes(), known.learned.plan)
    assert read.to_bytes() == one.summary.to_bytes()
    assert Ledger.from_bytes(one.ledger.to_bytes()).to_bytes() == one.ledger.to_bytes()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 60))
def test_compiled_kernels_give_the_bits_of_the_plain_ones(seed: int, n: int) -> None:
    quick = compiled()
    if quick is None:
        pytest.skip("numba is not installed")
    known, rows = examples.reference(), wild(seed, n)
    plain = bits(counted(known.ready, rows, using=PLAIN))
    assert bits(counted(known.ready, rows, using=quick)) == plain


@pytest.mark.parametrize("many", [1500, 4000])
def test_more_principals_than_fit_are_sampled_alike_whatever_the_sharding(many: int) -> None:
    known = examples.reference()
    rows = replace(
        examples.columns(many),
        names=tuple(f"bot-{i}" for i in range(many)),
        principals=np.arange(many, dtype=np.int32),
    )
    watch = ("bot-7",)
    whole = counted(known.ready, rows, watch)
    shards = [counted(known.ready, part, watch) for part in examples.split(rows, 5)]
    total = reduce(Counted.merge, shards, nothing(known.learned.plan, watch))
    assert bits(total) == bits(whole)
    assert len(whole.ledger.names) <= 1025
    assert "bot-7" in whole.ledger.names
    assert whole.ledger.n == many


def test_late_labels_merge_like_answers() -> None:
    known = examples.reference()
    rows = examples.columns(300)
    late = examples.labels(rows)
    once = labels_counted(known.ready, late)
    assert once.summary.labelled == 300
    assert bits(once.merge(counted(known.ready, rows))) == bits(
        counted(known.ready, rows).merge(once)
    )
