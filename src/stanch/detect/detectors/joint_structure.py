"""Joint structure: inputs that are ordinary one by one, in combinations that do not occur.

In    a Window: the off-manifold score and the main axes, now and golden; rows by principal.
Out   a Finding with the share of such rows and who sent them; Blind without a baseline, without
      rows, or when the baseline's inputs have no joint structure to watch.
Why   natural drift moves the marginals and keeps the joint; probing, poisoning of a feed and
      mixed-up columns break it.
Math  the alarm is that of `alarms.watch` on the off-manifold score (boosted trees, real against
      column-permuted rows) and on eight axes. What counts is the rise of the share of rows above
      the reference's 99 %, or, with the single inputs at rest, the largest distance on an axis.
      Suspects account for a tenth or more of the rows that are too many, with evidence of
      10^4 for each principal there is (`shifts.who_made`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.reading import Stream
from stanch.detect.detector import Detector
from stanch.detect.shifts import Moved, blind, counts_of, moved, who_made
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.parts import Block
from stanch.detect.window import Window
from stanch.detect.wording import listed
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId

ID = DetectorId("joint_structure")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 200
    """Answers in the window."""
    rise: float = 0.01
    """The rise of the share of rows off the manifold that still does not matter."""
    distance: float = 0.05
    """The largest distance along an axis that still does not matter."""
    tells: float = 0.6
    """How well the score must tell real rows from permuted ones (AUC) to be trusted."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for rows off the manifold, else one for axes that moved alone."""
    why = blind(window, limits.enough)
    base = window.baseline
    if not why and base is not None and base.plan.manifold.auc < limits.tells:
        why = "the inputs of the baseline do not depend on each other: there is no joint to watch"
    if why:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    score = moved(window, Stream.MANIFOLD)
    if score is not None and score.now[0, -1] - score.then[0, -1] >= limits.rise:
        yield _off(window, score)
        return
    axes = moved(window, Stream.AXES)
    numbers = window.readings.get(Stream.NUMBERS)
    alone = numbers is None or not numbers.alarm
    if axes is not None and alone and float(axes.change.max()) >= limits.distance:
        yield _turned(window, axes)


def _off(window: Window, score: Moved) -> Finding:
    now, then = float(score.now[0, -1]), float(score.then[0, -1])
    suspects = who_made(window.ledger, counts_of(window.ledger, Block.OFF), max(then, 0.001))
    few = sum(s.share for s in suspects)
    whose = f"{few:.0%} of the excess is from {listed([s.principal for s in suspects])}"
    whose = whose if suspects else "no few principals account for it"
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"{now:.1%} of {window.n} answers are on combinations of inputs that hardly occur, "
        f"{then:.1%} in the baseline; {whose}.",
        measured={"share off the manifold": round(now, 4), "usual share": round(then, 4)},
        because=window.cites,
        strength=score.strength,
        suspects=suspects,
        points_to={AttackKind.EXTRACTION: 0.5, AttackKind.EVASION: 0.3} if suspects else {},
        atlas=DETECTOR.atlas if suspects else (),
    )


def _turned(window: Window, axes: Moved) -> Finding:
    most = int(axes.change.argmax())
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"The inputs hang together differently than in the baseline while each alone is at "
        f"rest: the largest distance along a main axis is {axes.change[most]:.2f} over "
        f"{window.n} answers.",
        measured={f"distance on axis {most}": round(float(axes.change[most]), 4)},
        because=window.cites,
        strength=axes.strength,
    )


def _permuted(rows: Columns) -> Columns:
    """Every fourth row has its columns mixed up."""
    mixed = rows.numbers.copy()
    some = np.arange(0, len(mixed), 4)
    for column in range(mixed.shape[1]):
        mixed[some, column] = np.roll(mixed[some, column], 7 * column)
    return replace(rows, numbers=mixed)


DETECTOR = Detector(
    id=ID,
    title="Joint structure",
    reads=(EventKind.INFERENCE,),
    atlas=("AML.T0024", "AML.T0043"),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    by_condition=True,
    fires_on=lambda: examples.window(_permuted),
    quiet_on=examples.window,
)
