"""The laws of actions, over every action there is."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import stanch.contain.actions
from stanch.contain.action import (
    Action,
    Consent,
    Known,
    Undo,
    Version,
    also,
    arguments,
    preview,
    previewed,
    propose,
)
from stanch.contain.combine import added, effective, reverted
from stanch.engine.runs.library import narrower_than
from stanch.testing import actions as laws
from stanch.testing.actions import ASSET, AT, STANDING, TRAFFIC, asking, guard
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.probe import Probe, Probed, asked, proves, read
from stanch.vocabulary.registry import extensions
from stanch.vocabulary.trouble import BadInput, Conflict

ACTIONS: dict[str, Action[Any]] = dict(extensions(stanch.contain.actions, "ACTION", Action))
every = pytest.mark.parametrize("action", ACTIONS.values(), ids=list(ACTIONS))


@every
def test_a_preview_changes_nothing_and_says_everything(action: Action[Any]) -> None:
    assert not laws.PREVIEWS.check(action)


@every
def test_doing_it_twice_is_doing_it_once(action: Action[Any]) -> None:
    assert not laws.REPEATS.check(action)


@every
def test_undo_restores_the_state_exactly(action: Action[Any]) -> None:
    assert not laws.UNDOES.check(action)


@every
def test_an_action_only_ever_makes_stricter(action: Action[Any]) -> None:
    assert not laws.NARROWS.check(action)


@every
def test_what_cannot_be_undone_needs_two_people(action: Action[Any]) -> None:
    assert not laws.ASKS.check(action)


@every
def test_it_is_narrower_than_what_it_is_preferred_to(action: Action[Any]) -> None:
    mine = preview(action, STANDING, action.example, asking(action), TRAFFIC).blast
    for name in action.instead_of:
        wider = ACTIONS[name]
        other = preview(wider, STANDING, wider.example, asking(wider), TRAFFIC).blast
        assert action.rank < wider.rank
        assert mine.share <= other.share


@every
def test_what_is_to_be_tried_before_it_is_told_the_narrowest_first(action: Action[Any]) -> None:
    told = narrower_than(action.id)
    assert set(told) == {one.id for one in ACTIONS.values() if action.id in one.instead_of}
    assert [ACTIONS[name].rank for name in told] == sorted(ACTIONS[name].rank for name in told)


@every
def test_a_probe_through_a_guard_proves_it(action: Action[Any]) -> None:
    assert not laws.PROVES.check(action)


@every
def test_arguments_come_from_a_playbooks_plain_values(action: Action[Any]) -> None:
    assert not laws.READS.check(action)


GUILTY = frozenset({PrincipalId("key-91")})
NARROW = {
    "block_principal",
    "enhanced_monitoring",
    "freeze_pipeline",
    "mirror",
    "notify",
    "quarantine_dataset",
    "throttle",
    "verbose_logging",
}
"""What may run unasked by itself, as its example is written."""


def _touched(action: Action[Any], args: Any) -> set[str]:
    """Whose requests a guard answers otherwise, among the guilty, the seen and the never seen."""
    before = replace(STANDING, base=replace(STANDING.base, route={"v7": 100}))
    after = replace(added(before, propose(action, before, args, asking(action))), version=2)
    hit: set[str] = set()
    for who in ("key-91", "key-8", "key-2", "never seen"):
        was, now = (_decided(effective(one, AT), who) for one in (before, after))
        if was != now:
            hit.add(who)
    return hit


def _decided(policy: Policy, who: str) -> list[tuple[object, ...]]:
    """What a guard decides of many requests of one caller, small and large, plain and by tool."""
    core = guard(policy)
    found: list[tuple[object, ...]] = []
    for nonce, rows in enumerate((1, 1_000_000)):
        header = asked(Probe(asset=ASSET, principal=who, rows=rows), str(nonce), b"k" * 32).encode()
        sealed = core.probed({"headers": [(b"stanch-probe", header)]})
        assert sealed is not None
        seen = read(sealed, str(nonce), b"k" * 32)
        facts = (seen.outcome, seen.versions, seen.mode, seen.scores, seen.rate, seen.tools)
        found.append(facts)
    return found


@every
def test_what_touches_anybody_but_suspects_is_never_done_unasked(action: Action[Any]) -> None:
    """At default settings, whatever the traffic was: heavy, light, or not seen at all."""
    for traffic in (TRAFFIC, replace(TRAFFIC, flows=TRAFFIC.flows[:1]), replace(TRAFFIC, flows=())):
        judged = (traffic, Consent(suspects=GUILTY))
        shown = previewed(action, STANDING, action.example, asking(action), judged)
        if _touched(action, action.example) - GUILTY:
            assert shown.risk is not Risk.AUTOMATIC
        assert (shown.risk is Risk.AUTOMATIC) == (action.id in NARROW)


ALL = "everybody"
DOES: dict[str, tuple[str, Mapping[str, object], tuple[str, ...], Undo, Risk]] = {
    "block_network": ("key-91", {"outcome": "refuse"}, (), Undo.REVERT, Risk.ONE),
    "block_principal": ("key-91", {"outcome": "refuse"}, (), Undo.REVERT, Risk.AUTOMATIC),
    "canary": (ALL, {"versions": ("v5", "v6")}, (), Undo.REVERT, Risk.ONE),
    "disable_agent": (
        *(ALL, {"outcome": "refuse", "mode": "stopped", "hold": "deployment"}, ()),
        *(Undo.REVERT, Risk.ONE),
    ),
    "disable_tool": (ALL, {"tools": "sql"}, (), Undo.REVERT, Risk.ONE),
    "enhanced_monitoring": (ALL, {"log": "full"}, (), Undo.REVERT, Risk.AUTOMATIC),
    "filter_inputs": (ALL, {"filter": "1d46b39d8859"}, (), Undo.REVERT, Risk.ONE),
    "freeze_pipeline": (ALL, {"hold": "ingestion,training"}, (), Undo.REVERT, Risk.AUTOMATIC),
    "isolate_version": (ALL, {"versions": ("v6",)}, (), Undo.REVERT, Risk.ONE),
    "mark_answers": ("key-91", {"marks": "on"}, (), Undo.REVERT, Risk.ONE),
    "mirror": (ALL, {"mirror": "v7"}, (), Undo.REVERT, Risk.AUTOMATIC),
    "notify": (ALL, {}, ("send",), Undo.NOTHING, Risk.AUTOMATIC),
    "pin_version": (ALL, {"versions": ("v6",), "hold": "deployment"}, (), Undo.REVERT, Risk.ONE),
    "quarantine_dataset": (
        *(ALL, {"hold": "ingestion,training"}, ("quarantine",)),
        *(Undo.CALL, Risk.AUTOMATIC),
    ),
    "query_limit": (ALL, {"outcome of many rows": "refuse"}, (), Undo.REVERT, Risk.ONE),
    "redirect": (ALL, {"versions": ("decoy",)}, (), Undo.REVERT, Risk.ONE),
    "revoke_key": ("key-91", {"outcome": "refuse"}, ("revoke",), Undo.NEVER, Risk.TWO),
    "roll_back": (ALL, {"versions": ("v6",)}, (), Undo.REVERT, Risk.ONE),
    "safe_mode": (ALL, {"outcome": "fallback", "mode": "safe"}, (), Undo.REVERT, Risk.ONE),
    "shadow": (ALL, {"outcome": "shadow", "mode": "shadow"}, (), Undo.REVERT, Risk.ONE),
    "shape_outputs": (ALL, {"scores": "top1"}, (), Undo.REVERT, Risk.ONE),
    "stop_endpoint": (ALL, {"outcome": "refuse", "mode": "stopped"}, (), Undo.REVERT, Risk.ONE),
    "throttle": ("key-91", {"rate": "20/min"}, (), Undo.REVERT, Risk.AUTOMATIC),
    "verbose_logging": (ALL, {"log": "full"}, (), Undo.REVERT, Risk.AUTOMATIC),
}
"""Of each example: whom it hits, what a guard does otherwise for them, calls to systems outside,
how it is taken back, and the consent it needs where key-91 is surely behind it."""
PEERS = {"key-91": "203.0.113.7", "key-2": "198.51.100.1"}
FACTS = (
    *("outcome", "versions", "mode", "scores", "rate", "tools"),
    *("hold", "log", "mirror", "filter", "marks"),
)


def _told_by_a_guard(policy: Policy, who: str) -> dict[str, object]:
    """What a guard says that it does for this caller; of many rows, where that is another thing."""
    core = guard(policy)
    told: dict[str, object] = {}
    for rows in (1, 1_000_000):
        probe = Probe(asset=ASSET, principal=who, source=PEERS[who], rows=rows)
        header = (b"stanch-probe", asked(probe, str(rows), b"k" * 32).encode())
        sealed = core.probed({"headers": [header]})
        assert sealed is not None
        seen = read(sealed, str(rows), b"k" * 32)
        told = told or {name: getattr(seen, name) for name in FACTS}
        if seen.outcome != told["outcome"]:
            told["outcome of many rows"] = seen.outcome
    return told


@every
def test_at_a_guard_it_does_what_it_is_for_and_no_more(action: Action[Any]) -> None:
    whom, does, calls, undo, risk = DOES[action.id]
    demand = propose(action, STANDING, action.example, asking(action))
    after = replace(added(STANDING, demand), version=2)
    for who in PEERS:
        was, now = (_told_by_a_guard(effective(one, AT), who) for one in (STANDING, after))
        other = {name: value for name, value in now.items() if was.get(name) != value}
        assert other == (does if whom in (ALL, who) else {}), who
    assert tuple(call.verb for call in action.calls(ASSET, action.example)) == calls
    assert action.undo is undo
    judged = (TRAFFIC, Consent(suspects=GUILTY))
    assert previewed(action, STANDING, action.example, asking(action), judged).risk is risk


def test_every_action_has_its_row() -> None:
    assert DOES.keys() == ACTIONS.keys()


@every
def test_nobody_is_a_suspect_unless_it_is_said(action: Action[Any]) -> None:
    assert not laws.SUSPECTS.check(action)


@every
def test_it_is_proved_beside_whatever_another_incident_wants(action: Action[Any]) -> None:
    probe = action.probe(ASSET, action.example)
    mine = added(STANDING, propose(action, STANDING, action.example, asking(action)))
    if probe is None:
        return  # It changes no policy.
    for other in ACTIONS.values():
        both = added(mine, propose(other, STANDING, other.example, asking(other)))
        core = guard(effective(both, AT))
        sealed = core.probed(
            {"headers": [(b"stanch-probe", asked(probe, "n", b"k" * 32).encode())]}
        )
        assert sealed is not None
        assert proves(probe, read(sealed, "n", b"k" * 32)), other.id


def test_stricter_than_wanted_is_proof_and_freer_is_none() -> None:
    shown = Probed(asset=ASSET, nonce="n", policy=1, digest="", outcome="fallback", why="")
    held = replace(shown, hold="ingestion,training", rate="5/min", mode="safe", scores="top1")
    for field, value, expected in (
        ("hold", "training", True),
        ("hold", "deployment", False),
        ("rate", "20/min", True),
        ("rate", "600/hour", True),
        ("rate", "1/min", False),
        ("rate", "soon", False),
        ("mode", "shadow", True),
        ("mode", "stopped", False),
        ("scores", "all", True),
        ("scores", "none", False),
    ):
        probe = Probe(asset=ASSET, expect=("serve",), field=field, value=value)
        assert proves(probe, held) is expected, (field, value)
    only = Probe(asset=ASSET, expect=("serve",), version="v7")
    for may, closed, expected in (((), True, True), (("v6",), True, False), ((), False, False)):
        assert proves(only, replace(shown, versions=may, closed=closed)) is expected, (may, closed)
    assert not proves(Probe(asset=ASSET, expect=("serve",)), held)
    assert not proves(Probe(asset=ASSET, expect=("refuse",), field="mode", value="safe"), held)


def test_partitions_alone_are_set_aside_and_new_rows_go_on() -> None:
    aside = ACTIONS["quarantine_dataset"]
    args = arguments(aside, {"dataset": "rows", "partitions": ["mon", "tue"]})
    policy = propose(aside, STANDING, args, asking(aside)).policy
    assert (policy.hold.ingestion, policy.hold.training) == (False, True)
    assert [call.subject for call in aside.calls(ASSET, args)] == ["rows/mon", "rows/tue"]


def test_a_throttle_of_everybody_asks_however_little_it_seems_to_hit() -> None:
    throttle = ACTIONS["throttle"]
    quiet = replace(TRAFFIC, flows=TRAFFIC.flows[1:2])
    everybody = replace(throttle.example, principals=())
    judged = (quiet, Consent(suspects=GUILTY))
    found = previewed(throttle, STANDING, everybody, asking(throttle), judged)
    assert found.blast.share == 0
    assert found.risk is Risk.ONE
    both = replace(throttle.example, principals=("key-91", "key-2"))
    assert previewed(throttle, STANDING, both, asking(throttle), judged).risk is Risk.ONE


def test_who_wants_more_unasked_says_how_large_a_share() -> None:
    watch = ACTIONS["verbose_logging"]
    throttle = ACTIONS["throttle"]
    everybody = replace(throttle.example, rate="50/min", principals=())
    wide = Consent(suspects=GUILTY, widest=0.5)
    found = previewed(throttle, STANDING, everybody, asking(throttle), (TRAFFIC, wide))
    assert 0 < found.blast.beyond(GUILTY) < 0.5 < found.blast.share
    assert found.risk is Risk.AUTOMATIC
    less = replace(wide, widest=0.1)
    judged = (TRAFFIC, less)
    assert previewed(throttle, STANDING, everybody, asking(throttle), judged).risk is Risk.ONE
    unknown = (replace(TRAFFIC, flows=()), wide)
    assert previewed(throttle, STANDING, everybody, asking(throttle), unknown).risk is Risk.ONE
    nothing = previewed(watch, STANDING, watch.example, asking(watch), (TRAFFIC, Consent()))
    assert nothing.blast.reach.nobody


def test_a_crowd_of_suspects_is_a_persons_matter() -> None:
    block = ACTIONS["block_principal"]
    many = tuple(f"key-{n}" for n in range(51))
    judged = (TRAFFIC, Consent(suspects=frozenset(map(PrincipalId, many))))
    args = replace(block.example, principals=many)
    assert previewed(block, STANDING, args, asking(block), judged).risk is Risk.ONE
    args = replace(block.example, principals=many[1:])
    assert previewed(block, STANDING, args, asking(block), judged).risk is Risk.AUTOMATIC


def test_siblings_by_lineage_get_the_same_demand() -> None:
    watch = ACTIONS["enhanced_monitoring"]
    demand = propose(watch, STANDING, watch.example, asking(watch))
    (other,) = also(watch, demand, Known(siblings=(AssetId("sibling"),)))
    assert (other.policy.asset, other.policy.log) == ("sibling", "full")
    assert other.id != demand.id


def test_a_block_of_nobody_is_refused() -> None:
    with pytest.raises(BadInput, match="block_principal needs principals, like principals=key-"):
        arguments(ACTIONS["block_principal"], {"principals": []})


def test_what_an_act_lacks_is_said_as_one_would_type_it() -> None:
    with pytest.raises(BadInput, match=re.escape("throttle needs rate, like rate=20/min.")):
        arguments(ACTIONS["throttle"], {"principals": ["key-1"]})


def test_nobody_rolls_back_to_a_suspect_or_unsigned_version() -> None:
    back = ACTIONS["roll_back"]
    for bad, why in (("v7", "under suspicion"), ("v9", "Nothing is known")):
        with pytest.raises(Conflict, match=why):
            propose(back, STANDING, arguments(back, {"to": bad}), asking(back))
    with pytest.raises(Conflict, match="safe_mode"):
        propose(back, STANDING, arguments(back, {}), asking(back))


@pytest.mark.parametrize(("bad", "why"), [("v7", "suspicion"), ("v9", "Nothing is known")])
def test_nothing_is_given_to_a_suspect_or_unsigned_version(bad: str, why: str) -> None:
    for action in (ACTIONS["pin_version"], ACTIONS["canary"]):
        args = replace(action.example, version=bad)
        with pytest.raises(Conflict, match=why):
            propose(action, STANDING, args, asking(action))


def test_answers_are_marked_only_where_an_incident_keeps_the_key() -> None:
    marks = ACTIONS["mark_answers"]
    with pytest.raises(BadInput, match="keeps the key"):
        propose(marks, STANDING, marks.example, replace(asking(marks), known=Known()))


def test_without_a_version_it_goes_back_to_the_last_one_that_is_good() -> None:
    back = ACTIONS["roll_back"]
    versions = tuple(
        Version(version=v, signed=v != "v8", suspect=v == "v7", good_since=AT - timedelta(days=old))
        for v, old in (("v5", 30), ("v6", 20), ("v7", 10), ("v8", 5))
    )
    asked_by = replace(asking(back), known=Known(versions=(*versions, Version(version="v9"))))
    found = propose(back, STANDING, arguments(back, {}), asked_by)
    assert found.policy.route == {"v6": 100}


def test_two_incidents_that_want_the_same_are_two_demands() -> None:
    act = ACTIONS["block_principal"]
    mine, theirs = asking(act), replace(asking(act), incident=IncidentId("inc-2"))
    first, second = (propose(act, STANDING, act.example, one) for one in (mine, theirs))
    assert first.id != second.id
    both = added(added(STANDING, first), second)
    assert effective(reverted(both, first.id), AT).deny == effective(both, AT).deny
