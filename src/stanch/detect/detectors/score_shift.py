"""Score shift: the answers and scores a model gives now, against those of its golden baseline.

In    a Window: readings on predictions, numeric answers, scores, confidence and margin.
Out   a Finding that says which class grew or which score moved; Blind without a baseline or rows.
Why   a sudden shift is often the first sign of poisoned data, swapped weights or a broken feed.
Math  as in `feature_drift`: an alarm with a promised rate of false ones, then the largest change of
      any share, so that what does not matter is not said.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.reading import Reading, Stream
from stanch.detect.alarms.streams import table
from stanch.detect.detector import Detector
from stanch.detect.shifts import unanswered
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Baseline, Window
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId

ID = DetectorId("score_shift")
WATCHED = (Stream.PREDICTIONS, Stream.VALUE, Stream.SCORES, Stream.CONFIDENCE, Stream.MARGIN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 200
    """Answers in the window."""
    change: float = 0.03
    """The change of a share that still does not matter."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for all that moved, or none."""
    why = unanswered(window, limits.enough)
    if why or window.baseline is None or window.now is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    alarms = [r for s in WATCHED if (r := window.readings.get(s)) is not None and r.alarm]
    moved = {
        reading.stream: change
        for reading in alarms
        if abs(change := _change(window.baseline, window.now, reading.stream)) >= limits.change
    }
    if moved:
        yield _finding(window, window.baseline, window.now, moved, alarms)


def _change(baseline: Baseline, now: Summary, stream: Stream) -> float:
    """The largest change of any share (of any tail, when the bins have an order)."""
    here, there = (
        _shares(now, baseline.plan, stream),
        _shares(baseline.golden, baseline.plan, stream),
    )
    gap = here - there
    if stream is not Stream.PREDICTIONS:
        gap = np.cumsum(gap, axis=1)
    flat = gap.reshape(-1)
    return float(flat[np.abs(flat).argmax()])


def _shares(summary: Summary, plan: Plan, stream: Stream) -> np.ndarray:
    counts = table(stream, summary, plan).counts
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def _finding(
    window: Window,
    baseline: Baseline,
    now: Summary,
    moved: Mapping[Stream, float],
    alarms: list[Reading],
) -> Finding:
    far = max(map(abs, moved.values()))
    says = (
        f"Scores moved away from the baseline: {far:.0%} of them lie where they did not, "
        f"over {window.n} answers"
    )
    if Stream.PREDICTIONS in moved:
        here = _shares(now, baseline.plan, Stream.PREDICTIONS)[0]
        there = _shares(baseline.golden, baseline.plan, Stream.PREDICTIONS)[0]
        names = (*baseline.plan.classes, "an unknown class", "no answer")
        most = int(np.abs(here - there).argmax())
        says = (
            f"{names[most]!r} is now {here[most]:.0%} of {window.n} answers, "
            f"{there[most]:.0%} in the baseline"
        )
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=says + ".",
        measured={f"change of {stream}": round(change, 4) for stream, change in moved.items()},
        because=window.cites,
        strength=round(max(max(r.strength, r.since_start) for r in alarms), 2),
        points_to={AttackKind.POISONING: 0.2, AttackKind.WEIGHT_TAMPERING: 0.2},
        atlas=DETECTOR.atlas,
    )


def _generous(rows: Columns) -> Columns:
    """Every sixth answer becomes a yes."""
    said = rows.predictions.copy()
    said[::6] = 2
    return replace(rows, predictions=said)


DETECTOR = Detector(
    id=ID,
    title="Score shift",
    reads=(EventKind.INFERENCE,),
    atlas=("AML.T0020",),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    by_condition=True,
    fires_on=lambda: examples.window(_generous),
    quiet_on=examples.window,
)
