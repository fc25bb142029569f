"""Label residual: late labels that contradict the answers more than they did, and whose they are.

In    a Window: late labels as true by predicted class (`LABELLED`), by contributor (the ledger);
      the same of the baseline.
Out   a Finding that names the flipped pair of classes and the contributors; Blind without labels
      now, or in the baseline.
Why   poisoned labels become the next training set. The model that answered was trained before them,
      so they show as a residual against its answers, in one cell and from few hands; a model that
      grew worse shows in many cells and from all hands (that is `accuracy_drop`).
Math  Cell (b, a): of the answers a, the share that labels call b. Bound: `rates.highest` of the
      baseline's cell. Evidence: `rates.excess`, averaged over all cells.
      The flipped pair is the cell with the largest excess count (the off-diagonal of the confident
      joint, less what the baseline has there).
      Contributors: `habits.contributors`. Where one is accused, the pair is the one that its own
      labels show: what one hand of twenty flips is less than what chance moves elsewhere.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.bets import BETA
from stanch.detect.alarms.bounds import highest
from stanch.detect.alarms.rates import BAR, excess
from stanch.detect.detector import Detector
from stanch.detect.habits.contributors import Accused, accused_of, others
from stanch.detect.summaries.arrays import Floats, Ints
from stanch.detect.summaries.columns import Labels
from stanch.detect.summaries.count import labels_counted
from stanch.detect.summaries.parts import Part
from stanch.detect.window import Baseline, Window
from stanch.detect.wording import NO_BASELINE, shown, spoken
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle, Suspect
from stanch.vocabulary.ids import DetectorId, PrincipalId
from stanch.vocabulary.words import counted

ID = DetectorId("label_residual")
GUILTY, YES = 3, 2
"""The example's contributor, and the class whose labels it flips."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 100
    """Late labels in the window."""
    known: int = 500
    """Late labels in the baseline."""
    concentrated: float = 0.4
    """The share of all excess that lies in one cell when labels are flipped on purpose."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """The flipped pair: answers `said`, labelled `given`."""

    said: int
    given: int
    labels: int
    """Labels on these answers."""
    flipped: int
    custom: float
    """The highest share of the baseline's labels that may stand in this cell."""
    excess: float
    """How many more than the baseline would have here."""
    share: float
    """Of all excess."""
    strength: float


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding with the pair and the hands."""
    why = _blind(window, limits)
    if why or window.baseline is None or window.now is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    now, golden = (one.sums[Part.LABELLED] for one in (window.now, window.baseline.golden))
    cell = flipped_pair(now, golden)
    habits = window.baseline.habits
    accused = accused_of(window.ledger, golden, habits) if window.ledger is not None else ()
    in_cell = cell.strength >= BAR and cell.share >= limits.concentrated
    if accused:
        yield _by_hands(window, window.baseline, accused, limits)
    elif in_cell:
        yield _by_everybody(window, window.baseline, cell)


def _blind(window: Window, limits: Limits) -> str:
    if window.baseline is None:
        return NO_BASELINE
    if len(window.baseline.plan.classes) < 1:
        return "the answers are numbers, not classes"
    known = window.baseline.golden.labelled
    if known < limits.known:
        return f"{counted(known, 'late label')} in the baseline; {limits.known} needed"
    if window.now is None or window.now.labelled < limits.enough:
        n = window.now.labelled if window.now is not None else 0
        return f"{counted(n, 'late label')}; {limits.enough} needed"
    return ""


def flipped_pair(now: Ints, golden: Ints) -> Cell:
    """The cell of true by predicted class that grew most, with the evidence over all cells."""
    said = now.sum(axis=0)
    then = np.broadcast_to(golden.sum(axis=0), golden.shape)
    off = ~np.eye(len(now), dtype=bool)
    custom = highest(golden, then, BETA / max(int(off.sum()), 1))
    usual = golden / np.maximum(then, 1)
    more = np.where(off, np.maximum(now - usual * said[None, :], 0.0), 0.0)
    strengths = np.array(
        [
            [
                excess(int(said[a]), int(now[b, a]), float(custom[b, a])) if off[b, a] else 0.0
                for a in range(len(now))
            ]
            for b in range(len(now))
        ]
    )
    given, at = np.unravel_index(int(more.argmax()), more.shape)
    return Cell(
        said=int(at),
        given=int(given),
        labels=int(said[at]),
        flipped=int(now[given, at]),
        custom=float(custom[given, at]),
        excess=float(more[given, at]),
        share=float(more[given, at] / max(more.sum(), 1e-9)),
        strength=_mean(strengths[off]),
    )


def _mean(tens: Floats) -> float:
    """Log10 of the mean of what these are the log10 of."""
    top = float(tens.max()) if tens.size else 0.0
    return top + math.log10(float(np.mean(10.0 ** (tens - top)))) if tens.size else 0.0


def _by_everybody(window: Window, baseline: Baseline, cell: Cell) -> Finding:
    before, after = _named(baseline, cell.said, cell.given)
    return _finding(
        window,
        says=f"{cell.flipped} of {cell.labels} answers {before!r} are {after!r} by their late "
        f"labels; at most {cell.custom:.1%} is usual.",
        measured={
            "flipped": float(cell.flipped),
            "corrupt": _share_of_labels(window, cell.excess),
            "labels on these answers": float(cell.labels),
            "highest usual share": round(cell.custom, 4),
            "share of all excess": round(cell.share, 4),
            "contributors": 0.0,
        },
        strength=round(cell.strength, 2),
        topic=f"{before} as {after}",
        points_to={AttackKind.POISONING: 0.45},
    )


def _by_hands(
    window: Window, baseline: Baseline, accused: tuple[Accused, ...], limits: Limits
) -> Finding:
    first, more = accused[0], sum(a.excess for a in accused)
    pair = first.pair
    before, after = _named(baseline, pair.said, pair.given)
    targeted = pair.share >= limits.concentrated
    says = f"{first.wrong} of {first.labels} labels by {spoken(first.name)} contradict the answer"
    if targeted:
        says += (
            f"; by them {pair.flipped} of {pair.labels} answers {before!r} are {after!r}, "
            f"{pair.usual:.1%} is usual"
        )
    return _finding(
        window,
        says=f"{says}{others(accused)}.",
        measured={
            "flipped": float(pair.flipped),
            "corrupt": _share_of_labels(window, more),
            "labels on these answers": float(pair.labels),
            "usual share": round(pair.usual, 4),
            "share of all excess": round(pair.share, 4),
            "contributors": float(len(accused)),
        },
        strength=round(first.strength, 2),
        suspects=tuple(
            Suspect(
                principal=PrincipalId(a.name),
                share=round(a.excess / more, 4) if more > 0 else 1 / len(accused),
                confidence=0.9 if targeted else 0.7,
            )
            for a in accused[:10]
        ),
        topic=f"{before} as {after}",
        points_to={AttackKind.POISONING: 0.85 if targeted else 0.6},
    )


def _share_of_labels(window: Window, excess: float) -> float:
    """Of all late labels of the window, the share that is wrong beyond custom."""
    labels = window.now.labelled if window.now is not None else 0
    return round(excess / max(labels, 1), 4)


def _named(baseline: Baseline, said: int, given: int) -> tuple[str, str]:
    names = (*baseline.plan.classes, "another class", "no class")
    return shown(names[said]), shown(names[given])


def _finding(  # noqa: PLR0913  what differs between its two kinds
    window: Window,
    *,
    says: str,
    measured: dict[str, float],
    strength: float,
    topic: str,
    points_to: dict[AttackKind, float],
    suspects: tuple[Suspect, ...] = (),
) -> Finding:
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=says,
        measured=measured,
        because=window.cites,
        lifecycle=Lifecycle.TRAINING,
        strength=strength,
        suspects=suspects,
        topic=topic,
        atlas=DETECTOR.atlas,
        points_to=points_to,
    )


def _poisoned(labels: Labels) -> Labels:
    """One contributor calls every yes a no."""
    guilty = (labels.principals == GUILTY) & (labels.predictions == YES)
    return replace(labels, truth=np.where(guilty, 0, labels.truth).astype(np.int32))


def _example(*, poisoned: bool) -> Window:
    known = examples.reference()
    rows = examples.columns(2000)
    late = examples.labels(rows)
    late = _poisoned(late) if poisoned else late
    return examples.window_of([], late=labels_counted(known.ready, late))


DETECTOR = Detector(
    id=ID,
    title="Label residual",
    reads=(EventKind.INFERENCE, EventKind.LABEL),
    atlas=("AML.T0020", "AML.T0019"),
    lifecycle=Lifecycle.TRAINING,
    limits=Limits(),
    look=look,
    by_condition=True,
    fires_on=lambda: _example(poisoned=True),
    quiet_on=lambda: _example(poisoned=False),
)
