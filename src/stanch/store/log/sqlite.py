"""Leaves in one SQLite file: the embedded default.

In    transactions of the log.
Out   rows on disk: WAL, synchronous=FULL, so what was answered survives kill -9 and a power cut.
Why   the file is the truth; tile files are made from it and can be made again.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stanch.store.log.asked import Asked
from stanch.store.log.tree import FullTile
from stanch.vocabulary.trouble import BadFile, NoSpace, Trouble

_SCHEMA = """
CREATE TABLE IF NOT EXISTS leaf (place INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS tile (
    level INTEGER NOT NULL, number INTEGER NOT NULL, root BLOB NOT NULL, hashes BLOB NOT NULL,
    PRIMARY KEY (level, number)) STRICT;
CREATE TABLE IF NOT EXISTS outbox (source TEXT PRIMARY KEY, upto INTEGER NOT NULL) STRICT;
CREATE TRIGGER IF NOT EXISTS leaf_stays BEFORE UPDATE ON leaf
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS leaf_remains BEFORE DELETE ON leaf
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS tile_stays BEFORE UPDATE ON tile
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS tile_remains BEFORE DELETE ON tile
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
"""
_AT_ONCE = 4096


class _Rows:
    """Questions to one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._sql = connection

    def size(self) -> int:
        """How many leaves are kept."""
        (last,) = self._sql.execute("SELECT max(place) FROM leaf").fetchone()
        return 0 if last is None else last + 1

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """The leaves of this range, in order."""
        for low in range(start, stop, _AT_ONCE):
            high = min(stop, low + _AT_ONCE)
            for (body,) in self._sql.execute(
                "SELECT body FROM leaf WHERE place >= ? AND place < ? ORDER BY place", (low, high)
            ).fetchall():
                yield body

    def tile(self, level: int, number: int) -> bytes:
        """The hashes of a full tile."""
        row = self._sql.execute(
            "SELECT hashes FROM tile WHERE level = ? AND number = ?", (level, number)
        ).fetchone()
        return row[0] if row else b""

    def roots(self, level: int, start: int) -> list[bytes]:
        """The roots of the full tiles of a level, from this number on."""
        rows = self._sql.execute(
            "SELECT root FROM tile WHERE level = ? AND number >= ? ORDER BY number", (level, start)
        )
        return [root for (root,) in rows]

    def position(self, source: str) -> int | None:
        """How far this outbox was taken in."""
        row = self._sql.execute("SELECT upto FROM outbox WHERE source = ?", (source,)).fetchone()
        return row[0] if row else None


class _Transaction(_Rows):
    """One exclusive transaction."""

    def add(self, start: int, leaves: Sequence[bytes], full: Sequence[FullTile]) -> None:
        """Leaves at their places, and the tiles that they filled."""
        self._sql.executemany("INSERT INTO leaf VALUES (?, ?)", enumerate(leaves, start))
        rows = [(one.level, one.number, one.root, one.hashes) for one in full]
        self._sql.executemany("INSERT INTO tile VALUES (?, ?, ?, ?)", rows)

    def move(self, source: str, upto: int) -> None:
        """This outbox was taken in up to here."""
        self._sql.execute("INSERT OR REPLACE INTO outbox VALUES (?, ?)", (source, upto))


class SqliteLeaves(Asked):
    """Leaves in one SQLite file."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._opened: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        with self._troubles():
            self._writer = self._connect()
            try:
                self._writer.executescript(_SCHEMA)
            except BaseException:
                self._writer.close()
                raise

    def _connect(self) -> sqlite3.Connection:
        made = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=30
        )
        try:
            made.execute("PRAGMA journal_mode = WAL")
            made.execute("PRAGMA synchronous = FULL")
        except BaseException:
            made.close()
            raise
        with self._guard:
            self._opened.append(made)
        return made

    @contextmanager
    def _asking(self) -> Iterator[_Rows]:
        """Questions on a connection that nobody else uses meanwhile."""
        with self._troubles():
            with self._guard:
                mine = self._idle.pop() if self._idle else None
            connection = mine or self._connect()
            try:
                yield _Rows(connection)
            finally:
                with self._guard:
                    self._idle.append(connection)

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as broken:
            raise _trouble(broken, self._folder, self._path) from broken

    @contextmanager
    def writing(self) -> Iterator[_Transaction]:
        """An exclusive transaction, durable when it ends without an error."""
        with self._troubles():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield _Transaction(self._writer)
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Let go of the file."""
        with self._guard:
            for one in reversed(self._opened):
                one.close()
            self._opened.clear()
            self._idle.clear()


def _trouble(broken: sqlite3.Error, folder: Path, path: Path) -> Trouble:
    code = getattr(broken, "sqlite_errorcode", 0)
    if code & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return NoSpace(folder)
    return BadFile(path, f"{broken}. Check the disk, then restore the folder from a backup.")
