"""A spool in memory: rows in the order they came, and earlier answers by their ids.

In    tables of events.
Out   what the watch and the baselines ask of the spool on disk and of the lake.
Why   a test of what follows from events needs neither files nor a process.
"""

from collections.abc import Sequence

import pyarrow as pa

from stanch.engine.ingest.compute import pc
from stanch.engine.ingest.schema import conform
from stanch.store.lazy_lake import ANSWER_COLUMNS
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.span import Span

NEWEST = [("ts", "descending"), ("id", "ascending")]


class MemorySpool:
    """Rows that are read like those of a spool, and recalled like those of the lake."""

    start = 0

    def __init__(self, *tables: pa.Table) -> None:
        self.table = conform(pa.table({"id": pa.array([], pa.string())}))
        self.add(*tables)

    @property
    def end(self) -> int:
        """The position after the last row."""
        return self.table.num_rows

    def add(self, *tables: pa.Table) -> None:
        """More rows; columns that they lack are empty."""
        self.table = pa.concat_tables([self.table, *map(conform, tables)])

    def read(self, after: int, limit: int) -> pa.Table:
        """Up to `limit` rows from this position on."""
        return self.table.slice(after, limit)

    def recall(self, asset: AssetId, ids: Sequence[str], also: Sequence[str] = ()) -> pa.Table:
        """The answers with these ids."""
        named = pc.is_in(self.table["id"], pa.array(ids))
        known = self.table.filter(pc.and_(named, pc.equal(self.table["asset"], asset)))
        return known.select([*ANSWER_COLUMNS, *also])

    def between(self, asset: AssetId, span: Span, limit: int) -> pa.Table:
        """The newest rows of the asset in this span."""
        known = self.table.filter(pc.equal(self.table["asset"], asset))
        inside = pc.and_(
            pc.greater_equal(known["ts"], pa.scalar(span.start, known["ts"].type)),
            pc.less(known["ts"], pa.scalar(span.end, known["ts"].type)),
        )
        return known.filter(inside).sort_by(NEWEST).slice(0, limit)
