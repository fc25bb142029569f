"""The answers of a batch, counted: predictions, scores, latency, status, cost, groups.

In    the plan made ready, the columns, the kernels to use.
Out   `Answers`: the sums, and what each row is (for the ledger).
"""

from dataclasses import dataclass

import numpy as np

from stanch.detect.summaries.arrays import Codes, Flags, Floats, Ints
from stanch.detect.summaries.columns import MISSING_CODE, Columns
from stanch.detect.summaries.kernels import Kernels
from stanch.detect.summaries.parts import (
    LATENCIES,
    STATUSES,
    UNIT,
    Part,
)
from stanch.detect.summaries.plan import FOLDED, Plan
from stanch.detect.summaries.ready import Ready

LATENCY_EDGES: Floats = np.array(
    [0.01 * 2.0 ** (k // 4) * (1, 1.19, 1.41, 1.68)[k % 4] for k in range(62)]
)
"""Milliseconds, four to an octave; 0.01 ms to about 6 minutes."""
DEAREST = 1e9
"""A cost is cut here, so that no sum overflows."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Answers:
    """What the answers of a batch come to."""

    sums: dict[Part, Ints]
    margin: Ints
    """(n,) the sixteenth that the margin lies in; -1 for none."""
    folded: Ints
    """(n,) the answer among the first 16 classes, further ones, missing."""
    near: Flags
    hits: Flags
    canaries: Flags
    status: Ints
    cost: Ints
    tokens: Ints


def answers_of(plan: Ready, batch: Columns, quick: Kernels) -> Answers:
    """The answers of this batch, counted."""
    n, classes = batch.n, len(plan.plan.classes)
    special = np.where(batch.predictions == MISSING_CODE, classes + 1, classes)
    said = np.where(batch.predictions >= 0, batch.predictions, special)
    scores = np.zeros((n, 0)) if batch.scores is None else batch.scores
    sure = quick.certain(np.ascontiguousarray(scores, np.float64), plan.plan.near, classes)
    none = np.zeros(n, np.bool_)
    hits = none if batch.hits is None else batch.hits
    status = _status(batch.status, n)
    cost, priced = _fixed(batch.cost, n)
    tokens = np.zeros(n, np.int64) if batch.tokens is None else batch.tokens
    sums: dict[Part, Ints] = {
        Part.PREDICTIONS: np.bincount(said, minlength=classes + 2).astype(np.int64),
        Part.SCORES: sure.scores,
        Part.CONFIDENCE: sure.top,
        Part.MARGIN: sure.margin,
        Part.NEAR: np.array([sure.near.sum()], np.int64),
        Part.LATENCY: _latency(batch.latency, n),
        Part.STATUS: np.bincount(status, minlength=STATUSES).astype(np.int64),
        Part.COST: np.array([cost.sum(), priced], np.int64),
        Part.TOKENS: np.array([tokens.sum(), 0 if batch.tokens is None else n], np.int64),
        Part.HITS: np.array([hits.sum()], np.int64),
        Part.GROUPS: _groups(plan.plan, batch),
    }
    if plan.plan.value.size:
        value = np.full(n, np.nan) if batch.value is None else batch.value
        column = np.ascontiguousarray(value.reshape(-1, 1), np.float64)
        sums[Part.VALUE] = quick.bins(column, plan.value, plan.coarse)[1][0]
    return Answers(
        sums=sums,
        margin=sure.sixteenth,
        folded=folded(batch.predictions, classes),
        near=sure.near,
        hits=hits,
        canaries=none if batch.canaries is None else batch.canaries,
        status=status,
        cost=cost,
        tokens=tokens,
    )


def folded(codes: Codes, classes: int, width: int = FOLDED + 2) -> Ints:
    """Codes as places among the first classes, further or unknown ones, missing."""
    most = min(classes, width - 2)
    known = np.where((codes >= 0) & (codes < most), codes, width - 2)
    return np.where(codes == MISSING_CODE, width - 1, known).astype(np.int64)


def _latency(latency: Floats | None, n: int) -> Ints:
    if latency is None:
        latency = np.full(n, np.nan)
    place = np.searchsorted(LATENCY_EDGES, latency, side="right")
    place = np.where(np.isnan(latency), LATENCIES - 1, place)
    return np.bincount(place, minlength=LATENCIES).astype(np.int64)


def _status(status: Codes | None, n: int) -> Ints:
    if status is None:
        return np.full(n, STATUSES - 1, np.int64)
    place = status.astype(np.int64) // 100 - 1
    return np.where((place >= 0) & (place < STATUSES - 1), place, STATUSES - 1)


def _fixed(cost: Floats | None, n: int) -> tuple[Ints, int]:
    """The costs in UNITs, and how many rows said one."""
    if cost is None:
        return np.zeros(n, np.int64), 0
    said = np.isfinite(cost)
    clean = np.clip(np.where(said, cost, 0.0), -DEAREST, DEAREST)
    return np.rint(clean * UNIT).astype(np.int64), int(said.sum())


def _groups(plan: Plan, batch: Columns) -> Ints:
    width = min(len(plan.classes), FOLDED) + 2
    counts = np.zeros((len(plan.groups), width), np.int64)
    said = folded(batch.predictions, len(plan.classes), width)
    for group, rows in batch.groups:
        counts[group] = np.bincount(said[rows], minlength=width)
    return counts
