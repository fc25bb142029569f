"""Outside: systems follow the policy and are called once; people are told, whatever is down."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from stanch.contain.action import Call
from stanch.engine.following import Following
from stanch.engine.notices import GIVEN_UP, Notices
from stanch.engine.policies import Change, Policies
from stanch.engine.systems import Lines
from stanch.engine.systems_outside import SystemsOutside
from stanch.engine.systems_written import Known, systems_in
from stanch.engine.telling import Notice, Urgency
from stanch.store.sql.connect import sqlite_url
from stanch.store.sql.store import SqlStore, open_store
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId, UserId
from stanch.vocabulary.notice import Carried, KeptNotice
from stanch.vocabulary.people import Duty, Role, User
from stanch.vocabulary.policy import Deny, Mode, Policy
from stanch.vocabulary.record import Deed
from stanch.vocabulary.trouble import BadInput, Unreachable

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
        self.away: set[str] = set()
        self.store: SqlStore = open_store(sqlite_url(folder), clock=lambda: self.at)
        plan = systems_in(FILE, KNOWN)
        self.policies = Policies(self.store, lambda: self.at)
        lines = Lines(plan=plan, doers={name: self.doer(name) for name in plan.systems})
        self.following = Following(self.store, self.policies, lambda: lines)
        self.outside = SystemsOutside(
            store=self.store, lines=lambda: lines, following=self.following
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
            self.said.append((name, verb, subject, value))
            return f"{subject} has {value or 'nothing'}."

        return do

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
    assert [s[2] for s in world.take()] == ["fraud@champion", "scorers/new"]
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
    assert not world.outside.call(revoke, key="run-1/revoke/0/undo", undo=True).done


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
