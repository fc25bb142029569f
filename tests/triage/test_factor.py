"""A constant that multiplies one number is told from the bins, in range or out of it."""

import numpy as np
import pytest

from stanch.triage.verdict.factor import EXACT, factor_of
from stanch.triage.verdict.observations import Floats, Ints

EDGES = np.quantile(np.random.default_rng(1).lognormal(3, 0.8, 20_000), np.linspace(0, 1, 65))


def hist(x: Floats) -> Ints:
    inner = np.searchsorted(EDGES, x, side="left")
    return np.bincount(inner, minlength=len(EDGES) + 1).astype(np.int64)


def drawn(seed: int, n: int = 3000) -> Floats:
    return np.random.default_rng(seed).lognormal(3, 0.8, n)


@pytest.mark.parametrize("factor", [0.1, 0.4, 2.54, 10.0])
def test_a_constant_factor_is_told_though_most_values_leave_the_range(factor: float) -> None:
    found = factor_of(hist(drawn(2) * factor), hist(drawn(3, 20_000)), EDGES)
    assert found is not None
    assert found.misfit <= EXACT
    assert found.factor == pytest.approx(factor, rel=0.15)


def test_a_shift_is_no_factor() -> None:
    found = factor_of(hist(drawn(2) + 60), hist(drawn(3, 20_000)), EDGES)
    assert found is None or found.misfit > EXACT


def test_values_that_are_all_out_of_range_tell_no_factor() -> None:
    found = factor_of(hist(drawn(2) * 1e6), hist(drawn(3, 20_000)), EDGES)
    assert found is None or found.misfit > EXACT


def test_a_feature_without_values_tells_none() -> None:
    assert factor_of(hist(drawn(2)), hist(drawn(3)), np.full(65, np.nan)) is None
    assert factor_of(np.zeros(66, np.int64), hist(drawn(3)), EDGES) is None
