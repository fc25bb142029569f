"""Tails are the exact ones, counted out with whole numbers."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.detect.habits.bar import bar
from stanch.detect.habits.tails import beta_binomial, hypergeometric, normal


@given(st.integers(1, 60), st.data())
def test_fishers_tail_is_the_sum_of_all_ways_to_draw_as_many_or_more(
    rows: int, drawn: st.DataObject
) -> None:
    odd, trials = (drawn.draw(st.integers(0, rows)) for _ in range(2))
    count = drawn.draw(st.integers(max(0, odd + trials - rows), min(odd, trials)))
    every = math.comb(rows, trials)
    more = range(count, min(odd, trials) + 1)
    exact = sum(math.comb(odd, k) * math.comb(rows - odd, trials - k) for k in more)
    found = hypergeometric(count, trials, odd, rows)
    if count * rows <= odd * trials:
        assert found == 0.0, "what is no more than to expect is not rare"
    else:
        assert found == pytest.approx(math.log10(exact / every), abs=1e-9)


def test_more_odd_ones_than_there_are_cannot_be_drawn() -> None:
    assert hypergeometric(4, 10, 3, 50) == hypergeometric(4, 3, 10, 50) == -math.inf
    assert hypergeometric(3, 3, 3, 50) == pytest.approx(-math.log10(math.comb(50, 3)))


@given(st.integers(1, 40), st.data(), st.integers(1, 12), st.integers(1, 12))
def test_a_beta_binomial_tail_is_the_one_of_an_urn_that_gives_back_two_for_one(
    trials: int, drawn: st.DataObject, a: int, b: int
) -> None:
    count = drawn.draw(st.integers(0, trials))

    def rising(start: int, steps: int) -> int:
        return math.prod(range(start, start + steps))

    ways = [
        Fraction(math.comb(trials, k) * rising(a, k) * rising(b, trials - k), rising(a + b, trials))
        for k in range(count, trials + 1)
    ]
    found = beta_binomial(count, trials, a / (a + b), 1 / (a + b + 1))
    assert found == pytest.approx(math.log10(float(sum(ways))), abs=1e-6)


def test_between_whole_counts_the_tail_is_a_line_and_past_all_trials_it_stays() -> None:
    low, high = (beta_binomial(k, 20, 0.1, 0.05) for k in (6, 7))
    assert beta_binomial(6.25, 20, 0.1, 0.05) == pytest.approx(0.75 * low + 0.25 * high)
    assert beta_binomial(25, 20, 0.1, 0.05) == pytest.approx(beta_binomial(20, 20, 0.1, 0.05))
    assert beta_binomial(0, 20, 0.1, 0.05) == beta_binomial(3, 0, 0.1, 0.05) == 0.0


def test_the_normal_tail_goes_on_where_its_asymptote_takes_over() -> None:
    before, after = normal(30 - 1e-9), normal(30.0)
    assert after == pytest.approx(before, abs=1e-3)
    assert normal(31.0) < after


@pytest.mark.parametrize(("people", "ways"), [(1, 1), (20, 3)])
def test_all_looks_at_all_people_in_every_way_together_keep_the_rate(
    people: int, ways: int
) -> None:
    looks = [10.0 ** bar(0.01, people, ways, 50 * 2**k, 50) for k in range(40)]
    assert 0.009 < people * ways * sum(looks) <= 0.01
    assert bar(0.01, people, ways, 99, 50) == bar(0.01, people, ways, 50, 50)
    assert bar(0.01, people, ways, 49, 50) == bar(0.01, people, ways, 50, 50)
    assert bar(0.01, people, ways, 100, 50) < bar(0.01, people, ways, 99, 50)
