"""Tabletops on a store: what is kept, what nobody hears of, and what outlives a server."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stanch.engine.evidence import EvidenceRoom
from stanch.engine.runs.library import shipped as playbooks
from stanch.engine.tabletop import kept
from stanch.engine.tabletop.tables import MOST_GOING, SETTLES, StartPlay, Tabletops
from stanch.engine.tabletop.views import Table
from stanch.learn.tabletop.play import Stage, Standing, What
from stanch.learn.tabletop.wishes import Given, Rating, Task
from stanch.store.sql.store import SqlStore
from stanch.store.vault import Vault
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.incident import Phase
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Caller, Duty, Role, Scope
from stanch.vocabulary.record import Deed
from stanch.vocabulary.trouble import BadInput, Busy, Conflict, NotFound

NOW = datetime(2026, 11, 21, 3, 10, tzinfo=UTC)
ADA = Caller(name="ada", scopes=frozenset({Scope.READ, Scope.RESPOND}), role=Role.RESPONDER)
BOB = Caller(name="bob", scopes=frozenset({Scope.READ, Scope.RESPOND}), role=Role.RESPONDER)


class Night:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def on(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def night() -> Night:
    return Night()


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with Vault.open(tmp_path / "vault") as made:
        yield made


def tables_on(store: Any, night: Night, vault: Vault) -> Tabletops:
    return Tabletops(store, EvidenceRoom(store, vault, night), playbooks(), night)


@pytest.fixture
def tables(sqlite: SqlStore, night: Night, vault: Vault) -> Tabletops:
    return tables_on(sqlite, night, vault)


def started(tables: Tabletops, scenario: str = "forty-customers") -> Table:
    return tables.start(StartPlay(scenario=scenario), ADA)


def whats(store: Any, play: str) -> list[What]:
    with store.look() as tx:
        return [m.what for m in kept.moves(tx, play)]


def test_it_is_played_on_an_exercise_incident_and_nothing_real_hears_of_it(
    tables: Tabletops, sqlite: SqlStore, night: Night
) -> None:
    one = started(tables)
    night.on(minutes=100)
    tables.turn()
    with sqlite.look() as tx:
        case = tx.incidents.get(one.incident)
        assert case.exercise
        assert case.title.startswith("Exercise: ")
        assert tx.assets.find(case.asset) is None
        assert tx.clocks.count() == tx.notices.count() == tx.runs.count() == 0
        assert tx.policies.now(case.asset) is None
        assert tx.incidents.count(Wanted(exercise=False)) == 0


def test_every_move_is_a_line_of_the_log_with_its_digest(
    sql_store: Any, night: Night, vault: Vault
) -> None:
    store, tables = sql_store, tables_on(sql_store, night, vault)
    one = started(tables)
    tables.turn()
    night.on(minutes=1)
    tables.sit(one.id, Duty.RESPONDER, BOB)
    tables.answer(one.id, Given(inject="alarm", choice="keep"), BOB)
    lines = [p.entry for p in store.outbox() if p.entry.deed is Deed.TABLETOP_MOVED]
    assert [line.facts["what"] for line in lines] == ["started", "shown", "sat", "answered"]
    assert {line.incident for line in lines} == {one.incident}
    assert all(line.digest for line in lines)
    assert "keep" not in str(lines[-1].facts)


def test_a_server_that_ends_in_mid_play_goes_on_where_the_clock_is(
    tables: Tabletops, sqlite: SqlStore, night: Night, vault: Vault
) -> None:
    one = started(tables)
    night.on(minutes=7)
    again = tables_on(sqlite, night, vault)
    table = again.table(one.id, BOB)
    assert (table.played, [q.id for q in table.questions]) == (420.0, ["alarm", "who"])
    again.pause(one.id, BOB)
    night.on(hours=9)
    third = tables_on(sqlite, night, vault)
    assert third.table(one.id, BOB).standing is Standing.PAUSED
    assert third.table(one.id, BOB).played == 420.0
    night.on(minutes=1)
    third.resume(one.id, BOB)
    night.on(seconds=30)
    assert third.table(one.id, BOB).played == 450.0


def test_two_people_who_answer_at_once_are_both_kept(
    sql_store: Any, night: Night, vault: Vault
) -> None:
    store, tables = sql_store, tables_on(sql_store, night, vault)
    one = started(tables)
    gate = threading.Barrier(2)

    def answer(caller: Caller, choice: str) -> None:
        gate.wait(60)
        tables.answer(one.id, Given(inject="alarm", choice=choice), caller)

    both = [
        threading.Thread(target=answer, args=(ADA, "keep")),
        threading.Thread(target=answer, args=(BOB, "wait")),
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(60)
    (question,) = tables.table(one.id, ADA).questions
    assert {(a.who, a.choice) for a in question.answers} == {("ada", "keep"), ("bob", "wait")}
    assert len({a.move for a in question.answers}) == 2
    assert whats(store, one.id).count(What.ANSWERED) == 2


def test_what_is_right_and_what_is_to_come_is_hidden_until_it_is_over(
    tables: Tabletops,
) -> None:
    one = started(tables)
    tables.answer(one.id, Given(inject="alarm", choice="wait"), BOB)
    seen = tables.table(one.id, BOB)
    (question,) = seen.questions
    assert {o.worth for o in question.options} == {None}
    assert (question.good, question.answers[0].worth, seen.score) == ("", None, None)
    assert seen.to_come == 6
    (led,) = tables.table(one.id, ADA).questions
    assert led.good
    assert {o.worth for o in led.options} == {0, 2}
    with pytest.raises(NotFound):
        tables.answer(one.id, Given(inject="who", text="x"), BOB)
    with pytest.raises(Conflict):
        tables.report(one.id, BOB)
    tables.stop(one.id, ADA)
    over = tables.table(one.id, BOB)
    assert over.questions[0].good
    assert over.score is not None
    assert len(over.questions) == 1


def test_the_next_inject_comes_now_when_somebody_wants_it(tables: Tabletops, night: Night) -> None:
    one = started(tables)
    seen = tables.next(one.id, BOB)
    assert (seen.played, seen.questions[-1].id) == (360.0, "who")
    tables.pause(one.id, BOB)
    assert tables.next(one.id, BOB).played == 900.0
    night.on(hours=1)
    assert tables.table(one.id, BOB).played == 900.0
    for _ in range(4):
        seen = tables.next(one.id, BOB)
    assert seen.next_in is None
    with pytest.raises(Conflict):
        tables.next(one.id, BOB)


def test_the_end_closes_the_incident_and_the_report_is_kept_as_evidence(
    tables: Tabletops, sqlite: SqlStore, night: Night
) -> None:
    one = started(tables)
    tables.answer(one.id, Given(inject="alarm", choice="keep"), BOB)
    over = tables.stop(one.id, ADA)
    assert over.standing is Standing.OVER
    assert tables.stop(one.id, ADA).ended == over.ended
    with sqlite.look() as tx:
        assert tx.incidents.get(one.incident).phase is Phase.CLOSED
    with pytest.raises(Conflict):
        tables.answer(one.id, Given(inject="alarm", choice="keep"), BOB)
    assert tables.turn() == 0
    night.on(seconds=SETTLES.total_seconds())
    assert (tables.turn(), tables.turn()) == (1, 0)
    with sqlite.look() as tx:
        items = tx.evidence.page(Wanted(incident=(one.incident,))).items
        assert {i.name for i in items} == {"after-action.md", "tabletop.json"}
        assert all(i.personal for i in items)
    tables.follow_up(one.id, Task(text="Drill it", owner="cy", due="2026-12-01"), BOB)
    night.on(seconds=SETTLES.total_seconds())
    assert tables.turn() == 1
    with sqlite.look() as tx:
        assert tx.evidence.count(Wanted(incident=(one.incident,))) == 4


def test_an_incident_that_people_moved_on_is_left_where_the_table_of_moves_leaves_it(
    tables: Tabletops, sqlite: SqlStore
) -> None:
    one = started(tables)
    with sqlite.begin() as tx:
        tx.incidents.save(replace(tx.incidents.get(one.incident), phase=Phase.ERADICATED))
    assert tables.stop(one.id, ADA).standing is Standing.OVER
    with sqlite.look() as tx:
        assert tx.incidents.get(one.incident).phase is Phase.ERADICATED


def test_answers_in_words_are_rated_by_people_also_afterwards(tables: Tabletops) -> None:
    one = started(tables)
    while (seen := tables.table(one.id, ADA)).next_in is not None:
        tables.next(one.id, ADA)
    assert seen.questions[-1].id == "lead"
    said = Given(inject="lead", text="We refused them. An estimate follows at nine.", who="Eve")
    answer = tables.answer(one.id, said, BOB).questions[-1].answers[0]
    over = tables.stop(one.id, ADA)
    assert over.score is not None
    assert over.score.unrated == 1
    assert (answer.who, answer.by, answer.duty) == ("Eve", "bob", Duty.LEADERSHIP)
    rated = tables.rate(one.id, Rating(answer=answer.move, worth=1), ADA)
    assert rated.score is not None
    assert rated.score.unrated == 0
    assert rated.questions[-1].answers[0].rated_by == "ada"
    with pytest.raises(BadInput):
        tables.rate(one.id, Rating(answer=answer.move, worth=3), ADA)
    with pytest.raises(NotFound):
        tables.rate(one.id, Rating(answer=999, worth=1), ADA)


def test_who_took_a_part_answers_in_it(tables: Tabletops) -> None:
    one = started(tables)
    tables.sit(one.id, Duty.LEGAL, BOB)
    seen = tables.answer(one.id, Given(inject="alarm", choice="keep"), BOB)
    assert seen.questions[0].answers[0].duty is Duty.LEGAL
    assert [(s.duty, s.people) for s in seen.seats] == [(Duty.LEGAL, ("bob",))]
    moved = tables.sit(one.id, Duty.RESPONDER, BOB)
    assert [(s.duty, s.people) for s in moved.seats] == [(Duty.RESPONDER, ("bob",))]


def test_an_answer_that_is_none_is_refused(tables: Tabletops) -> None:
    one = started(tables)
    for wrong in (
        Given(inject="alarm"),
        Given(inject="alarm", choice="none of these"),
        Given(inject="alarm", choice="keep", text="x" * 4001),
        Given(inject="alarm", choice="keep", who="x" * 81),
    ):
        with pytest.raises(BadInput):
            tables.answer(one.id, wrong, BOB)


def test_a_text_of_ones_own_is_played_and_stays_as_it_was(tables: Tabletops) -> None:
    text = tables.scenario("moved-scores").text.replace("tabletop: moved-scores", "tabletop: ours")
    one = tables.start(StartPlay(text=text), ADA)
    assert one.scenario == "ours"
    assert tables.plays().items[0].scenario == "ours"
    for wrong in (StartPlay(), StartPlay(scenario="forty-customers", text=text)):
        with pytest.raises(BadInput):
            tables.start(wrong, ADA)
    with pytest.raises(NotFound):
        tables.start(StartPlay(scenario="nothing"), ADA)


def test_only_so_many_go_on_at_once_and_one_that_is_over_makes_room(tables: Tabletops) -> None:
    made = [started(tables).id for _ in range(MOST_GOING)]
    with pytest.raises(Busy):
        started(tables)
    tables.stop(made[0], ADA)
    assert started(tables).standing is Standing.RUNNING


def test_a_clock_that_passed_is_written_down_once_for_each_inject(
    tables: Tabletops, sqlite: SqlStore, night: Night
) -> None:
    one = started(tables)
    assert (tables.turn(), tables.turn()) == (1, 0)
    night.on(minutes=16)
    assert (tables.turn(), tables.turn()) == (1, 0)
    with sqlite.look() as tx:
        shown = [m for m in kept.moves(tx, one.id) if m.what is What.SHOWN]
    assert [(m.inject, m.at - NOW) for m in shown] == [
        ("alarm", timedelta()),
        ("who", timedelta(minutes=6)),
        ("act", timedelta(minutes=15)),
    ]
    assert tables.table(one.id, BOB).questions[0].stage is Stage.LATE


def test_a_page_of_plays_goes_on_where_the_last_one_ended(tables: Tabletops, night: Night) -> None:
    made = []
    for _ in range(3):
        made.append(started(tables).id)
        night.on(seconds=1)
    page = tables.plays(limit=2)
    assert [p.id for p in page.items] == made[:0:-1]
    rest = tables.plays(after=page.next, limit=2)
    assert ([p.id for p in rest.items], rest.next) == (made[:1], "")
    assert tables.of(page.items[0].incident) == made[-1]
    with pytest.raises(NotFound):
        tables.of(IncidentId("inc-none"))
    cards = {c.id: c for c in tables.scenarios()}
    last = cards["forty-customers"].last
    assert last is not None
    assert last.id == made[-1]
