"""PostgreSQL as it is met: databases that do not fit, users without rights, others who hang."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, make_url
from sqlalchemy.exc import DBAPIError

from stanch.store.log.postgres import PostgresLeaves
from stanch.store.sql import postgres
from stanch.store.sql.connect import trouble
from stanch.store.sql.migrate import migrate
from stanch.store.sql.store import open_store
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.trouble import BadInput, Busy, Declined, Trouble, Unreachable

pytestmark = pytest.mark.needs_postgres
AT = datetime(2026, 11, 23, tzinfo=UTC)
ICU_FROM = 150_000


def opening(url: str) -> str:
    """What is said when nobody can be let in."""
    with pytest.raises(Trouble) as refused:
        open_store(url, clock=lambda: AT).close()
    return f"{type(refused.value).__name__}: {refused.value}"


@contextmanager
def database(server: str, name: str, how: str) -> Iterator[str]:
    """The URL of a database that is made so."""
    name = f"{name}_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name} TEMPLATE template0 {how}".encode())
    try:
        yield server.replace("/postgres?", f"/{name}?", 1)
    finally:
        with psycopg.connect(server, autocommit=True) as link:
            link.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def role(url: str, name: str, how: str = "") -> Iterator[str]:
    """The URL for somebody else, of whom this is said."""
    name = f"{name}_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as link:
        link.execute(f"CREATE ROLE {name} LOGIN {how}".encode())
    try:
        yield make_url(url).set(username=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(url, autocommit=True) as link:
            link.execute(f"DROP ROLE {name}".encode())


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_keep_all_text_is_refused_before_anything_is_in_it(
    postgres_server: str, encoding: str
) -> None:
    with database(postgres_server, encoding.lower(), f"ENCODING '{encoding}' LOCALE 'C'") as url:
        said = opening(url)
        assert said.startswith("BadInput: The database postgresql://")
        assert f"keeps text as {encoding}" in said
        assert "ENCODING 'UTF8' TEMPLATE template0" in said
        with psycopg.connect(url) as link:
            assert link.execute("SELECT count(*) FROM pg_stat_user_tables").fetchall() == [(0,)]


def test_a_list_by_id_has_one_order_whatever_language_the_database_sorts_in(
    postgres_server: str,
) -> None:
    with psycopg.connect(postgres_server) as link:
        if link.info.server_version < ICU_FROM:
            pytest.skip("a database of another language needs PostgreSQL 15")
    ids = ["B", "a", "a-c", "a.b", "a_a", "aa"]
    icu = "ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'"
    with database(postgres_server, "icu", icu) as url:
        store = open_store(url, clock=lambda: AT)
        with store.begin() as tx:
            for one in reversed(ids):
                key = AssetId(one)
                tx.assets.add(Asset(id=key, kind=AssetKind.MODEL, name=one, owner="ada"))
            by_language = "SELECT id FROM assets ORDER BY id"
            assert tx.settings.link.exec_driver_sql(by_language).scalars().all() != sorted(ids)
            found, after = list[str](), ""
            while after or not found:
                page = tx.assets.page(after=after, limit=2)
                found += [one.id for one in page.items]
                after = page.next
        store.close()
    assert found == sorted(ids)


def test_who_has_no_rights_is_told_whose_matter_that_is(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as link:  # before 15 everybody had them
        link.execute(b"REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    with role(postgres_url, "nobody") as url:
        said = opening(url)
    assert said.startswith("Declined: postgresql://nobody_")
    assert "permission denied for schema public" in said
    assert "what the account of stanch may do there" in said
    absent = make_url(postgres_url).set(database="absent").render_as_string()
    assert opening(absent).startswith("Declined: ")
    assert 'database "absent" does not exist' in opening(absent)


def test_a_database_that_is_full_of_others_asks_for_patience(postgres_url: str) -> None:
    with role(postgres_url, "few", "CONNECTION LIMIT 0") as url:
        said = opening(url)
    assert said.startswith("Busy: ")
    assert "larger max_connections" in said


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("FATAL:  sorry, too many clients already", Busy),
        ("FATAL:  remaining connection slots are reserved for roles", Busy),
        ('FATAL:  password authentication failed for user "stanch"', Declined),
        ("FATAL:  the database system is starting up", Unreachable),
        ("FATAL:  terminating connection due to administrator command", Unreachable),
        ("connection to server failed: Connection refused", Unreachable),
    ],
)
def test_what_is_said_at_the_door_has_a_word_of_the_house(told: str, kind: type[Trouble]) -> None:
    url = make_url("postgresql+psycopg://stanch:secret@host/stanch?sslpassword=secret")
    said = trouble(url, DBAPIError(None, None, psycopg.OperationalError(told)))
    assert type(said) is kind
    assert "secret" not in str(said)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql+psycopg2"])
def test_every_usual_way_to_write_the_address_is_taken(postgres_url: str, scheme: str) -> None:
    url = postgres_url.replace("postgresql", scheme, 1)
    store = open_store(url, clock=lambda: AT)
    with store.look() as tx:
        assert tx.settings.all() == {}
    store.close()
    PostgresLeaves(url).close()


def test_whoever_hangs_while_writing_loses_the_lock_and_the_others_go_on(
    postgres_url: str,
) -> None:
    store, hanging = (open_store(postgres_url, clock=lambda: AT) for _ in range(2))

    def hangs() -> None:
        with hanging.begin() as tx:
            tx.settings.put("half", "done")
            sooner = "SET LOCAL idle_in_transaction_session_timeout = '1ms'"
            tx.settings.link.exec_driver_sql(sooner)
            # Another waits for the lock; it is let go when the one who has it says nothing.
            with store.begin() as theirs:
                theirs.settings.put("whole", "done")
            tx.settings.put("half", "again")

    with pytest.raises(Unreachable):
        hangs()
    with hanging.begin() as tx:
        assert tx.settings.all() == {"whole": "done"}
    hanging.close()
    store.close()


def test_a_statement_without_end_is_ended(postgres_url: str) -> None:
    store = open_store(postgres_url, clock=lambda: AT)

    def sleeps() -> None:
        with store.look() as tx:
            tx.settings.link.exec_driver_sql("SET LOCAL statement_timeout = '1ms'")
            tx.settings.link.exec_driver_sql("SELECT pg_sleep(600)")

    with pytest.raises(Busy, match="too long over one statement"):
        sleeps()
    with store.look() as tx:
        assert tx.settings.all() == {}
    store.close()


def test_a_migration_is_not_hurried(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[object] = []

    def slow(link: Connection, *given: Any, **more: Any) -> int:
        limits.append(link.exec_driver_sql("SHOW statement_timeout").scalar())
        return migrate(link, *given, **more)

    monkeypatch.setattr("stanch.store.sql.store.migrate", slow)
    open_store(postgres_url, clock=lambda: AT).close()
    assert limits == ["0"]


def test_a_nul_stops_no_finding_and_is_looked_for_nowhere(
    postgres_url: str, finding: Callable[[int], Finding]
) -> None:
    store = open_store(postgres_url, clock=lambda: AT)
    with store.begin() as tx:
        [kept] = tx.findings.put([replace(finding(1), says="'fr\0ud' is new")], at=AT)
    with store.look() as tx:
        assert tx.findings.get(kept.id).says == "'fr\0ud' is new"
        assert tx.findings.page(Wanted(text="is new")).items == (kept,)

    def looks() -> None:
        with store.look() as tx:
            tx.findings.page(Wanted(text="fr\0ud"))

    with pytest.raises(BadInput, match="NUL"):
        looks()
    store.close()


def test_no_wait_on_a_connection_is_without_end(sql_limits: dict[str, str]) -> None:
    for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
        assert sql_limits[name] not in {"0", ""}, name


@pytest.fixture
def sql_limits(postgres_url: str) -> dict[str, str]:
    """What a session of stanch is limited to."""
    store = open_store(postgres_url, clock=lambda: AT)
    with store.look() as tx:
        names = tuple(postgres._SESSION)
        link = tx.settings.link
        found = {n: str(link.exec_driver_sql(f"SHOW {n}").scalar()) for n in names}
    store.close()
    return found
