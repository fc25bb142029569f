"""Counting: rows of one kind, cut by minute and counted on their desk.

In    rows of one asset, kind, version and condition; the desk of that lane.
Out   the desk's minutes with these rows in them; what came too late is told, and in no minute.
      Accesses and other deeds are added to minutes that are over, too: no plan and no alarm stands
      on them, and who comes to a log late is no stranger for it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from stanch.detect.summaries.count import counted, labels_counted
from stanch.engine.ingest.compute import pc
from stanch.engine.ports import Transaction
from stanch.engine.watch import handed
from stanch.engine.watch.answers import answers, schema_of
from stanch.engine.watch.deeds import record
from stanch.engine.watch.desk import Desk
from stanch.engine.watch.hop import SKEW, span_of
from stanch.engine.watch.labels import labels_of
from stanch.engine.watch.minutes import Minute
from stanch.engine.watch.stored import DEEDS, fill, over_in_store
from stanch.engine.watch.tally import Tally
from stanch.vocabulary.event import EventKind

LOOKED_BACK = timedelta(days=1)
"""Deeds that come so late are still looked at in their own window; older ones are custom only."""
ANSWERS = frozenset({EventKind.INFERENCE, EventKind.EXCHANGE})


def count(
    tx: Transaction, desk: Desk, kind: EventKind, rows: pa.Table, at: datetime
) -> tuple[datetime, ...]:
    """Counts these rows in their minutes; one whose time is not yet come counts as of now.

    Gives back the minutes that were over and were added to: somebody has to look at them again.
    """
    tally, desk.kinds = desk.tally, desk.kinds | {kind}
    times = pc.if_else(pc.greater(rows["ts"], _scalar(at + SKEW)), _scalar(at), rows["ts"])
    late, minutes = 0, pc.floor_temporal(times, unit="minute")
    deeds = desk.lane.version == DEEDS
    if deeds and tally.sealed:
        gone = frozenset[datetime]()
        _fill_over(tx, tally, minutes)
    else:
        gone = _gone(tx, desk, minutes)
    again: list[datetime] = []
    for minute, part in cut(rows, minutes):
        over = tally.over(minute) or minute in gone
        if deeds:
            done = _counted(desk, kind, part, ())
            if over:
                _add_late(tally, minute, done)
                again += [minute] if at - minute <= LOOKED_BACK else []
                late += part.num_rows if at - minute > LOOKED_BACK else 0
            else:
                tally.add(minute, done)
            if minute < desk.until:
                desk.waits, desk.changed = desk.waits.more(minute, done.record, desk, at), True
        elif over:
            late += part.num_rows
        else:
            tally.add(minute, _counted(desk, kind, part, tally.watch(minute)))
    desk.reached = max(desk.reached, pc.max(times).as_py())
    if late:
        desk.late = desk.late.more(late, span_of(min(desk.reached, at)).start)
    return tuple(again)


def cut(rows: pa.Table, keys: pa.ChunkedArray) -> Iterator[tuple[Any, pa.Table]]:
    """The rows of each different key, in the order of the keys."""
    found = sorted(keys.unique().to_pylist())
    if len(found) == 1:
        yield found[0], rows
        return
    order = pc.sort_indices(keys)
    rows, sizes, since = rows.take(order), pc.value_counts(keys), 0
    many = dict(zip(sizes.field(0).to_pylist(), sizes.field(1).to_pylist(), strict=True))
    for key in found:
        yield key, rows.slice(since, many[key])
        since += many[key]


def versions(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each version."""
    yield from cut(rows, rows["version"].fill_null("")) if rows.num_rows else ()


def _gone(tx: Transaction, desk: Desk, minutes: pa.ChunkedArray) -> frozenset[datetime]:
    """Which of these minutes are over, and from before the desk was opened."""
    before = frozenset(m for m in minutes.unique().to_pylist() if m < desk.opened)
    plan = desk.ready.plan if desk.ready is not None else None
    return over_in_store(tx, desk.tally, before - desk.tally.minutes.keys(), plan)


def _fill_over(tx: Transaction, tally: Tally, minutes: pa.ChunkedArray) -> None:
    """Reads back the windows of those minutes that are over: they are added to and looked at."""
    for span in {span_of(m) for m in minutes.unique().to_pylist() if tally.over(m)}:
        fill(tx, tally, span, None)


def _add_late(tally: Tally, minute: datetime, done: Minute) -> None:
    """Adds deeds to a minute that is over."""
    held = tally.minutes.pop(minute, None)
    if held is not None:
        tally.come_late(minute, held)
    tally.come_late(minute, done)


def _counted(desk: Desk, kind: EventKind, rows: pa.Table, watch: tuple[str, ...]) -> Minute:
    if kind not in ANSWERS and kind is not EventKind.LABEL:
        return Minute(record=record(rows))
    if desk.ready is None:
        return Minute()
    if kind is EventKind.LABEL and handed.brings_inputs(rows):
        return Minute(handed=handed.rows_of(rows, desk.ready, desk.tally.asset))
    if kind is EventKind.LABEL:
        labels = labels_of(rows, desk.ready.plan)
        return Minute(counted=labels_counted(desk.ready, labels, watch))
    plan = desk.ready.plan
    base = desk.tally.baseline
    columns = answers(
        rows,
        schema_of(plan),
        desk.tally.asset,
        valued=plan.value.size > 0,
        prints=base.whole.prints if base is not None else (),
    )
    return Minute(counted=counted(desk.ready, columns, watch))


def _scalar(at: datetime) -> pa.Scalar:
    return pa.scalar(at, pa.timestamp("us", "UTC"))
