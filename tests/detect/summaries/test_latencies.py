"""A latency has a place for each fifth that it grows, from a hundredth of a millisecond on."""

import numpy as np

from stanch.detect.summaries.told import LATENCY_EDGES


def test_the_places_of_latencies_rise_by_a_fifth_up_to_four_tenths_of_a_second() -> None:
    rise = LATENCY_EDGES[1:] / LATENCY_EDGES[:-1]
    assert np.all((rise > 1.17) & (rise < 1.21))
    assert LATENCY_EDGES[0] == 0.01
    assert 389 < LATENCY_EDGES[-1] < 390
