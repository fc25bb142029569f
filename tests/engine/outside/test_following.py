"""Systems follow the policy: each is brought to it and back again, by weights, maps and aliases."""

from dataclasses import replace

import msgspec
import pytest
from tests.engine.outside.world import ALIAS, CHANGE, FILE, FRAUD, KNOWN, World, registry

from stanch.engine.systems_written import systems_in
from stanch.engine.ties import wanted
from stanch.vocabulary.ids import PrincipalId
from stanch.vocabulary.policy import Deny, Mode, Policy


def test_what_was_never_moved_is_left_as_its_owner_has_it(world: World) -> None:
    assert world.following.turn() == 0
    assert world.said == []


def test_every_system_is_brought_to_the_policy_and_back_again(world: World) -> None:
    back = Policy(asset=FRAUD, route={"v6": 100})
    world.policies.set_base(back, CHANGE)
    world.following.follow(FRAUD)
    assert world.take() == [
        ("registry", "alias", "fraud@champion", "6"),
        ("edge", "weigh", "scorers/new", "0"),
        ("edge", "weigh", "scorers/old", "256"),
        ("cluster", "canary", "prod/fraud", "0"),
    ]
    assert world.following.turn() == 0
    half = Policy(asset=FRAUD, route={"v6": 75, "v7": 25})
    world.policies.set_base(half, CHANGE)
    world.following.turn()
    assert world.take() == [
        ("edge", "weigh", "scorers/new", "85"),
        ("cluster", "canary", "prod/fraud", "25"),
    ]
    assert world.following.turn() == 0
    world.policies.set_base(Policy(asset=FRAUD), CHANGE)
    world.following.turn()
    assert world.take() == [
        ("registry", "alias", "fraud@champion", "7"),
        ("edge", "weigh", "scorers/new", "256"),
        ("edge", "weigh", "scorers/old", "0"),
        ("cluster", "canary", "prod/fraud", "0"),
    ]


def test_who_is_denied_stands_in_the_map_and_goes_out_of_it(world: World) -> None:
    deny = Deny(principals=frozenset({PrincipalId("key-91"), PrincipalId("key-92")}))
    world.policies.set_base(Policy(asset=FRAUD, deny=deny), CHANGE)
    world.following.turn()
    assert world.take() == [
        ("edge", "put", "/etc/denied.map#key-91", "1"),
        ("edge", "put", "/etc/denied.map#key-92", "1"),
    ]
    fewer = Deny(principals=frozenset({PrincipalId("key-92")}))
    world.policies.set_base(Policy(asset=FRAUD, deny=fewer), CHANGE)
    world.following.turn()
    assert world.take() == [("edge", "drop", "/etc/denied.map#key-91", "")]


def test_nobody_is_sent_to_a_model_that_is_stopped(world: World) -> None:
    world.policies.set_base(Policy(asset=FRAUD, mode=Mode.STOPPED), CHANGE)
    world.following.turn()
    assert ("edge", "weigh", "scorers/new", "0") in world.said


def test_the_whole_policy_is_told_to_who_follows_it(world: World) -> None:
    world.policies.set_base(Policy(asset=FRAUD, mode=Mode.STOPPED), CHANGE)
    world.following.turn()
    (told,) = [value for _, verb, _, value in world.said if verb == "policy"]
    assert msgspec.json.decode(told)["mode"] == "stopped"


def test_a_version_is_shut_out_without_moving_who_has_another(world: World) -> None:
    world.has("registry", **{ALIAS: "9"})
    world.has("edge", **{"scorers/old": "5", "scorers/new": "7"})
    world.under(route={"v6": 0})
    world.following.turn()
    assert world.take() == [
        ("edge", "weigh", "scorers/old", "0"),
        ("cluster", "canary", "prod/fraud", "100"),
    ]
    world.shows["registry"][ALIAS] = "6"
    world.following.turn()
    assert world.take() == [("registry", "alias", ALIAS, "7")]


def test_where_the_usual_version_is_shut_out_the_next_one_stands_in_as_at_a_guard(
    world: World,
) -> None:
    world.has("registry", **{ALIAS: "7"})
    world.has("edge", **{"scorers/old": "0", "scorers/new": "256"})
    world.under(route={"v7": 0})
    world.following.turn()
    assert {(s, *rest) for s, _, *rest in world.take()} >= {
        ("registry", ALIAS, "6"),
        ("edge", "scorers/old", "256"),
        ("edge", "scorers/new", "0"),
        ("cluster", "prod/fraud", "0"),
    }
    world.under(route={"v6": 0, "v7": 0})
    world.take()
    world.following.turn()
    back = world.take()
    assert ("registry", "alias", ALIAS, "7") in back
    assert ("edge", "weigh", "scorers/old", "0") in back
    world.under()
    world.following.turn()
    assert ("edge", "weigh", "scorers/new", "256") in world.take()


@pytest.mark.parametrize("mode", [Mode.SAFE, Mode.STOPPED])
def test_where_no_model_is_to_answer_no_server_gets_anything(world: World, mode: Mode) -> None:
    world.under(mode=mode, fallback='"no"')
    world.following.turn()
    weights = {one[2]: one[3] for one in world.take() if one[1] == "weigh"}
    assert weights == {"scorers/old": "0", "scorers/new": "0"}


def test_a_share_is_of_all_weights_and_not_of_a_hundred(world: World) -> None:
    world.under(route={"v6": 3, "v7": 1})
    world.following.turn()
    assert ("cluster", "canary", "prod/fraud", "25") in world.take()


def test_a_version_that_no_tie_names_is_replaced_by_the_usual_one(world: World) -> None:
    world.has("registry", **{ALIAS: "v5"})
    world.under(route={"v5": 0})
    world.following.turn()
    assert registry(world) == ["7"]


def test_networks_go_into_a_map_of_their_own_where_there_is_one() -> None:
    edge = "    - {system: edge, as: deny_networks, subject: /etc/networks.map}\npeople:"
    plan = systems_in(FILE.replace("people:", edge), KNOWN)
    deny = Deny(principals=frozenset({PrincipalId("k")}), networks=frozenset({"203.0.113.0/24"}))
    policy = Policy(asset=FRAUD, deny=deny)
    ties = [tie for tie in plan.of(FRAUD) if "deny" in tie.how]
    assert [sorted(wanted(tie, policy, apart=True)) for tie in ties] == [
        ["/etc/denied.map#k"],
        ["/etc/networks.map#203.0.113.0/24"],
    ]
    assert sorted(wanted(ties[0], policy)) == [
        "/etc/denied.map#203.0.113.0/24",
        "/etc/denied.map#k",
    ]


def test_what_an_act_would_move_is_said_before_it_is_moved(world: World) -> None:
    before = Policy(asset=FRAUD)
    after = replace(before, route={"v6": 100}, deny=Deny(principals=frozenset({PrincipalId("k")})))
    assert world.outside.would(before, after) == (
        "registry moves fraud@champion to 6.",
        "edge sets scorers/new to weight 0, scorers/old to weight 256.",
        "edge refuses k.",
        "cluster gives the newest of prod/fraud 0 %.",
        "hooks is told the policy.",
    )
    gone = replace(after, route={"v9": 100})
    assert world.outside.would(after, gone)[1] == (
        "edge sets scorers/old to weight 0. Then scorers answers nobody there."
    )
    more = replace(after, deny=Deny(principals=frozenset(map(PrincipalId, "kl"))))
    assert world.outside.would(after, more) == ("edge refuses l.", "hooks is told the policy.")
    assert world.outside.would(after, after) == ()
    assert world.said == []
