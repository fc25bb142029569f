"""Compiled kernels against the plain ones, on assets of every shape; both give the same bytes."""

from collections.abc import Callable
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from stanch.detect.summaries.arrays import Floats, own
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import Counted, counted
from stanch.detect.summaries.kernels import PLAIN, Compiled, Kernels, compiled
from stanch.detect.summaries.learn import Schema, learned
from stanch.detect.summaries.lookup import CELLS, SHARED, Line, along, lookup_of
from stanch.detect.summaries.parts import Part
from stanch.detect.summaries.plan import Known
from stanch.detect.summaries.ready import Ready, ready
from stanch.detect.summaries.sample import Sampled

Dice = np.random.Generator


def quick() -> Kernels:
    found = compiled()
    if found is None:
        pytest.skip("numba is not installed")
    return found


def few(dice: Dice, n: int) -> Floats:
    """A heavy tail, a handful of values, nothing but one, hardly any, and what is too wide."""
    tail = np.exp(dice.normal(size=n) * 4)
    rare = np.where(dice.random(n) < 0.97, np.nan, dice.normal(size=n))
    wide = dice.uniform(-1.0, 1.0, n) * 1.3e308
    whole = dice.integers(0, 5, n).astype(np.float64)
    paid = np.where(dice.random(n) < 0.6, 0.0, np.exp(dice.normal(size=n)))
    return np.stack([tail, paid, whole, np.full(n, 3.0), rare, wide], axis=1)


def many(dice: Dice, n: int) -> Floats:
    """More numbers than the joint structure uses, so that it skips some."""
    return dice.normal(size=(n, 6)) @ dice.normal(size=(6, 70)) + dice.normal(size=(n, 70))


def very_many(dice: Dice, n: int) -> Floats:
    """So many numbers that their lookup tables are smaller."""
    return dice.normal(size=(n, 130))


def none(dice: Dice, n: int) -> Floats:
    """Categories only."""
    del dice
    return np.zeros((n, 0))


SHAPES = [few, many, very_many, none]


def rows(numbers: Floats, dice: Dice) -> Columns:
    n = len(numbers)
    ticks = dice.integers(-(10**9), 10**9, n)
    return Columns(
        numbers=numbers,
        principals=dice.integers(-1, 7, n).astype(np.int32),
        names=tuple(f"{9 - i}" for i in range(7)),
        categories=dice.integers(-2, 3, (n, 2)).astype(np.int32),
        predictions=dice.integers(-2, 20, n).astype(np.int32),
        ticks=ticks.astype(np.int64),
        scores=dice.dirichlet(np.ones(20), n),
        latency=dice.choice([np.nan, -1.0, 0.01, 0.0119, 3.0, 1e9, np.inf], n),
        status=dice.integers(-100, 700, n).astype(np.int32),
        cost=dice.choice([np.nan, np.inf, 1e300, 0.1, -0.5], n),
        tokens=dice.integers(0, 100, n),
    )


def asset(shape: Callable[[Dice, int], Floats]) -> tuple[Ready, Columns]:
    dice = np.random.default_rng(3)
    numbers = shape(dice, 900)
    schema = Schema(
        numbers=tuple(f"n{i}" for i in range(numbers.shape[1])),
        categories=(Known(name="a", values=("x", "y", "z")), Known(name="b", values=("u",))),
        classes=tuple(f"c{i}" for i in range(20)),
    )
    made = ready(learned(schema, rows(numbers, dice)).plan)
    later = shape(dice, 700) * dice.choice([1.0, 1.0, 1.3], (700, numbers.shape[1]))
    later[dice.random(later.shape) < 0.02] = np.inf
    return made, rows(later, dice)


def unwritable(array: np.ndarray | None) -> np.ndarray:
    """The same numbers as a file that is mapped into memory gives them."""
    assert array is not None
    fixed = array.copy()
    fixed.setflags(write=False)
    return fixed


def bits(one: Counted) -> tuple[bytes, bytes]:
    return one.summary.to_bytes(), one.ledger.to_bytes()


@pytest.mark.parametrize("shape", SHAPES)
def test_compiled_kernels_agree_with_the_plain_ones_whatever_the_asset(
    shape: Callable[[Dice, int], Floats],
) -> None:
    made, batch = asset(shape)
    assert bits(counted(made, batch, using=quick())) == bits(counted(made, batch, using=PLAIN))


def test_what_a_batch_does_not_tell_is_the_same_for_both() -> None:
    made, batch = asset(few)
    bare = replace(batch, scores=None, latency=None, status=None, cost=None, tokens=None)
    assert bits(counted(made, bare, using=quick())) == bits(counted(made, bare, using=PLAIN))


def test_a_plan_that_compiled_loops_do_not_suppose_is_counted_plainly() -> None:
    made, batch = asset(few)
    wide = made.plan.joint.drawn + np.array([[0], [1 << 20]] * 4) * np.arange(33)
    again = ready(replace(made.plan, joint=replace(made.plan.joint, drawn=wide)))
    assert made.quick
    assert not again.quick
    assert bits(counted(again, batch, using=quick())) == bits(counted(again, batch, using=PLAIN))


@pytest.mark.parametrize("width", [1, 3, 9])
def test_batches_of_any_size_are_counted_to_their_last_number(width: int) -> None:
    made, batch = asset(lambda dice, n: dice.normal(size=(n, width)))
    for size in (0, 1, 5, 64, 65, 129):
        some = part_of(batch, slice(0, size))
        assert bits(counted(made, some, using=quick())) == bits(counted(made, some, using=PLAIN))


def test_waves_of_very_many_rows_are_more_than_32_bits_hold() -> None:
    made, batch = asset(few)
    many, alike = 200_000, part_of(batch, slice(0, 1))
    rows = replace(
        alike,
        numbers=np.repeat(alike.numbers, many, axis=0),
        principals=np.zeros(many, np.int32),
        categories=np.repeat(alike.categories, many, axis=0),
        predictions=np.repeat(alike.predictions, many),
        ticks=np.repeat(alike.ticks, many),
    )
    one = counted(made, alike, using=PLAIN).summary.sums[Part.WAVES]
    assert np.abs(one * many).max() > 1 << 31
    assert (counted(made, rows, using=quick()).summary.sums[Part.WAVES] == one * many).all()


def test_a_repeated_input_is_drawn_once_with_its_smallest_card() -> None:
    made, batch = asset(few)
    same = np.tile(batch.numbers[:90], (8, 1))[:700]
    twice = replace(batch, numbers=same, categories=np.zeros((700, 2), np.int32))
    assert bits(counted(made, twice, using=quick())) == bits(counted(made, twice, using=PLAIN))


def part_of(batch: Columns, rows: slice) -> Columns:
    return replace(
        batch,
        numbers=batch.numbers[rows],
        principals=batch.principals[rows],
        categories=batch.categories[rows],
        predictions=batch.predictions[rows],
        ticks=batch.ticks[rows],
        scores=None,
        latency=None,
        status=None,
        cost=None,
        tokens=None,
    )


def samples(batch: Columns, made: Ready, rows: slice) -> Sampled:
    ledger = counted(made, part_of(batch, rows), using=PLAIN).ledger
    return ledger.keys, ledger.cards


@pytest.mark.parametrize("cut", [0, 20, 350])
def test_samples_are_united_alike_also_where_both_know_an_input(cut: int) -> None:
    made, batch = asset(few)
    again = batch.numbers.copy()
    again[300:] = again[:400]
    batch = replace(batch, numbers=again, categories=np.zeros((700, 2), np.int32))
    one, other = samples(batch, made, slice(0, cut)), samples(batch, made, slice(cut, 700))
    plain, compiled_ones = PLAIN.united(one, other), quick().united(one, other)
    assert all((a == b).all() for a, b in zip(plain, compiled_ones, strict=True))


def test_samples_out_of_order_are_united_plainly() -> None:
    made, batch = asset(few)
    keys, cards = samples(batch, made, slice(0, 700))
    turned = np.ascontiguousarray(keys[:, ::-1]), np.ascontiguousarray(cards[:, ::-1])
    plain, others = PLAIN.united(turned, (keys, cards)), quick().united(turned, (keys, cards))
    assert all((a == b).all() for a, b in zip(plain, others, strict=True))


def test_arrays_that_cannot_be_written_to_are_not_compiled_for_anew() -> None:
    made, batch = asset(few)
    kernels = quick()
    assert isinstance(kernels, Compiled)
    counted(made, batch, using=kernels)
    modules = (kernels.fast, kernels.people)
    found = [f for m in modules for f in vars(m).values() if hasattr(f, "signatures")]
    before = [len(f.signatures) for f in found]
    fixed = replace(
        batch,
        numbers=unwritable(batch.numbers),
        principals=unwritable(batch.principals),
        categories=unwritable(batch.categories),
        predictions=unwritable(batch.predictions),
        ticks=unwritable(batch.ticks),
        scores=np.asfortranarray(batch.scores),
        latency=unwritable(batch.latency),
        status=unwritable(batch.status),
        cost=unwritable(batch.cost),
        tokens=unwritable(batch.tokens),
    )
    counted(made, fixed, using=kernels)
    assert [len(f.signatures) for f in found] == before


def test_what_is_already_in_one_piece_is_not_copied() -> None:
    array = np.zeros(3)
    assert own(array, np.float64) is array
    assert own(array, np.int32).dtype == np.int32
    assert own(array[::2], np.float64).flags.c_contiguous


def test_a_cell_that_holds_several_edges_is_searched_and_no_other() -> None:
    even = np.linspace(0.0, 64.0, 65)
    close = np.sort(np.append(even[:-1], 3.001))
    lookup = lookup_of(np.stack([even, close]))
    assert (lookup.start[0, :-1] < SHARED).all()
    held = np.flatnonzero(lookup.start[1, :-1] >= SHARED).tolist()
    assert held == [int(3 * CELLS / close[-1])]
    assert (lookup.start[:, -1] == SHARED).all()


def test_equal_edges_and_far_tails_crowd_hardly_a_cell() -> None:
    whole = np.repeat(np.arange(13.0), 5)
    tail = np.exp([1.5 * NormalDist().inv_cdf((k + 0.5) / 65) for k in range(65)])
    paid = np.where(np.arange(65) < 30, 0.0, tail)
    lookup = lookup_of(np.stack([whole, tail, paid]))
    assert (lookup.start[:, :-1] >= SHARED).sum(axis=1).max() <= 3
    assert (lookup.bends[1, :3] > 0.0).tolist() == [False, True, False]
    rising = np.sort(np.append(tail, np.linspace(-9.0, 500.0, 3000)))
    line = Line(centre=lookup.bends[0, 1], pace=lookup.bends[1, 1])
    assert (np.diff(along(rising, line)) >= 0.0).all()
