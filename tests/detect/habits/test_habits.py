"""Habits: tails that are right far out, fits that hold with few principals and a poisoner."""

import math

import numpy as np
import pytest

from stanch.detect.habits.bar import bar
from stanch.detect.habits.crowds import crowd_of, e_value
from stanch.detect.habits.distances import distance_of
from stanch.detect.habits.shares import share_of
from stanch.detect.habits.tails import beta_binomial, chi_square_low, gamma, normal

NEW = np.zeros(60, np.bool_)
"""Nobody of these was there in the baseline."""


def test_a_tail_without_spread_is_the_binomial_one() -> None:
    exact = sum(math.comb(20, k) * 0.1**k * 0.9 ** (20 - k) for k in range(6, 21))
    assert beta_binomial(6, 20, 0.1, 0.0) == pytest.approx(math.log10(exact), abs=1e-3)


def test_spread_between_principals_makes_the_tail_heavier() -> None:
    assert beta_binomial(12, 20, 0.1, 0.1) > beta_binomial(12, 20, 0.1, 0.0) + 2


def test_more_trials_than_fit_are_scaled_down_and_not_refused() -> None:
    assert beta_binomial(400_000, 1_000_000, 0.1, 0.01) < -3


@pytest.mark.parametrize(("deviations", "log"), [(0.0, -0.30103), (3.0, -2.8697), (40.0, -349.44)])
def test_the_normal_tail_is_right_far_out(deviations: float, log: float) -> None:
    assert normal(deviations) == pytest.approx(log, abs=0.01)


def test_the_gamma_tail_is_close_to_the_exact_one() -> None:
    assert gamma(3.0, 1.0) == pytest.approx(math.log10(math.exp(-3)), abs=0.1)
    assert gamma(3.0, 4.0) == pytest.approx(-2.64, abs=0.1)


def test_the_low_quantile_of_chi_square_is_close_to_the_exact_one() -> None:
    assert chi_square_low(19) == pytest.approx(10.117, rel=0.01)


@pytest.mark.parametrize("spread", [0.0, 0.02])
def test_of_ordinary_principals_hardly_one_in_a_thousand_is_beyond_its_tail(spread: float) -> None:
    dice = np.random.default_rng(1)
    wrong = total = 0
    for _ in range(60):
        size = 1 / max(spread, 1e-6) - 1
        rates = dice.beta(0.05 * size, 0.95 * size, 130)
        trials = dice.integers(20, 200, 130)
        counts = dice.binomial(trials, rates)
        fit = share_of(counts[:30].astype(float), trials[:30].astype(float))
        assert fit is not None
        fresh = zip(counts[30:], trials[30:], strict=True)
        wrong += sum(fit.rarity(float(c), int(n)) <= -3 for c, n in fresh)
        total += 100
    assert wrong / total <= 0.001


def test_fewer_than_eight_principals_make_no_habit() -> None:
    assert share_of(np.ones(7), np.full(7, 100.0)) is None
    assert distance_of(np.ones(7), np.full(7, 100.0), 1.0, 5.0) is None


def test_one_poisoner_in_twenty_neither_raises_the_mean_nor_widens_the_spread() -> None:
    counts, trials = np.full(20, 5.0), np.full(20, 100.0)
    clean = share_of(counts[1:], trials[1:])
    counts[0] = 95
    fit = share_of(counts, trials)
    assert fit is not None
    assert clean is not None
    assert fit.mean == pytest.approx(clean.mean)
    assert fit.rarity(95, 100) < -20


def test_principals_who_differ_by_nature_are_not_far_for_it() -> None:
    dice = np.random.default_rng(2)
    natural = dice.gamma(2.0, 0.1, 400)
    rows = np.full(400, 100.0)
    squared = natural + dice.gamma(16.0, 1 / 16.0, 400) * 34 / rows
    fit = distance_of(squared[:100], rows[:100], 34.0, 32.0)
    assert fit is not None
    assert sum(fit.rarity(float(s), 100) <= -3.5 for s in squared[100:]) <= 1
    assert fit.rarity(5.0, 100) < -6


def test_the_mean_e_value_of_a_uniform_p_value_is_at_most_one() -> None:
    p = np.random.default_rng(3).random(50_000)
    assert np.mean([10 ** e_value(math.log10(x)) for x in p]) <= 1.05


def test_many_ordinary_principals_are_no_crowd() -> None:
    dice = np.random.default_rng(4)
    strengths = [
        crowd_of(np.log10(dice.random(60)), dice.normal(size=(60, 65)), NEW).strength
        for _ in range(200)
    ]
    assert sum(s >= 2 for s in strengths) <= 4


def test_twenty_hands_each_hardly_odd_are_a_crowd_of_those_twenty() -> None:
    dice = np.random.default_rng(5)
    rarity = np.log10(dice.random(60))
    rarity[:20] = -2.0
    directions = dice.normal(size=(60, 65))
    directions[:20] += 2.0
    crowd = crowd_of(rarity, directions, NEW)
    assert crowd.strength > 4
    assert len({*crowd.members} & {*range(20)}) >= 18
    assert not {*crowd.members} - {*range(20)}


def test_who_is_only_a_little_odd_and_a_little_alike_is_no_member() -> None:
    dice = np.random.default_rng(6)
    wrongly = 0
    for _ in range(50):
        rarity = np.concatenate([np.full(20, -2.0), np.log10(dice.random(20))])
        directions = dice.normal(size=(40, 65))
        directions[:20] += 0.7
        wrongly += len({*crowd_of(rarity, directions, NEW).members} - {*range(20)})
    assert wrongly <= 5


def test_who_was_always_there_is_taken_for_a_member_more_seldom() -> None:
    dice = np.random.default_rng(6)
    known = np.arange(60) >= 20
    wrongly = {"new": 0, "known": 0}
    for _ in range(200):
        rarity = np.concatenate([np.full(20, -2.0), np.log10(dice.random(20))])
        directions = dice.normal(size=(40, 65))
        directions[:20] += 0.7
        for who, flags in (("new", NEW), ("known", known)):
            named = {*crowd_of(rarity, directions, flags).members}
            assert len(named & {*range(20)}) >= 15
            wrongly[who] += len(named - {*range(20)})
    assert wrongly["known"] == 0 < wrongly["new"]


def test_the_bar_sums_to_the_rate_over_all_looks() -> None:
    doublings = sum(10 ** bar(0.001, 1, 1, 10 * 2**j, 10) for j in range(60))
    assert doublings == pytest.approx(0.001, rel=0.05)
    assert bar(0.001, 50, 4, 10, 10) < bar(0.001, 1, 1, 10, 10)
