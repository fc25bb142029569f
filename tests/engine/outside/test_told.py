"""A notice reaches its person by each channel once, whatever is down."""

import logging
from datetime import timedelta

import pytest
from tests.engine.outside.world import (
    NOON,
    World,
)

from stanch.engine.notices import GIVEN_UP
from stanch.engine.telling import Notice, Urgency
from stanch.vocabulary.ids import UserId
from stanch.vocabulary.notice import Carried
from stanch.vocabulary.people import Role, User
from stanch.vocabulary.record import Deed


def test_a_notice_reaches_its_person_by_each_channel_once(world: World) -> None:
    assert world.notice().state is Carried.WAITING
    world.away = {"mail"}
    assert world.notices.turn() == 0
    assert world.take() == [("hooks", "tell", "ada", "[inc-1] fraud: Look.")]
    assert "does not answer" in world.kept().why
    world.away.clear()
    world.at += timedelta(minutes=1)
    assert world.notices.turn() == 1
    assert world.take() == [("mail", "tell", "ada@example.org", "[inc-1] fraud: Look.")]
    found = world.kept()
    assert (found.state, found.people) == (Carried.SENT, ("ada",))
    (told,) = [o.entry for o in world.store.outbox() if o.entry.deed is Deed.PERSON_TOLD]
    assert (told.incident, told.facts["state"]) == ("inc-1", "sent")


@pytest.mark.parametrize(
    ("to", "whom"), [("legal", "grace"), ("approver", "linus"), ("leadership", "leadership")]
)
def test_a_duty_or_a_role_is_whoever_has_it(world: World, to: str, whom: str) -> None:
    with world.store.begin() as tx:
        tx.users.add(User(id=UserId("usr-1"), name="linus", role=Role.APPROVER, created=NOON))
    world.notice(to=to)
    world.notices.turn()
    assert world.take() == [("hooks", "tell", whom, "[inc-1] fraud: Look.")]


@pytest.mark.parametrize(
    ("to", "called"), [("owner", "owner"), ("ml_engineer", "ML engineer"), ("ada_l", "ada_l")]
)
def test_without_a_channel_it_stands_in_the_servers_log(
    world: World, caplog: pytest.LogCaptureFixture, to: str, called: str
) -> None:
    with caplog.at_level(logging.INFO, "stanch.notices"):
        world.bare.tell(Notice(key="x", to=to, says="Look.", urgency=Urgency.NOW))
        assert world.bare.turn() == 1
    assert caplog.messages == [f"to {called}: Look."]
    assert world.kept().state is Carried.LOGGED


def test_what_nobody_takes_for_a_day_is_given_up_and_that_is_entered(world: World) -> None:
    world.away = {"mail", "hooks"}
    world.notice()
    assert world.notices.turn() == 0
    world.at += GIVEN_UP
    assert world.notices.turn() == 1
    assert world.kept().state is Carried.FAILED
    assert any(o.entry.facts.get("state") == "failed" for o in world.store.outbox())
