"""Feature drift: the inputs now, against those of the baseline.

In    a Window: the alarms' readings on numbers and categories, the summary now and golden.
Out   a Finding that names the features that moved and how far; Blind without a baseline or rows.
Why   a broken feed, a changed unit, a new population, data poisoned upstream: all show here first.
Math  the alarm (see `alarms.watch`) says that it is not chance; the largest distance between the
      two distribution functions (Kolmogorov-Smirnov) says whether it matters.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.reading import Reading, Stream
from stanch.detect.alarms.streams import table
from stanch.detect.detector import Detector
from stanch.detect.summaries.columns import Columns
from stanch.detect.window import Baseline, Window
from stanch.detect.wording import NO_BASELINE, listed
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId
from stanch.vocabulary.words import counted

ID = DetectorId("feature_drift")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 200
    """Answers in the window."""
    distance: float = 0.03
    """The largest difference of two distribution functions that still does not matter."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for the numbers and one for the categories that moved."""
    if window.baseline is None or window.now is None:
        yield Blind(detector=ID, asset=window.asset.id, why=NO_BASELINE, version=window.version)
        return
    if window.n < limits.enough:
        why = f"{counted(window.n, 'answer')}; {limits.enough} needed"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    for stream in (Stream.NUMBERS, Stream.CATEGORIES):
        reading = window.readings.get(stream)
        if reading is None or not reading.alarm:
            continue
        moved = _moved(window.baseline, window, reading)
        far = {name: d for name, d in moved.items() if d >= limits.distance}
        if far:
            yield _finding(window, reading, far)


def _moved(baseline: Baseline, window: Window, reading: Reading) -> Mapping[str, float]:
    """How far each named member moved."""
    if window.now is None:
        return {}
    now = table(reading.stream, window.now, baseline.plan)
    then = table(reading.stream, baseline.golden, baseline.plan)
    here = now.counts / np.maximum(now.counts.sum(axis=1, keepdims=True), 1)
    there = then.counts / np.maximum(then.counts.sum(axis=1, keepdims=True), 1)
    gap = np.cumsum(here - there, axis=1) if now.ordered else (here - there)
    distance = np.abs(gap).max(axis=1)
    return {m: float(d) for m, d in zip(now.members, distance, strict=True) if m in reading.named}


def _finding(window: Window, reading: Reading, far: Mapping[str, float]) -> Finding:
    names = tuple(sorted(far, key=lambda name: (-far[name], name)))
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"The inputs moved away from the baseline: {listed(names)} "
        f"(largest distance {far[names[0]]:.2f}, over {window.n} answers).",
        measured={f"distance of {name}": round(far[name], 4) for name in names[:10]},
        because=window.cites,
        strength=round(max(reading.strength, reading.since_start), 2),
        features=names,
    )


def _aged(rows: Columns) -> Columns:
    older = rows.numbers.copy()
    older[:, 0] += 0.5
    return replace(rows, numbers=older)


DETECTOR = Detector(
    id=ID,
    title="Feature drift",
    reads=(EventKind.INFERENCE,),
    atlas=(),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    by_condition=True,
    fires_on=lambda: examples.window(_aged),
    quiet_on=examples.window,
)
