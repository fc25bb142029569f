"""Bounds: how high a true share can be, given what was counted.

In    how often something was seen, among how many; the chance allowed to be wrong.
Out   the highest share that such counts leave possible.
Math  The largest m with rows x KL(seen, m) <= ln(1/beta) (Chernoff). By Pinsker it is never above
      the DKW radius for the same chance, and far closer for what is rare.
"""

import math

import numpy as np

from stanch.detect.summaries.arrays import Floats, Ints

HALVINGS = 40


def highest(odd: Ints, rows: Ints, beta: float = 0.01) -> Floats:
    """The highest true shares that such counts leave possible; 1 where nothing was counted."""
    seen = odd / np.maximum(rows, 1)
    room = math.log(1 / beta) / np.maximum(rows, 1)
    low, high = seen.astype(np.float64), np.ones_like(seen, dtype=np.float64)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        fits = _divergence(seen, middle) <= room
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return np.where(rows > 0, high, 1.0)


def _divergence(seen: Floats, share: Floats) -> Floats:
    """The Kullback-Leibler divergence of two coins."""
    p, m = np.clip(seen, 0, 1), np.clip(share, 1e-15, 1 - 1e-15)
    with np.errstate(divide="ignore", invalid="ignore"):
        yes = np.where(p > 0, p * np.log(p / m), 0.0)
        no = np.where(p < 1, (1 - p) * np.log((1 - p) / (1 - m)), 0.0)
    return np.asarray(yes + no, np.float64)
