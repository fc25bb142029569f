"""Incidents that people put together: what was done for one holds for what it went into."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stanch.engine.cases import Cases
from stanch.engine.containment_clock import clock_id
from stanch.engine.held import held
from stanch.engine.kin import done_for, kin
from stanch.engine.runs.handing_over import kept_for
from stanch.engine.runs.held import hold_of
from stanch.vocabulary.clock import ClockState
from stanch.vocabulary.finding import AttackKind, Finding
from stanch.vocabulary.ids import AssetId, DetectorId, IncidentId
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.run import Run, Wish
from stanch.vocabulary.span import Span

if TYPE_CHECKING:
    from tests.engine.runs.conftest import House

ADA = Caller(name="ada", scopes=frozenset({Scope.RESPOND}), role=Role.RESPONDER)
NOON, HOUR = datetime(2026, 11, 20, 12, 0, tzinfo=UTC), timedelta(hours=1)
ONE, TWO = IncidentId("inc-1"), IncidentId("inc-2")


@pytest.fixture
def cases(house: "House") -> Cases:
    with house.store.begin() as tx:
        tx.incidents.add(replace(tx.incidents.get(ONE), id=TWO))
    return Cases(house.store, lambda: house.at)


def of(house: "House", key: IncidentId, kind: AttackKind, *names: str) -> None:
    house.key = key
    house.called(kind, *names)


def runs(house: "House", key: IncidentId) -> list[Run]:
    with house.store.look() as tx:
        return list(tx.runs.page(Wanted(incident=(key,))).items)


def answered(house: "House", key: IncidentId) -> None:
    with house.store.look() as tx:
        one = tx.incidents.get(key)
    house.runner.answer(one)
    house.work()


def in_force(house: "House", key: IncidentId) -> tuple[str, ...]:
    with house.store.look() as tx:
        return held(tx, tx.incidents.get(key), tx.assets.find(AssetId("fraud"))).acts


def test_what_holds_one_is_shown_with_what_it_went_into_until_that_is_undone(
    house: "House", cases: Cases
) -> None:
    of(house, ONE, AttackKind.EXTRACTION, "key-91")
    undo = cases.merge(ONE, TWO, ADA)
    assert "Block principals" in in_force(house, TWO)
    with house.store.look() as tx:
        assert kin(tx, TWO) == (TWO, ONE)
        assert hold_of(tx, TWO).named == {"key-91"}
        assert {line.act for line in done_for(tx, TWO)} >= {"block_principal"}
    cases.undo(undo.id, ADA)
    assert in_force(house, TWO) == ()
    assert "Block principals" in in_force(house, ONE)


def test_people_are_asked_once_and_nobody_is_let_go(house: "House", cases: Cases) -> None:
    of(house, ONE, AttackKind.EXTRACTION, "key-91")
    of(house, TWO, AttackKind.EXTRACTION, "tenant-4")
    first, second = house.asked()
    assert {first.incident, second.incident} == {ONE, TWO}
    cases.merge(ONE, TWO, ADA)
    answered(house, TWO)
    assert [q.incident for q in house.asked()] == [TWO]
    assert house.denied() == {"key-91", "tenant-4"}
    (old,), (heir,) = runs(house, ONE), runs(house, TWO)
    assert (old.heir, heir.heir) == (heir.id, None)
    assert any("inc-1 was put together with this incident" in told for told in house.told())


def test_what_it_brought_goes_when_the_run_that_took_over_is_undone(
    house: "House", cases: Cases
) -> None:
    of(house, ONE, AttackKind.EXTRACTION, "key-91")
    of(house, TWO, AttackKind.EXTRACTION, "tenant-4")
    cases.merge(ONE, TWO, ADA)
    answered(house, TWO)
    (heir,) = runs(house, TWO)
    house.runner.wish(heir.id, Wish.CANCEL_UNDO, by="ada")
    house.work()
    assert house.denied() == frozenset()
    with house.store.look() as tx:
        assert kept_for(tx, heir) == ()


def test_what_another_playbook_did_for_it_stays_though_the_heir_has_no_such_act(
    house: "House", cases: Cases
) -> None:
    of(house, ONE, AttackKind.EXTRACTION, "key-91")
    house.says_yes()
    of(house, TWO, AttackKind.EVASION, "tenant-4")
    cases.merge(ONE, TWO, ADA)
    answered(house, TWO)
    assert house.policies.now(AssetId("fraud")).limit.max_batch == 64
    assert house.denied() == {"key-91", "tenant-4"}


def test_apart_again_each_asks_for_itself(house: "House", cases: Cases) -> None:
    of(house, ONE, AttackKind.EXTRACTION, "key-91")
    of(house, TWO, AttackKind.EXTRACTION, "tenant-4")
    undo = cases.merge(ONE, TWO, ADA)
    answered(house, TWO)
    cases.undo(undo.id, ADA)
    answered(house, ONE)
    assert sorted(q.incident for q in house.asked()) == [ONE, TWO]


def test_a_run_that_is_over_takes_no_question_away(house: "House", cases: Cases) -> None:
    of(house, TWO, AttackKind.EXTRACTION, "tenant-4")
    (own,) = runs(house, TWO)
    house.runner.wish(own.id, Wish.CANCEL, by="ada")
    house.work()
    of(house, ONE, AttackKind.EXTRACTION, "key-91")
    cases.merge(ONE, TWO, ADA)
    answered(house, TWO)
    assert [q.incident for q in house.asked()] == [ONE]


def test_what_was_split_off_and_put_back_leaves_its_acts_where_it_went(
    house: "House", cases: Cases
) -> None:
    with house.store.begin() as tx:
        made = [finding(name, house.at) for name in ("a", "b")]
        tx.findings.put(made, at=house.at)
        tx.incidents.save(replace(tx.incidents.get(ONE), findings=tuple(f.id for f in made)))
    split = cases.split(ONE, [made[0].id], ADA)
    assert split.other is not None
    of(house, split.other, AttackKind.EXTRACTION, "key-91")
    assert in_force(house, ONE) == ()
    cases.undo(split.id, ADA)
    assert "Block principals" in in_force(house, ONE)
    with house.store.look() as tx:
        assert tx.incidents.get(split.other).merged_into == ONE
    assert house.denied() == {"key-91"}


def finding(name: str, at: datetime) -> Finding:
    return Finding(
        detector=DetectorId("feature_drift"),
        asset=AssetId("fraud"),
        window=Span(start=at, end=at),
        says=name,
        measured={},
        because=(),
        features=(name,),
    )


def test_an_older_one_brings_its_time_along_and_takes_it_away_again(
    house: "House", cases: Cases
) -> None:
    house.at += timedelta(minutes=40)
    with house.store.begin() as tx:
        new = replace(tx.incidents.get(TWO), opened=house.at, first_seen=house.at)
        tx.incidents.save(new)
    for key in (ONE, TWO):
        with house.store.look() as tx:
            house.clock.changed(tx.incidents.get(key))
    undo = cases.merge(ONE, TWO, ADA)
    assert (due(house, TWO), first_seen(house, TWO)) == (NOON + HOUR, NOON)
    cases.undo(undo.id, ADA)
    assert (due(house, TWO), first_seen(house, TWO)) == (house.at + HOUR, house.at)
    assert due(house, ONE) == NOON + HOUR


def test_an_older_one_that_was_contained_brings_no_time_along(house: "House", cases: Cases) -> None:
    house.at += timedelta(minutes=40)
    with house.store.begin() as tx:
        tx.incidents.save(replace(tx.incidents.get(ONE), contained_at=NOON, held_again=NOON))
        tx.incidents.save(replace(tx.incidents.get(TWO), opened=house.at))
    cases.merge(ONE, TWO, ADA)
    assert due(house, TWO) == house.at + HOUR


def due(house: "House", key: IncidentId) -> datetime | None:
    """When the clock and the page say that it has to be contained; they say the same."""
    with house.store.look() as tx:
        one = tx.incidents.get(key)
    house.clock.changed(one)
    with house.store.look() as tx:
        told = held(tx, one, tx.assets.find(AssetId("fraud"))).due
        clock = tx.clocks.find(clock_id(key))
        assert clock is not None
        assert (clock.due, clock.state) == (told, ClockState.RUNNING)
    return told


def first_seen(house: "House", key: IncidentId) -> datetime:
    with house.store.look() as tx:
        return tx.incidents.get(key).first_seen
