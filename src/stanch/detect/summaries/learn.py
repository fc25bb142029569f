"""Learning a plan from reference rows: the bins, the joint structure, the off-manifold tables.

In    the reference as columns, and the names of what they hold.
Out   `Learned`: the plan, and the golden summary of the reference.
Why   done once for a baseline; everything after is counting. The same rows give the same plan.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from stanch.detect.summaries.arrays import Floats, Ints, Octets, Shorts
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import Counted, counted
from stanch.detect.summaries.dice import normals, order, words
from stanch.detect.summaries.grid import finite, grid_of
from stanch.detect.summaries.latency import quickest_of
from stanch.detect.summaries.manifold import learnt, no_manifold
from stanch.detect.summaries.parts import (
    AXES,
    BINS,
    DRAWN_AXES,
    MAIN_AXES,
    MANIFOLD_BINS,
    SIGMA,
    WAVES,
    Part,
)
from stanch.detect.summaries.plain import (
    bins,
    certainty,
    coarse_codes,
    projected,
    standard,
    strangeness,
)
from stanch.detect.summaries.plan import MOST_CLASSES, MOST_VALUES, Joint, Known, Manifold, Plan
from stanch.detect.summaries.ready import Ready, ready, with_manifold
from stanch.vocabulary.trouble import BadInput

MOST_JOINT = 64
"""Numbers whose joint structure is watched."""
MOST_FITTED = 32_768
"""Rows of the reference that directions and off-manifold tables are learnt from."""
SURE = 0.9
"""Two best scores that lie this far apart are near no boundary, however sure the model is else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """The names of what the columns hold."""

    numbers: tuple[str, ...] = ()
    categories: tuple[Known, ...] = ()
    classes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Learned:
    """A plan, and the reference counted on it."""

    plan: Plan
    ready: Ready
    golden: Counted


def known_of(name: str, values: Sequence[str | None]) -> Known:
    """A category with its most frequent values (64 at most), ties by text."""
    counts: dict[str, int] = {}
    for value in values:
        if value is not None:
            counts[value] = counts.get(value, 0) + 1
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    return Known(name=name, values=tuple(ranked[:MOST_VALUES]))


def learned(
    schema: Schema, reference: Columns, still: Callable[[], object] = lambda: None
) -> Learned:
    """The plan of these reference rows, and their golden summary.

    Off-manifold tables are learnt from one half of the rows; their golden histogram counts the
    other half only, so that it is what fresh rows of the same kind give. `still` is asked between
    the steps, and raises where nobody wants it any more.
    """
    if not reference.n:
        raise BadInput("A plan needs at least one reference row.")
    if len(schema.classes) > MOST_CLASSES:
        raise BadInput(f"At most {MOST_CLASSES} classes can be told apart; fold the rarest.")
    numbers = np.ascontiguousarray(reference.numbers, np.float64)
    edges = edges_of(numbers)
    still()
    value = np.zeros(0) if reference.value is None else edges_of(reference.value.reshape(-1, 1))[0]
    _, margin, scored = certainty(reference.scores, reference.n)
    first = Plan(
        numbers=schema.numbers,
        categories=schema.categories,
        classes=schema.classes,
        groups=schema.groups,
        rows=reference.n,
        edges=edges,
        value=value,
        near=_near(margin[scored]),
        joint=joint_of(numbers, edges),
        manifold=no_manifold(),
        grid=grid_of(numbers),
        quickest=quickest_of(reference.latency),
    )
    shuffled = order(11, reference.n)
    fitted = shuffled[: min(MOST_FITTED, reference.n // 2)]
    held = shuffled[len(fitted) :]
    still()
    made = ready(first)
    still()
    cells = coarse_cells(made, reference)
    still()
    plan = replace(first, manifold=learnt(cells[fitted], cells[held][:MOST_FITTED]))
    made = with_manifold(made, plan)
    still()
    golden = _with_fresh(counted(made, reference), plan.manifold, cells[held])
    return Learned(plan=plan, ready=made, golden=golden)


def _near(margin: Floats) -> float:
    """The margin under which the least sure twentieth lie, and no more than is near at all."""
    return min(SURE, float(np.quantile(margin, 0.05))) if margin.size else 0.0


def coarse_cells(made: Ready, rows: Columns) -> Octets:
    """(n, F + K) the coarse cells that off-manifold tables look at."""
    places = bins(np.ascontiguousarray(rows.numbers, np.float64), made.numbers)
    return np.concatenate([made.coarse[places], coarse_codes(rows.categories)], axis=1)


def edges_of(numbers: Floats) -> Floats:
    """(F, 65) lowest, 63 inner edges at equal mass, highest; NaN where nothing is finite."""
    edges = np.full((numbers.shape[1], BINS + 1), np.nan)
    for places, columns in finite(numbers):
        if columns.size:
            ranks = -(-np.arange(BINS + 1) * columns.shape[1] // BINS) - 1
            edges[places] = np.sort(columns, axis=1)[:, np.maximum(ranks, 0)]
    return edges


def joint_of(numbers: Floats, edges: Floats) -> Joint:
    """The waves and axes of these numbers."""
    width = numbers.shape[1]
    step = max(1, -(-width // MOST_JOINT))
    uses = np.arange(0, width, step, dtype=np.int32)
    centre, spread = edges[uses, BINS // 2], _spread(numbers[:, uses], edges[uses])
    with np.errstate(divide="ignore", over="ignore"):
        scale = np.where(spread > 0, SIGMA / spread, 0.0)
    size = len(uses)
    turns = normals(1, size * WAVES).reshape(size, WAVES)
    frequency = turns * 65536 / (2 * np.pi * SIGMA * np.sqrt(2 * max(size, 1)))
    joint = Joint(
        uses=uses,
        centre=np.nan_to_num(centre, nan=0.0),
        scale=np.where(np.isfinite(scale), scale, 0.0),
        waves=np.clip(np.rint(frequency), -16384, 16384).astype(np.int16),
        phase=(words(2, WAVES) >> np.uint64(48)).astype(np.uint16).view(np.int16),
        axes=np.zeros((size, AXES), np.int16),
        middle=np.zeros(AXES, np.int64),
        drawn=np.zeros((DRAWN_AXES, 33), np.int64),
    )
    z = standard(numbers[order(3, len(numbers))[:MOST_FITTED]], joint)
    joint = replace(joint, axes=_axes(z))
    along = np.sort(projected(z, joint).astype(np.int64), axis=0)
    ranks = np.maximum(-(-np.arange(33) * len(along) // 32) - 1, 0)
    return replace(
        joint, middle=along[len(along) // 2], drawn=along[ranks][:, :DRAWN_AXES].T.copy()
    )


def _spread(numbers: Floats, edges: Floats) -> Floats:
    """A standard deviation for each number that a few wild values do not move."""
    with np.errstate(over="ignore", invalid="ignore"):
        middle = (edges[:, 54] - edges[:, 10]) / 2
        whole = np.array(
            [np.std(c[np.isfinite(c)]) if np.isfinite(c).any() else 0.0 for c in numbers.T]
        )
    chosen = np.where(middle > 0, middle, whole)
    return np.where(np.isfinite(chosen), chosen, 0.0)


def _axes(z: Shorts) -> Shorts:
    """(J, 24) ten principal components, then random directions."""
    size = z.shape[1]
    axes = normals(5, size * AXES).reshape(size, AXES)
    if size and len(z) > 1:
        whole = z.astype(np.float64) / SIGMA
        _, vectors = np.linalg.eigh(np.atleast_2d(np.cov(whole, rowvar=False)))
        main = vectors[:, ::-1][:, :MAIN_AXES]
        sign = np.sign(main[np.abs(main).argmax(axis=0), np.arange(main.shape[1])])
        axes[:, : main.shape[1]] = main * np.where(sign == 0, 1.0, sign)
    length = np.sqrt((axes * axes).sum(axis=0))
    return np.rint(axes / np.where(length > 0, length, 1.0) * 64).astype(np.int16)


def _with_fresh(golden: Counted, manifold: Manifold, held: Octets) -> Counted:
    score = strangeness(held, manifold)
    grade = np.searchsorted(manifold.edges, score, side="left")
    fresh: Ints = np.bincount(grade, minlength=MANIFOLD_BINS).astype(np.int64)
    sums = {**golden.summary.sums, Part.MANIFOLD: fresh}
    if manifold.far is not None:
        sums[Part.FAR] = np.array([(score > manifold.far).sum()], np.int64)
    summary = replace(golden.summary, sums=MappingProxyType(sums))
    return Counted(summary=summary, ledger=golden.ledger)
