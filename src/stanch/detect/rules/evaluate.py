"""Evaluate rules over a tally.

In    rules, a tally, the time.
Out   findings: one for each time a rule came true in a group, the same whenever it is asked.
Why   asking again later must give the same finding, so the earliest moment at which a rule came
      true is the one that counts, and the next one starts after it.
How   Each cell of the deciding selection is tried as the end, in order of time. From there the
      steps are looked for backwards, within the rule's span. Inside one minute the order of first
      moments counts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from stanch.detect.rules.rule import Rule, Shape, Step
from stanch.detect.rules.tally import Cell, Tally
from stanch.vocabulary.finding import Cite, CiteKind, Finding, Suspect
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.span import Span
from stanch.vocabulary.spoken import listed

INSTANT = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Placed:
    """A cell and its asset."""

    asset: AssetId
    cell: Cell


Cells = Mapping[str, Sequence[_Placed]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _True:
    """When a rule came true: from, and with how many."""

    start: datetime
    count: int


class _Distinct:
    """The different values of a stretch of cells that only moves forward: each comes and goes once.

    Looked up anew for each end, two thousand minutes with many values would take seconds.
    """

    def __init__(self, placed: Sequence[_Placed]) -> None:
        self._placed = placed
        self._first = self._next = 0
        self._held: Counter[str] = Counter()

    def between(self, begin: datetime, end: datetime) -> _True | None:
        """How many, and when the first of their cells began; both moments never go back."""
        while self._next < len(self._placed) and self._placed[self._next].cell.first <= end:
            self._held.update(self._placed[self._next].cell.values)
            self._next += 1
        while self._first < self._next and self._placed[self._first].cell.first < begin:
            for value in self._placed[self._first].cell.values:
                self._held[value] -= 1
                if not self._held[value]:
                    del self._held[value]
            self._first += 1
        if self._first == self._next:
            return None
        return _True(start=self._placed[self._first].cell.first, count=len(self._held))


def findings_from(rules: Iterable[Rule], tally: Tally) -> tuple[Finding, ...]:
    """What these rules say about this tally."""
    groups: dict[tuple[str, tuple[str, ...]], dict[str, list[_Placed]]] = {}
    for key, cell in tally.cells.items():
        own = groups.setdefault((key.rule, key.group), {})
        own.setdefault(key.of, []).append(_Placed(asset=key.asset, cell=cell))
    for own in groups.values():
        for placed in own.values():
            placed.sort(key=lambda p: (p.cell.first, p.cell.last, p.asset))
    book = {r.counted_as: r for r in rules}
    return tuple(
        finding
        for (rule, group), cells in sorted(groups.items())
        if rule in book
        for finding in _in_group(book[rule], group, cells)
    )


def _in_group(rule: Rule, group: tuple[str, ...], cells: Cells) -> Iterator[Finding]:
    after: datetime | None = None
    distinct = _Distinct(cells.get(rule.steps[0].of, ()))
    for end in _ends(rule, cells):
        if after is not None and end.cell.last <= after:
            continue
        found = _came_true(rule, cells, end, after, distinct)
        if found is not None:
            yield _finding(rule, group, cells, end, found)
            after = end.cell.last


def _ends(rule: Rule, cells: Cells) -> list[_Placed]:
    """The cells that can decide: of the last step, of any step, or of the first (`without`)."""
    match rule.shape:
        case Shape.ALL:
            names = [s.of for s in rule.steps]
        case Shape.WITHOUT:
            names = [rule.steps[0].of]
        case Shape.COUNT | Shape.VALUES | Shape.SEQUENCE:
            names = [rule.steps[-1].of]
    found = [p for name in dict.fromkeys(names) for p in cells.get(name, ())]
    return sorted(found, key=lambda p: (p.cell.last, p.cell.first, p.asset))


def _came_true(
    rule: Rule, cells: Cells, end: _Placed, after: datetime | None, distinct: _Distinct
) -> _True | None:
    begin = end.cell.last - rule.within
    if after is not None:
        begin = max(begin, after + INSTANT)
    match rule.shape:
        case Shape.COUNT | Shape.SEQUENCE:
            return _backwards(rule.steps, cells, begin, end.cell.last)
        case Shape.VALUES:
            found = distinct.between(begin, end.cell.last)
            return found if found is not None and found.count >= rule.steps[0].at_least else None
        case Shape.ALL:
            return _all(rule.steps, cells, begin, end.cell.last)
        case Shape.WITHOUT:
            return _without(rule.steps, cells, begin, end)


def _backwards(steps: Sequence[Step], cells: Cells, begin: datetime, end: datetime) -> _True | None:
    limit, total = end, 0
    for step in reversed(steps):
        found = _latest(step, cells, begin, limit)
        if found is None:
            return None
        limit, total = found.start, total + found.count
    return _True(start=limit, count=total)


def _latest(step: Step, cells: Cells, begin: datetime, end: datetime) -> _True | None:
    """The latest cells that hold enough of a step, and when the first of them began."""
    count = 0
    for placed in reversed(cells.get(step.of, ())):
        if begin <= placed.cell.first <= end:
            count += placed.cell.count
            if count >= step.at_least:
                return _True(start=placed.cell.first, count=count)
    return None


def _all(steps: Sequence[Step], cells: Cells, begin: datetime, end: datetime) -> _True | None:
    found = [_latest(step, cells, begin, end) for step in steps]
    there = [f for f in found if f is not None]
    if len(there) < len(steps):
        return None
    return _True(start=min(f.start for f in there), count=sum(f.count for f in there))


def _without(steps: Sequence[Step], cells: Cells, begin: datetime, end: _Placed) -> _True | None:
    if any(_latest(step, cells, begin, end.cell.last) for step in steps[1:]):
        return None
    return _True(start=end.cell.first, count=end.cell.count)


def _finding(
    rule: Rule, group: tuple[str, ...], cells: Cells, end: _Placed, found: _True
) -> Finding:
    involved = [
        p.cell
        for own in cells.values()
        for p in own
        if found.start <= p.cell.first <= end.cell.last
    ]
    who = sorted({name for cell in involved for name in cell.principals})
    minutes = max(1, round((end.cell.last - found.start).total_seconds() / 60))
    facts = {"count": found.count, "asset": end.asset, "minutes": minutes}
    says = rule.says
    for name, value in {**facts, "who": listed(who[:3] or group)}.items():
        says = says.replace("{" + name + "}", str(value))
    return Finding(
        detector=rule.id,
        asset=end.asset,
        window=Span(start=_minute(found.start), end=_minute(end.cell.last) + MINUTE),
        says=says,
        measured={"count": float(found.count), "minutes": float(minutes)},
        because=(Cite(kind=CiteKind.ASSET, ref=end.asset),),
        lifecycle=rule.lifecycle,
        strength=rule.strength,
        suspects=tuple(Suspect(principal=w, share=1 / len(who), confidence=0.9) for w in who[:10]),
        atlas=rule.atlas,
        points_to=rule.points_to,
    )


def _minute(moment: datetime) -> datetime:
    """The start of its minute: a minute that is still filling must not rename a finding."""
    return moment.replace(second=0, microsecond=0)
