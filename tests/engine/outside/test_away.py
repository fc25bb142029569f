"""A system that is away or declines holds up nothing else, and loses nothing."""

from dataclasses import replace

import pytest
from tests.engine.outside.world import ALIAS, CHANGE, FRAUD, World, registry

from stanch.engine.calling import Calling
from stanch.engine.own_deeds import OwnDeeds
from stanch.engine.runs.deeds import Order
from stanch.engine.systems import Lines
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId, RunId
from stanch.vocabulary.policy import Deny, Mode, Policy
from stanch.vocabulary.trouble import BadInput, Declined, Unreachable


def test_refused_half_way_the_half_is_kept_and_only_the_rest_is_tried_again(world: World) -> None:
    world.policies.set_base(Policy(asset=FRAUD, route={"v6": 100}), CHANGE)
    world.away = {"edge:scorers/old"}
    with pytest.raises(Unreachable):
        world.following.turn()
    assert [s[2] for s in world.take()] == ["fraud@champion", "scorers/new", "prod/fraud"]
    world.away.clear()
    world.following.turn()
    assert [s[2] for s in world.take()] == ["scorers/old"]


def test_who_is_away_is_asked_once_in_a_turn_and_who_declines_one_thing_does_the_other(
    world: World,
) -> None:
    asked = list[str]()

    def silent(verb: str, subject: str, value: str, key: str) -> str:
        del subject, value, key
        asked.append(verb)
        raise Unreachable("edge", "it does not answer")

    assert isinstance(world.lines.doers, dict)
    usual, world.lines.doers["edge"] = world.lines.doers["edge"], silent
    world.under(route={"v6": 100}, deny=Deny(principals=frozenset({PrincipalId("k")})))
    with pytest.raises(Unreachable):
        world.following.turn()
    assert asked == ["weigh"]
    world.lines.doers["edge"] = usual
    world.cannot = {"weigh": Declined("edge", "no such server")}
    with pytest.raises(Declined):
        world.following.turn()
    assert ("edge", "put", "/etc/denied.map#k", "1") in world.take()


def test_who_is_away_makes_an_act_late_and_holds_up_no_undo(world: World) -> None:
    own = OwnDeeds(store=world.store, notifier=world.notices, clock=lambda: world.at)
    calling = Calling(world.outside, own)
    order = Order(
        act="roll_back",
        incident=IncidentId("inc-1"),
        asset=FRAUD,
        key="run-1/back",
        run=RunId("run-1"),
    )
    world.away = {"registry"}
    world.under(route={"v6": 100})
    said, late = calling.done(order, ())
    assert late
    assert "it does not answer" in " ".join(said)
    (back,) = calling.took_back(order, FRAUD, ())
    assert back.endswith("It is tried again until it is done.")
    world.away = set()
    assert not calling.done(order, ())[1]


def test_an_asset_whose_system_is_away_holds_up_no_other_asset(world: World) -> None:
    assert isinstance(world.lines, Lines)
    first, other = AssetId("fraud"), AssetId("loans")
    mine = world.lines.plan.of(first)
    more = replace(mine[1], asset=other, subject="loans")
    world.lines = replace(world.lines, plan=replace(world.lines.plan, ties=(*mine, more)))
    world.away = {"registry"}
    world.under(mode=Mode.STOPPED, route={"v6": 100})
    stopped = Policy(asset=other, mode=Mode.STOPPED)
    world.policies.set_base(stopped, CHANGE)
    with pytest.raises(Unreachable):
        world.following.turn()
    assert ("edge", "weigh", "loans/new", "0") in world.take()


def test_killed_between_an_order_and_its_answer_the_old_state_still_comes_back(
    world: World,
) -> None:
    world.has("registry", **{ALIAS: "8"})
    world.under(route={"v6": 100})
    world.killed = True
    with pytest.raises(KeyboardInterrupt):
        world.following.turn()
    world.under()
    with pytest.raises(KeyboardInterrupt):
        world.following.turn()
    world.killed = False
    world.following.turn()
    assert registry(world) == ["6", "8"]
    assert world.told() == []


def test_one_system_that_is_away_keeps_no_other_from_its_part(world: World) -> None:
    world.has("registry", **{ALIAS: "8"})
    world.away = {"registry"}
    world.under(route={"v6": 100}, deny=Deny(principals=frozenset({PrincipalId("key-91")})))
    with pytest.raises(Unreachable, match="registry"):
        world.following.follow(FRAUD)
    assert {system for system, *_ in world.take()} == {"edge", "cluster"}
    world.away = {"registry", "edge"}
    world.under(route={"v7": 100})
    with pytest.raises(Unreachable, match=r"registry cannot .* edge cannot "):
        world.following.turn()


def test_an_act_does_not_wait_for_a_system_that_it_does_not_move(world: World) -> None:
    world.has("registry", **{ALIAS: "8"})
    world.under(route={"v6": 100})
    world.following.turn()
    world.away = {"registry"}
    deny = Deny(principals=frozenset({PrincipalId("key-91")}))
    world.under(route={"v6": 100}, deny=deny)
    assert len(world.following.follow(FRAUD)) == 2  # the map, and who hears of policies
    with pytest.raises(Unreachable, match="registry"):
        world.following.turn()


def test_a_name_that_one_system_cannot_take_is_told_and_keeps_nobody_else_out(
    world: World,
) -> None:
    world.cannot = {"put": BadInput("It cannot stand in a command.")}
    world.under(route={"v6": 100}, deny=Deny(principals=frozenset({PrincipalId("a\nb")})))
    said = world.following.follow(FRAUD)
    assert any("By hand: edge cannot be told of" in one for one in said)
    assert ("registry", "alias", ALIAS, "6") in world.take()
    assert world.following.turn() == 0
    (says,) = world.told()
    assert "a\ufffdb: It cannot stand in a command. Do it there by hand." in says
    world.under()
    world.following.turn()
    assert all(verb != "drop" for _, verb, *_ in world.take())


def test_what_one_system_declines_of_one_subject_is_done_of_the_others(world: World) -> None:
    world.cannot = {"alias": Declined("registry", "it answered 403")}
    world.under(route={"v6": 100})
    with pytest.raises(Declined, match="403"):
        world.following.turn()
    assert [one[0] for one in world.take()] == ["edge", "edge", "cluster"]
