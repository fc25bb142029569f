"""What a system had before comes back; what others moved meanwhile is told and left or mended."""

from tests.engine.outside.world import ALIAS, FRAUD, World, registry

from stanch.vocabulary.ids import PrincipalId
from stanch.vocabulary.policy import Deny


def test_a_roll_back_to_the_usual_version_is_ordered_where_another_one_answers(
    world: World,
) -> None:
    world.has("registry", **{ALIAS: "8"})
    world.under(route={"v7": 100})
    world.following.follow(FRAUD)
    assert registry(world) == ["7"]


def test_what_was_there_before_comes_back_and_not_what_is_usual(world: World) -> None:
    world.has("registry", **{ALIAS: "8"})
    world.has("edge", **{"scorers/old": "90", "scorers/new": "10", "/etc/denied.map#key-91": "2"})
    world.has("cluster")
    deny = Deny(principals=frozenset({PrincipalId("key-91"), PrincipalId("key-92")}))
    world.under(route={"v6": 100}, deny=deny)
    world.following.turn()
    assert world.shows["registry"] == {ALIAS: "6"}
    assert world.shows["cluster"] == {"prod/fraud": "0"}
    world.under()
    world.following.turn()
    assert world.shows["registry"] == {ALIAS: "8"}
    edge = world.shows["edge"]
    assert (edge["scorers/old"], edge["scorers/new"]) == ("90", "10")
    assert edge["/etc/denied.map#key-91"] == "2"
    assert not edge["/etc/denied.map#key-92"]
    assert not world.shows["cluster"]["prod/fraud"]
    assert world.following.turn() == 0
    assert world.told() == []


def test_what_somebody_moved_after_an_undone_act_is_moved_by_the_next_one(world: World) -> None:
    world.has("registry", **{ALIAS: "8"})
    for version, expected in (("v7", ["7"]), ("v7", ["7"])):
        world.under(route={version: 100})
        world.following.turn()
        assert registry(world) == expected
        world.under()
        world.following.turn()
        assert registry(world) == ["8"]
        world.shows["registry"][ALIAS] = "8"


def test_what_somebody_else_moves_meanwhile_is_brought_back_and_told_once(world: World) -> None:
    world.has("registry", **{ALIAS: "8"})
    world.under(route={"v6": 100})
    world.following.turn()
    for _ in range(2):
        world.shows["registry"][ALIAS] = "9\u202e"
        world.following.turn()
        assert world.shows["registry"] == {ALIAS: "6"}
    (says,) = world.told()
    assert says.startswith("registry has fraud@champion at 9\ufffd, which is not what stanch left")


def test_a_load_balancer_that_was_started_anew_gets_its_map_again(world: World) -> None:
    world.has("edge")
    everybody = {f"key-{n}" for n in range(50)}
    world.under(deny=Deny(principals=frozenset(map(PrincipalId, everybody))))
    world.following.turn()
    world.shows["edge"].clear()
    assert world.following.turn() == 50
    assert set(world.shows["edge"]) == {f"/etc/denied.map#{one}" for one in everybody}
    (says,) = world.told()
    assert "and 47 more, which is not what stanch left there" in says


def test_what_somebody_else_changed_before_the_undo_stays_as_they_left_it(world: World) -> None:
    world.has("registry", **{ALIAS: "8"})
    world.under(route={"v6": 100})
    world.following.turn()
    world.shows["registry"][ALIAS] = "9"
    world.under()
    world.following.turn()
    assert world.shows["registry"] == {ALIAS: "9"}
    assert "It stays as it is" in world.told()[0]
    world.following.turn()
    assert len(world.told()) == 1


def test_the_same_order_at_a_later_version_is_not_taken_for_the_first(world: World) -> None:
    back = {"v6": 100}
    for route in (back, dict[str, int](), back):
        world.under(route=route)
        world.following.turn()
    made = [key for key, order in world.keys if order[:2] == ("registry", "alias")]
    assert len(set(made)) == len(made) == 3


def test_what_the_policy_itself_moves_on_is_no_news_of_somebody_else(world: World) -> None:
    world.has("registry", **{ALIAS: "9"})
    for route in ({"v6": 100}, {"v7": 100}):
        world.under(route=route)
        world.following.turn()
    assert registry(world) == ["6", "7"]
    assert world.told() == []
