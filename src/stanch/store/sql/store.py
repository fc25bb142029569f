"""The store: transactions on one database, the outbox of the evidence log, the news for streams.

In    a database URL and a clock.
Out   an object that fits `engine.ports.Store`.
"""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, Engine, delete, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from stanch.store.sql import tables
from stanch.store.sql.codec import decode, moment
from stanch.store.sql.connect import WRITES, connect, trouble
from stanch.store.sql.cursor import Sealer
from stanch.store.sql.memory import Settings
from stanch.store.sql.migrate import known, migrate
from stanch.store.sql.transaction import Transaction
from stanch.vocabulary.kept import Announced, Posted
from stanch.vocabulary.record import Entry
from stanch.vocabulary.trouble import Busy

_WAIT_S = 30.0
_SEALED = "_cursor"


class _Here(threading.local):
    """What this thread makes sure of in each transaction that may write."""

    sure: tuple[Callable[[Transaction], None], ...] = ()


class SqlStore:
    """The nouns in one database."""

    def __init__(self, engine: Engine, sealer: Sealer, clock: Callable[[], datetime]) -> None:
        """A store on an engine whose schema is up to date; `open_store` makes one."""
        self._engine = engine
        self._sealer = sealer
        self._clock = clock
        self._writer = threading.Lock()
        self._holder: int | None = None
        self._here = _Here()
        self.changes = 0
        """How often this process changed anything; the same as before, and nothing is new."""

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """A transaction that may write."""
        with self._writing() as link:
            before = _touched(link)
            tx = Transaction(link, self._sealer)
            for sure in self._here.sure:
                sure(tx)
            yield tx
            tx.finish(self._clock())
            wrote = before < 0 or _touched(link) > before
        self.changes += wrote

    @contextmanager
    def only_if(self, sure: Callable[[Transaction], None]) -> Iterator[None]:
        """Has every transaction of this thread that may write ask first, within itself; what raises
        there is kept from being written.
        """
        before = self._here.sure
        self._here.sure = (*before, sure)
        try:
            yield
        finally:
            self._here.sure = before

    @contextmanager
    def look(self) -> Iterator[Transaction]:
        """A steady view; writing in it is refused."""
        with _linked(self._engine, writes=False) as link:
            yield Transaction(link, self._sealer)

    def outbox(self, after: int = 0, limit: int = 500) -> tuple[Posted, ...]:
        """Entries that wait for the evidence log, in order; `after` is the last one appended."""
        t = tables.outbox.c
        query = select(t.seq, t.doc).where(t.seq > after).order_by(t.seq).limit(limit)
        with _linked(self._engine, writes=False) as link:
            return tuple(Posted(seq=r.seq, entry=decode(r.doc, Entry)) for r in link.execute(query))

    def drained(self, upto: int) -> None:
        """Lets go of entries that are now in the evidence log."""
        with self._writing() as link:
            link.execute(delete(tables.outbox).where(tables.outbox.c.seq <= upto))

    def announced(self, after: int, limit: int = 500) -> tuple[Announced, ...]:
        """What changed since then, in order; the first may be missing once it was pruned."""
        t = tables.announcements.c
        query = select(tables.announcements).where(t.seq > after).order_by(t.seq).limit(limit)
        with _linked(self._engine, writes=False) as link:
            return tuple(
                Announced(seq=r.seq, kind=r.kind, id=r.thing, at=moment(r.at))
                for r in link.execute(query)
            )

    def latest(self) -> int:
        """The number of the newest announcement, for a stream that starts now."""
        with _linked(self._engine, writes=False) as link:
            return int(link.execute(select(func.max(tables.announcements.c.seq))).scalar() or 0)

    def close(self) -> None:
        """Lets go of every connection."""
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """The writer's connection. Threads queue here, not inside SQLite, where they would spin."""
        if self._holder == threading.get_ident():
            raise RuntimeError("begin() inside begin(): pass the transaction on instead")
        if not self._writer.acquire(timeout=_WAIT_S):
            raise Busy("others are writing to the database", 1)
        self._holder = threading.get_ident()
        try:
            with _linked(self._engine, writes=True) as link:
                yield link
        finally:
            self._holder = None
            self._writer.release()


def open_store(url: str, *, clock: Callable[[], datetime]) -> SqlStore:
    """The store at this URL, its schema brought up to date first."""
    engine = connect(url)
    try:
        with _linked(engine, writes=True) as link:
            _without_hurry(link)
            migrate(link, known(), at=clock())
            sealer = Sealer(_secret(Settings(link)))
    except BaseException:
        engine.dispose()
        raise
    return SqlStore(engine, sealer, clock)


@contextmanager
def _linked(engine: Engine, *, writes: bool) -> Iterator[Connection]:
    fail = partial(trouble, engine.url)
    try:
        with engine.connect().execution_options(**{WRITES: writes}) as link, link.begin():
            yield link
    except (DBAPIError, PoolTimeout) as error:
        raise fail(error) from error


def _without_hurry(link: Connection) -> None:
    """Lets what a large database needs for a migration take its time, and ends it with whoever
    asked for it: PostgreSQL would go on for nobody, holding the writer's lock.
    """
    if link.dialect.name == "postgresql":
        link.exec_driver_sql("SET LOCAL statement_timeout = 0")
        # A server of before version 14 has no such setting.
        link.exec_driver_sql(
            "SELECT set_config(name, '2s', true) FROM pg_settings "
            "WHERE name = 'client_connection_check_interval'"
        )


def _touched(link: Connection) -> int:
    """How many rows this connection has changed so far; -1 where nobody counts."""
    return int(getattr(link.connection.driver_connection, "total_changes", -1))


def _secret(settings: Settings) -> bytes:
    """The secret that seals cursors; made once, and shared by every process on this database."""
    kept = settings.get(_SEALED)
    if kept is None:
        kept = secrets.token_hex(32)
        settings.put(_SEALED, kept)
    return bytes.fromhex(kept)
