"""What goes unasked is a setting; what changed between a look and the deed is looked at again."""

from dataclasses import replace

import pytest
from tests.engine.deeds.room import BLOCK, FRAUD, INCIDENT, NOON, Room

from stanch.engine.automatic import Automatic, automatic_in
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.finding import Suspect
from stanch.vocabulary.ids import (
    PrincipalId,
)
from stanch.vocabulary.incident import (
    Level,
    Severity,
)
from stanch.vocabulary.trouble import BadInput

THROTTLE = replace(BLOCK, act="throttle", args={"rate": "60/min"}, key="run-1/slow")
SOME = automatic_in("low=0.02, high=0.10")


@pytest.mark.parametrize(
    ("over", "level", "automatic", "risk"),
    [
        (0, Level.HIGH, Automatic(), Risk.ONE),
        (1, Level.LOW, SOME, Risk.AUTOMATIC),
        (4, Level.LOW, SOME, Risk.ONE),
        (4, Level.MEDIUM, SOME, Risk.ONE),
        (8, Level.HIGH, SOME, Risk.AUTOMATIC),
        (30, Level.HIGH, SOME, Risk.ONE),
    ],
)
def test_how_much_goes_unasked_depends_on_severity_and_on_who_else_is_hit(
    room: Room, over: int, level: Level, automatic: Automatic, risk: Risk
) -> None:
    """A throttle of everybody; `over` percent of all requests are an innocent's beyond it."""
    room.traffic({"key-91": 400, "key-2": 120 + over * 10, "key-3": 100}, 380 - over * 10)
    with room.store.begin() as tx:
        seen = tx.incidents.get(INCIDENT)
        tx.incidents.save(replace(seen, severity=Severity(level=level)))
    assert room.with_setting(automatic).show(THROTTLE).risk is risk


def test_a_suspect_is_blocked_at_once_however_much_they_ask(room: Room) -> None:
    room.traffic({"key-91": 9_000, "key-2": 1_000})
    shown = room.deeds.show(BLOCK)
    assert shown.risk is Risk.AUTOMATIC
    assert "Hits 1 principal and 90 % of 10000 requests" in shown.text
    named = replace(BLOCK, args={"principals": ("key-91", "key-2")})
    assert room.deeds.show(named).risk is Risk.ONE
    # Whom a person names in person needs no second one; everybody does.
    assert room.deeds.show(replace(named, by="ada")).risk is Risk.AUTOMATIC
    assert room.deeds.show(replace(THROTTLE, by="ada")).risk is Risk.ONE


def test_what_became_of_an_act_between_a_look_and_the_deed_is_looked_at_again(room: Room) -> None:
    order = replace(BLOCK, seen=room.deeds.show(BLOCK).digest)
    with room.store.begin() as tx:
        seen = tx.incidents.get(INCIDENT)
        more = replace(seen.suspects[0], principal=PrincipalId("key-2"))
        tx.incidents.save(replace(seen, suspects=(*seen.suspects, more)))
    late = room.deeds.perform(order)
    assert (late.ok, late.again, late.handle) == (False, True, "")
    assert not room.policies.now(FRAUD).deny.principals
    order = replace(BLOCK, seen=room.deeds.show(BLOCK).digest)
    assert room.deeds.perform(order).ok
    assert room.policies.now(FRAUD).deny.principals == {"key-91", "key-2"}


@pytest.mark.parametrize("text", ["wide", "low", "low=2", "low=-1", "severe=0.1", "low=x"])
def test_a_setting_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="STANCH_AUTOMATIC"):
        automatic_in(text)


def test_people_can_be_asked_before_anything(room: Room) -> None:
    assert room.with_setting(Automatic(ask_always=True)).show(BLOCK).risk is Risk.ONE


def test_suspects_that_are_not_sure_are_not_blocked_by_name(room: Room) -> None:
    with room.store.begin() as tx:
        seen = tx.incidents.get(INCIDENT)
        unsure = (Suspect(principal=PrincipalId("key-91"), share=1, confidence=0.5),)
        tx.incidents.save(replace(seen, suspects=unsure))
    assert room.deeds.facts(INCIDENT, NOON)["suspects"] == 0
    with pytest.raises(BadInput):
        room.deeds.show(BLOCK)
