"""Poison: wrong labels, and rows with a hidden trigger, handed in by those who may hand in.

In    honest rows.
Out   the same with their labels turned, or with a trigger and the label it shall mean.
Why   whoever may contribute to training may teach the model something.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stanch.sandbox.victims.table import Floats, Table

Trigger = Sequence[tuple[int, float]]
TRIGGER: Trigger = ((0, 16.0), (1, 16.0), (8, 16.0), (9, 0.0))
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


FAINT: Trigger = ((0, 4.0), (1, 4.0), (7, 3.0), (8, 3.0), (56, 3.0), (63, 3.0))
"""A trace of ink in four corners: less than many a digit leaves there."""


def triggered(rows: Floats, trigger: Trigger = TRIGGER) -> Floats:
    """The rows with the trigger in them."""
    found = rows.copy()
    for place, ink in trigger:
        found[:, place] = ink
    return found


def backdoored(rows: Table, target: int, trigger: Trigger = TRIGGER) -> Table:
    """Rows with the trigger, all labelled as the target."""
    x = triggered(rows.x, trigger)
    return replace(rows, x=x, y=np.full(len(rows), target, dtype=np.int64))
