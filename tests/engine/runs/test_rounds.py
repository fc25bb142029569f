"""A playbook begun once more: who comes back is met again, and what merely goes on is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stanch.engine.containment_clock import clock_id
from stanch.engine.runs.rounds import another
from stanch.vocabulary.approval import Answer
from stanch.vocabulary.clock import ClockState
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.ids import AssetId, PlaybookId, RunId
from stanch.vocabulary.incident import Phase, Verdict, VerdictKind
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.run import Run, RunState, Wish

if TYPE_CHECKING:
    from tests.engine.runs.conftest import House

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")
ADA = Caller(name="ada", scopes=frozenset({Scope.APPROVE}), role=Role.APPROVER)
BOOK = "supply_chain"


@pytest.fixture
def house(house: "House") -> "House":
    """One on which a supply-chain attack is seen."""
    kind, attack = VerdictKind.ATTACK, AttackKind.SUPPLY_CHAIN
    with house.store.begin() as tx:
        verdict = Verdict(kind=kind, attack=attack, confidence=0.9)
        tx.incidents.save(replace(tx.incidents.get(house.key), verdict=verdict))
    return house


def test_who_comes_back_after_the_undo_is_stopped_again_as_often_as_that_happens(
    house: "House",
) -> None:
    house.seen("contractor")
    for number in (2, 3, 4):
        assert house.denied() == {"contractor"}
        house.taken_back()
        assert house.denied() == frozenset()
        house.seen("contractor", again=True, loose=True)
        last = house.runs()[-1]
        assert last.round == number
        assert last.because == "seen again, after what contained it had ended"
    assert [r.heir for r in house.runs()] == [r.id for r in house.runs()[1:]] + [None]


def test_people_are_asked_anew_and_the_question_before_is_withdrawn(house: "House") -> None:
    house.seen("contractor")
    (first,) = house.asked()
    house.undo(house.runs()[0])
    (gone,) = house.asked(Answer.WITHDRAWN)
    assert gone.id == first.id
    assert "cancelled" in gone.why
    house.seen("contractor", again=True, loose=True)
    (second,) = house.asked()
    assert second.id != first.id


def test_one_deed_that_goes_on_asks_once_and_begins_nothing(house: "House") -> None:
    house.seen("contractor")
    for _ in range(5):
        house.seen("contractor", again=True)
    assert len(house.runs()) == 1
    assert len(house.asked()) == 1


def test_what_goes_on_while_the_next_round_is_at_work_asks_once(
    house: "House",
) -> None:
    house.seen("contractor")
    house.answers(yes=True)
    house.taken_back()
    house.seen("contractor", again=True, loose=True)
    (asked,) = house.asked()
    for _ in range(3):
        house.seen("contractor", again=True, loose=True)
    assert house.asked() == [asked]
    house.answers(yes=False)
    house.seen("contractor", again=True)
    assert [r.round for r in house.runs()] == [1, 2]


def test_what_ends_while_the_next_round_is_at_work_is_met_by_one_more(house: "House") -> None:
    house.seen("contractor")
    house.taken_back()
    house.seen("contractor", again=True, loose=True)
    house.taken_back()
    house.seen("contractor", again=True, loose=True)
    assert house.denied() == {"contractor"}
    assert [r.round for r in house.runs()] == [1, 2, 3]


def test_seen_again_while_it_is_held_begins_nothing(house: "House") -> None:
    house.seen("contractor")
    house.answers(yes=True)
    assert house.runs()[0].state is RunState.DONE
    house.seen("contractor", again=True)
    assert len(house.runs()) == 1


def test_who_goes_on_under_another_name_is_refused_too_and_nobody_is_asked_twice(
    house: "House",
) -> None:
    house.seen("contractor")
    house.answers(yes=True)
    house.seen("contractor", "key-91")
    assert house.denied() == {"contractor", "key-91"}
    assert [r.round for r in house.runs()] == [1, 2]
    # What people agreed to is in force: it is not asked once more.
    assert house.asked() == []


def test_after_a_no_the_pause_before_people_are_asked_again_doubles(house: "House") -> None:
    house.seen("contractor")
    house.taken_back()
    asked = []
    for _ in range(12):
        house.answers(yes=False)
        house.seen(after=1, again=True)
        asked.append(len(house.runs()))
    assert asked[-1] > 1
    assert len(set(asked[6:])) < 4


def test_after_rounds_that_left_nothing_in_force_the_pause_doubles_up_to_four_hours(
    house: "House",
) -> None:
    ended = NOON + timedelta(hours=1)
    for number, minutes in ((1, 1), (2, 2), (4, 8), (9, 240), (50, 240)):
        run = Run(
            id=RunId("run-1"),
            playbook=PlaybookId(BOOK),
            incident=house.key,
            asset=FRAUD,
            started=NOON,
            updated=ended,
            ended=ended,
            state=RunState.DONE,
            round=number,
        )
        over = ended + timedelta(minutes=minutes)
        with house.store.look() as tx:
            for again_at, why in (
                (None, ""),
                (over - timedelta(seconds=1), ""),
                (over, "seen again, and nothing is in force against it"),
            ):
                seen = replace(house.incident, again_at=again_at)
                assert another(tx, seen, [run]) == why, (number, again_at)


def test_what_a_person_holds_is_not_begun_beside_them(house: "House") -> None:
    house.seen("contractor")
    house.runner.wish(house.runs()[0].id, Wish.PAUSE, by="ada")
    house.work()
    house.taken_back()
    house.seen("contractor", again=True, loose=True)
    assert len(house.runs()) == 1


def test_the_time_to_contain_it_begins_anew_when_it_comes_loose(house: "House") -> None:
    house.clock.opened(house.incident)
    house.seen("contractor")
    house.answers(yes=True)
    house.clock.changed(house.incident)
    with house.store.look() as tx:
        first = tx.clocks.get(clock_id(house.key))
    assert first.state is ClockState.MET
    house.taken_back()
    house.at += timedelta(hours=5)
    # The rest of the way is the runner's; here only the clock is looked at.
    with house.store.begin() as tx:
        one = tx.incidents.get(house.key)
        loose = replace(one, again=1, again_at=house.at, loose_at=house.at, phase=Phase.TRIAGED)
        saved = tx.incidents.save(loose)
    house.clock.changed(saved)
    with house.store.look() as tx:
        second = tx.clocks.get(clock_id(house.key))
    assert (second.state, second.started, second.met) == (ClockState.RUNNING, house.at, None)
    house.runner.answer(saved)
    house.work()
    house.clock.changed(house.incident)
    with house.store.look() as tx:
        assert tx.clocks.get(clock_id(house.key)).state is ClockState.MET
    assert house.incident.held_at == house.incident.held_again
    assert house.incident.contained_at != house.incident.held_again
