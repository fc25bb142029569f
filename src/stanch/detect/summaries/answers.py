"""The answers of a batch, counted: predictions, scores, latency, status, cost, groups.

In    the plan made ready, the columns, the kernels to use.
Out   `Answers`: the sums, and what each row is (for the ledger).
"""

from dataclasses import dataclass

import numpy as np

from stanch.detect.summaries.arrays import Flags, Ints, own
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.kernels import Kernels
from stanch.detect.summaries.parts import STATUSES, Part
from stanch.detect.summaries.plan import FOLDED, Plan
from stanch.detect.summaries.ready import Ready
from stanch.detect.summaries.told import folded


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
    given = quick.answered(batch, classes)
    latency = np.full(n, np.nan) if batch.latency is None else batch.latency
    scores = np.zeros((n, 0)) if batch.scores is None else batch.scores
    sure = quick.certain(own(scores, np.float64), plan.plan.near, classes)
    none = np.zeros(n, np.bool_)
    hits = none if batch.hits is None else batch.hits
    tokens = np.zeros(n, np.int64) if batch.tokens is None else own(batch.tokens, np.int64)
    sums: dict[Part, Ints] = {
        Part.PREDICTIONS: given.says,
        Part.SCORES: sure.scores,
        Part.CONFIDENCE: sure.top,
        Part.MARGIN: sure.margin,
        Part.NEAR: np.array([sure.near.sum()], np.int64),
        Part.LATENCY: quick.latencies(latency, plan.latencies),
        Part.STATUS: np.bincount(given.status, minlength=STATUSES).astype(np.int64),
        Part.COST: np.array([given.cost.sum(), given.priced], np.int64),
        Part.TOKENS: np.array([tokens.sum(), 0 if batch.tokens is None else n], np.int64),
        Part.HITS: np.array([hits.sum()], np.int64),
        Part.GROUPS: _groups(plan.plan, batch),
    }
    if plan.plan.value.size:
        value = np.full(n, np.nan) if batch.value is None else batch.value
        column = own(value.reshape(-1, 1), np.float64)
        sums[Part.VALUE] = quick.bins(column, plan.value)[1][0]
    return Answers(
        sums=sums,
        margin=sure.sixteenth,
        folded=given.said,
        near=sure.near,
        hits=hits,
        canaries=none if batch.canaries is None else batch.canaries,
        status=given.status,
        cost=given.cost,
        tokens=tokens,
    )


def _groups(plan: Plan, batch: Columns) -> Ints:
    width = min(len(plan.classes), FOLDED) + 2
    counts = np.zeros((len(plan.groups), width), np.int64)
    if not batch.groups:
        return counts
    said = folded(batch.predictions, len(plan.classes), width)
    for group, rows in batch.groups:
        counts[group] = np.bincount(said[rows], minlength=width)
    return counts
