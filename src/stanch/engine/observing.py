"""Observing: the counts of a window as the arrays that a verdict looks at.

In    the window a finding was made on, and the asset's minutes in it.
Out   `Observations`; what was not counted is named as missing, never taken for zero.
Why   the verdict must rest on the same integers that the finding cites.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import BINS, MANIFOLD_BINS, SIGMA, Block, Part
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Baseline, Window
from stanch.triage.verdict.observations import Base, Happening, Now, Observations
from stanch.triage.verdict.observe import observe
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.ids import PrincipalId

QUANTILES = (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9)
FEW_PRINCIPALS = 3
STILL, HALFWAY = 0.1, 0.5
"""A middle that moved less than this many standard deviations stood still; what is moving along."""
FEWEST = 20
"""Rows under which a minute says nothing about how a change came."""
_OWNERS = (EventKind.DEPLOYMENT, EventKind.TRAINING, EventKind.DATASET)


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """The answers of one minute."""

    start: datetime
    summary: Summary


def observed(window: Window, slices: Sequence[Slice] = ()) -> Observations:
    """All that these counts can tell."""
    base = window.baseline
    if base is None or window.ledger is None or window.now is None:
        return Observations(missing=("a baseline of normal operation",))
    happenings = [
        Happening(what=f"{h.kind} {h.what}".strip(), at=h.at)
        for h in (*window.before.of(*_OWNERS), *window.record.of(*_OWNERS))
    ]
    seen = observe(_now(window.ledger, window.now, base, slices), _base(base), happenings)
    alike = _alike(window.ledger, base)
    return seen if seen.alike is not None else replace(seen, alike=alike)


def _now(ledger: Ledger, summary: Summary, base: Baseline, slices: Sequence[Slice]) -> Now:
    rows = ledger.block(Block.ROWS)[:, 0]
    told = [s for s in slices if s.summary.n >= FEWEST]
    return Now(
        principals=tuple(PrincipalId(n) for n in ledger.names),
        rows=rows,
        off=ledger.block(Block.OFF)[:, 0] if base.plan.manifold.pairs.size else None,
        dup=_repeats(ledger),
        edge=ledger.block(Block.NEAR)[:, 0] if base.plan.near > 0 else None,
        total=_bins(summary) if base.plan.numbers else None,
        slices=np.stack([_bins(s.summary) for s in told]) if told else None,
        slice_starts=tuple(s.start for s in told),
        levels=_levels(summary, base) if base.plan.numbers else None,
    )


def _base(base: Baseline) -> Base:
    golden, habits = base.golden, base.habits
    manifold = golden.sums[Part.MANIFOLD]
    return Base(
        features=base.plan.numbers,
        classes=base.plan.classes,
        off_rate=_share(int(manifold[MANIFOLD_BINS - 1]), int(manifold.sum()), 0.01),
        dup_rate=_usual_repeats(habits),
        edge_rate=_share(int(golden.sums[Part.NEAR][0]), golden.n, 0.05),
        bins=_bins(golden) if base.plan.numbers else None,
        levels=_levels(golden, base) if base.plan.numbers else None,
        principals=frozenset(PrincipalId(n) for n in habits.names) if habits else frozenset(),
    )


def _alike(ledger: Ledger, base: Baseline) -> float | None:
    """The share of principals whose inputs moved as the middle one's did, along the main axes."""
    rows = ledger.block(Block.ROWS)[:, 0]
    enough = rows >= FEWEST
    if enough.sum() < FEW_PRINCIPALS or not base.golden.n:
        return None
    usual = base.golden.sums[Part.MOMENTS][0] / base.golden.n
    moved = ledger.block(Block.MOMENTS)[enough, 0] / rows[enough, None] - usual
    typical = np.median(moved, axis=0)
    axis = int(np.abs(typical).argmax())
    if abs(typical[axis]) < STILL * SIGMA:
        return 0.0
    return float((moved[:, axis] / typical[axis] >= HALFWAY).mean())


def _bins(summary: Summary) -> np.ndarray:
    return summary.sums[Part.NUMBERS][:, :BINS]


def _share(part: int, whole: int, otherwise: float) -> float:
    return part / whole if whole else otherwise


def _repeats(ledger: Ledger) -> np.ndarray:
    """Rows beyond the different neighbourhoods a principal asked about, less the sketch's error."""
    rows = ledger.block(Block.ROWS)[:, 0]
    different = np.array(ledger.different_cells(), np.float64)
    return np.maximum(0, rows - np.ceil(different * 1.15).astype(np.int64))


def _usual_repeats(habits: Ledger | None) -> float:
    if habits is None or not habits.names:
        return 0.0
    rows = habits.block(Block.ROWS)[:, 0]
    return float(_repeats(habits).sum() / max(1, int(rows.sum())))


def _levels(summary: Summary, base: Baseline) -> np.ndarray:
    """(F, Q) values at fixed quantiles, read off the bins; NaN where nothing was counted."""
    counts = summary.sums[Part.NUMBERS][:, :BINS].cumsum(axis=1)
    edges = base.plan.edges
    levels = np.full((len(counts), len(QUANTILES)), np.nan)
    for feature, sums in enumerate(counts):
        if sums[-1]:
            at = np.searchsorted(sums, np.array(QUANTILES) * sums[-1])
            levels[feature] = edges[feature, np.minimum(at + 1, BINS)]
    return levels
