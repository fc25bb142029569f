"""Lately: what was counted of an asset in a span, and what it is compared with, lane by lane.

In    the minutes that the watch keeps, the baselines in use.
Out   for each version, and each condition of it, its baseline and its counts in one piece.
Why   whoever keeps an asset as it is now has no window of a detector at hand: a person reported
      something, or a playbook begins long after the finding.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from stanch.detect.summaries.plan import Plan
from stanch.engine.ports import Transaction
from stanch.engine.watch.lane import Lane
from stanch.engine.watch.minutes import Minute, from_bytes, sealed
from stanch.prepare.baseline import Golden
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.kept import BaselineKept
from stanch.vocabulary.span import Span

AT_ONCE = timedelta(hours=1)
"""How much of the span is read at a time: a minute of many callers has tens of kilobytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lately:
    """One lane."""

    lane: Lane
    baseline: BaselineKept | None
    counts: Minute
    """Empty of answers where there is no baseline, so no bins to count them in."""


def lately(tx: Transaction, asset: AssetId, span: Span) -> Iterator[Lately]:
    """Every lane of which something was counted in this span, those of all conditions first."""
    named = tx.assets.find(asset)
    apart = named.conditions.every if named is not None and named.conditions is not None else ()
    for condition in ("", *apart):
        merged: dict[str, Minute] = {}
        plans: dict[str, tuple[BaselineKept | None, Plan | None]] = {}
        for hour in _hours(span):
            for block in tx.summaries.between(asset, hour, condition=condition):
                of = block.version
                if of not in plans:
                    plans[of] = _baseline(tx, Lane(asset, of, condition))
                counted = sealed(from_bytes(block.body, plans[of][1]))
                merged[of] = merged[of].merge(counted) if of in merged else counted
        for version, counts in sorted(merged.items()):
            lane = Lane(asset, version, condition)
            yield Lately(lane=lane, baseline=plans[version][0], counts=counts)


def _baseline(tx: Transaction, lane: Lane) -> tuple[BaselineKept | None, Plan | None]:
    """What the lane is compared with, and its bins."""
    kept = tx.baselines.current(*lane)
    plan = Plan.from_bytes(Golden.from_bytes(kept.body).plan) if kept is not None else None
    return kept, plan


def _hours(span: Span) -> Iterator[Span]:
    start = span.start
    while start < span.end:
        end = min(start + AT_ONCE, span.end)
        yield Span(start=start, end=end)
        start = end
