"""What a run did is taken back: cancelled, half in force, broken, failed."""

from pathlib import Path

import pytest
from tests.engine.runs.runner.house import BLOCK, FRAUD, house_of

from stanch.vocabulary.run import RunState, Wish
from stanch.vocabulary.trouble import Busy, Conflict


def test_cancelling_with_undo_takes_back_in_reverse_order(tmp_path: Path) -> None:
    steps = BLOCK.replace("  - id: say", "  - id: rest\n    wait: 1h\n  - id: say")
    with house_of(tmp_path, steps) as house:
        assert house.answer().state is RunState.WAITING
        assert house.denied()
        run = house.wish(Wish.CANCEL_UNDO)
        assert run.state is RunState.CANCELLED
        assert house.denied() == frozenset()
        assert house.policies.now(FRAUD).limit.per_principal is None
        assert house.entered()[-2:] == ["slow", "block"]
        with pytest.raises(Conflict):
            house.wish(Wish.GO)


def test_the_half_in_force_of_an_act_that_goes_on_trying_is_taken_back_too(tmp_path: Path) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.deeds.half.add("block_principal")
        assert house.answer().state is RunState.WAITING
        assert house.denied()
        assert house.wish(Wish.CANCEL_UNDO).state is RunState.CANCELLED
        assert house.denied() == frozenset()


@pytest.mark.parametrize("error", [OSError("no space left"), Conflict("no"), Busy("it", 1)])
def test_an_act_that_broke_once_it_was_in_force_is_taken_back_too(
    tmp_path: Path, error: Exception
) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.deeds.broken["block_principal"] = error
        house.deeds.failing["throttle"] = Busy("others", 1)
        assert house.answer().state is RunState.WAITING
        assert house.denied()
        assert house.wish(Wish.CANCEL_UNDO).state is RunState.CANCELLED
        assert house.denied() == frozenset()


def test_a_failure_that_says_undo_takes_back_what_the_run_did(tmp_path: Path) -> None:
    steps = BLOCK.replace("    with: {text: done}", "    with: {text: done}\n    on_failure: undo")
    with house_of(tmp_path, steps) as house:
        house.deeds.failing["note"] = Conflict("no paper left")
        run = house.answer()
        assert run.state is RunState.FAILED
        assert "no paper left" in run.says
        assert house.denied() == frozenset()
