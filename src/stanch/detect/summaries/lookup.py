"""The lookup table of a number's bins: where among its edges to look.

In    the edges of several numbers.
Out   a `Lookup`: a cell for every number in the range, and for each cell the edge to compare with.
Why   a number's bin is one look-up and one comparison, whatever its edges.

Edges that are equal count as one here, a rank; `ranks` tells the bins apart again. Cells are as
wide as each other. Where several edges would lie in one cell because a few numbers are far off
(amounts, durations), they are as wide as each other along a bent line: straight about the centre,
and ever slower away from it. The line rises everywhere, by single IEEE operations, and so leads to
the same bins.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stanch.detect.summaries.arrays import Codes, Floats, Ints, N, Octets
from stanch.detect.summaries.parts import BINS, SLOTS

CELLS = 1024
"""So many that few hold two edges."""
LANES = 8
"""Numbers that are looked at side by side."""
SHARED = 128
"""The bit of a cell whose numbers are to be searched for."""
FEW = 3
"""Edges in crowded cells that are no reason to bend the line."""
QUARTERS = ((24, 40), (16, 48), (8, 56))
"""Edges whose distance may be the straight part of a bent line."""
START = np.float64(1.0).view(np.int64)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Lookup:
    """Bins of several numbers: edges, and where in the edges to start to look."""

    edges: Floats
    """(F, 65)"""
    start: Octets
    """(F, 1025) the lowest rank of a cell; `SHARED` where it holds several edges. The last cell is
    of numbers that lie in none."""
    limits: Floats
    """(4, F') lowest, highest, where cells begin along the line, and how many there are to a unit;
    0 when the range is empty or too wide to divide."""
    bends: Floats
    """(2, F') centre of the line and its pace (0 where it is straight); (2, 0) when all are."""
    begins: Codes
    """(F',) where the cells of each number begin. F' is F, and nothing up to a whole step."""
    bounds: Floats
    """The different edges of each number, 65 places to each, with room behind them."""
    ranks: Octets
    """(F, 68) the bin of each rank, and what is in none as it is."""
    repeated: Ints
    """The numbers with equal edges."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """The line along which a number's cells are equally wide."""

    centre: float = 0.0
    pace: float = 0.0


def lookup_of(edges: Floats) -> Lookup:
    """The lookup table of these edges."""
    size = len(edges)
    start = np.full((size, CELLS + 1), SHARED, np.uint8)
    limits, bends = np.zeros((4, size)), np.zeros((2, size))
    limits[:2] = edges[:, 0], edges[:, -1]
    ranks = np.tile(np.arange(SLOTS, dtype=np.uint8), (size, 1))
    repeated: list[int] = []
    bounds = edges.copy()
    for row, own in enumerate(edges):
        inner = np.unique(own[1:-1])
        if len(inner) < BINS - 1 and np.isfinite(inner).all():
            repeated.append(row)
            bounds[row, 1:-1] = np.append(inner, np.full(BINS - 1 - len(inner), np.inf))
            ranks[row, :BINS] = BINS - 1
            ranks[row, : len(inner)] = np.searchsorted(own[1:-1], inner, side="left")
        line = _line(own, inner)
        limits[2:, row] = base, scale = _scale(own, line)
        bends[:, row] = line.centre, line.pace
        if scale > 0:
            held = np.bincount(_held(inner, line, (base, scale)), minlength=CELLS)
            start[row, :-1] = held.cumsum() - held
            start[row, :-1][held > 1] |= SHARED
    return Lookup(
        edges=np.ascontiguousarray(edges),
        start=start,
        limits=stepped(limits),
        bends=stepped(bends) if bends[1].any() else np.zeros((2, 0)),
        begins=stepped(np.arange(size, dtype=np.int32) * np.int32(CELLS + 1)),
        bounds=np.append(bounds.ravel(), np.zeros(2 * SHARED)),
        ranks=ranks,
        repeated=np.array(repeated, np.int64),
    )


def along(x: Floats, line: Line) -> Floats:
    """How far along its line each number is."""
    if not line.pace:
        return x
    steps = np.abs(x - line.centre) * line.pace + 1.0
    far = (steps.view(np.int64) - START).astype(np.float64)
    return np.where(x < line.centre, 0.0 - far, far)


def stepped(values: NDArray[N]) -> NDArray[N]:
    """The same, with zeros up to a whole step of lanes."""
    room = [(0, 0)] * (values.ndim - 1) + [(0, -values.shape[-1] % LANES)]
    return np.pad(values, room)


def _scale(edges: Floats, line: Line) -> tuple[float, float]:
    """Where cells begin along the line, and how many there are to a unit."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        low, high = along(edges[[0, -1]], line)
        width = high - low
        scale = CELLS / width
    return float(low), float(scale) if np.isfinite(scale) and np.isfinite(width) else 0.0


def _held(inner: Floats, line: Line, scale: tuple[float, float]) -> Ints:
    """The cell of each edge."""
    return np.minimum((along(inner, line) - scale[0]) * scale[1], CELLS - 1).astype(np.int64)


def _crowded(edges: Floats, inner: Floats, line: Line) -> int:
    """How many edges lie in cells with others."""
    scale = _scale(edges, line)
    if not scale[1]:
        return len(inner)
    held = np.bincount(_held(inner, line, scale), minlength=CELLS)
    return int(held[held > 1].sum())


def _line(edges: Floats, inner: Floats) -> Line:
    """The line along which the fewest edges are crowded; the straight one if few are."""
    best, straight = Line(), 0
    with np.errstate(over="ignore", invalid="ignore"):
        wide = edges[-1] - edges[0]
    if not np.isfinite(wide) or wide <= 0:
        return best
    least = straight = _crowded(edges, inner, best)
    if straight <= FEW:
        return best
    gaps = [edges[b] - edges[a] for a, b in QUARTERS] + [float(np.median(np.diff(inner)))]
    for gap in gaps:
        if gap > 0 and np.isfinite(8 / gap):
            line = Line(centre=float(edges[BINS // 2]), pace=float(8 / gap))
            crowded = _crowded(edges, inner, line)
            if crowded < least:
                best, least = line, crowded
    return best
