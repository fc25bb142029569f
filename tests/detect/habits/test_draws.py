"""A few rows lie apart by chance, and no luck of eight people makes a wonder of it."""

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.habits.distances import distance_of
from stanch.detect.habits.draws import centre_shape, shape_of_draws, wave_shape
from stanch.detect.habits.tails import gamma
from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.parts import AMPLITUDE, WAVES
from stanch.detect.summaries.plain import standard, waves

DICE = np.random.default_rng(47)
LOPSIDED = DICE.normal(size=(600, 20)) * np.r_[3.0, np.full(19, 0.5)]
"""Rows that vary in one direction above all, as pictures and payments do."""


def ratios(rows: Floats, few: int, often: int) -> Floats:
    """The squared distances of means of so many rows, over what is usual."""
    means = rows[DICE.integers(len(rows), size=(often, few))].mean(axis=1) - rows.mean(axis=0)
    found: Floats = (means * means).sum(axis=1) * few / rows.var(axis=0).sum()
    return found


@pytest.mark.parametrize("few", [10, 14, 40])
def test_means_of_a_few_rows_are_as_rarely_far_apart_as_is_said(few: int) -> None:
    shape = shape_of_draws(LOPSIDED)
    said = [gamma(float(far), shape) for far in ratios(LOPSIDED, few, 20_000)]
    assert 0.0001 <= np.mean(np.array(said) <= -3) <= 0.002


def test_as_many_directions_as_there_are_would_say_it_a_thousand_times_too_often() -> None:
    said = [gamma(float(far), LOPSIDED.shape[1] / 2) for far in ratios(LOPSIDED, 14, 5_000)]
    assert np.mean(np.array(said) <= -3) >= 0.02


def test_eight_people_who_happen_to_be_alike_make_no_wonder_of_a_few_rows() -> None:
    alike = np.full(8, 0.1)
    fit = distance_of(alike, np.full(8, 1000.0), 10.0, shape_of_draws(LOPSIDED))
    assert fit is not None
    assert fit.shape == shape_of_draws(LOPSIDED)


def test_the_cards_of_a_baseline_tell_it_as_its_rows_do() -> None:
    base = examples.window(n=50).baseline
    assert base is not None
    rows = standard(examples.columns(4000, seed=100).numbers, base.plan.joint)
    heights = np.zeros((len(rows), WAVES), np.int64)
    waves(rows, base.plan.joint, np.arange(len(rows)), heights)
    assert wave_shape(base) == pytest.approx(shape_of_draws(heights / AMPLITUDE), rel=0.3)
    assert 0.5 <= centre_shape(base) <= base.plan.joint.axes.shape[0] / 2
