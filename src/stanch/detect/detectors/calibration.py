"""Calibration: the confidence of answers no longer says how often they are right.

In    a Window: the alarm's reading on right answers by level of confidence; counts now and golden.
Out   a Finding that says whether the model is too sure or too unsure, and where; Blind without
      labels or confidences.
Why   thresholds and fallbacks rest on confidence: a model that is sure and wrong does most harm,
      and a swapped or poisoned model is seldom calibrated.
Math  The expected calibration error is the mean of |right - confidence| over labelled answers, by
      level; what fell is how many more were right in the baseline among answers of as much
      confidence. The alarm (`Stream.CALIBRATION`, see `alarms.watch`) says that the change is not
      chance; that the error grew, or that much fell, says that it matters. A model that was right
      more often than it claimed comes nearer to its claims when it is harmed: its error falls.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.reading import Reading, Stream
from stanch.detect.detector import Detector
from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import labels_counted
from stanch.detect.summaries.parts import LEVELS, UNIT, Part
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Window
from stanch.detect.wording import NO_BASELINE
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId
from stanch.vocabulary.words import counted

ID = DetectorId("calibration")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 100
    """Labelled answers with a confidence in the window."""
    known: int = 500
    """The same in the baseline."""
    growth: float = 0.03
    """The growth of the expected calibration error, and the fall, that still do not matter."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Curve:
    """Confidence and truth by level."""

    rows: Floats
    confidence: Floats
    right: Floats

    @property
    def error(self) -> float:
        """The expected calibration error."""
        gap = np.abs(self.right - self.confidence)
        return float((gap * self.rows).sum() / max(self.rows.sum(), 1))

    @property
    def lean(self) -> float:
        """Mean confidence less the share that was right: positive is too sure."""
        return float(((self.confidence - self.right) * self.rows).sum() / max(self.rows.sum(), 1))

    def below(self, then: "Curve") -> Floats:
        """By level, how many more of its answers would have been right at the share of then."""
        return (then.right - self.right) * self.rows * (then.rows > 0)

    def fell(self, then: "Curve") -> float:
        """The same of all answers, as a share of them."""
        return float(self.below(then).sum() / max(self.rows.sum(), 1))


def curve(summary: Summary) -> Curve:
    """The calibration curve of a summary."""
    counts = summary.sums[Part.CALIBRATION]
    rows = np.maximum(counts[:, 0], 1)
    return Curve(
        rows=counts[:, 0].astype(np.float64),
        confidence=counts[:, 1] / rows / UNIT,
        right=counts[:, 2] / rows,
    )


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding when confidence says less than it did."""
    why = _blind(window, limits)
    if why or window.baseline is None or window.now is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    reading = window.readings.get(Stream.CALIBRATION)
    now, then = curve(window.now), curve(window.baseline.golden)
    if reading is None or not reading.alarm:
        return
    if now.error - then.error >= limits.growth:
        yield _finding(window, reading, now, then, _far_off(now, then))
    elif now.fell(then) >= limits.growth:
        yield _finding(window, reading, now, then, _fallen(now, then))


def _blind(window: Window, limits: Limits) -> str:
    if window.baseline is None:
        return NO_BASELINE
    known = int(window.baseline.golden.sums[Part.CALIBRATION][:, 0].sum())
    if known < limits.known:
        return f"{counted(known, 'label')} with a confidence in the baseline; {limits.known} needed"
    here = int(window.now.sums[Part.CALIBRATION][:, 0].sum()) if window.now is not None else 0
    return (
        f"{counted(here, 'label')} with a confidence; {limits.enough} needed"
        if here < limits.enough
        else ""
    )


def _far_off(now: Curve, then: Curve) -> str:
    gap = np.abs(now.right - now.confidence) * (now.rows > 0)
    worst = int((gap * now.rows).argmax())
    side = "surer" if now.lean > then.lean else "less sure"
    return (
        f"The model is {side} than it is right: {_level(now, worst)} "
        f"(calibration error {now.error:.3f}, {then.error:.3f} in the baseline)."
    )


def _fallen(now: Curve, then: Curve) -> str:
    worst = int(now.below(then).argmax())
    return (
        f"Confidence means less than it did: {_level(now, worst)}, "
        f"{then.right[worst]:.0%} in the baseline."
    )


def _level(now: Curve, level: int) -> str:
    low, high = level * 100 // LEVELS, (level + 1) * 100 // LEVELS
    return (
        f"of {int(now.rows[level])} labelled answers with {low}-{high} % confidence, "
        f"{now.right[level]:.0%} were right"
    )


def _finding(window: Window, reading: Reading, now: Curve, then: Curve, says: str) -> Finding:
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=says,
        measured={
            "calibration error": round(now.error, 4),
            "calibration error of the baseline": round(then.error, 4),
            "fewer right than at this confidence before": round(now.fell(then), 4),
            "lean": round(now.lean, 4),
            "labels": float(now.rows.sum()),
        },
        because=window.cites,
        strength=round(max(reading.strength, reading.since_start), 2),
        points_to={AttackKind.WEIGHT_TAMPERING: 0.2, AttackKind.POISONING: 0.2},
        atlas=DETECTOR.atlas,
    )


def _sure_and_wrong(rows: Columns) -> Columns:
    """Scores of all answers close to one."""
    if rows.scores is None:
        return rows
    sharp = rows.scores**6
    return replace(rows, scores=sharp / sharp.sum(axis=1, keepdims=True))


def _example(*, sure: bool) -> Window:
    rows = examples.columns(2000)
    rows = _sure_and_wrong(rows) if sure else rows
    late = examples.labels(rows)
    if sure:
        truth = late.truth.copy()
        truth[::4] = (late.predictions[::4] + 1) % len(examples.SCHEMA.classes)
        late = replace(late, truth=truth)
    return examples.window_of([], late=labels_counted(examples.reference().ready, late))


DETECTOR = Detector(
    id=ID,
    title="Calibration",
    reads=(EventKind.INFERENCE, EventKind.LABEL),
    atlas=("AML.T0031",),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    by_condition=True,
    fires_on=lambda: _example(sure=True),
    quiet_on=lambda: _example(sure=False),
)
