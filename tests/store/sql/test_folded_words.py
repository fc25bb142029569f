"""Folded words: a search finds what stands there, however it is typed, and the old with the new."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import text

from stanch.store.sql.connect import WRITES, connect
from stanch.store.sql.migrate import known, migrate
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.casework import Note
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted

FOLDED = next(one.number for one in known() if one.name == "words_folded")
TYPED = {
    "été à Zürich": ("ete", "ETE", "été", "zurich", "e\u0301te\u0301"),
    "Straße nach Łódź": ("strasse", "STRASSE", "lodz", "straße"),
    "ﬁle ＫＥＹ-91": ("file", "key-91", "\uff2b\uff25\uff39"),
    "İstanbul kapısı": ("istanbul", "kapisi", "KAPISI", "İSTANBUL"),
    "eve\u200b\u202egnp": ("evegnp", "e\u200bve"),
    "don\u2019t \u2013 now": ("don't", "- now"),
}


def found(store: SqlStore, typed: str) -> list[int]:
    """How many findings, incidents by their title and incidents by their notes have this."""
    with store.look() as tx:
        findings = tx.findings.page(Wanted(text=typed)).items
        assert tx.findings.count(Wanted(text=typed)) == len(findings)
        lines = tx.incidents.page(Wanted(text=typed)).items
    by_note = [one for one in lines if one.incident.id == "inc-noted"]
    return [len(findings), len(lines) - len(by_note), len(by_note)]


@pytest.mark.parametrize("stands", TYPED)
def test_what_stands_there_is_found_however_it_is_typed(
    sql_store: SqlStore,
    finding: Callable[[int], Finding],
    incident: Callable[..., Incident],
    at: datetime,
    stands: str,
) -> None:
    with sql_store.begin() as tx:
        tx.findings.put([replace(finding(1), says=f"On {stands}."), finding(2)], at=at)
        tx.incidents.add(replace(incident("inc-1"), title=f"On {stands}."))
        tx.incidents.add(incident("inc-noted"))
        noted = Note(id="n", incident=IncidentId("inc-noted"), at=at, by="ann", text=stands)
        tx.notes.add(noted)
    for typed in TYPED[stands]:
        assert found(sql_store, typed) == [1, 1, 1], typed
    assert found(sql_store, "nobody-said-this") == [0, 0, 0]


def test_what_was_kept_before_is_found_in_the_same_way(
    database_url: str,
    finding: Callable[[int], Finding],
    incident: Callable[..., Incident],
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = open_store(database_url, clock=lambda: at)
    with monkeypatch.context() as before, store.begin() as tx:
        before.setattr("stanch.store.sql.shelf.folded", str.casefold)
        for n, stands in enumerate(TYPED):
            tx.findings.put([replace(finding(n), says=stands)], at=at)
            tx.incidents.add(replace(incident(f"inc-{n}"), title=stands))
        tx.incidents.add(incident("inc-noted"))
        said = "\n".join(TYPED)
        tx.notes.add(Note(id="n", incident=IncidentId("inc-noted"), at=at, by="ann", text=said))
    assert found(store, "zurich") == [0, 0, 0]
    store.close()
    engine = connect(database_url)
    with engine.connect().execution_options(**{WRITES: True}) as link, link.begin():
        link.execute(text("DELETE FROM migrations WHERE number = :n"), {"n": FOLDED})
        assert migrate(link, known(), at=at) == 1
    engine.dispose()
    store = open_store(database_url, clock=lambda: at)
    for typed in (one for ways in TYPED.values() for one in ways):
        assert found(store, typed) == [1, 1, 1], typed
    store.close()
