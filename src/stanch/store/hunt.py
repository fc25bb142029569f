"""Questions to the lake, answered by DuckDB on connections that can reach nothing else.

In    a `Hunt`; the files of the lake, or a dataset on object storage; rows not yet in it.
Out   Arrow tables and counts.
Why   the condition is text from outside. It is checked (store/expression.py), and the connection is
      shut as well: no file outside the lake, no setting, no extension, bounded memory and time.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from stanch.store.expression import checked
from stanch.vocabulary.trouble import BadInput, CouldNotTell, TooMuchAtOnce

_checked = lru_cache(maxsize=1024)(checked)
"""A list asks with the same condition again and again, and reading one costs a connection."""
_OF_THE_CONDITION = (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError)
_MOST = 1_000_000
_MINUTE = 60_000_000
"""Microseconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hunt:
    """What is looked for."""

    asset: str | None = None
    where: str = ""
    """A condition over the columns, as SQL writes it."""
    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is not looked at any more."""
    columns: tuple[str, ...] = ()
    """Empty is all."""
    limit: int = 1000
    ids: tuple[str, ...] = ()
    """Only events with these ids; empty is any."""


class Asker(Protocol):
    """Who waits for the answer."""

    @property
    def left(self) -> bool:
        """Whether they are gone."""
        ...

    def waits(self, stop: Callable[[], object], /) -> AbstractContextManager[None]:
        """For as long as the block runs, `stop` is called when they leave."""
        ...


class _Stays:
    """Who waits however long it takes."""

    left = False

    def waits(self, _stop: Callable[[], object], /) -> AbstractContextManager[None]:
        """Nothing stops it."""
        return nullcontext()


STAYS: Asker = _Stays()
GONE = "whoever asked left"


class Hunter:
    """Answers hunts: one database in memory, with a connection of its own for every thread."""

    def __init__(
        self, folder: str, schema: pa.Schema, *, memory: str = "512MB", seconds: float = 60.0
    ) -> None:
        self._folder = folder.removeprefix("file://").rstrip("/")
        self._schema = schema
        self._memory = memory
        self._seconds = seconds
        self._mine = threading.local()
        self._one = threading.Lock()
        self._base: duckdb.DuckDBPyConnection | None = None
        self._all: list[duckdb.DuckDBPyConnection] = []

    def rows(self, wanted: Hunt, stored: Any, tail: pa.Table, asker: Asker = STAYS) -> pa.Table:
        """The newest rows that match, newest first."""
        unknown = [name for name in wanted.columns if name not in self._schema.names]
        if unknown:
            names = ", ".join(self._schema.names)
            raise BadInput(f"There is no column {unknown[0][:60]!r}. There are: {names}.")
        chosen = ", ".join(f'"{name}"' for name in wanted.columns or self._schema.names)
        limit = max(0, min(wanted.limit, _MOST))
        rest = f"ORDER BY ts DESC, id LIMIT {limit}"
        ask = f"SELECT {chosen} FROM events WHERE"  # noqa: S608  our own column names
        return self._ask(ask, rest, wanted, stored, tail, asker)

    def count(self, wanted: Hunt, stored: Any, tail: pa.Table, asker: Asker = STAYS) -> int:
        """How many rows match."""
        ask = "SELECT count(*) AS n FROM events WHERE"
        found = self._ask(ask, "", wanted, stored, tail, asker)
        return int(found.column("n")[0].as_py())

    def tally(self, wanted: Hunt, columns: Sequence[str], stored: Any, tail: pa.Table) -> pa.Table:
        """How many rows match, by each combination of these columns."""
        names = ", ".join(f'"{name}"' for name in columns)
        ask = f"SELECT {names}, count(*) AS n FROM events WHERE"  # noqa: S608  our own column names
        return self._ask(ask, "GROUP BY ALL", wanted, stored, tail)

    def minutes(self, wanted: Hunt, stored: Any, tail: pa.Table) -> pa.Table:
        """Rows per asset and minute, in order."""
        return self._paced(("minute", _MINUTE), wanted, stored, tail)

    def hours(self, wanted: Hunt, stored: Any, tail: pa.Table) -> pa.Table:
        """Rows per asset and hour, in order."""
        return self._paced(("hour", 60 * _MINUTE), wanted, stored, tail)

    def _paced(self, pace: tuple[str, int], wanted: Hunt, stored: Any, tail: pa.Table) -> pa.Table:
        # date_trunc asks a calendar for each row of a time with a zone; whole numbers do not.
        name, size = pace
        ask = (
            f"SELECT asset, make_timestamptz({name} * {size}) AS {name}, rows FROM ("  # noqa: S608  our own words
            f"SELECT asset, epoch_us(ts) // {size} AS {name}, count(*) AS rows FROM events WHERE"
        )
        return self._ask(ask, "GROUP BY ALL) ORDER BY ALL", wanted, stored, tail)

    def close(self) -> None:
        """Closes every connection."""
        with self._one:
            for connection in (*self._all, *filter(None, (self._base,))):
                connection.close()
            self._all.clear()
            self._base = None

    def _ask(  # noqa: PLR0913, PLR0917  the parts of one statement, and who waits for it
        self,
        ask: str,
        rest: str,
        wanted: Hunt,
        stored: Any,
        tail: pa.Table,
        asker: Asker = STAYS,
    ) -> pa.Table:
        conditions, values = self._conditions(wanted)
        source = self._source(stored)
        connection = self._connection()
        connection.register("tail", tail)
        if source is None:
            connection.register("stored", stored)
        names = ", ".join(f'"{name}"' for name in self._schema.names)
        query = (
            f"WITH events AS (SELECT {names} FROM {source or 'stored'} UNION ALL "  # noqa: S608  our own names and paths
            f"SELECT {names} FROM tail) {ask} {conditions} {rest}"
        )
        try:
            with self._in_words(stored, asker), self._in_time(connection, asker):
                return connection.sql(query, params=values or None).to_arrow_table()
        finally:
            connection.unregister("tail")
            if source is None:
                connection.unregister("stored")

    @contextmanager
    def _in_time(self, connection: duckdb.DuckDBPyConnection, asker: Asker) -> Iterator[None]:
        """Interrupts what is at work in the block when its time is up, or who asked is gone."""
        timer = threading.Timer(self._seconds, connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            with asker.waits(connection.interrupt):
                yield
        finally:
            timer.cancel()

    @contextmanager
    def _in_words(self, stored: Any, asker: Asker) -> Iterator[None]:
        """What the database says, as whoever asked can use it."""
        try:
            yield
        except duckdb.InterruptException as error:
            late = f"the hunt took over {self._seconds:g} s; ask for less time"
            raise CouldNotTell(GONE if asker.left else late) from error
        except duckdb.OutOfMemoryException as error:
            raise TooMuchAtOnce from error
        except duckdb.Error as error:
            told = str(error).splitlines()[0][:300]
            if damaged := self._named(error, stored):
                raise CouldNotTell(
                    f"the lake's file {damaged} is gone or damaged; put it back from a backup, or "
                    "ask for other days"
                ) from error
            if not isinstance(error, _OF_THE_CONDITION):
                raise
            raise BadInput(
                f"The condition cannot be answered: {told.rstrip('.')}. "
                "Compare columns with values, text in single quotes: principal = 'key-91'."
            ) from error

    def _named(self, error: duckdb.Error, stored: Any) -> str:
        """The file below the lake's folder that the error is about; nothing where it names none."""
        about = str(error).replace("''", "'")
        files = map(str, stored) if isinstance(stored, Sequence) else ()
        return next((f.removeprefix(self._folder).lstrip("/") for f in files if f in about), "")

    def _conditions(self, wanted: Hunt) -> tuple[str, list[object]]:
        parts = ["true"]
        values: list[object] = []
        for text, value in (
            ("asset = ?", wanted.asset),
            ("ts >= ?", wanted.since),
            ("ts < ?", wanted.until),
            ("id IN (SELECT unnest(?::VARCHAR[]))", list(wanted.ids) or None),
        ):
            if value is not None:
                parts.append(text)
                values.append(value)
        if wanted.where.strip():
            parts.append(f"({_checked(wanted.where, tuple(self._schema.names))}\n)")
        return " AND ".join(parts), values

    def _source(self, stored: Any) -> str | None:
        """The files as a table of DuckDB; None for a dataset, which is registered instead."""
        if not isinstance(stored, Sequence):
            return None
        if not stored:
            return "(FROM tail LIMIT 0)"
        paths = ", ".join("'" + str(uri).replace("'", "''") + "'" for uri in stored)
        return f"read_parquet([{paths}], hive_partitioning = false)"

    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = getattr(self._mine, "connection", None)
        if connection is None:
            with self._one:
                self._base = self._base or self._opened()
                # A connection is of the same database: the threads share one bound of memory, and
                # what a file's end says is read once. Views that are registered stay its own.
                connection = self._base.cursor()
                self._all.append(connection)
            self._mine.connection = connection
        return connection

    def _opened(self) -> duckdb.DuckDBPyConnection:
        base = duckdb.connect(":memory:")
        folder = self._folder.replace("'", "''")
        for setting in (
            f"memory_limit = '{self._memory}'",
            "GLOBAL TimeZone = 'UTC'",
            "GLOBAL python_enable_replacements = false",
            "GLOBAL parquet_metadata_cache = true",
            f"allowed_directories = ['{folder}']",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            base.execute(f"SET {setting}")
        return base
