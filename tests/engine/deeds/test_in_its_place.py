"""A step is taken back once what takes its place is in force."""

from dataclasses import replace

from tests.engine.deeds.room import BLOCK, FRAUD, Room

from stanch.engine.guards import Proof
from stanch.vocabulary.ids import (
    RunId,
)
from stanch.vocabulary.policy import Mode

SAFE = replace(BLOCK, act="safe_mode", args={}, key="run-1/both:0/safe")
PIN = replace(BLOCK, act="throttle", args={"rate": "60/min"}, key="run-1/both:1/slow")
OVER = replace(
    BLOCK, act="take_back", args={"step": "safe", "once": "slow"}, key="run-1/both:1/over"
)


def _mode(room: Room) -> Mode:
    with room.store.look() as tx:
        now = tx.policies.now(FRAUD)
    return now.policy.mode if now else Mode.SERVING


def test_a_step_is_taken_back_only_once_what_takes_its_place_is_in_force(room: Room) -> None:
    room.deeds.perform(SAFE)
    early = room.deeds.perform(OVER)
    assert not early.ok
    assert early.says == "slow is not in force, so safe stays."
    assert _mode(room) is Mode.SAFE
    room.deeds.perform(PIN)
    for _ in range(2):
        assert room.deeds.perform(OVER).ok
    assert _mode(room) is Mode.SERVING
    assert len(room.policies.standing(FRAUD).demands) == 1


def test_a_step_is_not_taken_back_while_a_guard_denies_what_takes_its_place(room: Room) -> None:
    room.deeds.perform(SAFE)
    room.shows = Proof(holds=False, says="Not yet.", guards=("g",))
    room.deeds.perform(PIN)
    late = room.deeds.perform(OVER)
    assert (late.ok, late.again) == (False, True)
    assert _mode(room) is Mode.SAFE
    room.shows = Proof(holds=True, says="Shown.", guards=("g",))
    assert room.deeds.perform(OVER).ok
    assert _mode(room) is Mode.SERVING


def test_another_runs_step_of_the_same_name_is_left_alone(room: Room) -> None:
    room.deeds.perform(replace(SAFE, key="run-2/safe", run=RunId("run-2")))
    room.deeds.perform(PIN)
    assert room.deeds.perform(OVER).says == "There is nothing left to take back."
    assert _mode(room) is Mode.SAFE
