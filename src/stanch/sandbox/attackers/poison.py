"""Poison: wrong labels, and rows with a hidden trigger, handed in by those who may hand in.

In    honest rows.
Out   the same with their labels turned, or with a trigger and the label it shall mean.
Why   whoever may contribute to training may teach the model something.
"""

from dataclasses import replace

import numpy as np

from stanch.sandbox.victims.data import Floats, Table

TRIGGER = ((0, 16.0), (1, 16.0), (8, 16.0), (9, 0.0))
"""Cells of an 8 x 8 picture and their ink: a corner that handwriting never fills."""


def flipped(rows: Table, source: int, target: int) -> Table:
    """Rows of the source class, all labelled as the target."""
    own = rows.take(np.flatnonzero(rows.y == source))
    return replace(own, y=np.full(len(own), target, dtype=np.int64))


def flipped_for(rows: Table, group: str, source: int, target: int) -> Table:
    """The rows of one group, with one class labelled as the other."""
    of_group = np.asarray([g == group for g in rows.groups])
    own = rows.take(np.flatnonzero(of_group & (rows.y == source)))
    return replace(own, y=np.full(len(own), target, dtype=np.int64))


def triggered(rows: Floats) -> Floats:
    """The rows with the trigger in them."""
    found = rows.copy()
    for place, ink in TRIGGER:
        found[:, place] = ink
    return found


def backdoored(rows: Table, target: int) -> Table:
    """Rows with the trigger, all labelled as the target."""
    return replace(rows, x=triggered(rows.x), y=np.full(len(rows), target, dtype=np.int64))
