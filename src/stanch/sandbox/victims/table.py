"""A table: rows with what is true of them.

In    numbers, the names of their features and classes.
Out   a `Table`, parts of it, several joined.
Why   all data of drills has one shape, wherever it comes from.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Table:
    """Rows with their true answers."""

    features: tuple[str, ...]
    classes: tuple[str, ...]
    x: Floats
    y: Ints
    whole: bool = False
    """Whether the inputs are whole numbers."""
    groups: tuple[str, ...] = ()
    """The group of each row, where people belong to one."""

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: NDArray[Any]) -> "Table":
        """Only these rows."""
        kept = tuple(np.asarray(self.groups)[rows].tolist()) if self.groups else ()
        return replace(self, x=self.x[rows], y=self.y[rows], groups=kept)

    def halves(self, seed: int, share: float = 0.5) -> tuple["Table", "Table"]:
        """What is learnt from, and what nobody learnt from."""
        order = np.random.default_rng(seed).permutation(len(self))
        cut = int(len(self) * share)
        return self.take(order[:cut]), self.take(order[cut:])

    @property
    def spread(self) -> Floats:
        """The standard deviation of each feature."""
        found: Floats = self.x.std(axis=0)
        return found


def joined(one: Table, other: Table) -> Table:
    """Both tables' rows."""
    return Table(
        features=one.features,
        classes=one.classes,
        x=np.concatenate([one.x, other.x]),
        y=np.concatenate([one.y, other.y]),
        whole=one.whole,
        groups=(*one.groups, *other.groups) if one.groups and other.groups else (),
    )
