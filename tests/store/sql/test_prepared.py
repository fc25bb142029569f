"""Prepared statements say the same as statements that are built anew, on both databases."""

import pytest
from sqlalchemy import create_engine, select

from stanch.store.sql import tables
from stanch.store.sql.connect import WRITES, connect
from stanch.store.sql.prepared import added, fresh, kept, rewritten


@pytest.mark.usefixtures("sql_store")
def test_a_row_is_added_found_and_rewritten_where_it_matches(database_url: str) -> None:
    t = tables.counters
    add, change = added(t, ("name", "n")), rewritten(t, ("n",), "name", "n")
    engine = connect(database_url)
    with engine.connect().execution_options(**{WRITES: True}) as link, link.begin():
        add.run_each(link, [fresh({"name": name, "n": 1}) for name in ("a ' %s :x", "b")])
        gaps = {**fresh({"n": 5}), "name": "a ' %s :x"}
        assert change.run(link, {**gaps, "n": 2}).rowcount == 0
        assert change.run(link, {**gaps, "n": 1}).rowcount == 1
        found = link.execute(select(t.c.name, t.c.n).where(t.c.name.in_(("a ' %s :x", "b"))))
        assert sorted(map(tuple, found)) == [("a ' %s :x", 5), ("b", 1)]
        assert kept(tables.memories, "run").run(link, {"key": "nobody"}).scalar() is None
    engine.dispose()


def test_one_statement_serves_every_connection_of_a_database() -> None:
    add = added(tables.counters, ("name", "n"))
    assert add is added(tables.counters, ("name", "n"))
    engine = create_engine("sqlite://")
    with engine.connect() as link:
        tables.counters.create(link)
        for n in range(3):
            add.run(link, fresh({"name": str(n), "n": n}))
        assert len(link.execute(select(tables.counters)).all()) == 3
    engine.dispose()
