"""How many different ones there were is told to a few per cent, however often each came."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.detect.summaries.arrays import Octets
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


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=30), min_size=3, max_size=3))
def test_sketches_merge_to_the_bytes_of_the_whole_however_they_are_put_together(
    parts: list[list[int]],
) -> None:
    def of(hashes: list[int]) -> Octets:
        made = np.zeros(SMALL, np.uint8)
        put(made, np.array(hashes, np.uint64))
        return made

    a, b, c = map(of, parts)
    whole = of([one for part in parts for one in part]).tobytes()
    assert np.maximum(np.maximum(a, b), c).tobytes() == whole
    assert np.maximum(b, np.maximum(c, a)).tobytes() == whole
    assert estimate(np.maximum(a, b)) >= estimate(a)
