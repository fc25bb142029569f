"""Begun: answers that rules wait for, because a sequence has begun with something rarer.

In    a rules' tally, rows of answers of one asset, the rules.
Out   rows for the tally: the answers of those groups only, those of a minute that are alike as one.
Why   "fetches the model, then asks in a burst" needs answers counted, and answers are too many to
      be counted for everybody. Who began is few.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import pyarrow as pa

from stanch.detect.rules.rule import LAST, TIMES, Row, Rule
from stanch.detect.rules.tally import Tally
from stanch.engine.ingest.compute import pc
from stanch.engine.ingest.schema import TYPE_OF
from stanch.vocabulary.event import ColumnType
from stanch.vocabulary.ids import AssetId

MOST_BEGUN = 256
"""Groups of one rule that are waited for: those that began last."""
_FIRST, _MINUTE = "ts_min", "minute"


def waiting(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules that take answers."""
    return tuple(r for r in rules if r.of_answers)


def answers_of(tally: Tally, asset: AssetId, rows: pa.Table, rules: Iterable[Rule]) -> list[Row]:
    """The rows that these rules wait for; none where nothing has begun."""
    found: list[Row] = []
    for rule in waiting(rules):
        begun = _begun(tally, asset, rule, pc.max(rows["ts"]).as_py())
        parts = [
            part
            for group, since in begun.items()
            if (part := _after(rows, dict(zip(rule.by, group, strict=True)), since)).num_rows
        ]
        if parts:
            found.extend(_alike(pa.concat_tables(parts), asset, rule))
    return found


def _begun(
    tally: Tally, asset: AssetId, rule: Rule, until: datetime
) -> Mapping[tuple[str, ...], datetime]:
    """The groups in which the first step was, within the rule's span, and since when."""
    since: dict[tuple[str, ...], datetime] = {}
    for key, cell in tally.cells.items():
        first = key.of == rule.steps[0].of and key.asset == asset
        if key.rule == rule.counted_as and first and cell.last >= until - rule.within:
            since[key.group] = min(cell.first, since.get(key.group, cell.first))
    last = sorted(since.items(), key=lambda pair: (pair[1], pair[0]))[-MOST_BEGUN:]
    return dict(last)


def _after(rows: pa.Table, group: Mapping[str, str], since: datetime) -> pa.Table:
    """The rows of this group from this moment on."""
    mask = pc.greater_equal(rows["ts"], pa.scalar(since, pa.timestamp("us", "UTC")))
    for column, value in group.items():
        mask = pc.and_(mask, pc.equal(pc.cast(rows[column], pa.string()), value))
    return rows.filter(mask)


def _alike(rows: pa.Table, asset: AssetId, rule: Rule) -> Iterator[Row]:
    """One row for each minute of answers that the rule cannot tell apart."""
    used = {*rule.by, "kind", "principal", *(n for s in rule.of_answers for n in s.fields)}
    columns = sorted(n for n in used if n != "ts" and TYPE_OF[n] is not ColumnType.NUMBERS)
    table = rows.select([*columns, "ts"])
    table = table.append_column(_MINUTE, pc.floor_temporal(rows["ts"], unit="minute"))
    told = table.group_by([*columns, _MINUTE]).aggregate(
        [("ts", "min"), ("ts", "max"), ("ts", "count")]
    )
    for one in told.to_pylist():
        row = {name: one[name] for name in columns}
        yield {
            **row,
            "asset": asset,
            "ts": one[_FIRST],
            TIMES: one["ts_count"],
            LAST: one["ts_max"],
        }
