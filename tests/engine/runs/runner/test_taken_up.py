"""A run that nobody carries is taken up; one that hangs is seen; one that ended is let go."""

from datetime import timedelta
from pathlib import Path

from tests.engine.runs.runner.house import BLOCK, house_of

from stanch.engine.runs.forgetting import forget_ended
from stanch.vocabulary.ids import (
    RunId,
)
from stanch.vocabulary.run import RunState


def test_a_run_that_nobody_carries_is_taken_up_again(tmp_path: Path) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.runner.answer(house.incident)
        lost = house.inline.queue.pop()
        house.clock.at += timedelta(seconds=10)
        house.runner.tick()
        assert house.inline.queue.pop() == lost
        assert house.entered() == []
        assert house.later(seconds=10).state is RunState.DONE
        assert house.run().hop == lost.number + 1


def test_a_run_of_which_nothing_is_known_fails_once_and_is_not_taken_up_for_ever(
    tmp_path: Path,
) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.runner.answer(house.incident)
        house.inline.queue.pop()
        with house.store.begin() as tx:
            tx.memories.forget(house.run().id)
        house.clock.at += timedelta(minutes=1)
        house.runner.tick()
        assert house.run().state is RunState.FAILED
        assert "begin it anew" in house.run().says
        assert house.runner.tick() == 0


def test_a_run_whose_hop_was_lost_in_a_crash_goes_on_seconds_later(tmp_path: Path) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.runner.answer(house.incident)
        house.inline.queue.pop()
        house.clock.at += timedelta(seconds=3)
        house.runner.tick()
        house.runner.tick()
        assert len(house.inline.queue) == 1
        house.inline.work()
        assert house.run().state is RunState.DONE
        assert house.denied() == {"key-91"}


def test_a_run_that_hangs_is_shown_as_stuck(tmp_path: Path) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.runner.answer(house.incident)
        house.clock.at += timedelta(minutes=1)
        house.runner.tick()
        assert house.run().state is RunState.STUCK
        house.inline.work()
        assert house.run().state is RunState.DONE


def test_what_a_run_that_ended_needed_is_let_go_after_a_while(tmp_path: Path) -> None:
    forgotten: list[tuple[str, int]] = []

    class Records:
        def forget(self, run: RunId, hops: int) -> None:
            forgotten.append((run, hops))

    with house_of(tmp_path, BLOCK) as house:
        run = house.answer()
        assert forget_ended(house.store, Records(), house.clock.at) == 0
        house.clock.at += timedelta(days=8)
        assert forget_ended(house.store, Records(), house.clock.at) == 1
        assert forget_ended(house.store, Records(), house.clock.at) == 0
        assert forgotten == [(run.id, 1)]
        assert house.run().state is RunState.DONE
        house.runner.answer(house.incident)
        house.inline.work()
        assert house.run().id == run.id
