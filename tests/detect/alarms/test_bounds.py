"""How high a share can be is what the formula says, and what one window shows is fair evidence."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.detect.alarms.bounds import highest
from stanch.detect.alarms.rates import BAR, excess
from stanch.detect.alarms.shares import single_excess


def bound(odd: int, rows: int, beta: float = 0.01) -> float:
    return float(highest(np.array([odd]), np.array([rows]), beta)[0])


@pytest.mark.parametrize("rows", [1, 10, 5_000, 2_000_000])
@pytest.mark.parametrize("beta", [0.01, 1e-6])
def test_of_what_was_never_seen_the_bound_has_a_closed_form(rows: int, beta: float) -> None:
    assert bound(0, rows, beta) == pytest.approx(1 - beta ** (1 / rows), rel=1e-6)
    assert bound(rows, rows, beta) == pytest.approx(1.0)


def test_where_nothing_was_counted_anything_is_possible() -> None:
    assert highest(np.array([0, 0, 3]), np.array([0, 9, 9])).tolist()[0] == 1.0
    assert bound(0, 0) == 1.0


@given(st.integers(1, 100_000), st.data(), st.sampled_from([0.05, 0.01, 1e-6]))
def test_it_is_the_share_at_which_such_counts_become_as_rare_as_is_allowed(
    rows: int, drawn: st.DataObject, beta: float
) -> None:
    odd = drawn.draw(st.integers(0, rows - 1))
    seen, most = odd / rows, bound(odd, rows, beta)
    told = (1 - seen) * math.log((1 - seen) / (1 - most))
    told += seen * math.log(seen / most) if odd else 0.0
    assert rows * told == pytest.approx(math.log(1 / beta), rel=1e-3)
    assert seen < most <= seen + math.sqrt(math.log(1 / beta) / (2 * rows)) + 1e-9
    assert bound(odd + 1, rows, beta) >= most
    assert bound(odd, rows + 1, beta) <= most + 1e-9


@pytest.mark.parametrize("rows", [1, 7, 60])
@pytest.mark.parametrize("most", [0.01, 0.2, 0.9])
def test_while_the_share_is_no_higher_the_evidence_is_one_at_most_on_average(
    rows: int, most: float
) -> None:
    mean = sum(
        math.comb(rows, odd)
        * most**odd
        * (1 - most) ** (rows - odd)
        * 10 ** excess(rows, odd, most)
        for odd in range(rows + 1)
    )
    assert 0 < mean <= 1 + 1e-9


def test_evidence_is_told_in_tens_and_of_no_rows_there_is_none() -> None:
    assert excess(0, 0, 0.1) == 0
    assert excess(40, 20, 0.1) == pytest.approx(single_excess(40, 20, 0.1) / 2.302585092994046)
    assert pytest.approx(math.log10(525_600)) == BAR
    assert excess(400, 4, 0.01) < BAR < excess(400, 60, 0.01)
