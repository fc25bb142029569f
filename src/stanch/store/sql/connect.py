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
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from stanch.vocabulary.trouble import (
    BadInput,
    Busy,
    Missing,
    NoSpace,
    Refused,
    Trouble,
    Unreachable,
)

WRITES = "stanch_writes"
_WAIT_S = 20
_WRITER_LOCK = 0x7374616E6368
"""`stanch` in hexadecimal: the name of the writer's lock in Postgres."""


def sqlite_url(folder: Path) -> str:
    """The URL of the database in a data folder."""
    return URL.create("sqlite", database=str(folder / "stanch.db")).render_as_string()


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
    locked = "database is locked" in low or state in {"55P03", "40P01", "40001", "53300"}
    if locked or isinstance(error, PoolTimeout):
        return Busy("others are writing to the database", 1)
    return Unreachable(where, first[:200])


def _where(url: URL) -> str:
    """What people call it: a file's path, or an address without its password."""
    file = url.database if url.get_backend_name() == "sqlite" else None
    return file or url.render_as_string(hide_password=True)


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise BadInput("The database needs a file: write sqlite:///PATH.")
    path = Path(url.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    engine = create_engine(
        url, connect_args={"timeout": _WAIT_S, "check_same_thread": False}, pool_timeout=_WAIT_S
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
    url = url.set(drivername="postgresql+psycopg")
    options = f"-c lock_timeout={_WAIT_S}s -c timezone=UTC"
    try:
        engine = create_engine(
            url,
            connect_args={"connect_timeout": 5, "options": options},
            pool_pre_ping=True,
            pool_size=10,
            pool_timeout=_WAIT_S,
        )
    except (ImportError, NoSuchModuleError) as absent:
        raise Missing("PostgreSQL", "postgres", "postgres") from absent

    @event.listens_for(engine, "begin")
    def _begin(link: Connection) -> None:
        if link.get_execution_options().get(WRITES):
            link.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
        else:
            link.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    return engine
