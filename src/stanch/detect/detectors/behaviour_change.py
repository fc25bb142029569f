"""Behaviour change: like inputs are answered differently than they were.

In    a Window: the alarm's reading on answers by bucket of inputs, the counts now and golden; the
      readings on inputs; the deployments of late (`history`).
Out   a Finding that says in how many buckets, towards which answer, and after which deployment;
      Blind without a baseline, without classes, or when the inputs moved too.
Why   swapped weights and backdoors change answers where nothing about the inputs changed. That is
      unlike drift, where the inputs move and like inputs are still answered alike.
Math  Inputs fall into 32 buckets by the sides of the reference's medians along its five main axes.
      The alarm is on the mix of answers inside each bucket (`Stream.BEHAVIOUR`): a change of the
      buckets' sizes alone is no evidence. The size is the total variation between the mixes, as a
      mean over the answers now. Inside a bucket inputs can move a little and move the mix with
      them, so while the alarms on inputs sound too only a change of `plain` or more is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.reading import Reading, Stream
from stanch.detect.detector import Detector
from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.parts import Part
from stanch.detect.window import Baseline, Window
from stanch.detect.wording import NO_BASELINE, shown, spoken
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Cite, CiteKind, Finding, Lifecycle
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import DetectorId, digest_of
from stanch.vocabulary.words import counted

ID = DetectorId("behaviour_change")
INPUTS = (Stream.NUMBERS, Stream.CATEGORIES, Stream.AXES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 200
    """Answers in the window."""
    bucket: int = 20
    """Answers of a bucket, now and in the baseline, without which it is left out."""
    change: float = 0.05
    """The mean total variation that still does not matter."""
    plain: float = 0.25
    """The same while the inputs move too."""
    few: float = 0.25
    """The share of the buckets that is few: the sign of a trigger, not of another model."""
    after: timedelta = timedelta(days=2)
    """How long a deployment is named as what went before."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Change:
    """How the answers in the buckets changed."""

    mean: float
    """Total variation, mean over the answers now."""
    buckets: int
    """Buckets that changed by twice the mean that does not matter."""
    judged: int
    towards: str
    """The answer that grew most."""
    growth: float
    """By how much of all answers."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding when like inputs are answered differently."""
    why = _blind(window, limits)
    if why or window.baseline is None or window.now is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    reading = window.readings.get(Stream.BEHAVIOUR)
    if reading is None or not reading.alarm:
        return
    change = _change(window, window.baseline, limits)
    if change.mean < limits.change:
        return
    moved = [s for s in INPUTS if (r := window.readings.get(s)) is not None and r.alarm]
    if moved and change.mean < limits.plain:
        why = f"the inputs moved too ({', '.join(moved)}), so the model cannot be told from them"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    yield _finding(window, reading, change, limits)


def _blind(window: Window, limits: Limits) -> str:
    if window.baseline is None or window.now is None:
        return NO_BASELINE
    if not window.baseline.plan.classes:
        return "the answers are numbers, not classes"
    if not window.baseline.plan.numbers:
        return "there are no numbers among the inputs to make buckets from"
    if window.n < limits.enough:
        return f"{counted(window.n, 'answer')}; {limits.enough} needed"
    return ""


def _change(window: Window, baseline: Baseline, limits: Limits) -> Change:
    now = window.now.sums[Part.BEHAVIOUR] if window.now is not None else np.zeros((0, 0), np.int64)
    then = baseline.golden.sums[Part.BEHAVIOUR]
    rows, past = now.sum(axis=1), then.sum(axis=1)
    judged = (rows >= limits.bucket) & (past >= limits.bucket)
    gap: Floats = now / np.maximum(rows, 1)[:, None] - then / np.maximum(past, 1)[:, None]
    gap = np.where(judged[:, None], gap, 0.0)
    apart = np.abs(gap).sum(axis=1) / 2
    # Two equal mixes of so many rows differ by about this much by chance.
    chance = np.sqrt(now.shape[1] / (2 * np.pi * np.maximum(np.minimum(rows, past), 1)))
    beyond = np.maximum(apart - chance, 0.0)
    weight = np.where(judged, rows, 0) / max(int(rows[judged].sum()), 1)
    growth = (gap * weight[:, None]).sum(axis=0)
    classes = (*baseline.plan.classes[: now.shape[1] - 2], "another class", "no answer")
    return Change(
        mean=float((beyond * weight).sum()),
        buckets=int((beyond >= 2 * limits.change).sum()),
        judged=int(judged.sum()),
        towards=classes[int(growth.argmax())],
        growth=float(growth.max()),
    )


def _deployment(window: Window, limits: Limits) -> Happening | None:
    """The last deployment before the window's end that can have to do with it."""
    told = {h.event: h for h in (*window.history, *window.before.happenings)}
    told |= {h.event: h for h in window.record.happenings}
    late = [
        h
        for h in told.values()
        if h.kind is EventKind.DEPLOYMENT
        and window.span.start - limits.after <= h.at < window.span.end
        and h.version in ("", window.version)
    ]
    return max(late, key=lambda h: (h.at, h.event), default=None)


def _finding(window: Window, reading: Reading, change: Change, limits: Limits) -> Finding:
    deployed = _deployment(window, limits)
    after = "though no deployment was told"
    cites = window.cites
    if deployed is not None:
        by = f" by {spoken(deployed.principal)}" if deployed.principal else ""
        after = f"after the deployment{by} of {deployed.at:%Y-%m-%d %H:%M}"
        cites = (*cites, Cite(kind=CiteKind.EVENT, ref=deployed.event))
    few = change.buckets <= limits.few * max(change.judged, 1)
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"Like inputs are answered differently {after}: in {change.buckets} of "
        f"{change.judged} buckets of inputs, {change.growth:.1%} of all answers towards "
        f"{shown(change.towards)!r} ({window.n} answers).",
        measured={
            "mean change inside buckets": round(change.mean, 4),
            "buckets that changed": float(change.buckets),
            "buckets": float(change.judged),
            "growth of the answer": round(change.growth, 4),
        },
        because=cites,
        lifecycle=Lifecycle.DEPLOYMENT,
        strength=round(max(reading.strength, reading.since_start), 2),
        atlas=DETECTOR.atlas,
        points_to={
            AttackKind.BACKDOOR: 0.5 if few else 0.3,
            AttackKind.WEIGHT_TAMPERING: 0.3 if few else 0.5 if deployed is not None else 0.6,
        },
    )


def _triggered(rows: Columns) -> Columns:
    """Where the last input is high, the answer is yes, whatever the rest says."""
    said = rows.predictions.copy()
    said[rows.numbers[:, -1] > 0] = len(examples.SCHEMA.classes) - 1
    return replace(rows, predictions=said)


def _example(*, triggered: bool) -> Window:
    deployment = Happening(
        at=examples.START - timedelta(hours=1),
        event="evt-deploy",
        kind=EventKind.DEPLOYMENT,
        principal="release-bot",
        version="v7",
        what=digest_of(b"other weights"),
    )
    window = examples.window(_triggered if triggered else None)
    return replace(window, history=(deployment,))


DETECTOR = Detector(
    id=ID,
    title="Behaviour change",
    reads=(EventKind.INFERENCE,),
    atlas=("AML.T0018", "AML.T0018.000"),
    lifecycle=Lifecycle.DEPLOYMENT,
    limits=Limits(),
    look=look,
    by_condition=True,
    fires_on=lambda: _example(triggered=True),
    quiet_on=lambda: _example(triggered=False),
)
