"""The grid: what lies between the places that numbers have; a plan without one still counts."""

from dataclasses import replace

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.summaries.codec import packed, unpacked
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.grid import between, grid_of
from stanch.detect.summaries.learn import learned
from stanch.detect.summaries.ledger import LATER, Ledger
from stanch.detect.summaries.parts import Block
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.ready import ready
from stanch.detect.summaries.sample import ALONE

DICE = np.random.default_rng(1)


def grid(column: np.ndarray) -> tuple[float, float]:
    unit, far = grid_of(column.reshape(-1, 1))[0]
    return float(unit), float(far)


def test_noise_on_a_number_that_hardly_varies_is_not_its_spread() -> None:
    """Nine in ten are one; the tenth of the users with a little noise must not set the scale."""
    column = (DICE.random(2000) < 0.9).astype(float)
    column[:200] += DICE.normal(size=200) * 0.006
    assert grid(column)[1] > 0.02


@pytest.mark.parametrize("unit", [1.0, 0.5, 0.25, 0.1, 0.05])
def test_the_unit_is_the_largest_that_fits(unit: float) -> None:
    column = DICE.integers(0, 7, 500) * unit
    assert grid(column)[0] == unit


def test_numbers_that_are_computed_and_fine_grids_have_none() -> None:
    assert grid(DICE.normal(size=500)) == (0.0, 0.0)
    assert grid(DICE.integers(0, 1000, 500).astype(float)) == (0.0, 0.0)
    assert grid(np.full(500, 3.0)) == (0.0, 0.0)
    assert grid(np.full(500, np.nan)) == (0.0, 0.0)


def test_a_few_with_other_numbers_leave_the_grid_as_it_is() -> None:
    column = DICE.integers(0, 5, 500).astype(float)
    column[:50] += DICE.normal(size=50)
    assert grid(column)[0] == 1.0


def test_between_is_farther_than_a_little_noise() -> None:
    column = DICE.integers(0, 5, 500).astype(float)
    known = grid_of(column.reshape(-1, 1))
    rows = np.array([[2.0], [2.02], [2.5], [np.nan], [np.inf], [1e300], [-3.0], [7.4]])
    assert between(rows, known).tolist() == [False, False, True, False, False, False, False, True]


def test_who_asks_between_is_counted_by_principal() -> None:
    rows = examples.columns(400)
    whole = replace(rows, numbers=np.rint(rows.numbers * 2))
    plan = ready(learned(examples.SCHEMA, whole).plan)
    odd = whole.numbers.copy()
    mine = rows.principals == examples.ODD_ONE
    odd[mine, 0] += 0.5
    found = counted(plan, replace(whole, numbers=odd)).ledger
    by_name = dict(zip(found.names, found.block(Block.BETWEEN)[:, 0].tolist(), strict=True))
    assert by_name.pop(examples.NAMES[examples.ODD_ONE]) == int(mine.sum())
    assert not any(by_name.values())


def test_a_plan_that_was_learnt_before_grids_reads_and_counts_nothing_between() -> None:
    made = learned(examples.SCHEMA, examples.columns(400)).plan
    old = replace(made, grid=np.zeros((0, 2)))
    again = Plan.from_bytes(old.to_bytes())
    assert again.digest == old.digest
    assert not between(np.full((3, 4), 0.5), again.grid).any()


def test_a_ledger_of_before_reads_with_nothing_in_the_later_blocks() -> None:
    now = examples.window().ledger
    assert now is not None
    width = sum(now.block(block)[0].size for block in LATER)
    old = _written_before(now, width)
    again = Ledger.from_bytes(old)
    assert again.names == now.names
    assert not any(again.block(block).any() for block in LATER)
    assert now.cards[..., ALONE].any()
    assert not again.cards[..., ALONE].any()
    assert (again.block(Block.ROWS) == now.block(Block.ROWS)).all()
    assert again.n == now.n


def _written_before(ledger: Ledger, width: int) -> bytes:
    """The bytes as they were before the later blocks were counted."""

    read = unpacked("ledger", ledger.to_bytes())
    arrays = {k: v for k, v in read.arrays.items() if k not in {f"table {b}" for b in LATER}}
    arrays["buckets"] = arrays["buckets"][:, :-width]
    arrays["cards"] = arrays["cards"][..., : ALONE.start]
    return packed("ledger", read.header, arrays)
