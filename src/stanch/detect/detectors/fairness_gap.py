"""Fairness gap: one group is treated differently than it was, while the others are not.

In    a Window: the alarms' readings on answers by group and on wrong answers by group and class;
      the same counts now and golden.
Out   a Finding that names the group and what changed for it; Blind without groups or rows, and for
      a group too small to judge (or to speak of, for the sake of those in it).
Why   a model can keep its accuracy and harm one group; poisoning can aim at one.
Math  The test is betting, in `alarms.watch` (`Stream.FAIRNESS`, `Stream.GROUP_ERRORS`), valid at
      any time. What is the world's change, not unfairness, happens to all groups: a group's change
      less that of the other groups of its attribute is the gap's change, told when it is beyond
      `gap` and beyond `errors` standard errors of that difference. Where both groups change alike,
      that is so ever in 4 of 1,000 versions at 4 errors, in 17 at 3.5 (simulated, a look after
      every label): the alarm alone does not help there, so these bars are for that.
      The world changes slowly and for everybody; a gap in a version that was deployed less than
      `after` ago began with that version, and the finding says so and points to harm.
      Where the inputs moved too (`like_cases.moved`), others may be asking, and a group is answered
      otherwise though like cases are not. Then the late labels decide (`detect.like_cases`): the
      growth among cases of the same truth is harm by the same two bars. Where it, or that of wrong
      answers among the same answers, is surely below the half of what was seen, others ask, which
      waits (`Finding.waits`) for what is told of the inputs. Else a fresh version is taken for the
      cause, and of an older one the detector is blind, unless the growth is `plain`.
      Wrong answers are counted for each class and for all of them: of a loss that lies thinly over
      many classes no class knows enough. In all, cases are compared with those of their own truth
      in the baseline, so that more of a class on which the model is bad is nobody's harm.
      Labels alone never excuse: while the inputs are as they were, nobody else asks.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.reading import Stream
from stanch.detect.detector import Detector
from stanch.detect.like_cases import Alike, by_answer, by_truth, moved, wrong_by_truth
from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.parts import Part
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Baseline, Window
from stanch.detect.wording import NO_BASELINE, NO_GROUPS, listed, shown, spoken
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Cite, CiteKind, Finding, Lifecycle
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import DetectorId

ID = DetectorId("fairness_gap")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 50
    """Rows of a group, now and in the baseline, for it to be judged and spoken of."""
    few: int = 20
    """Rows that a rate is of: of those, labels of one class, or answers."""
    gap: float = 0.05
    """The change of a gap that still does not matter."""
    plain: float = 0.25
    """The same while others ask, as long as the labels do not tell."""
    errors: float = 4.0
    """How many standard errors the change of a gap must be."""
    fresh: float = 3.5
    """The same for a version that was just deployed, which has a known start."""
    after: timedelta = timedelta(days=2)
    """How long after its deployment a version's gap is told as beginning with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """So many of so many, now and then."""

    odd: int
    rows: int
    odd_then: int
    rows_then: int

    @property
    def now(self) -> float:
        """The rate now."""
        return self.odd / max(self.rows, 1)

    @property
    def then(self) -> float:
        """The rate in the baseline."""
        return self.odd_then / max(self.rows_then, 1)

    @property
    def variance(self) -> float:
        """Of the change, by the rate of the two that varies more; none or all count as half of one.

        Few rows of a rate that varies by itself are easily all alike.
        """
        wide = max(p * (1 - p) for p in (self.now, self.then))
        return sum(max(wide, 0.5 / n) / n for n in (self.rows, self.rows_then))

    def enough(self, least: int) -> bool:
        """Whether there are rows enough on both sides."""
        return min(self.rows, self.rows_then) >= least


class Cause(StrEnum):
    """Why a group is answered otherwise."""

    MODEL = ""
    """Like cases are: the model, or nothing else is known to have changed."""
    CUSTOMERS = "who asks"
    UNSURE = "who asks, or the model"


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """What changed for one group."""

    group: str
    what: str
    own: Rate
    others: Rate
    strength: float
    cause: Cause = Cause.MODEL
    like: Alike | None = None
    """What changed among like cases, where they are of several kinds."""

    @property
    def growth(self) -> float:
        """The change of the group's rate less that of the others."""
        if self.like is not None:
            return self.like.growth
        return (self.own.now - self.own.then) - (self.others.now - self.others.then)

    @property
    def certain(self) -> float:
        """The growth in standard errors."""
        if self.like is not None:
            return abs(self.like.growth) / self.like.error
        return abs(self.growth) / math.sqrt(self.own.variance + self.others.variance)


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for each group whose gap grew."""
    why = _blind(window)
    if why or window.baseline is None or window.now is None:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
        return
    groups, small = window.baseline.plan.groups, _small(window.baseline, window.now, limits)
    if small:
        why = f"{len(small)} of {len(groups)} groups have fewer than {limits.enough} answers"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
    worst, unsure = _told(window, window.baseline, window.now, limits)
    told = {group: gap for group, gap in worst.items() if group not in small}
    if not told and (left := unsure - {*small}):
        why = f"{listed(sorted(left))}: others ask, or the model changed; more labels would tell"
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
    for group in sorted(_fewest(told)):
        yield _finding(window, told[group], limits)


def _told(
    window: Window, baseline: Baseline, now: Summary, limits: Limits
) -> tuple[dict[str, Gap], set[str]]:
    """What is told of each group, and the groups of which it cannot be told what changed."""
    worst: dict[str, Gap] = {}
    unsure: set[str] = set()
    fresh = _deployed(window, limits) is not None
    for gap in _gaps(window, baseline, now, limits):
        if gap.certain < (limits.fresh if fresh else limits.errors):
            continue
        if fresh and gap.cause is Cause.UNSURE:
            gap = replace(gap, cause=Cause.MODEL)  # noqa: PLW2901  what is new is suspected first
        if gap.cause is Cause.UNSURE and abs(gap.growth) < limits.plain:
            unsure.add(gap.group)
        elif gap.group not in worst or _weight(gap) > _weight(worst[gap.group]):
            worst[gap.group] = gap
    return worst, unsure


def _weight(gap: Gap) -> tuple[bool, bool, float]:
    """What is told of a group first: harm, then what may be, then who asks; the largest of them."""
    return gap.cause is Cause.MODEL, gap.cause is Cause.UNSURE, abs(gap.growth)


def _fewest(worst: dict[str, Gap]) -> set[str]:
    """Of each attribute the group that moved most: the gap of the others is the same gap."""
    kept: dict[str, str] = {}
    ordered = sorted(worst.values(), key=lambda g: (-abs(g.own.now - g.own.then), g.group))
    for gap in sorted(ordered, key=lambda g: g.cause):
        kept.setdefault(gap.group.partition("=")[0], gap.group)
    return set(kept.values())


def _blind(window: Window) -> str:
    if window.baseline is None:
        return NO_BASELINE
    if not window.baseline.plan.groups:
        return NO_GROUPS
    if window.now is None or not _rows(window.now).any():
        return "no answer tells its group"
    return ""


def _rows(summary: Summary) -> Ints:
    """(G,) answers, or labels when there are more of them, of each group."""
    sums = summary.sums
    return np.maximum(sums[Part.GROUPS].sum(axis=1), sums[Part.FAIRNESS].sum(axis=(1, 2)))


def _small(baseline: Baseline, now: Summary, limits: Limits) -> tuple[str, ...]:
    """The groups that are too small to judge."""
    rows = _rows(now)
    return tuple(g for g, n in zip(baseline.plan.groups, rows, strict=True) if n < limits.enough)


def _gaps(window: Window, baseline: Baseline, now: Summary, limits: Limits) -> Iterator[Gap]:
    """Every gap that grew, by answers and by wrong answers."""
    groups = baseline.plan.groups
    sides = [(place, _others(groups, place)) for place in range(len(groups))]
    alarm = _alarm(window, Stream.FAIRNESS)
    if alarm is not None:
        others_ask = moved(window, baseline, now)
        for gap, at, (place, others) in _each(now, baseline, Part.GROUPS, alarm, limits):
            counts = now, baseline.golden, ([place], others)
            cause = _cause(gap, by_truth(*counts, at), by_answer(*counts), limits)
            yield replace(gap, cause=cause) if others_ask else gap
    alarm = _alarm(window, Stream.GROUP_ERRORS)
    if alarm is not None:
        yield from (gap for gap, _, _ in _each(now, baseline, Part.FAIRNESS, alarm, limits))
        for place, others in sides:
            if others:
                yield from _in_all(now, baseline, (place, others), alarm, limits)


def _alarm(window: Window, stream: Stream) -> float | None:
    """How strong the alarm on this stream is; None where it does not sound."""
    reading = window.readings.get(stream)
    if reading is None or not reading.alarm:
        return None
    return max(reading.strength, reading.since_start)


def _each(
    now: Summary, baseline: Baseline, part: Part, strength: float, limits: Limits
) -> Iterator[tuple[Gap, int, tuple[int, list[int]]]]:
    """Every gap of one class that grew, with its class, its group and the others."""
    groups, cells = baseline.plan.groups, _answers if part is Part.GROUPS else _errors
    here, there = cells(now), cells(baseline.golden)
    names = _names(baseline, here.shape[1], errors=part is Part.FAIRNESS)
    for place, group in enumerate(groups):
        others = _others(groups, place)
        for at, what in enumerate(names):
            own = _rate(here[[place], at], there[[place], at])
            rest = _rate(here[others, at], there[others, at])
            if not (own.enough(limits.few) and rest.enough(limits.few)):
                continue
            gap = Gap(group=group, what=what, own=own, others=rest, strength=strength)
            if abs(gap.growth) >= limits.gap:
                yield gap, at, (place, others)


def _in_all(
    now: Summary,
    baseline: Baseline,
    sides: tuple[int, list[int]],
    strength: float,
    limits: Limits,
) -> Iterator[Gap]:
    """The gap of wrong answers in all classes together, if it grew."""
    place, others = sides
    here, there = _errors(now).sum(axis=1), _errors(baseline.golden).sum(axis=1)
    gap = Gap(
        group=baseline.plan.groups[place],
        what="answered wrongly",
        own=_rate(here[[place]], there[[place]]),
        others=_rate(here[others], there[others]),
        strength=strength,
        like=wrong_by_truth(now, baseline.golden, ([place], others)),
    )
    both = gap.own.enough(limits.enough) and gap.others.enough(limits.enough)
    if both and abs(gap.growth) >= limits.gap:
        yield gap


def _cause(gap: Gap, truth: Alike, answer: Alike, limits: Limits) -> Cause:
    """What the labels say of a gap that came while the inputs moved."""
    if truth.labels < limits.enough:
        return Cause.UNSURE
    excused = (abs(one.growth) + 2 * one.error <= abs(gap.growth) / 2 for one in (truth, answer))
    if any(excused):
        return Cause.CUSTOMERS
    harmed = abs(truth.growth) >= max(limits.gap, limits.errors * truth.error)
    return Cause.MODEL if harmed else Cause.UNSURE


def _answers(summary: Summary) -> Ints:
    """(G, C', 2) rows answered so, and rows."""
    counts = summary.sums[Part.GROUPS]
    return np.stack([counts, np.broadcast_to(counts.sum(axis=1)[:, None], counts.shape)], axis=2)


def _errors(summary: Summary) -> Ints:
    """(G, C', 2) labels of the class that were answered otherwise, and labels of the class."""
    counts = summary.sums[Part.FAIRNESS]
    total = counts.sum(axis=2)
    return np.stack([total - np.diagonal(counts, axis1=1, axis2=2), total], axis=2)


def _names(baseline: Baseline, width: int, *, errors: bool) -> tuple[str, ...]:
    classes = (*(shown(c) for c in baseline.plan.classes[: width - 2]), "another class", "none")
    word = "wrong where the truth is" if errors else "answered"
    return tuple(f"{word} {name!r}" for name in classes)


def _others(groups: tuple[str, ...], place: int) -> list[int]:
    """The other groups of the same attribute."""
    attribute = groups[place].partition("=")[0]
    return [k for k, g in enumerate(groups) if k != place and g.partition("=")[0] == attribute]


def _rate(now: Ints, then: Ints) -> Rate:
    odd, rows = (int(x) for x in now.sum(axis=0))
    odd_then, rows_then = (int(x) for x in then.sum(axis=0))
    return Rate(odd=odd, rows=rows, odd_then=odd_then, rows_then=rows_then)


def _deployed(window: Window, limits: Limits) -> Happening | None:
    """The deployment with which this version began to answer, when that was of late."""
    told = {h.event: h for h in (*window.history, *window.before.happenings)}
    mine = [
        h
        for h in told.values()
        if h.kind is EventKind.DEPLOYMENT and h.version and h.version == window.version
    ]
    first = min(mine, key=lambda h: (h.at, h.event), default=None)
    late = first is not None and window.span.start - limits.after <= first.at < window.span.end
    return first if late else None


SAYS: Mapping[Cause, str] = MappingProxyType(
    {
        Cause.CUSTOMERS: " Others ask than before: by their labels, like cases are answered alike.",
        Cause.UNSURE: " Others ask than before: more labels would tell whether it is the model.",
    }
)


def _finding(window: Window, gap: Gap, limits: Limits) -> Finding:
    deployed = _deployed(window, limits)
    since = cites = ""
    if deployed is not None:
        by = f" by {spoken(deployed.principal)}" if deployed.principal else ""
        since = f" It began with version {shown(deployed.version)}, deployed{by}."
        cites = deployed.event
    harm = 0.9 if cites else 0.6
    if gap.cause is not Cause.MODEL:
        since, cites, harm = SAYS[gap.cause], "", 0.3
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version=window.version,
        window=window.span,
        says=f"Group {shown(gap.group)} is {gap.what} in {gap.own.now:.1%} of {gap.own.rows} "
        f"cases, {gap.own.then:.1%} in the baseline; the others went from "
        f"{gap.others.then:.1%} to {gap.others.now:.1%}.{since}",
        measured={
            "rate of the group": round(gap.own.now, 4),
            "rate of the group in the baseline": round(gap.own.then, 4),
            "rate of the others": round(gap.others.now, 4),
            "rate of the others in the baseline": round(gap.others.then, 4),
            "growth of the gap": round(gap.growth, 4),
            "gap_grown": round(abs(gap.growth), 4),
            "standard errors": round(gap.certain, 2),
        },
        because=(*window.cites, Cite(kind=CiteKind.EVENT, ref=cites)) if cites else window.cites,
        lifecycle=Lifecycle.DEPLOYMENT if cites else Lifecycle.INFERENCE,
        strength=round(gap.strength, 2),
        groups=(gap.group,),
        topic=gap.cause,
        waits=gap.cause is Cause.CUSTOMERS,
        points_to={}
        if gap.cause is Cause.CUSTOMERS
        else {AttackKind.FAIRNESS_HARM: harm, AttackKind.POISONING: 0.2},
        atlas=DETECTOR.atlas,
    )


def _unfair(rows: Columns) -> Columns:
    """Women are answered no where they were answered yes, every second time."""
    said = rows.predictions.copy()
    women = rows.groups[0][1]
    flipped = women[said[women] == len(examples.SCHEMA.classes) - 1][::2]
    said[flipped] = 0
    return replace(rows, predictions=said)


DETECTOR = Detector(
    id=ID,
    title="Fairness gap",
    reads=(EventKind.INFERENCE, EventKind.LABEL),
    atlas=("AML.T0048",),
    lifecycle=Lifecycle.INFERENCE,
    limits=Limits(),
    look=look,
    by_condition=True,
    fires_on=lambda: examples.window(_unfair),
    quiet_on=examples.window,
)
