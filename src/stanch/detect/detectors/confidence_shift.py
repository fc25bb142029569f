"""Confidence shift: how sure the model is now, against its baseline.

In    a Window: readings on confidence and margin, both histograms now and golden.
Out   a Finding that says whether the model is surer or less sure, and by how much; Blind without a
      baseline or rows, or for a model that gives no scores.
Why   new weights, a wrong scale, unknown inputs and evasions all change certainty, often before any
      label says that answers are wrong.
Math  the alarm is that of `alarms.watch`; what counts is the largest change of any tail's share
      (Kolmogorov-Smirnov on twenty bins). Suspects account for the excess of rows close to the
      boundary (`shifts.who_made`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.reading import Stream
from stanch.detect.detector import Detector
from stanch.detect.shifts import Moved, blind, counts_of, moved, who_made
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.parts import LEVELS, Block, Part
from stanch.detect.window import Baseline, Window
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId

ID = DetectorId("confidence_shift")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 200
    """Answers in the window."""
    change: float = 0.05
    """The change of a tail's share that still does not matter."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding on the margin or the confidence, whichever moved more."""
    why = blind(window, limits.enough)
    base = window.baseline
    if not why and base is not None and not base.golden.sums[Part.CONFIDENCE].any():
        why = "the model gives no scores"
    if why or base is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    found = [moved(window, stream) for stream in (Stream.CONFIDENCE, Stream.MARGIN)]
    far = [m for m in found if m is not None and float(m.change[0]) >= limits.change]
    if far:
        yield _finding(window, base, max(far, key=lambda m: float(m.change[0])))


def _finding(window: Window, base: Baseline, most: Moved) -> Finding:
    middle = (np.arange(LEVELS) + 0.5) / LEVELS
    now, then = float(most.now[0] @ middle), float(most.then[0] @ middle)
    word = "surer" if now > then else "less sure"
    near = float(base.golden.sums[Part.NEAR][0]) / max(base.golden.n, 1)
    suspects = who_made(window.ledger, counts_of(window.ledger, Block.NEAR), max(near, 0.001))
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"The model is {word} than in the baseline: the mean {most.reading.stream} is "
        f"{now:.2f} over {window.n} answers, {then:.2f} before.",
        measured={
            f"mean {most.reading.stream}": round(now, 4),
            "usual": round(then, 4),
            "largest change of a share": round(float(most.change[0]), 4),
        },
        because=window.cites,
        strength=most.strength,
        suspects=suspects,
        points_to={
            AttackKind.WEIGHT_TAMPERING: 0.2,
            AttackKind.THRESHOLD_PROBING if suspects else AttackKind.POISONING: 0.2,
        },
        atlas=DETECTOR.atlas,
    )


def _unsure(rows: Columns) -> Columns:
    """Every third answer is hardly decided."""
    scores = np.zeros((rows.n, 3)) if rows.scores is None else rows.scores.copy()
    scores[::3] = scores[::3] * 0.3 + 0.7 / 3
    return replace(rows, scores=scores)


DETECTOR = Detector(
    id=ID,
    title="Confidence shift",
    reads=(EventKind.INFERENCE,),
    atlas=("AML.T0031",),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    by_condition=True,
    fires_on=lambda: examples.window(_unsure),
    quiet_on=examples.window,
)
