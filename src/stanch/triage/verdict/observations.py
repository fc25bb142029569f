"""Observations: the numbers a verdict rests on, and the arrays they are computed from.

In    nothing; these are the values that `observe` takes and gives back.
Out   `Now` and `Base` (arrays of counts), `Observations` (named numbers).
Why   the verdict must be the same on one machine and on a hundred, so it sees counts, never rows;
      and people must be able to read each number it saw.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from stanch.vocabulary.finding import Suspect
from stanch.vocabulary.ids import PrincipalId

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Signal(StrEnum):
    """One family of evidence, each measured in nats above what is expected."""

    OFF_WHO = "off_who"
    """Some principals send inputs that do not belong together, others do not."""
    OFF_ALL = "off_all"
    """Such inputs came from everybody at once."""
    DUP_WHO = "dup_who"
    """Some principals send many inputs that are almost the same."""
    DUP_ALL = "dup_all"
    """Near-duplicates came from everybody at once."""
    PAIR_WHO = "pair_who"
    """Labels of some principals turn one class into another, more than those of others."""
    PAIR_ALL = "pair_all"
    """One pair of classes is confused more than before, whoever sent the labels."""
    EDGE_WHO = "edge_who"
    """Some principals ask only where the model is least sure."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Now:
    """Counts of the window in question. P principals, F features, K bins, C classes, T slices."""

    principals: tuple[PrincipalId, ...]
    rows: Ints
    """P: rows of each principal."""
    off: Ints | None = None
    """P: rows off the manifold."""
    graded: Ints | None = None
    """P x 4: rows that are ordinary, unusual, off and far off; see `oddness`."""
    grades: Ints | None = None
    """G: rows by how odd their combinations are, in grades of the baseline; the last is off."""
    again: Ints | None = None
    """P x 3: different inputs of a sample, by whether they hardly differ from earlier ones of the
    same principal: from none, from one, from several."""
    edge: Ints | None = None
    """P: rows close to the decision threshold."""
    cells: Ints | None = None
    """P x C x C: by predicted class, then by the label told later."""
    different: Ints | None = None
    """P: rows less repeats of one input, of which `off` and `edge` count; None: none repeats."""
    told: Ints | None = None
    """P x C: labels by predicted class, where `cells` are upper bounds that do not add up."""
    sure: Ints | None = None
    """P x 2 x L: labels, and those that say wrong, by how sure the model was; see `residuals`."""
    hard: Floats | None = None
    """P: how much oftener than everybody's the answers of each are expected to be wrong."""
    seldom: Floats | None = None
    """P x C: the share of each class among the labels of each before, over its share in those of
    the others; as low as is possible."""
    often: Floats | None = None
    """P x C: the same, as high as is possible."""
    lost: Floats | None = None
    """F x 2: shares of rows whose value is out of all that the baseline saw, or absent."""
    odd: Ints | None = None
    """P: rows with anything out of range, new or absent."""
    bins: Ints | None = None
    """P x F x K: where the values of each feature fall."""
    total: Ints | None = None
    """F x K: the same for everybody together, when it is not kept by principal."""
    slices: Ints | None = None
    """T x F x K: the same by time instead of principal, in order."""
    slice_starts: tuple[datetime, ...] = ()
    levels: Floats | None = None
    """F x Q: values at fixed quantiles."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Past:
    """Counts of the last day before a window, where it was watched."""

    graded: Ints
    """4: its rows, by the grades of `Now.graded`."""
    places: Ints | None = None
    """F x 8: where its values fall, in eighths of the baseline."""
    taste: float
    """How much odder one may be than the rest and yet nobody of that day stood out."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Base:
    """The same in normal operation."""

    features: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    off_rate: float = 0.01
    grades: Ints | None = None
    """G: its rows that the score has not learnt from, by the same."""
    recent_off_rate: float | None = None
    """The same rate in the quiet windows before this one: the world moves on from a baseline."""
    graded: Floats | None = None
    """4: shares of its rows, and of shuffled ones, by the grades of `Now.graded`."""
    foreign: Floats | None = None
    recent_far: float | None = None
    """The share of the off rows that were far off in the quiet windows before this one."""
    sure: Ints | None = None
    """2 x L."""
    again: Floats | None = None
    """3: shares of its people's inputs, by the same."""
    edge_rate: float = 0.0
    cells: Ints | None = None
    """C x C."""
    lost: Floats | None = None
    """F x 2."""
    odd_rate: float = 0.0
    watched: tuple[str, ...] = ()
    """The names of the F inputs of `lost`: numbers and categories; empty: the features."""
    bins: Ints | None = None
    """F x K."""
    levels: Floats | None = None
    """F x Q."""
    edges: Floats | None = None
    """F x (K - 1): the borders of the bins, of which the first and the last are open."""
    principals: frozenset[PrincipalId] = frozenset()
    """Those who were there; others are newcomers."""
    past: Past | None = None
    """The last day, where it has at least as many rows as are judged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """Something the owners did: a deployment, a new dataset, a change of the pipeline."""

    what: str
    at: datetime
    kind: str = ""
    """A deployment, a training or a dataset, as the event said."""
    version: str = ""
    by: str = ""
    event: str = ""
    """The event's id, as findings cite it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """An input that is out of range or absent in many rows, and how alike principals are in it."""

    feature: str
    absent: bool
    share: float
    before: float
    alike: float | None
    """The share of principals with at least half as many such rows as the middle one."""
    others: float
    """The farthest that any other feature moved."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """One class told as another, and the share of all excess confusion that this pair has."""

    predicted: str
    told: str
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """How the change came: all at once at a time, or slowly."""

    at: datetime | None
    step_fit: float
    """Share of the movement that one step explains (0 to 1)."""
    ramp_fit: float
    """Share that a straight line explains."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaleFit:
    """A feature that looks multiplied by a constant, and how badly that fits (0 is exact)."""

    feature: str
    factor: float
    misfit: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """What is left of the oddness without those who stand out: shares of rows."""

    signal: Signal
    names: tuple[PrincipalId, ...]
    share: float
    """With them."""
    rest: float
    """Without them."""
    usual: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Observations:
    """Everything a verdict may look at. What was not looked at is absent, never zero."""

    signals: Mapping[Signal, float] = field(default_factory=dict)
    suspects: tuple[Suspect, ...] = ()
    pair: Pair | None = None
    drift: float | None = None
    """Largest Kolmogorov-Smirnov distance of a feature."""
    moved: float | None = None
    """The same distance from the last day, where that is known."""
    drifted: tuple[str, ...] = ()
    drift_without: float | None = None
    """The same when the top suspects are left out."""
    left: Left | None = None
    """What is left of the oddness when they are."""
    alike: float | None = None
    """Share of principals whose inputs moved the same way."""
    newcomers: float | None = None
    """Share of rows from principals that were never seen before."""
    largest: float | None = None
    """The share of rows of the principal with the most, where there are at least three."""
    confused_rest: float = 0.0
    """Nats by which labels contradict the answers to all but the three who stand out most."""
    step: Step | None = None
    scale: ScaleFit | None = None
    broken: Broken | None = None
    happenings: tuple[Happening, ...] = ()
    language: bool = False
    """Whether a language model answered: tokens were counted."""
    missing: tuple[str, ...] = ()
    """What could not be looked at, in words."""
