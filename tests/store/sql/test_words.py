"""Words: a list is searched through what stands in an index, the longest first."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event

from stanch.store.sql.connect import WRITES
from stanch.store.sql.migrate import Migration
from stanch.store.sql.shelf import telling
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.casework import IncidentLine, Note
from stanch.vocabulary.finding import Finding, Lifecycle, Suspect
from stanch.vocabulary.ids import AssetId, DetectorId, FindingId, IncidentId, PrincipalId
from stanch.vocabulary.incident import Incident
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


def counts(wanted: Wanted, fields: Sequence[str] = ()) -> Callable[[Any], object]:
    """What asks how many are wanted, by these fields."""
    if fields:
        return lambda tx: tx.findings.facets(wanted, fields)
    return lambda tx: tx.findings.count(wanted)


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
    plan = plans(sql_store, lambda tx: tx.incidents.page(wanted))
    assert plan.startswith("SCAN incidents USING INDEX incidents_by_time")
    counted = plans(sql_store, lambda tx: tx.findings.facets(wanted, FACETS))
    assert counted.startswith("SCAN findings USING COVERING INDEX findings_by_words")
    # What many findings share is no way to them: neither for words nor to count.
    shared = Wanted(
        text="nobody-said-this",
        detector=(DetectorId("score_shift"),),
        lifecycle=(Lifecycle.INFERENCE,),
    )
    found = plans(sql_store, lambda tx: tx.findings.page(shared))
    assert found == "SCAN findings USING INDEX findings_by_time"
    counted = plans(sql_store, lambda tx: tx.findings.facets(shared, ("attack",)))
    assert counted.startswith("SCAN findings USING COVERING INDEX findings_by_words")
    without = replace(shared, text="")
    named = plans(sql_store, lambda tx: tx.findings.page(without))
    assert named.startswith("SEARCH findings USING INDEX findings_by_")
    for plain in (Wanted(), without, Wanted(any_of=(without, Wanted(asset=(AssetId("x"),))))):
        for fields in (FACETS, ("attack", "asset")):
            plan = plans(sql_store, counts(plain, fields))
            assert plan.startswith("SCAN findings USING COVERING INDEX findings_by_facets")
        assert "COVERING INDEX findings_by_" in plans(sql_store, counts(plain))


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


_MANY = (
    "INSERT INTO finding_words SELECT 'fnd-' || n, 'a', 'd', '', 'inference', n, "
    "'sight number ' || n FROM generate_series(1, 20000) AS n"
)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_postgres_walks_to_what_many_have_and_reads_words_alone_for_what_few_have(
    sql_store: SqlStore,
) -> None:
    with sql_store._engine.connect().execution_options(**{WRITES: True}) as link, link.begin():
        link.exec_driver_sql(_MANY)
        link.exec_driver_sql("ANALYZE finding_words")
    index = "Index Scan Backward using finding_words_by_time"
    for text, way in {"sight": index, "nobody-said-this": "Seq Scan on finding_words"}.items():
        with said(sql_store) as heard, sql_store.look() as tx:
            assert tx.findings._words is not None
            tx.findings._words.walk(Wanted(text=text), after="", limit=6)
        [(query, given)] = [one for one in heard if "FROM finding_words" in one[0]]
        with sql_store._engine.connect() as link:
            plan = [row[0] for row in link.exec_driver_sql(f"EXPLAIN {query}", given)]
        assert way in "; ".join(plan)
        assert any("force_custom_plan" in said_ for said_, _ in heard)
    inside = Wanted(incident=(IncidentId("inc-1"),), text="sight")
    for ask in (counts(inside), counts(inside, FACETS)):
        with said(sql_store) as heard, sql_store.look() as tx:
            ask(tx)
        assert [query for query, _ in heard if "FROM finding_words" in query]
        assert not [query for query, _ in heard if " findings " in query]


def test_words_are_found_page_by_page_whatever_else_is_asked(
    sql_store: SqlStore,
    finding: Callable[[int], Finding],
    incident: Callable[..., Incident],
    at: datetime,
) -> None:
    whom = (Suspect(principal=PrincipalId("ann"), share=1.0, confidence=0.9),)
    made = [
        replace(
            finding(n),
            says="a zoo" if 10 <= n < 20 else "a yolk" if n < 28 else "a twin",
            suspects=whom if n % 2 else (),
        )
        for n in range(30)
    ]
    with sql_store.begin() as tx:
        newest = [f.id for f in reversed(tx.findings.put(made, at=at))]
        assert tx.findings.put(made, at=at) == ()
        one = tx.incidents.add(incident("inc-1", *newest[5:25]))
    zoo, ann = newest[10:20], Wanted(principal=(PrincipalId("ann"),))
    inside = Wanted(incident=(one.id,))
    ends = {"since": made[12].window.end, "until": made[20].window.end}
    for wanted, keys in (
        (Wanted(text="zoo"), zoo),
        (Wanted(text="A zo", **ends), zoo[:8]),
        (Wanted(text="zoo", asset=(AssetId("other"),)), list[FindingId]()),
        (Wanted(text="zoo", changed_since=at), zoo),
        (replace(ann, text="zoo"), zoo[::2]),
        (replace(zooed := replace(inside, text="zo"), since=made[12].window.end), zoo[:8]),
        (replace(zooed, asset=(AssetId("fraud"),)), zoo),
        (replace(zooed, asset=(AssetId("other"),)), list[FindingId]()),
        (replace(zooed, principal=ann.principal), zoo[::2]),
        (
            replace(inside, any_of=(Wanted(text="yolk"), ann)),
            [*newest[5:10], *newest[10:20:2], *newest[20:25]],
        ),
        (Wanted(any_of=(Wanted(text="twin"), Wanted(text="zoo"))), newest[:2] + zoo),
        (Wanted(any_of=(Wanted(text="twin"), ann)), [*newest[:2], *newest[2::2]]),
    ):
        assert every(sql_store, wanted) == keys, wanted
        with sql_store.look() as tx:
            assert tx.findings.count(wanted) == len(keys)
            told = tx.findings.facets(wanted, ("asset",))["asset"]
            assert told == ({"fraud": len(keys)} if keys else {})


def every(store: SqlStore, wanted: Wanted) -> list[FindingId]:
    """All that is wanted, in pages of four."""
    found: list[FindingId] = []
    after = ""
    while True:
        with store.look() as tx:
            page = tx.findings.page(wanted, after=after, limit=4)
        found += [one.id for one in page.items]
        after = page.next
        if not after:
            return found


def lines(store: SqlStore, text: str) -> tuple[IncidentLine, ...]:
    """The incidents that this finds, which are as many as are counted."""
    with store.look() as tx:
        page = tx.incidents.page(Wanted(text=text)).items
        assert tx.incidents.count(Wanted(text=text)) == len(page)
    return page


def test_an_incident_is_found_by_what_people_wrote_about_it(
    sql_store: SqlStore, incident: Callable[..., Incident], at: datetime
) -> None:
    with sql_store.begin() as tx:
        for name, text in (("inc-1", "Größe: 100%\n" + "x" * 3000 + " ÉTÉ"), ("inc-2", "100 %")):
            tx.incidents.add(incident(name))
            tx.notes.add(
                Note(id=f"note-{name}", incident=IncidentId(name), at=at, by="ann", text=text)
            )
    found = {
        text: tuple(one.incident.id for one in lines(sql_store, text))
        for text in ("GRÖSSE", "100%", "été inc-1", "été inc-2", "nothing")
    }
    assert found == {
        "GRÖSSE": ("inc-1",),
        "100%": ("inc-1",),
        "été inc-1": ("inc-1",),
        "été inc-2": (),
        "nothing": (),
    }
