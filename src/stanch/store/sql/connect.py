"""Connections: how SQLite and Postgres are opened, and what their failures are called here.

Why   SQLite: WAL, so that reading never waits for writing; synchronous=FULL, so that what was
      committed survives a power cut; BEGIN IMMEDIATE, so that a writer waits at the door instead
      of failing half-way. Postgres: one advisory lock for the writer gives the same picture.
"""

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from stanch.store.sql.postgres import WAIT_S, engine_of, shown
from stanch.vocabulary.trouble import (
    BadInput,
    Busy,
    Declined,
    NoSpace,
    Refused,
    Trouble,
    Unreachable,
)

WRITES = "stanch_writes"
_WRITER_LOCK = 0x7374616E6368
"""`stanch` in hexadecimal: the name of the writer's lock in Postgres."""
_FULL = ("too many clients", "connection slots", "too many connections")
"""What PostgreSQL says at the door when nobody else is let in; it has no number there."""
_AWAY = ("starting up", "shutting down", "recovery mode", "not yet accepting", "terminating")
"""What it says at the door of a database that comes or goes."""


def sqlite_url(folder: Path, name: str = "stanch.sqlite") -> str:
    """The URL of a database in a data folder, whatever the folder is called."""
    return URL.create("sqlite", database=str(folder / name)).render_as_string()


def connect(url: str) -> Engine:
    """An engine for this URL; nothing is opened yet."""
    try:
        parsed = make_url(url)
    except ArgumentError as bad:
        raise BadInput("The database URL cannot be read: postgresql://USER@HOST/NAME.") from bad
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed)
        case "postgresql" | "postgres":
            return _postgres(parsed)
        case other:
            raise BadInput(f"The database can be sqlite or postgresql, not {other}.")


def trouble(url: URL, error: DBAPIError | PoolTimeout) -> Trouble:
    """The word of the house for what the database said."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines() or [""]
    first, where = said[0], _where(url)
    low = first.lower()
    state = getattr(getattr(error, "orig", None), "sqlstate", "") or ""
    if "disk is full" in low or state == "53100":
        return NoSpace(where)
    if "readonly database" in low or state == "25006":
        return Refused("A look at the database cannot write to it. Use begin().")
    if "nul (0x00)" in low:
        return BadInput(
            "Text with a NUL character in it cannot be kept or looked for. Leave it out."
        )
    at_the_door = "fatal:" in low and not any(words in low for words in _AWAY)
    declined = Declined if state == "42501" or at_the_door else Unreachable
    return _busy(error, state, low) or declined(where, first[:200])


def _where(url: URL) -> str:
    """What people call it: the path of a file, or an address."""
    file = url.database if url.get_backend_name() == "sqlite" else ""
    return file or shown(url)


def _busy(error: Exception, state: str, low: str) -> Busy | None:
    """What a little patience mends."""
    if isinstance(error, PoolTimeout):
        return Busy("all connections to the database are in use", 1)
    if state == "53300" or any(words in low for words in _FULL):
        return Busy("the database lets nobody else in; it needs a larger max_connections", 5)
    if "database is locked" in low or state in {"55P03", "40P01", "40001"}:
        return Busy("others are writing to the database", 1)
    if state == "57014":
        return Busy("the database took too long over one statement", 5)
    return None


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise BadInput("The database needs a file: write sqlite:///PATH.")
    path = Path(url.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    engine = create_engine(
        url, connect_args={"timeout": WAIT_S, "check_same_thread": False}, pool_timeout=WAIT_S
    )

    @event.listens_for(engine, "connect")
    def _open(raw: sqlite3.Connection, _record: Any) -> None:
        raw.isolation_level = None  # the driver would not begin before DDL or reads
        try:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                raw.execute(f"PRAGMA {pragma}").close()
            raw.execute("PRAGMA cache_size=-32000").close()
        except BaseException:  # the pool does not know of it yet
            raw.close()
            raise

    @event.listens_for(engine, "begin")
    def _begin(link: Connection) -> None:
        writes = bool(link.get_execution_options().get(WRITES))
        if link.info.get(WRITES) is not writes:
            link.exec_driver_sql(f"PRAGMA query_only={int(not writes)}")
            link.info[WRITES] = writes
        link.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres(url: URL) -> Engine:
    engine = engine_of(url)

    @event.listens_for(engine, "begin")
    def _begin(link: Connection) -> None:
        if link.get_execution_options().get(WRITES):
            link.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
        else:
            link.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    return engine
