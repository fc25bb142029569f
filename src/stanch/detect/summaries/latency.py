"""Latency: the edges between which latencies are counted, set by the reference's own pace.

In    the latencies of the reference.
Out   the lowest edge in milliseconds, and from it 62 edges, four to an octave.
Why   one model answers in a tenth of a millisecond, another in ten seconds; 15 octaves hold either
      with room for what is a hundred times slower, and none holds both.
"""

import numpy as np

from stanch.detect.summaries.arrays import Floats

QUICKEST = 0.01
"""Milliseconds of the lowest edge, where nothing is slower than this can tell."""
MIDDLE = 2.0**7.75
"""The median of the reference lies no farther above the lowest edge than this many times."""
MOST_OCTAVES = 24
_RISE = np.array([2.0 ** (k // 4) * (1, 1.19, 1.41, 1.68)[k % 4] for k in range(62)])


def latency_edges(quickest: float) -> Floats:
    """(62,) milliseconds; what is slower than the last has one place together."""
    return quickest * _RISE


def quickest_of(latency: Floats | None) -> float:
    """The lowest edge for these latencies: QUICKEST, doubled as often as needed."""
    there = np.zeros(0) if latency is None else latency[np.isfinite(latency) & (latency > 0)]
    if not there.size:
        return QUICKEST
    octaves = np.ceil(np.log2(np.median(there) / (QUICKEST * MIDDLE)))
    return QUICKEST * 2.0 ** float(np.clip(octaves, 0, MOST_OCTAVES))
