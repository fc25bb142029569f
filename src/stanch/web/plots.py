"""Plots: what an asset answered in some time, against its baseline.

In    a transaction, an asset, a span.
Out   a drawing for each feature and score, what moved most first.
Why   the asset, the finding and the incident show the same drawing of the same counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from stanch.detect.alarms.reading import Stream
from stanch.detect.alarms.streams import table
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.ready import ready
from stanch.detect.summaries.summary import Summary, merged
from stanch.engine.ports import Transaction
from stanch.engine.watch.answers import answers, schema_of
from stanch.engine.watch.golden import Seasons
from stanch.engine.watch.minutes import from_bytes
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.span import Span
from stanch.web.charts import Bar, then_and_now

_SHOWN = (Stream.PREDICTIONS, Stream.CONFIDENCE, Stream.VALUE, Stream.NUMBERS, Stream.CATEGORIES)
pc: Any = pyarrow.compute
_WIDE = 320.0
"""Two plots beside each other in a column of the page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plot:
    """One feature or score, now against its baseline."""

    name: str
    drawing: str
    moved: float
    """Half the sum of the differences of all shares: 0 is the same, 1 is nothing in common."""


def plotted(
    tx: Transaction, key: AssetId, span: Span, most: int, condition: str = ""
) -> tuple[list[Plot], int]:
    """What moved most first, and how many answers of that time they show; of one condition."""
    kept = tx.baselines.current(key, condition=condition)
    if kept is None:
        return [], 0
    whole = tx.baselines.get(kept.id)
    golden = Seasons.of(whole).over(span)
    blocks = tx.summaries.between(key, span, condition=condition)
    minutes = (from_bytes(block.body, golden.plan).counted for block in blocks)
    now = merged((m.summary for m in minutes if m is not None), golden.plan)
    plots = sorted(_each(golden.golden, now, golden.plan), key=lambda p: -p.moved)
    return plots[:most], now.n


READ = (
    *("ts", "principal", "features", "prediction", "scores", "latency_ms"),
    *("named", "status", "cost", "tokens", "groups"),
)
"""The columns that answers are counted by."""


def looks(tx: Transaction, asset: Asset, rows: pa.Table, most: int) -> list[Plot]:
    """How these answers look against the baseline of the asset, what differs most first."""
    kept = tx.baselines.current(asset.id)
    if kept is None or not rows.num_rows:
        return []
    ends = pc.min_max(rows["ts"]).as_py()
    golden = Seasons.of(tx.baselines.get(kept.id)).over(Span(start=ends["min"], end=ends["max"]))
    plan = golden.plan
    columns = answers(rows, schema_of(plan), asset, valued=plan.value.size > 0)
    theirs = counted(ready(plan), columns).summary
    return sorted(_each(golden.golden, theirs, plan), key=lambda p: -p.moved)[:most]


def _each(then: Summary, now: Summary, plan: Plan) -> Iterator[Plot]:
    for stream in _SHOWN:
        before, after = table(stream, then, plan), table(stream, now, plan)
        for i, name in enumerate(before.members):
            old, new = _shares(before.counts[i]), _shares(after.counts[i])
            names = _names(stream, (i, name), plan, len(old))
            bars = [
                Bar(name=n, then=float(o), now=float(w), tick=n.partition(" to ")[0])
                for n, o, w in zip(names, old, new, strict=True)
            ]
            moved = float(np.abs(new - old).sum() / 2) if new.sum() else 0.0
            drawn = then_and_now(bars, f"{name}, now and then", _WIDE)
            yield Plot(name=name, moved=moved, drawing=drawn)


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / max(1, int(counts.sum()))


def _names(stream: Stream, member: tuple[int, str], plan: Plan, count: int) -> list[str]:
    """What each bar stands for."""
    place, name = member
    if stream is Stream.PREDICTIONS:
        return [*plan.classes, "unknown", "none"][:count]
    if stream is Stream.CATEGORIES:
        known = next(k for k in plan.categories if k.name == name)
        values = [*known.values, *(f"rare {i}" for i in range(count))]
        return [*values[: count - 1], "new"]
    if stream is Stream.CONFIDENCE:
        return [f"{100 * i // count} %" for i in range(count)]
    edges = plan.value if stream is Stream.VALUE else plan.edges[place]
    between = [f"{a:.3g} to {b:.3g}" for a, b in pairwise(edges.tolist())]
    return ["less", *between, "more"]
