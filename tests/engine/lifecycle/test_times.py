"""Rows out of order, late, ahead, and clocks that are wrong."""

from datetime import timedelta

import pyarrow as pa
import pytest
from tests.engine.lifecycle.house import FRAUD, START, House, inferences, minute_by_minute

from stanch.engine.baselines import Ask
from stanch.vocabulary.span import Span


def counted_of(house: House) -> int:
    span = Span(start=START - timedelta(hours=1), end=START + timedelta(hours=2))
    with house.store.look() as tx:
        return tx.summaries.decided(FRAUD, span)


def late_spots(house: House) -> list[str]:
    with house.store.look() as tx:
        return [s.blind.why for s in tx.blinds.of(FRAUD) if s.blind.detector == "lateness"]


def test_what_comes_out_of_order_is_counted_and_what_comes_too_late_is_said(house: House) -> None:
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(20_000, START))
    minute_by_minute(house, 5, shift=0.0, seed=1)
    house.rows.add(inferences(60, house.clock.at - timedelta(seconds=90), seed=77, seconds=1))
    house.path.turn()
    assert counted_of(house) == 5060
    assert late_spots(house) == []
    house.rows.add(inferences(70, house.clock.at - timedelta(minutes=4), seed=78, seconds=1))
    house.path.turn()
    assert counted_of(house) == 5060
    assert late_spots(house) == ["70 events came more than 2 minutes after theirs: in no window"]
    house.clock.at += timedelta(minutes=30)
    minute_by_minute(house, 1, shift=0.0, seed=90)
    assert late_spots(house) == []


def test_what_waits_to_be_read_is_not_too_late(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watch that is behind reads a minute in pieces, long after it was over."""
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(20_000, START))
    house.rows.add(inferences(3000, house.clock.at, seed=1))
    monkeypatch.setattr("stanch.engine.watch.feed.ROWS", 1000)
    house.clock.at += timedelta(minutes=10)
    for _ in range(4):
        house.path.turn()
    assert late_spots(house) == []
    assert counted_of(house) == 3000


def test_what_came_too_late_is_still_said_after_a_restart_and_takes_no_minutes_place(
    house: House,
) -> None:
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(20_000, START))
    minute_by_minute(house, 5, shift=0.0, seed=1)
    house.rows.add(inferences(70, house.clock.at - timedelta(minutes=4), seed=78, seconds=1))
    house.path.turn()
    house.start()
    minute_by_minute(house, 1, shift=0.0, seed=90)
    assert late_spots(house) == ["70 events came more than 2 minutes after theirs: in no window"]
    house.clock.at += timedelta(hours=2)
    house.start()
    house.rows.add(inferences(30, START + timedelta(seconds=5), seed=79, seconds=1))
    minute_by_minute(house, 1, shift=0.0, seed=95)
    assert late_spots(house) == ["30 events came more than 2 minutes after theirs: in no window"]
    assert counted_of(house) == 6000, "the minute of long ago stands as it was counted"


def test_a_senders_clock_that_runs_ahead_neither_hides_events_nor_moves_time(house: House) -> None:
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(20_000, START))
    minute_by_minute(house, 2, shift=0.0, seed=1)
    house.rows.add(inferences(50, house.clock.at + timedelta(hours=3), seed=79))
    house.path.turn()
    assert counted_of(house) == 2050
    minute_by_minute(house, 2, shift=0.0, seed=5)
    assert counted_of(house) == 4050
    assert late_spots(house) == []


def test_our_own_clock_that_ran_ahead_and_was_put_right_hides_nothing(house: House) -> None:
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(20_000, START))
    house.clock.at += timedelta(hours=1)
    minute_by_minute(house, 4, shift=0.0, seed=1)
    house.clock.at -= timedelta(hours=1)
    minute_by_minute(house, 2, shift=3.0, seed=100)
    assert late_spots(house) == []
    with house.store.look() as tx:
        assert "feature_drift" in {one.detector for one in tx.findings.page().items}


def test_a_minute_goes_on_being_counted_while_earlier_ones_end_and_principals_change(
    house: House,
) -> None:
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(20_000, START))
    for half in range(16):
        since = house.clock.at
        rows = inferences(100, since, seed=200 + half, seconds=30)
        who = pa.array([f"visitor-{half}-{i}" for i in range(100)])
        place = rows.schema.get_field_index("principal")
        house.rows.add(rows.set_column(place, rows.schema.field(place), who))
        house.clock.at = since + timedelta(seconds=30)
        house.path.turn()
    assert counted_of(house) == 1600
