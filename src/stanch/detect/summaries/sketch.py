"""HyperLogLog: about how many different ones, in one byte per register, merged by the larger.

A hash's lowest bits choose a register; the place of the first one among the others is its rank.
The estimate corrects small counts by linear counting. Standard error 1.04 / sqrt(registers).
"""

import math

import numpy as np

from stanch.detect.summaries.arrays import Hashes, Octets

REGISTERS = 1024
SMALL = 256
"""Registers of a principal's own sketches."""


def estimate(registers: Octets) -> float:
    """About how many different hashes were put in."""
    size = registers.size
    raw = (
        0.7213
        / (1 + 1.079 / size)
        * size
        * size
        / float(np.ldexp(1.0, -registers.astype(int)).sum())
    )
    empty = int((registers == 0).sum())
    if raw <= 2.5 * size and empty:
        return size * math.log(size / empty)
    return raw


def ranks(hashes: Hashes, bits: int) -> Octets:
    """For each hash, one more than the zeros above its lowest `bits` bits, counted upwards."""
    rest = (hashes >> np.uint64(bits)) | np.uint64(1 << (64 - bits))
    lowest = rest & (~rest + np.uint64(1))
    return np.frexp(lowest.astype(np.float64))[1].astype(np.uint8)


def put(registers: Octets, hashes: Hashes) -> None:
    """Count these hashes, in place."""
    bits = registers.shape[-1].bit_length() - 1
    at = (hashes & np.uint64(registers.shape[-1] - 1)).astype(np.int64)
    np.maximum.at(registers, at, ranks(hashes, bits))
