"""Words: a list is searched through what stands in an index, the longest first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event

from stanch.store.sql.migrate import Migration
from stanch.store.sql.shelf import telling
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.listing import Wanted

FACETS = ("asset", "detector", "attack", "lifecycle")


@contextmanager
def said(store: SqlStore) -> Iterator[list[tuple[str, Any]]]:
    engine: Engine = store._engine
    heard: list[tuple[str, Any]] = []

    def hear(*sent: Any) -> None:
        heard.append((sent[2], sent[3]))

    event.listen(engine, "before_cursor_execute", hear)
    yield heard
    event.remove(engine, "before_cursor_execute", hear)


def plans(store: SqlStore, ask: Callable[[Any], object]) -> str:
    """How SQLite goes about what is asked."""
    with said(store) as heard, store.look() as tx:
        ask(tx)
    with store._engine.connect() as link:
        lines = [
            row[-1]
            for text, given in heard
            if text.startswith("SELECT")
            for row in link.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given)
        ]
    return "; ".join(lines)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_looks_for_words_in_an_index_and_counts_without_them_in_a_smaller_one(
    sql_store: SqlStore, finding: Callable[[int], Finding], at: datetime
) -> None:
    with sql_store.begin() as tx:
        tx.findings.put([finding(n) for n in range(50)], at=at)
    wanted = Wanted(text="nobody-said-this")
    index = {"findings": "findings_by_time", "evidence": "evidence_by_time"}
    for shelf, name in index.items():
        plan = plans(sql_store, lambda tx, one=shelf: getattr(tx, one).page(wanted))
        assert plan == f"SCAN {shelf} USING INDEX {name}"
    assert plans(sql_store, lambda tx: tx.incidents.page(wanted)).endswith("incidents_by_time")
    counted = plans(sql_store, lambda tx: tx.findings.facets(wanted, FACETS))
    assert counted.startswith("SCAN findings USING COVERING INDEX findings_by_words")
    plain = plans(sql_store, lambda tx: tx.findings.facets(Wanted(), FACETS))
    assert plain.startswith("SCAN findings USING COVERING INDEX findings_by_facets")


def test_a_statement_for_one_database_is_none_of_the_other() -> None:
    sql = "CREATE TABLE t (b BLOB); /* sqlite */ CREATE INDEX i ON t (b); -- /* sqlite */ no; no"
    step = Migration(number=1, name="one", sql=sql)
    assert step.statements("sqlite") == ["CREATE TABLE t (b BLOB)", "CREATE INDEX i ON t (b)"]
    assert step.statements("postgresql") == ["CREATE TABLE t (b BYTEA)"]


def test_the_longest_word_is_looked_for_first_and_what_it_holds_never(
    sql_store: SqlStore, finding: Callable[[int], Finding], at: datetime
) -> None:
    assert telling("a sight SIGHT number ig 1") == ["number", "sight", "1", "a"]
    with sql_store.begin() as tx:
        tx.findings.put([finding(n) for n in range(12)], at=at)
    with sql_store.look() as tx:
        for text, many in (("number SIGHT", 12), ("sight ight nobody", 0), ("sight %", 0)):
            assert len(tx.findings.page(Wanted(text=text)).items) == many
            assert tx.findings.count(Wanted(text=text)) == many
