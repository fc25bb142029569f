"""A run waits for people: a yes, silence, an answer that is stale, two people, a flood."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.runs.runner.house import ADA, ASKS, BLOCK, FRAUD, house_of

from stanch.engine.approvals import MOST_OPEN, Question
from stanch.engine.runs.memory import Hop
from stanch.engine.voting import Ballot
from stanch.vocabulary.approval import Answer
from stanch.vocabulary.ids import (
    digest_of,
)
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.policy import Mode
from stanch.vocabulary.run import RunState
from stanch.vocabulary.trouble import AlreadyThere, NoSpace, Stale

GRACE = replace(ADA, name="grace")


def test_the_act_waits_for_the_yes_and_then_is_in_force(tmp_path: Path) -> None:
    with house_of(tmp_path, ASKS) as house:
        assert house.answer().state is RunState.WAITING
        assert house.policies.now(FRAUD).mode is Mode.SERVING
        asked = house.asked()
        assert "Safe mode on fraud" in asked.shown
        assert house.vote(yes=True).state is RunState.DONE
        assert house.policies.now(FRAUD).mode is Mode.SAFE


def test_a_server_that_restarts_keeps_what_is_in_force_and_what_is_asked(tmp_path: Path) -> None:
    blocks = BLOCK.partition("  - id: slow")[0]
    with house_of(tmp_path, blocks + ASKS.partition("freeze\n")[2]) as house:
        waiting = house.answer()
        asked, policy = house.asked(), house.policies.now(FRAUD)
        assert policy.deny.principals == {"key-91"}
        house.restart()
        assert (house.asked(), house.policies.now(FRAUD), house.run()) == (asked, policy, waiting)
        assert house.later(minutes=1) == waiting
        assert house.vote(yes=True).state is RunState.DONE
        assert house.policies.now(FRAUD).mode is Mode.SAFE
        assert house.entered() == ["freeze", "block", "safe-ok", "safe"]


def test_silence_takes_the_stated_default_and_touches_nothing(tmp_path: Path) -> None:
    with house_of(tmp_path, ASKS) as house:
        house.answer()
        assert house.later(minutes=29).state is RunState.WAITING
        assert house.later(minutes=1).state is RunState.DONE
        assert house.policies.now(FRAUD).mode is Mode.SERVING
        assert house.entered()[-1] == "said-no"


def test_an_answer_is_kept_and_goes_on_later_when_its_hop_cannot_begin_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house_of(tmp_path, ASKS) as house:
        house.answer()

        def full(_: Hop) -> None:
            raise NoSpace("/srv/stanch")

        monkeypatch.setattr(house.inline, "enqueue", full)
        assert house.vote(yes=True).state is RunState.RUNNING
        with pytest.raises(NoSpace):
            house.later(seconds=3)
        monkeypatch.undo()
        assert house.later(seconds=1).state is RunState.DONE
        assert house.policies.now(FRAUD).mode is Mode.SAFE


def test_an_answer_for_something_else_is_stale(tmp_path: Path) -> None:
    with house_of(tmp_path, ASKS) as house:
        house.answer()
        with pytest.raises(Stale):
            house.approvals.vote(
                house.asked().id, ADA, Ballot(yes=True, digest=digest_of(b"another text"))
            )


def test_what_can_never_be_undone_needs_two_people(tmp_path: Path) -> None:
    steps = """
  - do: freeze
  - id: revoke-ok
    ask: Shall the key be revoked for good?
    about: [revoke]
    people: 2
    within: 1h
    no: end
  - id: revoke
    do: revoke_key
    with: {principals: [key-91]}
"""
    with house_of(tmp_path, steps) as house:
        house.answer()
        assert house.vote(yes=True).state is RunState.WAITING
        assert house.denied() == frozenset()
        with pytest.raises(AlreadyThere):
            house.vote(yes=True)
        assert house.vote(yes=True, by=GRACE).state is RunState.DONE
        assert house.denied() == {"key-91"}
        assert any("by hand" in notice.says for notice in house.told.notices)


def test_a_flood_of_questions_makes_the_next_one_wait_and_not_be_lost(tmp_path: Path) -> None:
    with house_of(tmp_path, ASKS) as house:
        for n in range(MOST_OPEN):
            flood = Question(
                key=f"flood-{n}", incident=house.incident.id, asset=FRAUD, shown=f"May {n}?"
            )
            house.approvals.ask(flood)
        assert "questions are open" in house.answer().says
        assert house.later(minutes=5).state is RunState.WAITING
        with house.store.look() as tx:
            open_now = tx.approvals.page(Wanted(state=(Answer.OPEN,)), limit=50).items
        for one in open_now:
            house.approvals.vote(one.id, ADA, Ballot(yes=False, digest=one.digest))
        house.later(minutes=3)
        assert "May the fallback answer?" in house.asked().shown
        assert house.vote(yes=True).state is RunState.DONE
        assert house.policies.now(FRAUD).mode is Mode.SAFE
