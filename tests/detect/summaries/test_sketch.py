"""How many different ones there were is told to a few per cent, however often each came."""

import numpy as np
import pytest

from stanch.detect.summaries.sketch import REGISTERS, SMALL, estimate, put


@pytest.mark.parametrize("size", [REGISTERS, SMALL])
@pytest.mark.parametrize("different", [1, 30, 500, 5_000, 300_000])
def test_different_ones_are_counted_within_four_standard_errors(size: int, different: int) -> None:
    hashes = np.random.default_rng(7).integers(0, 1 << 64, different, np.uint64)
    once, again, half = (np.zeros(size, np.uint8) for _ in range(3))
    put(once, hashes)
    for _ in range(2):
        put(again, hashes[::-1])
    put(half, hashes[: different // 2])
    off = abs(estimate(once) - different)
    assert off <= max(4 * 1.04 / np.sqrt(size) * different, 1)
    assert np.array_equal(again, once)
    put(half, hashes[different // 2 :])
    assert np.array_equal(half, once)


def test_nothing_is_none() -> None:
    assert estimate(np.zeros(REGISTERS, np.uint8)) == 0
