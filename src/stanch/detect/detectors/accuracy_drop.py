"""Accuracy drop: the model is wrong more often than its baseline was, by late labels.

In    a Window: the alarm's reading on wrong answers per true class; the labels now and golden.
Out   a Finding that says how far accuracy fell and which classes suffer; Blind without labels now,
      or in the baseline.
Why   the one number that says whether a change of the world, or of the model, does harm.
Math  the alarm is the betting e-process of `alarms.watch` on `Stream.ACCURACY`, of each true
      class and of all labels together, of which the baseline knows more: an average run
      length is promised, however often one looks, and labels that come late or in any order only
      move evidence to a later batch. The drop itself says whether it matters.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.reading import Reading, Stream
from stanch.detect.detector import Detector
from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.columns import Labels
from stanch.detect.summaries.count import labels_counted
from stanch.detect.summaries.parts import Part
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Baseline, Window
from stanch.detect.wording import NO_BASELINE, listed
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId
from stanch.vocabulary.words import counted

ID = DetectorId("accuracy_drop")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 100
    """Late labels in the window."""
    known: int = 500
    """Late labels in the baseline."""
    drop: float = 0.02
    """The loss of accuracy that still does not matter; of one class, five times that."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding when more answers are wrong than chance and habit explain."""
    why = labels_missing(window, limits.enough, limits.known)
    if why or window.baseline is None or window.now is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    reading = window.readings.get(Stream.ACCURACY)
    if reading is None or not reading.alarm:
        return
    before, after = accuracy(window.baseline.golden), accuracy(window.now)
    falls = _falls(window.baseline, window.now, limits)
    if before - after >= limits.drop or falls:
        yield _finding(window, reading, (before, after), falls)


def labels_missing(window: Window, enough: int, known: int) -> str:
    """Why late labels cannot be judged; empty when they can."""
    if window.baseline is None:
        return NO_BASELINE
    if not window.baseline.plan.classes:
        return "the answers are numbers, not classes"
    if window.baseline.golden.labelled < known:
        had = counted(window.baseline.golden.labelled, "late label")
        return f"{had} in the baseline; {known} needed"
    here = window.now.labelled if window.now is not None else 0
    return f"{counted(here, 'late label')}; {enough} needed" if here < enough else ""


def accuracy(summary: Summary) -> float:
    """The share of labelled answers that were right."""
    table = summary.sums[Part.LABELLED]
    return float(np.trace(table) / max(int(table.sum()), 1))


def _recall(summary: Summary) -> Floats:
    """The share of each true class that was answered right; NaN where there are no labels."""
    table = summary.sums[Part.LABELLED]
    total = table.sum(axis=1)
    return np.where(total > 0, np.diagonal(table) / np.maximum(total, 1), np.nan)


def _falls(baseline: Baseline, now: Summary, limits: Limits) -> dict[str, float]:
    """How far the recall of each class fell, where it matters, the furthest first."""
    names = (*baseline.plan.classes, "another class", "no class")
    counts = now.sums[Part.LABELLED].sum(axis=1)
    fall = _recall(baseline.golden) - _recall(now)
    found = {
        name: float(f)
        for name, f, n in zip(names, fall, counts, strict=True)
        if n >= limits.enough / 5 and f >= limits.drop * 5
    }
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def _finding(
    window: Window, reading: Reading, change: tuple[float, float], falls: dict[str, float]
) -> Finding:
    before, after = change
    n = window.now.labelled if window.now is not None else 0
    says = f"Accuracy is {after:.1%} over {n} late labels, {before:.1%} in the baseline"
    if falls:
        says += f"; it fell most for {listed(falls)}"
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=says + ".",
        measured={
            "accuracy": round(after, 4),
            "accuracy of the baseline": round(before, 4),
            "accuracy_lost": round(max(before - after, 0.0), 4),
            "labels": float(n),
        }
        | {f"fall of {name}": round(f, 4) for name, f in list(falls.items())[:10]},
        because=window.cites,
        strength=round(max(reading.strength, reading.since_start), 2),
        points_to={AttackKind.POISONING: 0.2, AttackKind.WEIGHT_TAMPERING: 0.2},
        atlas=DETECTOR.atlas,
    )


def _worse(labels: Labels) -> Labels:
    """Every third answer turns out wrong."""
    truth = labels.truth.copy()
    truth[::3] = (labels.predictions[::3] + 1) % len(examples.SCHEMA.classes)
    return replace(labels, truth=truth)


def _example(*, worse: bool) -> Window:
    late = examples.labels(examples.columns(2000))
    counted = labels_counted(examples.reference().ready, _worse(late) if worse else late)
    return examples.window_of([], late=counted)


DETECTOR = Detector(
    id=ID,
    title="Accuracy drop",
    reads=(EventKind.INFERENCE, EventKind.LABEL),
    atlas=("AML.T0031",),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    by_condition=True,
    fires_on=lambda: _example(worse=True),
    quiet_on=lambda: _example(worse=False),
)
