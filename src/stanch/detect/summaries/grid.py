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

from collections.abc import Iterator

import numpy as np

from stanch.detect.summaries.arrays import Flags, Floats, Ints

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
SIDE_BY_SIDE = 64
"""Numbers that are looked at together."""
AT_ONCE = 1 << 16
"""Values that are looked at together."""


def grid_of(numbers: Floats) -> Floats:
    """The grid of each number; a unit of 0 where there is none."""
    grid = np.zeros((numbers.shape[1], 2))
    for places, columns in finite(numbers):
        far = FAR * _spread(columns)
        units = _units(columns, np.where(far > 0.0, 2 * far, np.inf))
        grid[places, 0], grid[places, 1] = units, np.where(units > 0.0, far, 0.0)
    return grid


def finite(numbers: Floats) -> Iterator[tuple[Ints, Floats]]:
    """Places of numbers, and (F', n) their finite values: side by side where none is missing."""
    for since in range(0, numbers.shape[1], SIDE_BY_SIDE):
        columns = np.ascontiguousarray(numbers[:, since : since + SIDE_BY_SIDE].T)
        told = np.isfinite(columns)
        whole = told.all(axis=1)
        if whole.any():
            yield since + np.flatnonzero(whole), columns[whole]
        for place in np.flatnonzero(~whole).tolist():
            yield np.array([since + place]), columns[place : place + 1, told[place]]


def _spread(columns: Floats) -> Floats:
    """The standard deviations, whatever the wildest hundredth at either end may be."""
    if not columns.size:
        return np.zeros(len(columns))
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = np.quantile(columns, [WILD, 1 - WILD], axis=1)
        spread = np.clip(columns, low[:, None], high[:, None]).std(axis=1)
    return np.where(np.isfinite(spread), spread, 0.0)


def between(numbers: Floats, grid: Floats) -> Flags:
    """(n,) whether any number of the row lies between the places that such numbers have."""
    found = np.zeros(len(numbers), np.bool_)
    there = np.flatnonzero(grid[:, 0] > 0.0)
    units, far = grid[there, 0], grid[there, 1]
    bar = np.maximum(far / units, ROUNDING) if there.size else far
    step = max(1, AT_ONCE // max(1, there.size))
    for since in range(0, len(numbers) if there.size else 0, step):
        rows = slice(since, since + step)
        found[rows] = (_off(numbers[rows, there], units) > bar).any(axis=1)
    return found


def _units(columns: Floats, least: Floats) -> Floats:
    """The unit of each of these numbers, if it is larger than this; 0 where it has none."""
    units = np.zeros(len(columns))
    for unit in UNITS:
        asked = np.flatnonzero((units == 0.0) & (unit > least))
        if asked.size and columns.size:
            on = (_off(columns[asked], unit) <= ROUNDING).mean(axis=1) >= MOST
            units[asked[on]] = unit
    return units


def _off(numbers: Floats, units: Floats | float) -> Floats:
    """How far each is from a multiple of its unit, in units; 0 for what cannot be told."""
    with np.errstate(over="ignore", invalid="ignore"):
        parts = numbers / units
        told = np.abs(parts) < LARGEST
        return np.where(told, np.abs(parts - np.rint(parts)), 0.0)
