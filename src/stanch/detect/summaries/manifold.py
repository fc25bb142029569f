"""The off-manifold score, learnt: boosted tables on pairs of inputs, real against permuted rows.

In    coarse cells (17 per input) of reference rows: some to fit, some held out.
Out   a `Manifold`: T pairs with a table each; a row's score is the sum of T entries.
Why   ordinary drift moves the marginals and keeps the joint; probing breaks the joint. Permuting
      each column keeps the marginals and breaks the joint, so what tells the two apart is the
      joint alone (a density ratio).
Math  logistic boosting: each round takes the pair whose 17 x 17 table, by the gain
      sum G^2 / (H + ridge), best explains what is left; the entries are integers when counting.
"""

import numpy as np

from stanch.detect.summaries.arrays import Codes, Floats, Ints, Octets
from stanch.detect.summaries.dice import order
from stanch.detect.summaries.parts import MANIFOLD_BINS, UNUSUAL
from stanch.detect.summaries.plain import strangeness
from stanch.detect.summaries.plan import Manifold
from stanch.detect.summaries.ready import COARSE

ROUNDS = 48
CANDIDATES = 64
MOST_INPUTS = 48
"""Inputs among which pairs are sought, spread evenly."""
RATE = 0.5
RIDGE = 8.0
GRAIN = 256
"""Log-odds of 1 are this many in a table."""
ENOUGH = 200
TWO = 2
"""A joint needs two inputs."""
FAR = 0.999
"""What is above so many of the rows held out is far off."""
SCAN = 6_000
"""Rows that the first look over all pairs uses."""


def no_manifold() -> Manifold:
    """A manifold that finds nothing strange: for one input, or too few rows."""
    return Manifold(
        pairs=np.zeros((0, 2), np.int32),
        tables=np.zeros((0, COARSE * COARSE), np.int16),
        edges=np.zeros(MANIFOLD_BINS - 1, np.int64),
        auc=0.5,
    )


def learnt(fitted: Octets, held: Octets) -> Manifold:
    """The score that tells these rows from their column-permuted copies."""
    if len(fitted) < ENOUGH or fitted.shape[1] < TWO:
        return no_manifold()
    cells = np.concatenate([fitted, permuted(fitted, 21)])
    strange = np.repeat([0.0, 1.0], len(fitted))
    pairs = _candidates(cells, strange)
    where = [cells[:, a].astype(np.int64) * COARSE + cells[:, b] for a, b in pairs]
    score = np.zeros(len(cells))
    chosen: list[int] = []
    tables: list[Floats] = []
    for _ in range(ROUNDS):
        odds = 1.0 / (1.0 + np.exp(-score))
        slope, bend = strange - odds, odds * (1.0 - odds)
        sums = [_sums(w, slope, bend) for w in where]
        best = int(np.argmax([_gain(g, h) for g, h in sums]))
        g, h = sums[best]
        table = np.rint(np.clip(RATE * g / (h + RIDGE), -8, 8) * GRAIN)
        chosen.append(best)
        tables.append(table)
        score += table[where[best]] / GRAIN
    return _graded(pairs[chosen], np.array(tables).astype(np.int16), held)


def permuted(cells: Octets, seed: int) -> Octets:
    """The same marginals without the joint: each column shuffled on its own."""
    columns = [cells[order(seed + c, len(cells)), c] for c in range(cells.shape[1])]
    return np.stack(columns, axis=1)


def auc_of(normal: Codes, strange: Codes) -> float:
    """How often a strange row scores above a normal one; ties count half."""
    ordered = np.sort(normal)
    below = np.searchsorted(ordered, strange, side="left")
    upto = np.searchsorted(ordered, strange, side="right")
    return float((below + upto).sum() / (2 * len(normal) * len(strange)))


def _graded(pairs: Codes, tables: np.ndarray, held: Octets) -> Manifold:
    """The score with its edges and its worth, both from rows held out."""
    none = no_manifold()
    raw = Manifold(pairs=pairs, tables=tables, edges=none.edges, auc=0.5)
    normal = strangeness(held, raw)
    shares = np.append(np.arange(1, MANIFOLD_BINS - 1) / (MANIFOLD_BINS - 1) * 0.99, 0.99)
    ranks = np.ceil(shares * len(normal)).astype(int) - 1
    edges: Ints = np.sort(normal).astype(np.int64)[np.maximum(ranks, 0)]
    foreign = strangeness(permuted(held, 77), raw)
    far = int(np.quantile(normal, FAR, method="higher"))
    borders = int(edges[UNUSUAL - 1]), int(edges[-1]), far
    return Manifold(
        pairs=pairs,
        tables=tables,
        edges=edges,
        auc=round(auc_of(normal, foreign), 4),
        far=far,
        foreign=tuple(round(float((foreign > b).mean()), 4) for b in borders),
    )


def _candidates(cells: Octets, strange: Floats) -> Codes:
    """The pairs of inputs that tell most by themselves."""
    step = max(1, -(-cells.shape[1] // MOST_INPUTS))
    inputs = range(0, cells.shape[1], step)
    pairs = np.array([(a, b) for a in inputs for b in inputs if a < b], np.int32)
    half = len(cells) // 2
    few = np.r_[0 : min(SCAN, half), half : half + min(SCAN, half)]
    slope, bend = strange[few] - 0.5, np.full(len(few), 0.25)
    gains = [
        _gain(*_sums(cells[few, a].astype(np.int64) * COARSE + cells[few, b], slope, bend))
        for a, b in pairs
    ]
    return pairs[np.argsort(-np.array(gains), kind="stable")[:CANDIDATES]]


def _sums(where: Ints, slope: Floats, bend: Floats) -> tuple[Floats, Floats]:
    size = COARSE * COARSE
    g: Floats = np.bincount(where, slope, size).astype(np.float64)
    h: Floats = np.bincount(where, bend, size).astype(np.float64)
    return g, h


def _gain(slope: Floats, bend: Floats) -> float:
    return float((slope * slope / (bend + RIDGE)).sum())
