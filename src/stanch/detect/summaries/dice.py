"""Dice that always fall the same: numbers that look random and depend on a seed only.

Why   a plan's random directions must be the same on every machine and with every numpy.
"""

import numpy as np

from stanch.detect.summaries.arrays import Floats, Hashes, Ints

_STEP = 0x9E3779B97F4A7C15


def mixed(numbers: Hashes) -> Hashes:
    """Each number scrambled, one to one (the finaliser of splitmix64)."""
    z = numbers
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def words(seed: int, count: int) -> Hashes:
    """So many 64-bit words."""
    start = np.uint64((seed * 0xD1342543DE82EF95 + 1) % (1 << 64))
    return mixed(start + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_STEP))


def normals(seed: int, count: int) -> Floats:
    """So many nearly normal numbers: each the sum of twelve uniform ones, less six."""
    uniform = (words(seed, count * 12) >> np.uint64(11)).astype(np.float64) / float(1 << 53)
    return uniform.reshape(count, 12).sum(axis=1) - 6.0


def order(seed: int, count: int) -> Ints:
    """A shuffle of the first `count` numbers."""
    return np.argsort(words(seed, count), kind="stable").astype(np.int64)
