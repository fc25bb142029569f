"""People: a ledger as one line of numbers for each principal, ready to be compared.

In    a window's ledger and its baseline.
Out   `People`: who has enough rows, their blocks; `Ground`: what the baseline says of all rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stanch.detect.habits.shares import FEWEST
from stanch.detect.summaries.arrays import Floats, Ints
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import (
    AMPLITUDE,
    BLOCK_WAVES,
    MAIN_AXES,
    MANIFOLD_BINS,
    Block,
    Part,
)
from stanch.detect.window import Baseline, Window

LONG = 10
"""Rows of a principal in the baseline from which it tells of a habit."""
WAVE_POWER = 8 / 15
"""The mean square of a wave drawn with two parabolas."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class People:
    """Some principals of a ledger, line by line."""

    names: tuple[str, ...]
    rows: Ints
    ledger: Ledger
    places: Ints
    """Their lines in the ledger."""

    def count(self, block: Block) -> Floats:
        """(P,) a count that is one number."""
        return (
            self.ledger.block(block)[self.places].reshape(len(self.names), -1)[:, 0].astype(float)
        )

    def waves(self) -> Floats:
        """(P, 64) mean waves."""
        sums = self.ledger.block(Block.WAVES)[self.places]
        return sums / (np.maximum(self.rows, 1)[:, None] * AMPLITUDE)

    def moments(self) -> Floats:
        """(P, 2, 10) first and second moments along the main axes."""
        return (
            self.ledger.block(Block.MOMENTS)[self.places] / np.maximum(self.rows, 1)[:, None, None]
        )

    def near(self) -> Floats:
        """(P,) the share of pairs of different inputs that are neighbours (see `kinship`)."""
        pairs = self.ledger.pairs()
        return kinship(pairs.near[self.places], self.rows, self.different())

    def flipped(self) -> Floats:
        """(P,) the share of pairs that are neighbours with different answers."""
        whole = np.maximum(self.rows * (self.rows - 1) / 2, 1)
        return self.ledger.pairs().flipped[self.places] / whole

    def different(self) -> Floats:
        """(P,) about how many different inputs."""
        found = np.array(self.ledger.different_inputs(), np.float64)[self.places]
        return np.minimum(found, self.rows)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Ground:
    """The mean vectors of all rows of the baseline."""

    waves: Floats
    """(64,)"""
    waves_chance: float
    """The variance of one row, over all waves."""
    axes: Floats
    """(10,) means along the main axes."""
    width: Floats
    """(10,) variances along them; 0 where nothing varies."""
    off: float
    """The share of rows held out that lie off the manifold."""


def people(ledger: Ledger, enough: int) -> People:
    """The principals with at least so many rows."""
    rows = ledger.block(Block.ROWS)[:, 0]
    places = np.flatnonzero(rows >= enough)
    names = tuple(ledger.names[i] for i in places)
    return People(names=names, rows=rows[places], ledger=ledger, places=places)


def ground(baseline: Baseline) -> Ground:
    """What the golden summary says of all rows."""
    sums = baseline.golden.sums
    rows = max(baseline.golden.n, 1)
    waves = sums[Part.WAVES][:BLOCK_WAVES] / (rows * AMPLITUDE)
    first, second = sums[Part.MOMENTS] / rows
    grades = sums[Part.MANIFOLD]
    return Ground(
        waves=waves,
        waves_chance=max(BLOCK_WAVES * WAVE_POWER - float((waves * waves).sum()), 1e-9),
        axes=first,
        width=np.maximum(second - first * first, 0.0).reshape(MAIN_AXES),
        off=float(grades[MANIFOLD_BINS - 1] / max(int(grades.sum()), 1)),
    )


def kinship(near: Floats, rows: Ints, different: Floats) -> Floats:
    """(P,) the share of pairs of rows that are neighbours though not the same input again.

    Of n rows with d different inputs, n - d are repeats. At most C(n - d + 1, 2) pairs can be of
    one input with itself, and so many are taken out of the neighbours and of all pairs: a probe
    for health that sends one input for ever is no search.
    """
    repeats = np.maximum(rows - different, 0.0)
    repeats = np.where(repeats < ERROR * rows, 0.0, repeats)
    same = repeats * (repeats + 1) / 2
    whole = np.maximum(rows * (rows - 1) / 2 - same, 1.0)
    return np.clip((near - same) / whole, 0.0, 1.0)


ERROR = 0.15
"""Fewer repeats than this may be the sketch's own error."""


def unable(window: Window, enough: int, *, needs: Callable[[Baseline], str] | None = None) -> str:
    """Why principals cannot be compared in this window; empty when they can."""
    base = window.baseline
    if base is None or window.ledger is None:
        return "no baseline"
    if base.habits is None or not window.ledger.n:
        return "the baseline knows no principals" if base.habits is None else "no answers"
    known = len(people(base.habits, LONG).names)
    if known < FEWEST:
        return f"the baseline knows {known} principals with {LONG} answers; {FEWEST} needed"
    if not window.ledger.names:
        return f"none of the {window.ledger.n} answers names its principal"
    most = int(window.ledger.block(Block.ROWS).max())
    if most < enough:
        return f"the busiest principal asked {most} times; {enough} needed"
    return needs(base) if needs is not None else ""
