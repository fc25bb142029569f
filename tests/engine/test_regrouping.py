"""Regrouping: what is told, kept and left alone when findings change hands or an incident ends."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.engine.test_cases import ADA, Ears, Moved, mixed_up, opened

from stanch.engine.cases import Cases, Step
from stanch.engine.owed import ANSWERS, owed
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.incident import Incident, Phase
from stanch.vocabulary.trouble import Conflict


def read(store: SqlStore, key: IncidentId) -> Incident:
    with store.look() as tx:
        return tx.incidents.get(key)


def answers(store: SqlStore) -> set[str]:
    with store.look() as tx:
        return set(owed(tx, ANSWERS))


def closed(cases: Cases, one: Incident) -> Incident:
    return cases.move(one.id, Step(to=Phase.CLOSED, seen=one.version, why="over"), ADA)


def test_closing_what_came_loose_does_not_say_that_it_is_held_again(
    sql_store: SqlStore, hands: Moved
) -> None:
    cases, one = Cases(sql_store, hands), opened(sql_store, hands(), "inc-1", "a")
    at = hands()
    with sql_store.begin() as tx:
        loose = replace(one, phase=Phase.TRIAGED, contained_at=at, loose_at=at)
        one = tx.incidents.save(loose)
    hands.at = at + timedelta(minutes=5)
    now = closed(cases, one)
    assert (now.held_again, now.held_at) == (None, None)


def test_taking_a_regrouping_back_tells_of_both_incidents(
    sql_store: SqlStore, hands: Moved
) -> None:
    ears = Ears()
    cases = Cases(sql_store, hands, [ears])
    one, two = (opened(sql_store, hands(), f"inc-{n}", f"f{n}") for n in (1, 2))
    undo = cases.merge(one.id, two.id, ADA)
    ears.heard.clear()
    cases.undo(undo.id, ADA)
    assert ears.heard == [("changed", one.id), ("changed", two.id)]


def test_an_incident_is_first_seen_when_it_was_itself_after_all_merges_are_taken_back(
    sql_store: SqlStore, hands: Moved
) -> None:
    cases, noon = Cases(sql_store, hands), hands()
    own = opened(sql_store, noon, "inc-own", "a")
    guests = [opened(sql_store, noon - timedelta(hours=n), f"inc-{n}", f"g{n}") for n in (1, 2)]
    undos = []
    for guest in guests:
        hands.at += timedelta(minutes=1)
        undos.append(cases.merge(guest.id, own.id, ADA))
    assert read(sql_store, own.id).first_seen == noon - timedelta(hours=2)
    for undo, seen in zip(reversed(undos), (noon - timedelta(hours=1), noon), strict=True):
        cases.undo(undo.id, ADA)
        assert read(sql_store, own.id).first_seen == seen


def test_a_closed_incident_that_loses_findings_keeps_what_was_said_of_it(
    sql_store: SqlStore, hands: Moved
) -> None:
    cases = Cases(sql_store, hands)
    whole, theft, _ = mixed_up(sql_store, hands())
    before = closed(cases, whole)
    cases.detach(whole.id, [theft], ADA)
    now = read(sql_store, whole.id)
    assert (now.phase, now.verdict, now.suspects) == (
        Phase.CLOSED,
        before.verdict,
        before.suspects,
    )
    assert answers(sql_store) == set()


def test_a_closed_incident_takes_no_part_in_a_merge_until_it_is_open_again(
    sql_store: SqlStore, hands: Moved
) -> None:
    cases = Cases(sql_store, hands)
    whole, _, _ = mixed_up(sql_store, hands())
    more = opened(sql_store, hands(), "inc-2", "b")
    before = closed(cases, whole)
    for one, into in ((more.id, whole.id), (whole.id, more.id)):
        with pytest.raises(Conflict, match=r"inc-1 is closed\. Move it back to triaged"):
            cases.merge(one, into, ADA)
    assert (read(sql_store, whole.id), read(sql_store, more.id)) == (before, more)
    again = Step(to=Phase.TRIAGED, seen=before.version, why="the same deed")
    cases.move(whole.id, again, ADA)
    cases.merge(more.id, whole.id, ADA)
    assert set(more.findings) <= set(read(sql_store, whole.id).findings)
    assert answers(sql_store) == {whole.id}


def test_what_was_split_off_and_put_back_still_says_what_it_was(
    sql_store: SqlStore, hands: Moved
) -> None:
    cases = Cases(sql_store, hands)
    whole, _, rows = mixed_up(sql_store, hands())
    undo = cases.split(whole.id, [rows], ADA)
    assert undo.other is not None
    cases.undo(undo.id, ADA)
    gone = read(sql_store, undo.other)
    assert (gone.phase, gone.verdict.attack) == (Phase.CLOSED, AttackKind.POISONING)
    assert [s.principal for s in gone.suspects] == ["mallory"]
