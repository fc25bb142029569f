"""Patterns: the chance of one is shared by all that could be, of every length and either way."""

import math

import pytest

from stanch.detect.habits.patterns import LONGEST, WAYS, paid


@pytest.mark.parametrize("values", [1, 2, 7, 60, 1500])
def test_all_patterns_that_could_be_together_keep_one_chance(values: int) -> None:
    spent = sum(
        WAYS * math.comb(values, length) * 10.0 ** -paid(values, length)
        for length in range(1, LONGEST + 1)
    )
    assert 0.5 < spent <= 1 + 1e-9


def test_a_longer_pattern_pays_for_all_the_values_that_it_could_have_had_besides() -> None:
    assert paid(100, 3) - paid(100, 2) == pytest.approx(2.0)
    assert paid(0, 1) == paid(1, 1)
