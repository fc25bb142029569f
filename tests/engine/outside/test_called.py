"""A call is made once for each key, and what could not be taken back is owed."""

import pytest
from tests.engine.outside.world import FRAUD, World

from stanch.contain.action import Call
from stanch.engine.outside import Taken
from stanch.engine.owed import BACK, owe, owed
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.trouble import Unreachable


def test_a_call_is_made_once_for_each_key_and_only_by_who_is_set_up(world: World) -> None:
    revoke = Call(connector="keys", verb="revoke", subject="key-91", says="Revoked.")
    for _ in range(2):
        assert world.outside.call(revoke, key="run-1/revoke/0").done
    assert world.take() == [("hooks", "revoke", "key-91", "Revoked.")]
    aside = Call(connector="datasets", verb="quarantine", subject="d", says="Aside.")
    assert not world.outside.call(aside, key="run-1/aside/0").done


ASIDE = Call(connector="keys", verb="hold", subject="d", says="Aside.", undo="release")


def _taken(key: str) -> Taken:
    return Taken(call=ASIDE, key=key, asset=FRAUD, incident=IncidentId("inc-1"))


def _owed(world: World) -> list[str]:
    with world.store.look() as tx:
        return owed(tx, BACK)


def test_what_two_acts_called_for_is_taken_back_with_the_second(world: World) -> None:
    one, two = (_taken(f"run-{n}/aside/0") for n in (1, 2))
    for taken in (one, two):
        world.outside.call(ASIDE, key=taken.key)
    assert "still" in world.outside.take_back(one).says
    world.take()
    world.outside.take_back(two)
    assert [verb for _, verb, *_ in world.take()] == ["release"]


def test_what_could_not_be_taken_back_is_owed_until_it_was_and_done_once(world: World) -> None:
    taken = _taken("run-1/aside/0")
    world.outside.call(ASIDE, key=taken.key)
    with world.store.begin() as tx:
        owe(tx, BACK, (taken.text,))
    world.away = {"hooks"}
    with pytest.raises(Unreachable):
        world.outside.turn()
    assert _owed(world)
    world.away.clear()
    world.take()
    for _ in range(2):
        world.outside.turn()
    assert world.take() == [("hooks", "release", "d", "Taken back: Aside.")]
    assert not _owed(world)
