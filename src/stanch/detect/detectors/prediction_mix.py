"""Prediction mix: which answers a model gives now, and who gets the ones that are too many.

In    a Window: the reading on predictions (or on a numeric answer), counts now and golden, answers
      by principal.
Out   a Finding that names the answer that grew most and who got it; Blind without a baseline or
      rows, or when answers are missing.
Why   a backdoor, flipped labels or a stolen decision rule show as one answer too many, and often
      for one principal only. `score_shift` tells that scores moved; this tells to whose benefit.
Math  the alarm is that of `alarms.watch`; what counts is the largest growth of an answer's share.
      An answer or an absence that the plan does not know speaks from the first share on. Suspects
      account for the excess of the grown answer (`shifts.who_made`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.reading import Stream
from stanch.detect.detector import Detector
from stanch.detect.shifts import Moved, counts_of, moved, unanswered, who_made
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.parts import BLOCK_CLASSES, Block
from stanch.detect.summaries.plan import Plan
from stanch.detect.window import Window
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle, Suspect
from stanch.vocabulary.ids import DetectorId

ID = DetectorId("prediction_mix")
MOSTLY = 0.5
"""The share of the grown answer that makes it one principal's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 200
    """Answers in the window."""
    growth: float = 0.03
    """The growth of an answer's share that still does not matter."""
    distance: float = 0.05
    """The same for the distance of numeric answers."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for the answer that grew most, or for numbers that moved."""
    why, base = unanswered(window, limits.enough), window.baseline
    if why or base is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    mix = moved(window, Stream.PREDICTIONS) if base.plan.classes else None
    if mix is not None and float((mix.now - mix.then).max()) >= limits.growth:
        yield _grown(window, base.plan, mix)
    value = moved(window, Stream.VALUE)
    if value is not None and float(value.change[0]) >= limits.distance:
        yield _numbers(window, value)


def _grown(window: Window, plan: Plan, mix: Moved) -> Finding:
    names = (*plan.classes, "an unknown class", "no answer")
    gap = mix.now[0] - mix.then[0]
    most = int(gap.argmax())
    suspects = ()
    if most < min(len(plan.classes), BLOCK_CLASSES):
        counts = counts_of(window.ledger, Block.PREDICTIONS, (most,))
        suspects = who_made(window.ledger, counts, max(float(mix.then[0, most]), 0.001))
    whose = f", the most of it for {suspects[0].principal}" if suspects else ""
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"The answer {names[most]!r} grew from {mix.then[0, most]:.1%} to "
        f"{mix.now[0, most]:.1%} of {window.n} answers{whose}.",
        measured={f"share of {n}": round(float(mix.now[0, i]), 4) for i, n in _top(names, gap)},
        because=window.cites,
        strength=mix.strength,
        suspects=suspects,
        points_to={AttackKind.POISONING: 0.3, AttackKind.BACKDOOR: _backdoor(suspects)},
        atlas=DETECTOR.atlas,
    )


def _backdoor(suspects: tuple[Suspect, ...]) -> float:
    """One who gets most of the grown answer may know what calls it; that alone proves nothing."""
    if suspects and suspects[0].share >= MOSTLY:
        return 0.5
    return 0.4 if suspects else 0.2


def _top(names: tuple[str, ...], gap: np.ndarray) -> list[tuple[int, str]]:
    """The five answers that changed most."""
    return [(int(i), names[i]) for i in np.argsort(-np.abs(gap), kind="stable")[:5]]


def _numbers(window: Window, value: Moved) -> Finding:
    down = float(np.cumsum(value.now - value.then, axis=1).sum()) > 0
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"The numbers that the model answers are {'lower' if down else 'higher'} than in the "
        f"baseline (largest distance {value.change[0]:.2f}, over {window.n} answers).",
        measured={"largest distance": round(float(value.change[0]), 4)},
        because=window.cites,
        strength=value.strength,
        points_to={AttackKind.POISONING: 0.2},
        atlas=DETECTOR.atlas,
    )


def _favoured(rows: Columns) -> Columns:
    """Four principals get a yes whatever they ask."""
    lucky = np.isin(rows.principals, np.arange(4) + examples.ODD_ONE)
    return replace(rows, predictions=np.where(lucky, 2, rows.predictions).astype(np.int32))


DETECTOR = Detector(
    id=ID,
    title="Prediction mix",
    reads=(EventKind.INFERENCE,),
    atlas=("AML.T0020", "AML.T0018"),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    by_condition=True,
    fires_on=lambda: examples.window(_favoured),
    quiet_on=examples.window,
)
