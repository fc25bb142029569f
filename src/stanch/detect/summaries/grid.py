"""The grid: the places that numbers of a kind can have, and who asks between them.

In    the numbers of the reference; later, those of a batch.
Out   (F, 2) for each number its unit and how far from a whole one is between two; which rows have a
      number there.
Why   ages, counts and codes are whole numbers and prices have two decimals. What is computed does
      not keep to that: a step along a gradient, a mixture of two inputs, noise around one.
Math  The unit is the largest of 1, 1/2, ..., 1/1000 of which `MOST` of the reference's values are
      multiples. Between is farther from a multiple than `FAR` of a standard deviation, so that a
      little noise on a whole number is not; where that is half a unit or more, the grid is too
      fine to tell anything, and the number has none.
"""

import numpy as np

from stanch.detect.summaries.arrays import Flags, Floats

UNITS = (1.0, 0.5, 0.25, 0.1, 0.05, 0.01, 0.001)
MOST = 0.8
"""So many of the values lie on the grid: some of who asks may have numbers of another kind."""
FAR = 1 / 12
"""Of a standard deviation."""
WILD = 0.01
"""So many values at either end do not stretch the deviation."""
ROUNDING = 1e-6
"""Of a unit: what a number loses on its way."""
LARGEST = 2.0**40
"""Of a unit: past that, a number is too large to tell whether it is whole."""


def grid_of(numbers: Floats) -> Floats:
    """The grid of each number; a unit of 0 where there is none."""
    grid = np.zeros((numbers.shape[1], 2))
    for place in range(numbers.shape[1]):
        column = numbers[np.isfinite(numbers[:, place]), place]
        far = FAR * _spread(column)
        unit = _unit(column, 2 * far) if far > 0.0 else 0.0
        grid[place] = unit, far if unit else 0.0
    return grid


def _spread(column: Floats) -> float:
    """The standard deviation, whatever the wildest hundredth at either end may be."""
    if not column.size:
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = np.quantile(column, [WILD, 1 - WILD])
        spread = float(np.clip(column, low, high).std())
    return spread if np.isfinite(spread) else 0.0


def between(numbers: Floats, grid: Floats) -> Flags:
    """(n,) whether any number of the row lies between the places that such numbers have."""
    found = np.zeros(len(numbers), np.bool_)
    for place in np.flatnonzero(grid[:, 0] > 0.0).tolist():
        unit, far = grid[place]
        found |= _off(numbers[:, place], unit) > max(far / unit, ROUNDING)
    return found


def _unit(column: Floats, least: float) -> float:
    """The unit of these numbers, if it is larger than this."""
    for unit in UNITS:
        if unit > least and float((_off(column, unit) <= ROUNDING).mean()) >= MOST:
            return unit
    return 0.0


def _off(column: Floats, unit: float) -> Floats:
    """How far each is from a multiple of the unit, in units; 0 for what cannot be told."""
    with np.errstate(over="ignore", invalid="ignore"):
        parts = column / unit
        told = np.abs(parts) < LARGEST
        return np.where(told, np.abs(parts - np.rint(parts)), 0.0)
