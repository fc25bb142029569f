"""Outside: systems follow the policy and are called once; people are told, whatever is down."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stanch.contain.action import Call
from stanch.engine.calling import Calling
from stanch.engine.following import Following
from stanch.engine.notices import GIVEN_UP, Notices
from stanch.engine.outside import Taken
from stanch.engine.owed import BACK, owe, owed
from stanch.engine.own_deeds import OwnDeeds
from stanch.engine.policies import Change, Policies
from stanch.engine.runs.deeds import Order
from stanch.engine.systems import Lines
from stanch.engine.systems_outside import SystemsOutside
from stanch.engine.systems_written import Known, systems_in
from stanch.engine.telling import Notice, Urgency
from stanch.engine.ties import wanted
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId, RunId, UserId
from stanch.vocabulary.notice import Carried, KeptNotice
from stanch.vocabulary.people import Duty, Role, User
from stanch.vocabulary.policy import Deny, Mode, Policy
from stanch.vocabulary.record import Deed
from stanch.vocabulary.trouble import BadInput, Declined, Unreachable

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRAUD = AssetId("fraud")
VERBS = {
    "mlflow": ("alias",),
    "haproxy": ("weigh", "state", "put", "drop"),
    "webhook": ("any",),
    "mail": ("tell",),
    "kserve": ("canary", "model"),
}
KNOWN = Known(verbs=VERBS)
FILE = """
systems:
  registry: {connector: mlflow, address: "http://127.0.0.1:1"}
  edge: {connector: haproxy, address: "unix:/run/h.sock"}
  cluster: {connector: kserve, address: "http://127.0.0.1:2"}
  hooks: {connector: webhook, address: "http://127.0.0.1:3"}
  mail: {connector: mail, address: "smtp://127.0.0.1:4"}
calls: {keys: hooks}
follow:
  fraud:
    - system: registry
      as: alias
      subject: fraud@champion
      usual: v7
      versions: {v6: "6", v7: "7"}
    - {system: edge, as: weights, subject: scorers, usual: v7, versions: {v6: old, v7: new}}
    - {system: edge, as: deny, subject: /etc/denied.map}
    - {system: cluster, as: canary, subject: prod/fraud, usual: v6, versions: {v7: newest}}
    - {system: hooks, as: policy}
people:
  ada: [mail ada@example.org, hooks]
  "*": [hooks]
"""
CHANGE = Change(by="ada", because="a test")


class World:
    def __init__(self, folder: Path) -> None:
        self.at = NOON
        self.said: list[tuple[str, str, str, str]] = []
        self.keys: list[tuple[str, tuple[str, str, str, str]]] = []
        self.away: set[str] = set()
        self.cannot: dict[str, Exception] = {}
        self.killed = False
        self.store: SqlStore = open_store(sqlite_url(folder), clock=lambda: self.at)
        plan = systems_in(FILE, KNOWN)
        self.policies = Policies(self.store, lambda: self.at)
        self.shows: dict[str, dict[str, str]] = {}
        lines = self.lines = Lines(
            plan=plan, doers={name: self.doer(name) for name in plan.systems}, reads={}
        )
        self.following = Following(self.store, self.policies, lambda: self.lines, lambda: self.at)
        self.outside = SystemsOutside(
            store=self.store,
            lines=lambda: lines,
            following=self.following,
            clock=lambda: self.at,
        )
        self.notices = Notices(self.store, lambda: self.at, lambda: lines)
        self.bare = Notices(self.store, lambda: self.at, Lines)
        with self.store.begin() as tx:
            roles = {Duty.LEGAL: "grace"}
            tx.assets.add(
                Asset(id=FRAUD, kind=AssetKind.MODEL, name="fraud", owner="ada", roles=roles)
            )

    def doer(self, name: str):  # noqa: ANN201  a closure for a Protocol
        def do(verb: str, subject: str, value: str, key: str) -> str:
            if name in self.away or f"{name}:{subject}" in self.away:
                raise Unreachable(name, "it does not answer")
            assert key
            if verb in self.cannot:
                raise self.cannot[verb]
            self.said.append((name, verb, subject, value))
            self.keys.append((key, self.said[-1]))
            if name in self.shows:
                self.shows[name][subject] = value
            if self.killed:
                raise KeyboardInterrupt
            return f"{subject} has {value or 'nothing'}."

        return do

    def has(self, name: str, **there: str) -> None:
        """From now on this system shows what it has: this, and whatever it is told."""
        shown = self.shows[name] = dict(there)

        def reads(verb: str, subjects: Sequence[str]) -> Mapping[str, str]:
            del verb, subjects
            if name in self.away:
                raise Unreachable(name, "it does not answer")
            return {one: value for one, value in shown.items() if value}

        assert isinstance(self.lines.reads, dict)
        self.lines.reads[name] = reads

    def under(self, **fields: Any) -> None:
        """Puts this policy in force."""
        self.policies.set_base(Policy(asset=FRAUD, **fields), CHANGE)

    def told(self) -> list[str]:
        with self.store.look() as tx:
            return [one.says for one in tx.notices.page().items]

    def take(self) -> list[tuple[str, str, str, str]]:
        said = [*self.said]
        self.said.clear()
        return [one for one in said if one[1] != "policy"]

    def notice(self, key: str = "n1", to: str = "owner") -> KeptNotice:
        said = Notice(key=key, to=to, says="Look.", asset=FRAUD, incident=IncidentId("inc-1"))
        self.notices.tell(said)
        self.notices.tell(replace(said, says="Again."))
        with self.store.look() as tx:
            (found,) = tx.notices.page().items
        return found

    def kept(self) -> KeptNotice:
        with self.store.look() as tx:
            (found,) = tx.notices.page().items
        return found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.store.close()


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


def test_refused_half_way_the_half_is_kept_and_only_the_rest_is_tried_again(world: World) -> None:
    world.policies.set_base(Policy(asset=FRAUD, route={"v6": 100}), CHANGE)
    world.away = {"edge:scorers/old"}
    with pytest.raises(Unreachable):
        world.following.turn()
    assert [s[2] for s in world.take()] == ["fraud@champion", "scorers/new", "prod/fraud"]
    world.away.clear()
    world.following.turn()
    assert [s[2] for s in world.take()] == ["scorers/old"]


def test_the_whole_policy_is_told_to_who_follows_it(world: World) -> None:
    world.policies.set_base(Policy(asset=FRAUD, mode=Mode.STOPPED), CHANGE)
    world.following.turn()
    (told,) = [value for _, verb, _, value in world.said if verb == "policy"]
    assert msgspec.json.decode(told)["mode"] == "stopped"


def test_a_call_is_made_once_for_each_key_and_only_by_who_is_set_up(world: World) -> None:
    revoke = Call(connector="keys", verb="revoke", subject="key-91", says="Revoked.")
    for _ in range(2):
        assert world.outside.call(revoke, key="run-1/revoke/0").done
    assert world.take() == [("hooks", "revoke", "key-91", "Revoked.")]
    aside = Call(connector="datasets", verb="quarantine", subject="d", says="Aside.")
    assert not world.outside.call(aside, key="run-1/aside/0").done


ALIAS = "fraud@champion"


def _registry(world: World) -> list[str]:
    return [value for system, _, _, value in world.take() if system == "registry"]


def test_a_roll_back_to_the_usual_version_is_ordered_where_another_one_answers(
    world: World,
) -> None:
    world.has("registry", **{ALIAS: "8"})
    world.under(route={"v7": 100})
    world.following.follow(FRAUD)
    assert _registry(world) == ["7"]


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
        assert _registry(world) == expected
        world.under()
        world.following.turn()
        assert _registry(world) == ["8"]
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
    assert _registry(world) == ["6", "7"]
    assert world.told() == []


def test_a_version_that_no_tie_names_is_replaced_by_the_usual_one(world: World) -> None:
    world.has("registry", **{ALIAS: "v5"})
    world.under(route={"v5": 0})
    world.following.turn()
    assert _registry(world) == ["7"]


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
    assert _registry(world) == ["6", "8"]
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


ONE = "systems: {x: {connector: mlflow, address: a}}\n"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("systems: [", "connectors.yaml:1: is not YAML"),
        ("systms: {}", "systms"),
        ("systems: {x: {connector: nats, address: a}}", "nats"),
        ("calls: {keys: nobody}", "'nobody' is no system"),
        ("calls: {coffee: x}", "coffee"),
        ("systems: {x: {connector: mail, address: a, seconds: 900}}", "at most 120"),
        (
            f"{ONE}follow: {{f: [{{system: x, as: weights, subject: s, usual: v}}]}}",
            "cannot follow f as weights",
        ),
        (
            f"{ONE}follow: {{f: [{{system: x, as: alias, subject: s}}]}}",
            "needs `usual`",
        ),
        ("people: {ada: [pigeon]}", "'pigeon' is no system"),
    ],
)
def test_a_file_that_cannot_work_is_refused_with_what_is_wrong(bad: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        systems_in(bad, KNOWN)
