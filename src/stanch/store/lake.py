"""The lake: every event of all time, as a Delta table that outside tools can read too.

In    rows from the spool, in commits of ten thousand or more.
Out   the newest rows that match, and counts, over the lake and what the spool still holds.
Why   exactly once: the spool position that a commit reaches is part of that commit (a Delta app
      transaction), so a roll-up that is killed either did all of it or none, and the next run
      starts where the last whole commit ended.

The table is split by day, and the rows of a commit are sorted by asset and time, so the statistics
that Parquet keeps for every group of rows let a slice of one asset skip most of the rest.
"""

import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from stanch.store.held import HeldTails
from stanch.store.hunt import STAYS, Asker, Hunt, Hunter
from stanch.store.shared_hunt import Crew, Piece, counted_apart, rows_apart
from stanch.vocabulary.trouble import Busy, CouldNotTell

_APP = "stanch.spool."
_DAY = "day"
_RECEIVED = "received"
_LOOKS = 5
"""How often a question looks again, when rows moved from the spool meanwhile."""
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


Tails = Source | Sequence[Source] | None
"""Spools with rows that are not in the lake yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LakeLimits:
    """When the lake commits, and how long it keeps."""

    commit_rows: int = 250_000
    """The most rows of one commit."""
    enough_rows: int = 10_000
    """Fewer than this wait for more, unless asked not to."""
    patience: timedelta = timedelta(minutes=5)
    """Rows that came so long ago wait no more, however few they are."""
    unused: timedelta = timedelta(days=1)
    """How long files that no version needs stay, for readers that still have them open."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pieces:
    """The rows of the lake, as they lie there."""

    files: tuple[str, ...]
    tail: pa.Table


class Lake:
    """An open lake; one process rolls up, any number read."""

    def __init__(
        self, uri: str, schema: pa.Schema, limits: LakeLimits, options: dict[str, str] | None
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._options = options
        self._uri = uri
        self._table = self._open(uri)
        self._leaving = threading.Event()
        self._one = threading.Lock()
        """Held while the table's version moves, and while a question notes it."""
        self._hunter = Hunter(self._plain(self._table.table_uri), schema)
        self._tails = HeldTails(self._shaped)

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
        with self._one:
            self._table.update_incremental()
            return self._reached(spool)

    def roll_up(
        self, spool: Source, *, everything: bool = False, now: datetime | None = None
    ) -> int:
        """How many rows moved from the spool to the lake; with `now`, few old rows move too."""
        moved = 0
        position = self.position(spool)
        everything = everything or self._waited(spool, position, now)
        least = 1 if everything else self._limits.enough_rows
        while spool.end - position >= least and not self._leaving.is_set():
            rows = spool.read(position, self._limits.commit_rows)
            position += rows.num_rows
            self._commit(rows, Transaction(_APP + spool.name, position))
            moved += rows.num_rows
        spool.rolled(position)
        return moved

    def _waited(self, spool: Source, position: int, now: datetime | None) -> bool:
        """Whether the oldest row that is not here yet came too long ago."""
        if now is None or not 0 < spool.end - position < self._limits.enough_rows:
            return False
        came = spool.read(position, 1).column(_RECEIVED)[0].as_py()
        return bool(came is not None and now - came >= self._limits.patience)

    def compact(self, *, now: datetime, keep: timedelta | None = None) -> None:
        """Joins small files, deletes days past their time, and files no version needs."""
        # A handle of its own, so that nobody waits for it and no question sees it half done.
        table = self._open(self._uri)
        with suppress(CommitFailedError):
            table.optimize.compact(writer_properties=_WRITE)
        if keep is not None:
            oldest = (now - keep).astimezone(UTC).date().isoformat()
            table.delete(f"{_DAY} < '{oldest}'")
        hours = int(self._limits.unused.total_seconds() // 3600)
        table.vacuum(hours, dry_run=False, enforce_retention_duration=False)
        table.create_checkpoint()
        table.cleanup_metadata()

    def hunt(self, wanted: Hunt, tail: Tails = None) -> pa.Table:
        """The newest rows that match."""
        return self._hunter.rows(wanted, *self._files_and_tail(wanted, tail))

    def count(self, wanted: Hunt, tail: Tails = None) -> int:
        """How many rows match."""
        return self._hunter.count(wanted, *self._files_and_tail(wanted, tail))

    def tally(self, wanted: Hunt, columns: Sequence[str], tail: Tails = None) -> pa.Table:
        """How many events match, by each combination of these columns."""
        files, rows = self._files_and_tail(wanted, tail)
        return self._hunter.tally(wanted, columns, files, rows)

    def minutes(self, wanted: Hunt, tail: Tails = None) -> pa.Table:
        """Rows per asset and minute: `asset, minute, rows`."""
        return self._hunter.minutes(wanted, *self._files_and_tail(wanted, tail))

    def hours(self, wanted: Hunt, tail: Tails = None) -> pa.Table:
        """Rows per asset and hour: `asset, hour, rows`."""
        return self._hunter.hours(wanted, *self._files_and_tail(wanted, tail))

    def hunt_with(
        self, crew: Crew | None, wanted: Hunt, tail: Tails = None, asker: Asker = STAYS
    ) -> pa.Table:
        """The newest rows that match; where there are many files, others help."""
        pieces = self.pieces(wanted, tail)
        if crew is None or not crew.worth(pieces.files):
            return self._hunter.rows(wanted, pieces.files, pieces.tail, asker)
        every = replace(wanted, columns=())
        # Our own rows first: a condition that cannot be answered ends here.
        own = self._hunter.rows(every, (), pieces.tail)
        found = rows_apart(crew, self._whole(every, pieces), own, asker)
        return found.select(list(wanted.columns)) if wanted.columns else found

    def count_with(
        self, crew: Crew | None, wanted: Hunt, tail: Tails = None, asker: Asker = STAYS
    ) -> int:
        """How many rows match; where there are many files, others help."""
        pieces = self.pieces(wanted, tail)
        if crew is None or not crew.worth(pieces.files):
            return self._hunter.count(wanted, pieces.files, pieces.tail, asker)
        own = self._hunter.count(wanted, (), pieces.tail)
        return own + counted_apart(crew, self._whole(wanted, pieces), asker)

    def pieces(self, wanted: Hunt, tail: Tails = None) -> Pieces:
        """The files that may hold rows that match, and all rows that are in no file yet."""
        files, rows = self._files_and_tail(wanted, tail)
        if not isinstance(files, Sequence):
            raise CouldNotTell("a lake on object storage is not handed out file by file")
        return Pieces(files=tuple(files), tail=rows)

    def leave(self) -> None:
        """Nothing; a roll-up in hand ends with the commit it is at, and none begins any more."""
        self._leaving.set()

    def close(self) -> None:
        """Lets the connections go."""
        self._hunter.close()

    def _whole(self, wanted: Hunt, pieces: Pieces) -> Piece:
        return Piece(
            folder=self._plain(self._table.table_uri),
            schema=self._schema,
            wanted=wanted,
            files=pieces.files,
        )

    def _files_and_tail(self, wanted: Hunt, tail: Tails) -> tuple[Any, pa.Table]:
        """The files, and the rows after them: together each row once, while others roll up."""
        tails = () if tail is None else tail if isinstance(tail, Sequence) else (tail,)
        for _ in range(_LOOKS):
            with self._one:
                self._table.update_incremental()
                reached = [self._reached(one) for one in tails]
                files = self._files(wanted)
            rows = [
                self._tails.rows(one, position)
                for one, position in zip(tails, reached, strict=True)
            ]
            if all(one.start <= at for one, at in zip(tails, reached, strict=True)):
                return files, pa.concat_tables([self._schema.empty_table(), *rows])
        raise Busy("a roll-up moves rows all the time", 1)

    def _reached(self, spool: Source) -> int:
        return max(self._table.transaction_version(_APP + spool.name) or 0, spool.start)

    def _files(self, wanted: Hunt) -> Any:
        if self._options:
            return self._table.to_pyarrow_dataset()
        return [self._plain(f) for f in self._table.file_uris(file_pruning_predicate=_days(wanted))]

    def _plain(self, address: str) -> str:
        """A path on this machine as it is spelt; Delta writes a space in it as %20."""
        return address if "://" in self._uri else unquote(address.removeprefix("file://"))

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
        dated = _in_order(rows.append_column(_DAY, _day_of(rows.column("ts"))))
        shaped = self._shaped(dated).append_column(_DAY, dated.column(_DAY))
        with self._one:
            write_deltalake(
                self._table,
                shaped,
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


def _day_of(ts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The day of each time as text; `strftime` says the same and takes fifty times as long."""
    return ts.cast(pa.date32()).cast(pa.string())


def _in_order(rows: pa.Table) -> pa.Table:
    """The rows by day, asset and time; rows that came so are not moved."""
    keys = [(_DAY, "ascending"), ("asset", "ascending"), ("ts", "ascending")]
    order = pc.sort_indices(rows, sort_keys=keys).to_numpy()
    return rows if (order[1:] > order[:-1]).all() else rows.take(order)


def _days(wanted: Hunt) -> list[tuple[str, str, str]] | None:
    """The partitions that a slice of time can touch."""
    found = []
    if wanted.since is not None:
        found.append((_DAY, ">=", wanted.since.astimezone(UTC).date().isoformat()))
    if wanted.until is not None:
        found.append((_DAY, "<=", wanted.until.astimezone(UTC).date().isoformat()))
    return found or None
