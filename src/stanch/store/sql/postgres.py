"""PostgreSQL: how its connections are opened, and how long anything may wait on one.

In    a URL.
Out   an engine; `BadInput` for a database that cannot keep our text.
Why   several servers share one database, and one writes at a time. A machine that loses its power
      while it writes says no goodbye: without a limit its lock would be held for hours.
"""

from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import NoSuchModuleError

from stanch.vocabulary.trouble import BadInput, Missing, Unreachable

WAIT_S = 20
"""How long a lock, and a free connection, are waited for."""
POOL = 10
"""Connections that one engine keeps; as many again come and go when it is busy."""
_SESSION = {
    "lock_timeout": f"{WAIT_S}s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "timezone": "UTC",
}
_LINK: dict[str, Any] = {
    "connect_timeout": 5,
    "client_encoding": "utf8",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 1000 * WAIT_S,
}


def engine_of(url: URL, *, pool: int = POOL) -> Engine:
    """An engine for this URL, whatever driver it names; nothing is opened yet."""
    options = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={**_LINK, "options": options},
            pool_pre_ping=True,
            pool_size=pool,
            pool_timeout=WAIT_S,
        )
    except (ImportError, NoSuchModuleError) as absent:
        raise Missing("PostgreSQL", "postgres", "postgres") from absent

    # Before the library looks at it: of a database without an encoding it gets bytes for text.
    @event.listens_for(engine, "connect", insert=True)
    def _fit(raw: Any, _record: Any) -> None:
        try:
            _check(raw.info.parameter_status, engine.url)
        except BaseException:  # the pool does not know of it yet
            raw.close()
            raise

    return engine


def shown(url: URL) -> str:
    """The URL as people may read it: without its password, and without what may hold one."""
    plain = url.set(drivername=url.get_backend_name(), query={})
    return plain.render_as_string(hide_password=True)


def _check(told: Any, url: URL) -> None:
    if (encoding := told("server_encoding")) != "UTF8":
        raise BadInput(
            f"The database {shown(url)} keeps text as {encoding}, and cannot keep all of it. Make "
            f"another: CREATE DATABASE {url.database} ENCODING 'UTF8' TEMPLATE template0."
        )
    if told("in_hot_standby") == "on":
        raise Unreachable(shown(url), "it is a standby, and takes no writes")
