"""The containment clock: it starts with an incident, reminds upwards, keeps what was measured."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from stanch.engine.containment_clock import ContainmentClock, clock_id, times
from stanch.engine.telling import Notice, Urgency
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.clock import Clock, ClockState
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Incident, Level, Severity, Verdict, VerdictKind

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ATTACK = Verdict(kind=VerdictKind.ATTACK, attack=AttackKind.EXTRACTION)
INCIDENT = Incident(
    id=IncidentId("inc-1"),
    title="Extraction on fraud",
    asset=AssetId("fraud"),
    opened=NOON,
    first_seen=NOON - timedelta(minutes=3),
    updated=NOON,
    verdict=ATTACK,
)


class Hands(Protocol):
    """The clock of conftest: it moves when a test moves it."""

    at: datetime

    def __call__(self) -> datetime: ...


class Room:
    def __init__(self, store: SqlStore, hands: Hands) -> None:
        self.store, self.hands = store, hands
        self.notices: list[Notice] = []
        self.clock = ContainmentClock(store, hands, self)
        with store.begin() as tx:
            fraud = Asset(id=AssetId("fraud"), kind=AssetKind.MODEL, name="f", owner="ada")
            tx.assets.add(replace(fraud, deadline_minutes=20))
            self.incident = tx.incidents.add(INCIDENT)
        self.clock.opened(self.incident)

    def tell(self, notice: Notice) -> None:
        self.notices.append(notice)

    def now(self) -> Clock:
        with self.store.look() as tx:
            return tx.clocks.get(clock_id(self.incident.id))

    def change(self, incident: Incident) -> None:
        with self.store.begin() as tx:
            self.incident = tx.incidents.save(incident)
        self.clock.changed(self.incident)


@pytest.fixture
def room(sql_store: SqlStore, hands: Hands) -> Room:
    return Room(sql_store, hands)


def test_it_runs_for_as_long_as_the_asset_says(room: Room) -> None:
    assert room.now().due == NOON + timedelta(minutes=20)
    assert room.now().state is ClockState.RUNNING


def test_people_hear_of_it_at_half_at_four_fifths_and_at_the_end(room: Room, hands: Hands) -> None:
    heard = []
    for minutes in (9, 1, 1, 5, 4, 60):
        hands.at += timedelta(minutes=minutes)
        room.notices.clear()
        room.clock.tick()
        heard.append([(n.to, n.urgency) for n in room.notices])
    now = Urgency.NOW
    assert heard == [
        [],
        [("responder", Urgency.SOON)],
        [],
        [("responder", now), ("ml_engineer", now), ("owner", now)],
        [("responder", now), ("owner", now), ("leadership", now)],
        [],
    ]
    assert room.now().state is ClockState.MISSED


def test_after_marks_that_a_server_slept_through_everybody_of_theirs_hears_once(
    room: Room, hands: Hands
) -> None:
    hands.at += timedelta(minutes=30)
    room.clock.tick()
    assert sorted(n.to for n in room.notices) == ["leadership", "ml_engineer", "owner", "responder"]
    assert all("after 30 minutes, 150 %" in n.says for n in room.notices)


def test_a_reminder_that_a_kill_cut_short_goes_out_after_the_restart(
    room: Room, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands.at += timedelta(minutes=10)
    monkeypatch.setattr(room, "tell", _killed)
    with pytest.raises(KeyboardInterrupt):
        room.clock.tick()
    monkeypatch.undo()
    assert room.notices == []
    room.clock.tick()
    assert [n.to for n in room.notices] == ["responder"]


def test_what_comes_loose_is_reminded_of_anew(room: Room, hands: Hands) -> None:
    keys: list[str] = []
    for _ in range(2):
        room.change(replace(room.incident, loose_at=hands.at))
        hands.at += timedelta(minutes=10)
        room.notices.clear()
        room.clock.tick()
        keys += [n.key for n in room.notices]
    assert len(set(keys)) == 2


def test_nothing_is_contained_in_an_exercise_so_no_clock_runs(room: Room) -> None:
    with room.store.begin() as tx:
        drill = replace(INCIDENT, id=IncidentId("inc-2"), exercise=True)
        played = tx.incidents.add(drill)
    room.clock.opened(played)
    with room.store.look() as tx:
        assert tx.clocks.find(clock_id(played.id)) is None


def _killed(_: Notice) -> None:
    raise KeyboardInterrupt


def test_contained_in_time_meets_it_and_the_times_are_measured(room: Room, hands: Hands) -> None:
    hands.at += timedelta(minutes=5)
    room.change(replace(room.incident, contained_at=hands.at))
    assert (room.now().state, room.now().met) == (ClockState.MET, hands.at)
    with room.store.look() as tx:
        found = times(room.incident, tx.assets.find(room.incident.asset), hands.at)
    assert found.to_open == timedelta(minutes=3)
    assert found.percent == 25


@pytest.mark.parametrize("looked", [True, False])
def test_contained_too_late_is_missed_with_its_time(
    room: Room, hands: Hands, *, looked: bool
) -> None:
    hands.at += timedelta(minutes=30)
    if looked:
        room.clock.tick()
    room.change(replace(room.incident, contained_at=hands.at))
    assert (room.now().state, room.now().met) == (ClockState.MISSED, hands.at)


def test_what_turns_out_natural_stops_it_and_an_attack_after_all_starts_it_again(
    room: Room,
) -> None:
    room.change(replace(room.incident, verdict=Verdict(kind=VerdictKind.NATURAL)))
    assert room.now().state is ClockState.STOPPED
    assert "nothing to contain" in room.now().why
    room.change(replace(room.incident, verdict=ATTACK))
    assert room.now().state is ClockState.RUNNING
    assert room.now().started == NOON


def test_what_a_person_stopped_stays_stopped(room: Room) -> None:
    with room.store.begin() as tx:
        tx.clocks.save(replace(room.now(), state=ClockState.STOPPED, by="ada", why="a lab"))
    room.change(replace(room.incident, title="Extraction once more"))
    assert (room.now().state, room.now().by) == (ClockState.STOPPED, "ada")


def test_a_level_that_falls_or_rises_moves_no_clock(room: Room, hands: Hands) -> None:
    before = room.now()
    for level in (Level.HIGH, Level.LOW, Level.MEDIUM):
        hands.at += timedelta(minutes=1)
        room.change(replace(room.incident, severity=Severity(level=level)))
        room.clock.tick()
        assert room.now() == before
