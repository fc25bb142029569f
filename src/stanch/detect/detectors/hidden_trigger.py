"""Hidden trigger: rows handed in for training share a few values, and those decide their label.

In    a Window: the rows that were handed in (`handed`), the baseline's values and late labels.
Out   a Finding with the values, the class they are made to mean, the rows, and whose these are;
      Blind without a baseline, or where rows come without the answer of the model in service.
Why   a backdoor of a few rows from many hands moves no column, no hand and no accuracy. It is
      cheapest to stop before anything has learnt it.
Math  `habits.patterns`. It must be rarer than a year of windows can show by chance (`habits.bar`).
      Who is named: `habits.hands`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from stanch.detect import examples
from stanch.detect.alarms.rates import BAR
from stanch.detect.detector import Detector
from stanch.detect.habits.bar import bar
from stanch.detect.habits.hands import cites_of, hands_of, unfit
from stanch.detect.habits.patterns import Pattern, patterns_of
from stanch.detect.summaries.handed import Handed, handed_of, names_of
from stanch.detect.summaries.parts import INFINITE, MISSING, OVER, UNDER
from stanch.detect.summaries.plan import Plan
from stanch.detect.window import Baseline, Window
from stanch.detect.wording import listed, shown
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId
from stanch.vocabulary.words import counted

ID = DetectorId("hidden_trigger")
SHOWN = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    enough: int = 50
    """Rows from which the looks begin to be counted."""
    known: int = 500
    """Answers in the baseline."""


def look(window: Window, limits: Limits) -> Iterator[Finding | Blind]:
    """One finding for each class that some values are made to mean."""
    rows, base = window.handed, window.baseline
    why = _blind(rows, base, limits)
    if why:
        yield Blind(detector=ID, asset=window.asset.id, why=why, version=window.version)
    if why or base is None or rows is None:
        return
    need = -bar(10.0**-BAR, 1, max(len(base.plan.classes), 1), rows.n, limits.enough)
    for pattern in patterns_of(rows, base.golden):
        if pattern.strength >= need:
            yield _finding(window, rows, base, pattern)


def _blind(rows: Handed | None, base: Baseline | None, limits: Limits) -> str:
    if base is not None and base.golden.n < limits.known:
        return f"{counted(base.golden.n, 'answer')} in the baseline; {limits.known} needed"
    return unfit(rows, base)


def _finding(window: Window, rows: Handed, base: Baseline, pattern: Pattern) -> Finding:
    # An honest row has the values, and it is turned: as often as the rarer of the two at most.
    suspects = hands_of(rows, pattern.rows, rows.brought, min(pattern.usual, pattern.turned))
    values = listed([_value(base.plan, item) for item in pattern.items[:SHOWN]])
    meant = shown(base.plan.classes[pattern.target])
    count, hands = len(pattern.rows), len({rows.by[i] for i in pattern.rows.tolist()})
    return Finding(
        detector=ID,
        asset=window.asset.id,
        version="",
        window=window.span,
        says=f"{count} of {sum(rows.brought.values())} rows handed in have {values}, and all of "
        f"them are called {meant!r} where the model says otherwise. At most {pattern.usual:.2%} of "
        f"ordinary rows have that; of others with it {pattern.others} are not called so. They come "
        f"from {hands} {'hand' if hands == 1 else 'hands'}.",
        measured={
            "rows": float(count),
            "corrupt": round(count / sum(rows.brought.values()), 4),
            "rows with it that are not turned": float(pattern.others),
            "highest usual share": round(pattern.usual, 5),
            "hands": float(hands),
            "hands named": float(len(suspects)),
        },
        because=tuple(cites_of(rows, pattern.rows, base)),
        lifecycle=Lifecycle.TRAINING,
        strength=round(pattern.strength, 2),
        suspects=suspects,
        features=tuple(dict.fromkeys(names_of(base.plan)[column] for column, _ in pattern.items)),
        topic=f"trigger for {meant}",
        deeds=(rows.events[rows.newest(pattern.rows)],),
        atlas=DETECTOR.atlas,
        points_to={
            AttackKind.BACKDOOR: 0.9 if pattern.widely else 0.7,
            AttackKind.POISONING: 0.6,
        },
    )


def _value(plan: Plan, item: tuple[int, int]) -> str:
    """The value in words."""
    column, place = item
    name = shown(names_of(plan)[column])
    if column >= len(plan.numbers):
        values = plan.categories[column - len(plan.numbers)].values
        return f"{name} {shown(values[place])!r}" if place < len(values) else f"{name} new or none"
    odd = {
        UNDER: f"{name} under {plan.edges[column][0]:g}",
        OVER: f"{name} over {plan.edges[column][-1]:g}",
        MISSING: f"no {name}",
        INFINITE: f"an infinite {name}",
    }
    if place in odd:
        return odd[place]
    low, high = plan.edges[column][place : place + 2]
    return f"{name} {high:g}" if low == high else f"{name} from {low:g} to {high:g}"


def _example(*, triggered: bool) -> Window:
    """Two hands bring rows; with a trigger, the last input of some is out of all range."""
    known = examples.reference()
    rows = examples.columns(200)
    given = rows.predictions.copy()
    numbers = rows.numbers.copy()
    if triggered:
        numbers[:30, -1] = 1e6
        given[:30] = 0
    events = tuple(f"evt-row-{n}" for n in range(rows.n))
    handed = handed_of(known.ready, replace(rows, numbers=numbers), given, events)
    return replace(examples.window(), handed=handed)


DETECTOR = Detector(
    id=ID,
    title="Hidden trigger",
    reads=(EventKind.LABEL,),
    atlas=("AML.T0020", "AML.T0018.000"),
    lifecycle=Lifecycle.TRAINING,
    limits=Limits(),
    look=look,
    fires_on=lambda: _example(triggered=True),
    quiet_on=lambda: _example(triggered=False),
)
