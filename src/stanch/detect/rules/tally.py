"""The tally: what rules count, minute by minute.

In    rules and events, in any order, in any number of parts.
Out   a `Tally`; tallies of parts add up to the tally of the whole, bit by bit.
Why   a sequence over a day must not need the day's rows; and shards must agree.
How   For each rule, group and selection one cell a minute: how many, the first and last moment,
      and the different values (as short digests, the smallest 256 kept, so that merging is exact).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from stanch.detect.rules.rule import LAST, TIMES, Row, Rule
from stanch.vocabulary.ids import AssetId, DetectorId, PrincipalId

KEPT = 256
"""Different values a cell can tell apart."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Key:
    """Where a cell is: its rule, group, selection, asset and minute."""

    rule: DetectorId
    group: tuple[str, ...]
    of: str
    asset: AssetId
    minute: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """What one minute holds."""

    count: int
    first: datetime
    last: datetime
    values: frozenset[str] = frozenset()
    principals: frozenset[PrincipalId] = frozenset()

    def merged(self, other: "Cell") -> "Cell":
        """Both together, whichever came first."""
        return Cell(
            count=self.count + other.count,
            first=min(self.first, other.first),
            last=max(self.last, other.last),
            values=_kept(self.values | other.values),
            principals=frozenset(sorted(self.principals | other.principals)[:KEPT]),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """All cells."""

    cells: Mapping[Key, Cell] = field(default_factory=dict)

    def merged(self, other: "Tally") -> "Tally":
        """Both together, in order of their keys."""
        cells = dict(self.cells)
        for key, cell in other.cells.items():
            cells[key] = cells[key].merged(cell) if key in cells else cell
        return Tally(cells=dict(sorted(cells.items())))

    def since(self, moment: datetime) -> "Tally":
        """Without the minutes that ended before this moment."""
        return Tally(cells={k: c for k, c in self.cells.items() if c.last >= moment})


def tally_of(
    rules: Iterable[Rule], rows: Iterable[Row], known: frozenset[tuple[AssetId, PrincipalId]]
) -> Tally:
    """What these events add up to; `known` are principals seen on an asset before."""
    book = tuple(rules)
    cells: dict[Key, Cell] = {}
    for row in rows:
        for rule in book:
            for key, cell in _cells(rule, row, known):
                cells[key] = cells[key].merged(cell) if key in cells else cell
    return Tally(cells=dict(sorted(cells.items())))


def _cells(
    rule: Rule, row: Row, known: frozenset[tuple[AssetId, PrincipalId]]
) -> Iterable[tuple[Key, Cell]]:
    at, times, last = row.get("ts"), row.get(TIMES), row.get(LAST)
    group = tuple(str(row.get(name) or "") for name in rule.by)
    if not isinstance(at, datetime) or not all(group):
        return
    asset = AssetId(str(row.get("asset") or ""))
    who = PrincipalId(str(row.get("principal") or row.get("by") or ""))
    for selection in rule.selections:
        if selection.takes(row, known=(asset, who) in known):
            value = row.get(rule.of_field) if rule.of_field else None
            key = Key(
                rule=rule.counted_as,
                group=group,
                of=selection.name,
                asset=asset,
                minute=at.replace(second=0, microsecond=0),
            )
            yield (
                key,
                Cell(
                    count=times if isinstance(times, int) else 1,
                    first=at,
                    last=last if isinstance(last, datetime) else at,
                    values=frozenset() if value is None else frozenset({_digest(str(value))}),
                    principals=frozenset({who}) if who else frozenset(),
                ),
            )


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:12]


def _kept(values: frozenset[str]) -> frozenset[str]:
    return values if len(values) <= KEPT else frozenset(sorted(values)[:KEPT])
