"""The off-manifold score, learnt: boosted trees on inputs, real against permuted rows.

In    coarse cells (17 per input) of reference rows: some to fit, some held out.
Out   a `Manifold`: T trees of six questions each; a row's score is the sum of T leaves.
Why   ordinary drift moves the marginals and keeps the joint; probing breaks the joint. Permuting
      each column keeps the marginals and breaks the joint, so what tells the two apart is the
      joint alone (a density ratio). Two values may each go with a third and not with each other:
      pairs of inputs do not see that, six questions do.
Math  logistic boosting: each tree asks, one after the other, the question by which its leaves best
      explain what is left (gain sum G^2 / (H + ridge)), and all leaves ask the same; it is grown on
      some of the rows, and its leaves are whole numbers from all of them.
"""

from dataclasses import replace

import numpy as np

from stanch.detect.summaries.arrays import Codes, Floats, Ints, Octets
from stanch.detect.summaries.dice import order
from stanch.detect.summaries.parts import MANIFOLD_BINS, UNUSUAL
from stanch.detect.summaries.plain import answers, strangeness
from stanch.detect.summaries.plan import QUESTIONS, Manifold
from stanch.detect.summaries.ready import COARSE

TREES = 64
COPIES = 2
"""So often each row is there, and so many ways its columns are permuted."""
MOST_INPUTS = 48
"""Inputs that are asked for, spread evenly."""
RATE = 0.3
RIDGE = 8.0
GRAIN = 256
"""Log-odds of 1 are this many in a table."""
ENOUGH = 200
TWO = 2
"""A joint needs two inputs."""
FAR = 0.999
"""What is above so many of the rows held out is far off."""
GROWN = 8_192
"""Rows that one tree's questions are chosen by."""


def no_manifold() -> Manifold:
    """A manifold that finds nothing strange: for one input, or too few rows."""
    return Manifold(edges=np.zeros(MANIFOLD_BINS - 1, np.int64), auc=0.5)


def learnt(fitted: Octets, held: Octets) -> Manifold:
    """The score that tells these rows from their column-permuted copies."""
    if len(fitted) < ENOUGH or fitted.shape[1] < TWO:
        return no_manifold()
    inputs = np.arange(0, fitted.shape[1], max(1, -(-fitted.shape[1] // MOST_INPUTS)))
    told = _told(fitted[:, inputs], held[:, inputs])
    return replace(told, asks=inputs[told.asks].astype(np.int32))


def _told(fitted: Octets, held: Octets) -> Manifold:
    """The score by all of these inputs."""
    foreign = [permuted(fitted, 21 + n * fitted.shape[1]) for n in range(COPIES)]
    cells = np.concatenate([fitted] * COPIES + foreign)
    strange = np.repeat([0.0, 1.0], COPIES * len(fitted))
    shuffled, score = order(5, len(cells)), np.zeros(len(cells))
    trees: list[tuple[Codes, Octets]] = []
    leaves: list[Floats] = []
    for n in range(TREES):
        odds = 1.0 / (1.0 + np.exp(-score))
        slope, bend = strange - odds, odds * (1.0 - odds)
        some = shuffled.take(range(n * GROWN, n * GROWN + min(GROWN, len(cells))), mode="wrap")
        trees.append(_grown(cells[some], slope[some], bend[some]))
        where = answers(cells, *trees[-1])
        g, h = _sums(where, slope, bend, 1 << QUESTIONS)
        leaves.append(np.rint(np.clip(RATE * g / (h + RIDGE), -8, 8) * GRAIN))
        score += leaves[-1][where] / GRAIN
    raw = Manifold(
        asks=np.stack([asks for asks, _ in trees]),
        borders=np.stack([borders for _, borders in trees]),
        leaves=np.array(leaves).astype(np.int16),
        edges=np.zeros(MANIFOLD_BINS - 1, np.int64),
        auc=0.5,
    )
    return _graded(raw, held)


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


def _graded(raw: Manifold, held: Octets) -> Manifold:
    """The score with its edges and its worth, both from rows held out."""
    normal = strangeness(held, raw)
    shares = np.append(np.arange(1, MANIFOLD_BINS - 1) / (MANIFOLD_BINS - 1) * 0.99, 0.99)
    ranks = np.ceil(shares * len(normal)).astype(int) - 1
    edges: Ints = np.sort(normal).astype(np.int64)[np.maximum(ranks, 0)]
    foreign = strangeness(permuted(held, 77), raw)
    far = int(np.quantile(normal, FAR, method="higher"))
    borders = int(edges[UNUSUAL - 1]), int(edges[-1]), far
    return replace(
        raw,
        edges=edges,
        auc=round(auc_of(normal, foreign), 4),
        far=far,
        foreign=tuple(round(float((foreign > b).mean()), 4) for b in borders),
    )


def _grown(cells: Octets, slope: Floats, bend: Floats) -> tuple[Codes, Octets]:
    """The questions of one tree: the inputs that it asks for, and their borders."""
    columns = np.ascontiguousarray(cells.T.astype(np.int64))
    leaf = np.zeros(len(cells), np.int64)
    found = np.zeros((2, QUESTIONS), np.int64)
    for n in range(QUESTIONS):
        gains = [_gains(leaf * COARSE + column, slope, bend, 1 << n) for column in columns]
        found[:, n] = divmod(int(np.argmax(gains)), COARSE - 1)
        asked, border = found[:, n]
        leaf = leaf * 2 + (columns[asked] > border)
    return found[0].astype(np.int32), found[1].astype(np.uint8)


def _gains(where: Ints, slope: Floats, bend: Floats, leaves: int) -> Floats:
    """(16,) what is explained by each border of one input, in so many leaves together."""
    g, h = (s.reshape(leaves, COARSE) for s in _sums(where, slope, bend, leaves * COARSE))
    below, under = g.cumsum(axis=1), h.cumsum(axis=1)
    above, over = below[:, -1:] - below, under[:, -1:] - under
    told: Floats = below**2 / (under + RIDGE) + above**2 / (over + RIDGE)
    return told.sum(axis=0)[:-1]


def _sums(where: Ints | Octets, slope: Floats, bend: Floats, size: int) -> tuple[Floats, Floats]:
    g: Floats = np.bincount(where, slope, size).astype(np.float64)
    h: Floats = np.bincount(where, bend, size).astype(np.float64)
    return g, h
