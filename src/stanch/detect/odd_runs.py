"""What is odd about a training run, among the earlier ones of its asset.

In    the run, the earlier runs, what is usual though none of them had it.
Out   each thing that is out of pattern, with its distance.
Why   the numbers and the texts of a run say what was done to a model before anybody meets it.
Math  Each number of a run (parameters, results, rows, and the rows against the median of the last
      `LAST` runs) is z = |x - median| / spread, over all runs with it in; of the logarithms, where
      all are above nothing. Spread is 1.4826 MAD, at least 5 % of the median, and 0.01 where that
      is nothing. Full conformal: with n earlier runs
      that are exchangeable with this one, the chance that its largest z is above all theirs is at
      most 1 / (n + 1), whatever the distribution; the spread is computed with the new run among the
      others, so the ranks are fair. Odd is what is above every earlier one *and* beyond `far`,
      which grows with few runs: far x sqrt((n + 1) / (n - 1)). Ranked by family, data and results
      have that chance each.
      A text that was the same in every run, and is another now, is odd too; so is a dataset or a
      person of which there was no run, unless every tenth run has another one. Each rests on the
      same 1 / (n + 1). A dataset is new by its name, and by the series that its name continues.
"""

import math
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median

import numpy as np

from stanch.detect.runs import Run
from stanch.detect.summaries.acquaintances import YEAR
from stanch.detect.summaries.arrays import Floats
from stanch.detect.wording import shown

GROWTH = "rows against the last runs"
LAST = 5
"""So many of them: one on a sample does not move their median."""
ROOM = 0.05
"""The least spread of a number: this part of its median."""
CHANGING = ("dataset", "by")
"""What is another now and then in honest runs too."""


View = Callable[[str], str]
"""As what a text is compared."""
_COUNTER = re.compile(r"[0-9a-f]{8,}|[0-9]+")


def same(text: str) -> str:
    """The text itself."""
    return text


def series(text: str) -> str:
    """What the names of one series share: all but numbers, dates and digests."""
    return _COUNTER.sub(lambda m: m[0] if m[0].isalpha() else "#", text.casefold())


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """When it speaks."""

    known: int = 8
    """Earlier runs that make a pattern."""
    changing: float = 0.1
    """The share of different datasets among earlier runs from which a new one is no news."""
    far: float = 6.0
    """How many spreads from the median a number must be."""


Ranked = Callable[[str], str]
"""With which numbers a number is ranked: those for which this says the same."""


def by_family(name: str) -> str:
    """The data are ranked together, and the results; each parameter by itself, for it waits."""
    if name.startswith("params."):
        return name
    return "results" if name.startswith("metrics.") else "data"


def together(_name: str) -> str:
    """All numbers of a run are ranked together."""
    return "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class Odd:
    """One thing that is out of pattern."""

    name: str
    says: str
    measured: float
    z: float
    weak: bool = False
    """Whether it is told only beside something of another kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """What a run is compared with."""

    runs: tuple[Run, ...]
    ranked: Ranked
    usual: frozenset[tuple[str, str]] = frozenset()
    """Datasets that were announced, and people who are known, as (dataset or by, name)."""


def odd_things(one: Run, past: Past, limits: Limits) -> Iterator[Odd]:
    """All that is out of pattern."""
    yield from _numbers(grown((*past.runs, one)), past.ranked, limits)
    for name, value in sorted(one.texts.items()):
        told = [run for run in past.runs if name in run.texts]
        if len(told) < limits.known or (name, value) in past.usual:
            continue
        new = [view for view in _views(name) if _is_new(value, name, told, (view, past), limits)]
        if new:
            weak = name != "dataset" or all(
                another_of_late(one, told, past.usual, view) for view in new
            )
            says = f"{shown(name)} is {shown(value)!r}, {shown(told[-1].texts[name])!r} before"
            yield Odd(name=name, says=says, measured=1.0, z=limits.far, weak=weak)


def _views(name: str) -> tuple[View, ...]:
    return (same, series) if name == "dataset" else (same,)


def _is_new(
    value: str, name: str, told: Sequence[Run], seen_in: tuple[View, Past], limits: Limits
) -> bool:
    """Whether no earlier run had it, where another one is not the custom."""
    view, past = seen_in
    seen = [run.texts[name] for run in told]
    if view(value) in map(view, seen):
        return False
    several = len({view(v) for v in seen if (name, v) not in past.usual} or {value})
    return several == 1 or (name in CHANGING and several < limits.changing * len(seen))


def grown(runs: Sequence[Run]) -> list[Run]:
    """The runs with how far the rows of each are from those of the last ones, as a logarithm."""
    found: list[Run] = []
    last: deque[float] = deque(maxlen=LAST)
    for run in runs:
        rows = run.numbers.get("rows", 0.0)
        more = {GROWTH: math.log(rows / median(last))} if rows > 0 and last else {}
        found.append(replace(run, numbers={**run.numbers, **more}))
        last.extend([rows] if rows > 0 else [])
    return found


def _numbers(runs: list[Run], ranked: Ranked, limits: Limits) -> Iterator[Odd]:
    """The numbers of the last run that are out of pattern among those of one family."""
    *earlier, one = runs
    names = sorted(
        n for n in one.numbers if sum(n in run.numbers for run in earlier) >= limits.known
    )
    if not names:
        return
    table = np.array([[run.numbers.get(name, np.nan) for name in names] for run in runs])
    z = scores(table, np.array([ROOM if name == GROWTH else 0.0 for name in names]))
    bar = limits.far * math.sqrt(len(runs) / (len(runs) - 2))
    for place, name in enumerate(names):
        beside = [k for k, other in enumerate(names) if ranked(other) == ranked(name)]
        if z[-1, place] > max(float(z[:-1, beside].max()), bar):
            middle = float(np.median([run.numbers[name] for run in earlier if name in run.numbers]))
            yield Odd(
                name=name,
                says=_says(name, one.numbers[name], middle),
                measured=one.numbers[name],
                z=float(z[-1, place]),
                weak=name.startswith("params."),
            )


def _says(name: str, value: float, middle: float) -> str:
    if name == GROWTH:
        return f"its rows are {math.exp(value):.2f} times those of the last runs"
    return f"{shown(name)} is {value:g}, {middle:g} is usual"


def another_of_late(
    one: Run, earlier: Sequence[Run], usual: frozenset[tuple[str, str]], view: View
) -> bool:
    """Whether another dataset came unannounced in the last year, as far as is remembered."""
    start = earlier[0].event.at
    line = max(one.event.at - YEAR, start)
    first: dict[str, datetime] = {view(earlier[0].texts["dataset"]): start}
    for run in earlier:
        if ("dataset", run.texts["dataset"]) not in usual:
            first.setdefault(view(run.texts["dataset"]), run.event.at)
    return any(at > line for at in first.values())


def scores(table: Floats, least: Floats | float = 0.0) -> Floats:
    """(runs, numbers) robust distances from the median, each number over all runs.

    Numbers that are all above nothing are compared by factors: times and sizes have long tails.
    """
    above = np.nanmin(table, axis=0) > 0
    table = np.where(above, np.log(np.where(above, table, 1.0)), table)
    middle = np.nanmedian(table, axis=0)
    apart = np.abs(table - middle)
    floor = np.where(above, ROOM, ROOM * np.abs(middle))
    spread = np.maximum(1.4826 * np.nanmedian(apart, axis=0), floor)
    spread = np.maximum(np.where(spread > 0, spread, 0.01), least)
    return np.nan_to_num(apart / spread, nan=0.0)
