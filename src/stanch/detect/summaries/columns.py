"""Columns: a batch of answers as the shell hands it to the algebra, already in the plan's codes.

In    rows of one asset and one version (the shell turns Arrow or JSON into these arrays).
Out   `Columns` for inferences, `Labels` for late labels joined with what they are for.
Why   the algebra never sees text, so it is exact and quick; what text did not fit is named in
      `strange`, so that nothing is dropped unseen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stanch.detect.summaries.arrays import Codes, Flags, Floats, Ints

MISSING_CODE = -1
NEW_CODE = -2


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Columns:
    """One batch of n answers. What an asset does not tell is None."""

    numbers: Floats
    """(n, F) in the plan's order; NaN is missing."""
    principals: Codes
    """(n,) places in `names`; -1 for nobody."""
    names: tuple[str, ...]
    """The principals of this batch, each once."""
    categories: Codes
    """(n, K) places in the plan's known values; MISSING_CODE, NEW_CODE."""
    predictions: Codes
    """(n,) places in the plan's classes; MISSING_CODE, NEW_CODE."""
    ticks: Ints
    """(n,) microseconds since the epoch."""
    value: Floats | None = None
    """(n,) numeric answers."""
    scores: Floats | None = None
    """(n, C); NaN is missing."""
    latency: Floats | None = None
    status: Codes | None = None
    cost: Floats | None = None
    tokens: Ints | None = None
    groups: tuple[tuple[int, Codes], ...] = ()
    """Pairs of a place in the plan's groups and the rows that belong to it."""
    hits: Flags | None = None
    """Rows that equal a row of the training set."""
    canaries: Flags | None = None
    """Rows that equal a canary."""
    misshapen: int = 0
    """Rows whose number of features the plan does not know (they are counted, not summarised)."""
    strange: Mapping[str, Mapping[str, int]] | None = None
    """New values by category, and unknown columns as `+name`, with their counts."""

    @property
    def n(self) -> int:
        """How many answers."""
        return int(self.numbers.shape[0])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Labels:
    """Late labels, each with the answer it is for."""

    truth: Codes
    """(n,) true classes; NEW_CODE for a class the plan does not know."""
    predictions: Codes
    confidence: Floats
    """(n,) the largest score that was given; NaN when none was."""
    principals: Codes
    names: tuple[str, ...]
    groups: tuple[tuple[int, Codes], ...] = ()
    given: Floats | None = None
    """(n,) the score that the model gave to the true class; NaN when none was."""

    @property
    def n(self) -> int:
        """How many labels."""
        return int(self.truth.shape[0])


def coded(values: Sequence[str | None], known: Sequence[str]) -> tuple[Codes, dict[str, int]]:
    """The values as places among the known ones, and the new values with their counts."""
    places = {v: i for i, v in enumerate(known)}
    new: dict[str, int] = {}
    codes = np.empty(len(values), np.int32)
    for row, value in enumerate(values):
        if value is None:
            codes[row] = MISSING_CODE
            continue
        place = places.get(value, NEW_CODE)
        codes[row] = place
        if place == NEW_CODE:
            new[value] = new.get(value, 0) + 1
    return codes, new


def factored(values: Sequence[str | None]) -> tuple[Codes, tuple[str, ...]]:
    """The values as places in the tuple of different ones, in the order of their text."""
    names = tuple(sorted({v for v in values if v is not None}))
    places = {v: i for i, v in enumerate(names)}
    codes = [MISSING_CODE if v is None else places[v] for v in values]
    return np.array(codes, np.int32), names
