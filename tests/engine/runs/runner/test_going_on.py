"""A run goes step by step, tries again, keeps its playbook, meets again and ends."""

from pathlib import Path

import pytest
from tests.engine.runs.runner.house import ASKS, BLOCK, house_of

from stanch.contain.playbook.written import read
from stanch.engine.runs.library import by_id
from stanch.vocabulary.run import RunState, Wish
from stanch.vocabulary.trouble import Busy


def test_a_paused_run_goes_one_step_at_a_time(tmp_path: Path) -> None:
    with house_of(tmp_path, BLOCK) as house:
        run = house.runner.start(next(iter(house.books.values())).playbook, house.incident.id)
        house.runner.wish(run.id, Wish.PAUSE, by="ada")
        house.inline.work()
        assert house.run().state is RunState.PAUSED
        assert house.entered() == []
        house.wish(Wish.STEP)
        assert (house.run().state, house.entered()) == (RunState.PAUSED, ["freeze"])
        house.wish(Wish.STEP)
        assert house.denied() == {"key-91"}
        assert house.run().state is RunState.PAUSED
        assert house.wish(Wish.GO).state is RunState.DONE
        assert house.entered() == ["freeze", "block", "slow", "say"]


def test_what_is_busy_is_tried_again_later_and_then_goes_on(tmp_path: Path) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.deeds.failing["throttle"] = Busy("others", 1)
        assert house.answer().state is RunState.WAITING
        assert house.later(seconds=1).state is RunState.WAITING
        assert house.deeds.done.count("throttle") == 1
        del house.deeds.failing["throttle"]
        assert house.later(seconds=1).state is RunState.DONE
        assert house.deeds.done.count("throttle") == 2


def test_what_stays_busy_fails_after_its_attempts_and_the_run_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with house_of(tmp_path, BLOCK) as house:
        house.deeds.failing["throttle"] = RuntimeError("a bug in an action")
        house.answer()
        for _ in range(5):
            house.later(minutes=1)
        assert house.run().state is RunState.DONE
        assert house.deeds.done[-1] == "note"
    assert "a bug in an action" in caplog.text
    assert "Traceback" in caplog.text


def test_a_run_keeps_the_playbook_it_began_with(tmp_path: Path) -> None:
    with house_of(tmp_path, ASKS) as house:
        before = house.answer()
        text = "playbook: test\ntitle: Another\nanswers: [extraction]\nsteps:\n" + BLOCK
        house.runner._books = by_id([read(text, "new.yaml")])
        house.runner.answer(house.incident)
        assert house.vote(yes=False).digest == before.digest
        assert house.entered()[-1] == "said-no"


def test_branches_do_not_hold_each_other_up_and_meet_again(tmp_path: Path) -> None:
    steps = """
  - do: freeze
  - id: both
    parallel: [left, right]
    next: say
  - id: left
    wait: 1h
    next: end
  - id: right
    do: block_principal
    with: {principals: $suspects}
    next: end
  - id: say
    do: note
    with: {text: met}
"""
    with house_of(tmp_path, steps) as house:
        assert house.answer().state is RunState.WAITING
        assert house.denied() == {"key-91"}
        assert "say" not in house.entered()
        assert house.later(hours=1).state is RunState.DONE
        assert house.entered()[-1] == "say"


def test_a_repetition_stops_at_its_bound(tmp_path: Path) -> None:
    steps = """
  - do: freeze
  - id: again
    repeat: say
    while: verdict = attack
    most: 3
    next: end
  - id: say
    do: note
    with: {text: once more}
    next: end
"""
    with house_of(tmp_path, steps) as house:
        assert house.answer().state is RunState.DONE
        assert house.entered().count("say") == 3
        with house.store.look() as tx:
            assert len(tx.notes.of(house.incident.id)) == 3
