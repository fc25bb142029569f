"""Leaves in PostgreSQL: one log for many server processes.

In    transactions of the log, from any of them.
Out   rows in two tables and one for outboxes, in one order.
Why   an advisory lock, held to the end of the transaction, makes writers take turns; each of them
      reads the edge again when another was faster, so there is one history and never two.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sql
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, OperationalError

from stanch.store.log.asked import Asked
from stanch.store.log.tree import FullTile
from stanch.store.sql.postgres import engine_of, shown
from stanch.vocabulary.trouble import Busy, NoSpace, Trouble, Unreachable

_TABLES = sql.MetaData()
_LEAF = sql.Table(
    "evidence_leaf",
    _TABLES,
    sql.Column("place", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("body", sql.LargeBinary, nullable=False),
)
_TILE = sql.Table(
    "evidence_tile",
    _TABLES,
    sql.Column("level", sql.SmallInteger, primary_key=True, autoincrement=False),
    sql.Column("number", sql.BigInteger, primary_key=True, autoincrement=False),
    sql.Column("root", sql.LargeBinary, nullable=False),
    sql.Column("hashes", sql.LargeBinary, nullable=False),
)
_OUTBOX = sql.Table(
    "evidence_outbox",
    _TABLES,
    sql.Column("source", sql.Text, primary_key=True),
    sql.Column("upto", sql.BigInteger, nullable=False),
)
_LOCK = 0x7374616E6368
"""The number of our advisory lock: `stanch` in hexadecimal."""
_AT_ONCE = 4096
_DISK_FULL = "53100"
_WAITED = "55P03"


class _Rows:
    """Questions to one connection."""

    def __init__(self, connection: sql.Connection) -> None:
        self._sql = connection

    def size(self) -> int:
        """How many leaves are kept."""
        last = self._sql.execute(sql.select(sql.func.max(_LEAF.c.place))).scalar()
        return 0 if last is None else last + 1

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """The leaves of this range, in order."""
        for low in range(start, stop, _AT_ONCE):
            wanted = (_LEAF.c.place >= low) & (_LEAF.c.place < min(stop, low + _AT_ONCE))
            asked = sql.select(_LEAF.c.body).where(wanted).order_by(_LEAF.c.place)
            yield from (bytes(body) for body in self._sql.execute(asked).scalars().all())

    def tile(self, level: int, number: int) -> bytes:
        """The hashes of a full tile."""
        wanted = (_TILE.c.level == level) & (_TILE.c.number == number)
        return bytes(self._sql.execute(sql.select(_TILE.c.hashes).where(wanted)).scalar() or b"")

    def roots(self, level: int, start: int) -> list[bytes]:
        """The roots of the full tiles of a level, from this number on."""
        wanted = (_TILE.c.level == level) & (_TILE.c.number >= start)
        asked = sql.select(_TILE.c.root).where(wanted).order_by(_TILE.c.number)
        return [bytes(root) for root in self._sql.execute(asked).scalars()]

    def position(self, source: str) -> int | None:
        """How far this outbox was taken in."""
        asked = sql.select(_OUTBOX.c.upto).where(_OUTBOX.c.source == source)
        return self._sql.execute(asked).scalar()


class _Transaction(_Rows):
    """One exclusive transaction."""

    def add(self, start: int, leaves: Sequence[bytes], full: Sequence[FullTile]) -> None:
        """Leaves at their places, and the tiles that they filled."""
        rows = [{"place": place, "body": body} for place, body in enumerate(leaves, start)]
        tiles = [
            {"level": one.level, "number": one.number, "root": one.root, "hashes": one.hashes}
            for one in full
        ]
        for table, values in ((_LEAF, rows), (_TILE, tiles)):
            if values:
                self._sql.execute(sql.insert(table), values)

    def move(self, source: str, upto: int) -> None:
        """This outbox was taken in up to here."""
        row = insert(_OUTBOX).values(source=source, upto=upto)
        moved = row.on_conflict_do_update(index_elements=["source"], set_={"upto": upto})
        self._sql.execute(moved)


class PostgresLeaves(Asked):
    """Leaves in the PostgreSQL behind a SQLAlchemy URL."""

    def __init__(self, url: str) -> None:
        self._engine = engine_of(sql.make_url(url), pool=2)
        try:
            with self._troubles(), self._engine.begin() as connection:
                connection.execute(sql.select(sql.func.pg_advisory_xact_lock(_LOCK)))
                _TABLES.create_all(connection)
        except Trouble:
            self._engine.dispose()
            raise

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        where = shown(self._engine.url)
        try:
            yield
        except DBAPIError as broken:
            if getattr(broken.orig, "sqlstate", None) == _DISK_FULL:
                raise NoSpace(where) from None
            if getattr(broken.orig, "sqlstate", None) == _WAITED:
                raise Busy("others are writing to the log", 1) from None
            kind = "no connection" if isinstance(broken, OperationalError) else "an error"
            # What the driver says may quote the statement, and so the entries: it stays inside.
            raise Unreachable(where, f"{kind} ({type(broken.orig).__name__})") from None

    @contextmanager
    def _asking(self) -> Iterator[_Rows]:
        with self._troubles(), self._engine.connect() as connection:
            yield _Rows(connection)

    @contextmanager
    def writing(self) -> Iterator[_Transaction]:
        """An exclusive transaction, durable when it ends without an error."""
        with self._troubles(), self._engine.begin() as connection:
            connection.execute(sql.text("SET LOCAL synchronous_commit TO on"))
            connection.execute(sql.select(sql.func.pg_advisory_xact_lock(_LOCK)))
            yield _Transaction(connection)

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()
