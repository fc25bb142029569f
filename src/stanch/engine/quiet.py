"""Quiet windows: what the verdict's signals do in an asset's own normal operation.

In    the rows of a baseline, in the order of time, and the plan and golden counts made of them.
Out   a table for each signal, to be kept in the baseline; nothing when there are too few rows.
Why   people differ: where some honest clients live near the threshold, that is no attack. Only the
      asset's own past can say so. It is as long as a look (twenty minutes) where the rows go that
      far, so that a quiet window here is what a quiet window will be.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa

from stanch.detect.summaries.count import Counted
from stanch.detect.window import Baseline, Window
from stanch.engine.ingest.compute import pc
from stanch.engine.observing import observed
from stanch.engine.watch.hop import HOP
from stanch.triage.verdict.calibration import ENOUGH, calibrate, kept
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.span import Span

LOOK = 2 * HOP
LOOK_MICROS = int(LOOK / timedelta(microseconds=1))
LEAST = 100
"""Rows of a window; fewer say nothing."""
MOST = 200
"""Windows that are looked at, spread evenly."""


def quiet_tables(
    rows: pa.Table, asset: Asset, baseline: Baseline, count: Callable[[pa.Table], Counted]
) -> Mapping[str, tuple[float, ...]]:
    """What each signal did in windows of these rows."""
    parts = list(_windows(rows))
    if len(parts) < ENOUGH:
        return {}
    chosen = np.unique(np.linspace(0, len(parts) - 1, min(MOST, len(parts))).astype(np.int64))
    epoch = datetime.fromtimestamp(0, UTC)
    span = Span(start=epoch, end=epoch + LOOK)
    seen = []
    for place in chosen.tolist():
        made = count(parts[place])
        window = Window(
            asset=asset,
            span=span,
            baseline=baseline,
            now=made.summary,
            ledger=made.ledger.seal(),
        )
        seen.append(observed(window))
    return kept(calibrate(seen, f"quiet windows of {asset.id}"))


def _windows(rows: pa.Table) -> Iterator[pa.Table]:
    """The rows cut as looks are, or, when that gives too few, into windows of equal size."""
    ordered = rows.sort_by("ts")
    micros = pc.cast(ordered["ts"], pa.int64()).to_numpy()
    look = micros // LOOK_MICROS
    edges = np.flatnonzero(np.diff(look)) + 1
    cuts = np.concatenate([[0], edges, [len(micros)]])
    by_time = [(a, b) for a, b in pairwise(cuts) if b - a >= LEAST]
    if len(by_time) < ENOUGH:
        size = max(LEAST, len(micros) // (ENOUGH + 10))
        by_time = [(a, a + size) for a in range(0, len(micros) - size + 1, size)]
    for start, end in by_time:
        yield ordered.slice(int(start), int(end - start))
