"""What was set aside is left alone ever longer, and what is told of it counts right."""

from datetime import UTC, datetime, timedelta

import pytest

from stanch.engine.aside import FIRST, LONGEST, Aside, Unjudged, its_own, set_aside, told_aside
from stanch.engine.blindness import blind_now
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.trouble import BadInput, Busy, NotFound

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ASSET = AssetId("fraud")
BROKEN = ZeroDivisionError("nothing to divide by")


class Turned:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


def rest(aside: Aside, clock: Turned, key: str) -> timedelta:
    """How long it is left alone from now on, to the second."""
    began = clock.at
    while aside.resting(key):
        clock.at += timedelta(seconds=1)
    return clock.at - began


def test_each_time_it_fails_it_rests_twice_as_long_up_to_an_hour_and_once_done_anew(
    sql_store: SqlStore,
) -> None:
    clock = Turned()
    aside, rests = Aside(clock=clock), list[timedelta]()
    for _ in range(8):
        with sql_store.begin() as tx:
            aside.put(tx, [("fnd-1", ASSET)], BROKEN)
            assert aside.due(tx) == []
        rests.append(rest(aside, clock, "fnd-1"))
        with sql_store.look() as tx:
            assert aside.due(tx) == ["fnd-1"]
            assert set_aside(tx)["fnd-1"].since == NOON
    assert rests == [min(2**n * FIRST, LONGEST) for n in range(8)]
    with sql_store.begin() as tx:
        aside.done(tx, ["fnd-1", "fnd-never"])
        assert set_aside(tx) == {}
        aside.put(tx, [("fnd-1", ASSET)], BROKEN)
    assert rest(aside, clock, "fnd-1") == FIRST


def test_the_asset_is_blind_until_the_last_of_it_was_judged(sql_store: SqlStore) -> None:
    clock = Turned()
    aside = Aside(clock=clock)

    def why() -> list[str]:
        with sql_store.look() as tx:
            return [s.blind.why for s in blind_now(tx)]

    with sql_store.begin() as tx:
        aside.put(tx, [("fnd-1", ASSET), ("fnd-2", ASSET), ("rep-1", AssetId(""))], BROKEN)
    what = "could not be judged or answered (ZeroDivisionError: nothing to divide by)."
    assert why() == [f"2 things that were found here {what} They are kept, and tried again"]
    with sql_store.begin() as tx:
        aside.done(tx, ["fnd-1"])
    assert why() == [f"1 thing that was found here {what} It is kept, and tried again"]
    with sql_store.begin() as tx:
        aside.done(tx, ["fnd-2", "rep-1"])
    assert why() == []


def test_the_oldest_is_told_and_how_many_others_there_are() -> None:
    def one(asset: str, minute: int) -> Unjudged:
        at = NOON + timedelta(minutes=minute)
        return Unjudged(asset=AssetId(asset), why=f"why {minute}", since=at)

    kept = {"b": one("fraud", 2), "a": one("", 5)}
    assert told_aside({}) == ""
    assert told_aside({"a": kept["a"]}) == "a could not be judged or answered: why 5"
    two = "b on fraud could not be judged or answered, and 1 other: why 2"
    assert told_aside(kept) == two
    assert told_aside({**kept, "c": one("x", 2)}) == two.replace("1 other", "2 others")


@pytest.mark.parametrize(
    ("error", "own"),
    [
        (BROKEN, True),
        (BadInput("no"), True),
        (NotFound("finding", "f", "finding list"), True),
        (Busy("others", 1), False),
    ],
)
def test_a_database_that_is_busy_is_no_fault_of_what_was_looked_at(
    error: Exception, *, own: bool
) -> None:
    assert its_own(error) is own
