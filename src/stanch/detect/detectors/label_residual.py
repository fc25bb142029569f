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
      A contributor is judged against the larger of the baseline's bound and the rate of all the
      others now, so a change that is everybody's accuses nobody: on all labels, and on the flipped
      pair alone. The ledger holds no pairs by contributor; min(wrong where a was predicted, wrong
      where b was given) stands for them, in the baseline and for the others alike. The mean of both
      bets is an e-value.
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
from stanch.detect.summaries.arrays import Floats, Ints
from stanch.detect.summaries.columns import Labels
from stanch.detect.summaries.count import labels_counted
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import BLOCK_CLASSES, Block, Part
from stanch.detect.window import Baseline, Window
from stanch.detect.wording import shown
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle, Suspect
from stanch.vocabulary.ids import DetectorId, PrincipalId

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Accused:
    """A contributor whose labels stand out."""

    name: str
    labels: int
    wrong: int
    excess: float
    strength: float


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding with the pair and the hands."""
    why = _blind(window, limits)
    if why or window.baseline is None or window.now is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    cell = flipped_pair(window.now.sums[Part.LABELLED], window.baseline.golden.sums[Part.LABELLED])
    accused = accused_of(window.ledger, window.baseline, cell)
    in_cell = cell.strength >= BAR and cell.share >= limits.concentrated
    if accused or in_cell:
        yield _finding(window, window.baseline, cell, accused, limits)


def _blind(window: Window, limits: Limits) -> str:
    if window.baseline is None:
        return "no baseline"
    if len(window.baseline.plan.classes) < 1:
        return "the answers are numbers, not classes"
    known = window.baseline.golden.labelled
    if known < limits.known:
        return f"{known} late labels in the baseline; {limits.known} needed"
    if window.now is None or window.now.labelled < limits.enough:
        n = window.now.labelled if window.now is not None else 0
        return f"{n} late labels; {limits.enough} needed"
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


def accused_of(ledger: Ledger | None, baseline: Baseline, cell: Cell) -> tuple[Accused, ...]:
    """The contributors whose labels stand out, the most certain first."""
    if ledger is None:
        return ()
    golden = baseline.golden.sums[Part.LABELLED]
    all_then, wrong_then = int(golden.sum()), int(golden.sum() - np.trace(golden))
    labels, wrong = ledger.block(Block.LABELLED).T
    total, bad = ledger.everybody(Block.LABELLED)
    bound = float(highest(np.array([wrong_then]), np.array([all_then]))[0])
    said = min(cell.said, BLOCK_CLASSES)
    given = min(cell.given, BLOCK_CLASSES)
    there = ledger.block(Block.GUESSED)[:, said]
    flips = np.minimum(ledger.block(Block.MISSED)[:, said], ledger.block(Block.GIVEN)[:, given])
    known = _pair_bound(golden, cell)
    found: list[Accused] = []
    who = [i for i in range(len(labels)) if labels[i] > 0]
    for i in who:
        rate = _rate(int(bad - wrong[i]), int(total - labels[i]), bound)
        cell_rate = _rate(int(flips.sum() - flips[i]), int(there.sum() - there[i]), known)
        strength = _mean(
            np.array(
                [
                    excess(int(labels[i]), int(wrong[i]), rate),
                    excess(int(there[i]), int(flips[i]), cell_rate),
                ]
            )
        )
        more = max(wrong[i] - rate * labels[i], flips[i] - cell_rate * there[i])
        if strength - math.log10(len(who)) >= BAR:
            found.append(
                Accused(
                    name=ledger.names[i],
                    labels=int(labels[i]),
                    wrong=int(wrong[i]),
                    excess=float(more),
                    strength=strength,
                )
            )
    return tuple(sorted(found, key=lambda a: (-a.strength, -a.excess, a.name)))


def _pair_bound(golden: Ints, cell: Cell) -> float:
    """The baseline's highest share of what stands for the pair in the ledger."""
    off = golden * ~np.eye(len(golden), dtype=bool)
    stands = min(int(off[:, cell.said].sum()), int(off[cell.given].sum()))
    rows = int(golden[:, cell.said].sum())
    return float(highest(np.array([min(stands, rows)]), np.array([rows]))[0])


def _rate(odd: int, rows: int, least: float) -> float:
    """The share of the others now, when it is above what the baseline leaves possible."""
    return min(max(least, max(odd, 0) / rows if rows > 0 else 0.0), 0.95)


def _finding(
    window: Window, baseline: Baseline, cell: Cell, accused: tuple[Accused, ...], limits: Limits
) -> Finding:
    names = (*baseline.plan.classes, "another class", "no class")
    before, after = shown(names[cell.said]), shown(names[cell.given])
    more = sum(a.excess for a in accused)
    says = (
        f"Late labels call {cell.flipped} of {cell.labels} answers {before!r} {after!r}; "
        f"at most {cell.custom:.1%} is usual"
    )
    if accused:
        first = accused[0]
        says += (
            f"; {first.wrong} of {first.labels} labels by {shown(first.name)} contradict the answer"
        )
        says += f", and {len(accused) - 1} more contributors stand out" if accused[1:] else ""
    targeted = cell.share >= limits.concentrated
    weight = 0.85 if accused and targeted else 0.6 if accused else 0.45
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=says + ".",
        measured={
            "flipped": float(cell.flipped),
            "labels on these answers": float(cell.labels),
            "highest usual share": round(cell.custom, 4),
            "share of all excess": round(cell.share, 4),
            "contributors": float(len(accused)),
        },
        because=window.cites,
        lifecycle=Lifecycle.TRAINING,
        strength=round(max([cell.strength, *(a.strength for a in accused)]), 2),
        suspects=tuple(
            Suspect(
                principal=PrincipalId(a.name),
                share=round(a.excess / more, 4) if more > 0 else 1 / len(accused),
                confidence=0.9 if targeted else 0.7,
            )
            for a in accused[:10]
        ),
        topic=f"{before} as {after}",
        atlas=DETECTOR.atlas,
        points_to={AttackKind.POISONING: weight},
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
    reads=(EventKind.LABEL,),
    atlas=("AML.T0020", "AML.T0019"),
    lifecycle=Lifecycle.TRAINING,
    limits=Limits(),
    look=look,
    fires_on=lambda: _example(poisoned=True),
    quiet_on=lambda: _example(poisoned=False),
)
