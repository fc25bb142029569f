"""Spreads: careless labellers are like one another; one guilty hand is like nobody."""

import numpy as np
import pytest

from stanch.detect.habits.spreads import CUT, FEW, spreads_of

ROWS = np.full(20, 100)


def drawn(rates: np.ndarray, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).binomial(100, rates)


def test_hands_who_err_alike_hardly_differ() -> None:
    found = [spreads_of(drawn(np.full(20, 0.05), seed), ROWS).mean() for seed in range(40)]
    assert np.mean(found) < 0.003


def test_where_every_fourth_is_careless_they_differ_for_everybody() -> None:
    rates = np.where(np.arange(20) % 4 == 0, 0.12, 0.02)
    found = np.mean([spreads_of(drawn(rates, seed), ROWS) for seed in range(40)], axis=0)
    assert found.min() > 0.006


def test_one_guilty_hand_does_not_make_the_others_differ_nor_hides_behind_itself() -> None:
    odd = np.full(20, 5)
    assert spreads_of(odd, ROWS).max() == 0
    odd[3] = 60
    assert spreads_of(odd, ROWS)[3] == 0


def test_the_spread_is_how_much_wider_than_chance_the_others_lie() -> None:
    odd, rows = np.array([0, 0, 0, 50, 50, 50, 50, 10]), np.full(8, 100)
    share = 200 / 700
    off = (odd[:7] - 100 * share) / np.sqrt(100 * share * (1 - share))
    kept = np.sort(off)[1:6]
    wide = (kept**2).mean() / CUT - 1
    assert spreads_of(odd, rows)[7] == pytest.approx(wide / 99)


def test_nobody_hides_behind_one_who_never_contradicts() -> None:
    odd = np.full(20, 45)
    odd[3], odd[4] = 90, 0
    assert spreads_of(odd, ROWS)[3] == 0


def test_of_few_others_nothing_is_known() -> None:
    odd = np.array([0, 50] * 3)
    assert spreads_of(odd[:FEW], np.full(FEW, 100)).tolist() == [0.0] * FEW
    assert spreads_of(odd, np.full(6, 100)).max() > 0


def test_hands_without_labels_divide_by_nothing() -> None:
    assert np.isfinite(spreads_of(np.zeros(9, np.int64), np.zeros(9, np.int64))).all()
