"""Spreads: how far the rates of honest contributors differ, beyond what chance makes of them.

In    how many labels of each are odd, among how many.
Out   for each, the spread of the others' rates: the correlation of two labels of one hand.
Why   one labeller in four is careless, and errs in 5 % more. Against the mean of all it would be
      accused, though several are like it.
Math  The squares of the others' deviations, in units of chance, have a mean of one where all rates
      are the same, and of 1 + (n - 1) spread where they differ. The `TRIM` who stand out most are
      left out, as they may be guilty too, and as many of those who contradict least, so that nobody
      hides behind one who never does.
"""

import numpy as np

from stanch.detect.summaries.arrays import Floats, Ints

TRIM = 0.1
"""So many of the others at either end tell nothing of honest ones."""
CUT = 0.44
"""The mean square of a normal variable within its middle 80 %."""
FEW = 5
"""Others of whom the spread is known."""


def spreads_of(odd: Ints, rows: Ints) -> Floats:
    """(P,) how far the rates of all the others differ; nothing where there are few."""
    size = len(rows) - 1
    if size < FEW:
        return np.zeros(len(rows))
    away = ~np.eye(len(rows), dtype=bool)
    share = np.clip((odd.sum() - odd) / np.maximum(rows.sum() - rows, 1), 1e-9, 1 - 1e-9)[:, None]
    wide = np.maximum(rows[None, :] * share * (1 - share), 1e-9)
    off = (odd[None, :] - rows[None, :] * share) / np.sqrt(wide)
    others = np.sort(off[away].reshape(len(rows), size), axis=1)
    cut = max(1, round(TRIM * size))
    kept = others[:, cut : size - cut]
    more = (kept**2).mean(axis=1) / CUT - 1
    found: Floats = np.maximum(more, 0.0) / max(float(rows.mean()) - 1, 1.0)
    return found
