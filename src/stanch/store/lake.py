"""The lake: every event of all time, as a Delta table that outside tools can read too.

In    rows from the spool, in commits of ten thousand or more.
Out   the newest rows that match, and counts, over the lake and what the spool still holds.
Why   exactly once: the spool position that a commit reaches is part of that commit (a Delta app
      transaction), so a roll-up that is killed either did all of it or none, and the next run
      starts where the last whole commit ended.

The table is split by day, and the rows of a commit are sorted by asset and time, so the statistics
that Parquet keeps for every group of rows let a slice of one asset skip most of the rest.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, Self

import pyarrow as pa
import pyarrow.compute
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from stanch.store.hunt import Hunt, Hunter

_APP = "stanch.spool."
_DAY = "day"
_WRITE = WriterProperties(compression="ZSTD", max_row_group_size=131_072)
pc: Any = pyarrow.compute


class Source(Protocol):
    """What the lake drains: rows by position."""

    @property
    def name(self) -> str:
        """Which spool this is; positions of two spools are not comparable."""
        ...

    @property
    def start(self) -> int:
        """The first position that can be read."""
        ...

    @property
    def end(self) -> int:
        """The position after the last row."""
        ...

    def read(self, after: int, limit: int) -> pa.Table:
        """Rows from a position on."""
        ...

    def rolled(self, position: int) -> None:
        """Hears that all before a position is in the lake."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class LakeLimits:
    """When the lake commits, and how long it keeps."""

    commit_rows: int = 250_000
    """The most rows of one commit."""
    enough_rows: int = 10_000
    """Fewer than this wait for more, unless asked not to."""
    keep: timedelta | None = None
    """Older days are deleted; None keeps all."""
    unused: timedelta = timedelta(days=1)
    """How long files that no version needs stay, for readers that still have them open."""


class Lake:
    """An open lake; one process rolls up, any number read."""

    def __init__(
        self, uri: str, schema: pa.Schema, limits: LakeLimits, options: dict[str, str] | None
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._options = options
        self._table = self._open(uri)
        self._hunter = Hunter(self._table.table_uri, schema)

    @classmethod
    def open(
        cls,
        uri: str | Path,
        schema: pa.Schema,
        limits: LakeLimits | None = None,
        options: dict[str, str] | None = None,
    ) -> Self:
        """The lake at a path or an object-storage URI, made if there is none."""
        return cls(str(uri), schema, limits or LakeLimits(), options)

    def position(self, spool: Source) -> int:
        """The position up to which all rows of a spool are in the lake."""
        self._table.update_incremental()
        return max(self._table.transaction_version(_APP + spool.name) or 0, spool.start)

    def roll_up(self, spool: Source, *, everything: bool = False) -> int:
        """How many rows moved from the spool to the lake."""
        moved = 0
        position = self.position(spool)
        least = 1 if everything else self._limits.enough_rows
        while spool.end - position >= least:
            rows = spool.read(position, self._limits.commit_rows)
            position += rows.num_rows
            self._commit(rows, Transaction(_APP + spool.name, position))
            moved += rows.num_rows
        spool.rolled(position)
        return moved

    def compact(self, *, now: datetime) -> None:
        """Joins small files, deletes days past their time, and files no version needs."""
        self._table.update_incremental()
        with suppress(CommitFailedError):
            self._table.optimize.compact(writer_properties=_WRITE)
        if self._limits.keep is not None:
            oldest = (now - self._limits.keep).astimezone(UTC).date().isoformat()
            self._table.delete(f"{_DAY} < '{oldest}'")
        hours = int(self._limits.unused.total_seconds() // 3600)
        self._table.vacuum(hours, dry_run=False, enforce_retention_duration=False)
        self._table.create_checkpoint()
        self._table.cleanup_metadata()

    def hunt(self, wanted: Hunt, tail: Source | None = None) -> pa.Table:
        """The newest rows that match."""
        return self._hunter.rows(wanted, *self._files_and_tail(wanted, tail))

    def count(self, wanted: Hunt, tail: Source | None = None) -> int:
        """How many rows match."""
        return self._hunter.count(wanted, *self._files_and_tail(wanted, tail))

    def minutes(self, wanted: Hunt, tail: Source | None = None) -> pa.Table:
        """Rows per asset and minute: `asset, minute, rows`."""
        return self._hunter.minutes(wanted, *self._files_and_tail(wanted, tail))

    def close(self) -> None:
        """Lets the connections go."""
        self._hunter.close()

    def _files_and_tail(self, wanted: Hunt, tail: Source | None) -> tuple[Any, pa.Table]:
        self._table.update_incremental()
        rows = self._schema.empty_table()
        if tail is not None:
            rows = tail.read(self.position(tail), tail.end)
        if self._options:
            return self._table.to_pyarrow_dataset(), self._shaped(rows)
        return self._table.file_uris(file_pruning_predicate=_days(wanted)), self._shaped(rows)

    def _open(self, uri: str) -> DeltaTable:
        try:
            return DeltaTable(uri, storage_options=self._options)
        except TableNotFoundError:
            if "://" not in uri:
                Path(uri).mkdir(parents=True, exist_ok=True, mode=0o700)
            shape = self._schema.append(pa.field(_DAY, pa.string()))
            return DeltaTable.create(
                uri, shape, mode="ignore", partition_by=[_DAY], storage_options=self._options
            )

    def _commit(self, rows: pa.Table, reached: Transaction) -> None:
        shaped = self._shaped(rows)
        day = pc.strftime(shaped.column("ts"), format="%Y-%m-%d")
        dated = shaped.append_column(_DAY, day).sort_by(
            [(_DAY, "ascending"), ("asset", "ascending"), ("ts", "ascending")]
        )
        write_deltalake(
            self._table,
            dated,
            mode="append",
            writer_properties=_WRITE,
            commit_properties=CommitProperties(app_transactions=[reached]),
        )

    def _shaped(self, rows: pa.Table) -> pa.Table:
        given = set(rows.column_names)
        columns: Iterable[Any] = (
            rows.column(f.name).cast(f.type) if f.name in given else pa.nulls(len(rows), f.type)
            for f in self._schema
        )
        return pa.table(list(columns), schema=self._schema)


def _days(wanted: Hunt) -> list[tuple[str, str, str]] | None:
    """The partitions that a slice of time can touch."""
    found = []
    if wanted.since is not None:
        found.append((_DAY, ">=", wanted.since.astimezone(UTC).date().isoformat()))
    if wanted.until is not None:
        found.append((_DAY, "<=", wanted.until.astimezone(UTC).date().isoformat()))
    return found or None
