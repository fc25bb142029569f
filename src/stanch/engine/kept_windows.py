"""Kept windows: what findings were made on, put together again from the minutes that are kept.

In    findings whose windows are in no memory any more: after a restart, or when they change hands.
Out   their windows, as far as there is a baseline and the minutes are still there.
Why   a verdict rests on what was counted, whoever asks for it and whenever.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stanch.detect.summaries.record import Record
from stanch.detect.window import Window
from stanch.engine.ports import Transaction
from stanch.engine.watch.golden import Seasons
from stanch.engine.watch.lane import Lane
from stanch.engine.watch.memory import history_of, made_from, usage_of, windows_of
from stanch.engine.watch.minutes import from_bytes
from stanch.engine.watch.tally import Tally
from stanch.vocabulary.asset import stranger
from stanch.vocabulary.finding import Finding

MOST_WINDOWS = 3
"""Windows that are put together again, newest first: each costs the merge of twenty minutes."""


def kept_windows(tx: Transaction, findings: Sequence[Finding]) -> Iterator[tuple[str, Window]]:
    """The windows of the newest findings, by finding, as far as their minutes are still kept."""
    known: dict[tuple[object, ...], Window | None] = {}
    for finding in reversed(findings):
        key = finding.asset, finding.version, finding.condition, finding.window
        if key not in known:
            if len(known) == MOST_WINDOWS:
                return
            known[key] = _window(tx, finding)
        window = known[key]
        if window is not None:
            yield finding.id, window


def _window(tx: Transaction, finding: Finding) -> Window | None:
    """What the finding's detector looked at, from the minutes; without a baseline, nothing."""
    asset, span = tx.assets.find(finding.asset) or stranger(finding.asset), finding.window
    lane = Lane(finding.asset, finding.version, finding.condition)
    kept = tx.baselines.current(*lane)
    if kept is None:
        return None
    baseline = Seasons.of(kept)
    tally = Tally(
        asset=asset,
        version=lane.version,
        condition=lane.condition,
        baseline=baseline,
        alarms=None,
    )
    for block in tx.summaries.between(
        asset.id, span, version=lane.version, condition=lane.condition
    ):
        tally.minutes[block.minute] = from_bytes(block.body, baseline.plan)
    usage = usage_of(tx, lane.name)
    return replace(
        tally.window(span, Record()),
        history=history_of(tx, asset.id) + made_from(tx, asset),
        usage=windows_of(usage, span.start),
    )
