"""The schema: migrations make what the queries expect, on both databases, and only forward."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Engine, inspect, text

from stanch.store.sql import tables
from stanch.store.sql.connect import WRITES, connect
from stanch.store.sql.counters import first_of
from stanch.store.sql.migrate import known, migrate
from stanch.store.sql.store import open_store
from stanch.vocabulary.trouble import NewerData, Tampered


def shape(engine: Engine) -> dict[str, object]:
    seen = inspect(engine)
    return {
        name: (
            {(c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(name)},
            tuple(seen.get_pk_constraint(name)["constrained_columns"]),
            {
                (i["name"], tuple(i["column_names"]), bool(i["unique"]))
                for i in seen.get_indexes(name)
            },
        )
        for name in seen.get_table_names()
        if name != "migrations"
    }


def test_all_migrations_one_by_one_make_the_schema_of_the_queries(
    database_url: str, at: datetime
) -> None:
    engine = connect(database_url)
    with engine.connect().execution_options(**{WRITES: True}) as link, link.begin():
        for upto in range(1, len(known()) + 1):
            assert migrate(link, known()[:upto], at=at) == 1
    migrated = shape(engine)
    with engine.connect().execution_options(**{WRITES: True}) as link, link.begin():
        own = (tables.of_postgres,) if engine.dialect.name == tables.APART else ()
        for all_ in (tables.everything, *own):
            for name in all_.tables:
                link.execute(text(f"DROP TABLE {name}"))
            all_.create_all(link)
        link.execute(text("DROP TABLE migrations"))
    assert shape(engine) == migrated
    engine.dispose()


def test_opening_again_migrates_nothing(database_url: str, at: datetime) -> None:
    open_store(database_url, clock=lambda: at).close()
    open_store(database_url, clock=lambda: at).close()
    engine = connect(database_url)
    with engine.connect() as link, link.begin():
        steps = link.execute(text("SELECT count(*) FROM migrations")).scalar_one()
    assert steps == len(known())
    engine.dispose()


def test_whoever_waits_for_an_upgrade_is_told_each_step_and_a_new_database_says_nothing(
    database_url: str, at: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    newest, engine = known()[-1], connect(database_url)
    with engine.connect().execution_options(**{WRITES: True}) as link, link.begin():
        migrate(link, known()[:-1], at=at)
        assert caplog.messages == []
        migrate(link, known(), at=at)
    engine.dispose()
    (told,) = caplog.messages
    assert f"step {newest.number} of {newest.number} (" in told
    assert "the next start begins again" in told


def test_an_old_migration_with_other_words_is_refused(database_url: str, at: datetime) -> None:
    open_store(database_url, clock=lambda: at).close()
    engine = connect(database_url)
    changed = replace(known()[0], sql=known()[0].sql + "\n-- a word more")
    with (
        engine.connect().execution_options(**{WRITES: True}) as link,
        link.begin(),
        pytest.raises(Tampered, match="0001_nouns"),
    ):
        migrate(link, (changed, *known()[1:]), at=at)
    engine.dispose()


def test_a_database_of_a_newer_stanch_is_refused(database_url: str, at: datetime) -> None:
    open_store(database_url, clock=lambda: at).close()
    engine = connect(database_url)
    with engine.connect().execution_options(**{WRITES: True}) as link, link.begin():
        link.execute(text("INSERT INTO migrations VALUES (9999, 'later', 'x', 0)"))
    engine.dispose()
    with pytest.raises(NewerData, match="9999"):
        open_store(database_url, clock=lambda: at)


def test_a_migration_that_fails_leaves_nothing_behind(database_url: str, at: datetime) -> None:
    open_store(database_url, clock=lambda: at).close()
    engine = connect(database_url)
    bad = replace(
        known()[0],
        number=known()[-1].number + 1,
        name="bad",
        sql="CREATE TABLE half (n BIGINT); NONSENSE",
    )
    with (
        pytest.raises(Exception, match=r"(?i)nonsense"),
        engine.connect().execution_options(**{WRITES: True}) as link,
        link.begin(),
    ):
        migrate(link, (*known(), bad), at=at)
    assert "half" not in inspect(engine).get_table_names()
    engine.dispose()


def test_whom_old_findings_name_and_what_they_are_in_gets_what_its_lists_need(
    database_url: str, at: datetime
) -> None:
    engine = connect(database_url)
    with engine.connect().execution_options(**{WRITES: True}) as link, link.begin():
        migrate(link, [step for step in known() if step.number < 6], at=at)
        link.execute(
            text(
                "INSERT INTO findings "
                "(id, revision, doc, asset, detector, attack, lifecycle, at, kept, words) "
                "VALUES ('fnd-1', 1, '{}', 'a', 'd', '', 'inference', 77, 78, '')"
            )
        )
        link.execute(text("INSERT INTO suspects (principal, finding) VALUES ('ann', 'fnd-1')"))
        link.execute(text("INSERT INTO bonds VALUES ('inc-1', 'fnd-1', 77, 1)"))
        note = '{"id":"note-1","incident":"inc-1","by":"Ann","text":"Copied \\\\u0000 By Bo"}'
        row = {"doc": note}
        link.execute(text("INSERT INTO notes VALUES ('note-1', 'inc-1', 77, :doc)"), row)
        migrate(link, known(), at=at)
        assert link.execute(text("SELECT at FROM suspects")).scalar_one() == 77
        query = text("SELECT asset, detector, attack, lifecycle FROM bonds")
        assert tuple(link.execute(query).one()) == ("a", "d", "", "inference")
        assert link.execute(text("SELECT words FROM notes")).scalar_one().startswith("copied ")
        # What is brought into an incident next comes behind what was there.
        assert first_of(link, "bonds", 2) == 2
        assert first_of(link, "bonds", 1) == 4
    engine.dispose()
