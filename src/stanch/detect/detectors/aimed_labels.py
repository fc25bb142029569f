"""Aimed labels: rows handed in for training turn the label of one group, in one direction.

In    a Window: the rows that were handed in (`handed`), the baseline's late labels by group.
Out   a Finding with the group, the pair of classes, the rows and whose these are; Blind without a
      baseline, groups or their labels, or without the answer of the model in service.
Why   who "corrects" the records of one group makes the next version pass it over. Late labels tell
      so when people were harmed already; the rows tell before anything has learnt them.
Math  Of a group's rows that the model calls a, some are handed in as b. Three shares are each bet
      to be nearly all (`BETS`), against the highest that the baseline's labels leave possible
      (`bounds.highest`); the weakest counts:
        of the group's rows on a, those labelled b     (else the model only errs as it does)
        of the group's contradictions, those of a as b, and of its rows that do not contradict,
        those on another answer                        (else it is what the model gets wrong)
        of the rows of a as b, those of this group; of answers a, so many are of it
                                                       (else a now means b for everybody)
      A clinic for women fails the first, and a collection of mistakes the second. A likelihood
      ratio has mean at most one however often one looks, so that the bar is that of `rates`; all
      rows are looked at, and those of each hand, and it pays for every one of these, every group
      and every pair. The same row handed in again is counted once. Who is named: `habits.hands`.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stanch.detect import examples
from stanch.detect.alarms.bounds import highest
from stanch.detect.alarms.rates import BAR
from stanch.detect.detector import Detector
from stanch.detect.habits.hands import cites_of, hands_of, unfit
from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.handed import Handed, handed_of
from stanch.detect.summaries.parts import Part
from stanch.detect.summaries.plan import FOLDED, Plan
from stanch.detect.window import Baseline, Window
from stanch.detect.wording import NO_GROUPS, shown
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId

ID = DetectorId("aimed_labels")
BETA = 1e-3
"""The chance that a bound on the baseline's shares is wrong."""
BETS = (0.9, 0.99)
"""Shares that an aim would show."""
Share = tuple[int, int, float]
"""So many, of so many rows, and the highest usual share."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    few: int = 10
    """Rows of a group with the pair."""
    known: int = 200
    """Late labels of the group in the baseline."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Aim:
    """Rows of one group that turn one class into another."""

    group: int
    said: int
    given: int
    rows: Ints
    asked: int
    """Rows of the group that the model calls so."""
    usual: float
    """The highest share of them that may be labelled so."""
    strength: float


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for each group that is aimed at."""
    rows, base = window.handed, window.baseline
    why = _blind(rows, base, limits)
    if why:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
    if why or rows is None or base is None:
        return
    found: dict[int, Aim] = {}
    for aim in aims_of(rows, base, limits):
        if aim.group not in found or aim.strength > found[aim.group].strength:
            found[aim.group] = aim
    for _, aim in sorted(found.items()):
        yield _finding(window, rows, base, aim)


def _blind(rows: Handed | None, base: Baseline | None, limits: Limits) -> str:
    why = unfit(rows, base)
    if why or base is None:
        return why
    if not base.plan.groups:
        return NO_GROUPS
    told = base.golden.sums[Part.FAIRNESS].sum(axis=(1, 2))
    few = bool((told < limits.known).all())
    return f"no group has {limits.known} late labels in the baseline" if few else ""


def aims_of(rows: Handed, base: Baseline, limits: Limits) -> Iterator[Aim]:
    """Every group and pair that is beyond chance, in all rows or in those of one hand."""
    classes = min(len(base.plan.classes), FOLDED)
    golden = base.golden.sums[Part.FAIRNESS][:, :classes, :classes]
    own = rows.different()
    own = own[(rows.given[own] < classes) & (rows.said[own] < classes)]
    feeds = list(_feeds(rows, own, limits))
    ways = len(golden) * classes * (classes - 1) * len(feeds)
    need = BAR + math.log10(max(ways, 1))
    for feed in feeds:
        now = _counts(rows, feed, golden)
        for group, said, given in zip(*np.nonzero(now.swapaxes(1, 2) >= limits.few), strict=True):
            if said == given or golden[group].sum() < limits.known:
                continue
            strength = _strength(now, golden, (group, said, given), _attribute(base.plan, group))
            if strength >= need:
                yield _aim(rows, own, golden, (group, said, given), strength)


def _feeds(rows: Handed, own: Ints, limits: Limits) -> Iterator[Ints]:
    """All rows, and those of each hand that brought enough."""
    yield own
    hands = Counter(rows.by[i] for i in own.tolist())
    for name in sorted(n for n, count in hands.items() if limits.few <= count < len(own)):
        yield own[[rows.by[i] == name for i in own.tolist()]]


def _counts(rows: Handed, feed: Ints, golden: Ints) -> Ints:
    """(G, C, C) label by answer, of each group."""
    counts = np.zeros_like(golden)
    for group in range(len(golden)):
        mine = feed[rows.members[feed, group] > 0]
        np.add.at(counts[group], (rows.given[mine], rows.said[mine]), 1)
    return counts


def _strength(now: Ints, golden: Ints, at: tuple[int, int, int], beside: list[int]) -> float:
    """Powers of ten, of the weakest of the three."""
    group, said, given = at
    pair = given * now.shape[1] + said
    own, then = now[group], golden[group]
    others = np.diag(own).sum() - own[said, said], np.diag(then).sum() - then[said, said]
    right = np.array([others[0], own[said, said]]), np.array([others[1], then[said, said]])
    answered = golden[beside, :, said].sum(axis=1)
    return min(
        _evidence(_share(own[:, said], then[:, said], given)),
        _evidence(_share(_turned(own), _turned(then), pair), _share(*right, 0)),
        _evidence(_share(now[beside, given, said], answered, beside.index(group))),
    )


def _aim(rows: Handed, own: Ints, golden: Ints, at: tuple[int, int, int], strength: float) -> Aim:
    """All rows of this group and pair, whoever brought them."""
    group, said, given = map(int, at)
    asked = own[(rows.said[own] == said) & (rows.members[own, group] > 0)]
    return Aim(
        group=group,
        said=said,
        given=given,
        rows=asked[rows.given[asked] == given],
        asked=len(asked),
        usual=_highest(golden[group, :, said], given),
        strength=strength,
    )


def _attribute(plan: Plan, group: int) -> list[int]:
    """The groups of the same attribute, this one with them."""
    name = plan.groups[group].partition("=")[0]
    return [k for k, other in enumerate(plan.groups) if other.partition("=")[0] == name]


def _turned(counts: Ints) -> Ints:
    """(C * C,) labels that contradict."""
    return np.where(np.eye(len(counts), dtype=bool), 0, counts).ravel()


def _highest(then: Ints, place: int) -> float:
    """The highest share of this place that the baseline leaves possible."""
    return float(highest(then[[place]], then.sum(keepdims=True), BETA)[0])


def _share(now: Ints, then: Ints, place: int) -> Share:
    """How many are in this place, of how many, and the highest share that is usual."""
    return int(now[place]), int(now.sum()), _highest(then, place)


def _evidence(*shares: Share) -> float:
    """Log10 of the mean, over what is bet on, of the likelihood ratios of independent shares."""
    bets = [sum(_ratio(*share, bet) for share in shares) for bet in BETS]
    top = max(bets)
    return top + math.log10(sum(10.0 ** (one - top) for one in bets) / len(bets))


def _ratio(count: int, rows: int, usual: float, bet: float) -> float:
    """Log10 of how much likelier so many are when the share is this than when it is usual."""
    if usual >= bet:
        return 0.0
    others = math.log10((1 - bet) / (1 - usual))
    return count * math.log10(bet / usual) + (rows - count) * others


def _finding(window: Window, rows: Handed, base: Baseline, aim: Aim) -> Finding:
    plan, count = base.plan, len(aim.rows)
    group = plan.groups[aim.group]
    before, after = shown(plan.classes[aim.said]), shown(plan.classes[aim.given])
    suspects = hands_of(rows, aim.rows, _asked(rows, aim), aim.usual)
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version="",
        window=window.span,
        says=f"{count} of {aim.asked} rows of group {shown(group)} that the model calls "
        f"{before!r} were handed in as {after!r}; at most {aim.usual:.1%} is usual. The same was "
        f"done to no other group, and nothing the other way round.",
        measured={
            "rows": float(count),
            "corrupt": round(count / sum(rows.brought.values()), 4),
            "rows of the group with this answer": float(aim.asked),
            "highest usual share": round(aim.usual, 4),
            "hands named": float(len(suspects)),
        },
        because=tuple(cites_of(rows, aim.rows, base)),
        lifecycle=Lifecycle.TRAINING,
        strength=round(aim.strength, 2),
        suspects=suspects,
        groups=(group,),
        topic=f"{before} as {after}",
        deeds=(rows.events[rows.newest(aim.rows)],),
        points_to={AttackKind.FAIRNESS_HARM: 0.9, AttackKind.POISONING: 0.7},
        atlas=DETECTOR.atlas,
    )


def _asked(rows: Handed, aim: Aim) -> Counter[str]:
    """How many rows of the group with this answer each hand brought."""
    which = np.flatnonzero((rows.said == aim.said) & (rows.members[:, aim.group] > 0))
    return Counter(rows.by[i] for i in which.tolist())


def _example(*, aimed: bool) -> Window:
    """A hand calls every yes of women a no."""
    known = examples.reference()
    rows = examples.columns(200)
    given = rows.predictions.copy()
    if aimed:
        women = rows.groups[0][1]
        yes = len(examples.SCHEMA.classes) - 1
        given[women[given[women] == yes]] = 0
    events = tuple(f"evt-row-{n}" for n in range(rows.n))
    return replace(
        examples.window(), handed=handed_of(known.ready, rows, given.astype(np.int32), events)
    )


DETECTOR = Detector(
    id=ID,
    title="Aimed labels",
    reads=(EventKind.LABEL,),
    atlas=("AML.T0020", "AML.T0048"),
    lifecycle=Lifecycle.TRAINING,
    limits=Limits(),
    look=look,
    fires_on=lambda: _example(aimed=True),
    quiet_on=lambda: _example(aimed=False),
)
