"""The laws of actions, over every action there is."""

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import stanch.contain.actions
from stanch.contain.action import (
    Action,
    Asking,
    Consent,
    Known,
    Undo,
    also,
    arguments,
    preview,
    previewed,
    propose,
)
from stanch.contain.combine import added, effective, reverted
from stanch.contain.diff import no_freer
from stanch.contain.policy import canonical, neutral
from stanch.guard.core import Choices, Core
from stanch.guard.identity import by_address
from stanch.guard.link import Server
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.probe import asked, proves, read
from stanch.vocabulary.registry import extensions
from stanch.vocabulary.span import Span
from stanch.vocabulary.standing import Flow, Standing, Traffic
from stanch.vocabulary.trouble import BadInput, Conflict

A = AssetId("fraud-scorer")
T0 = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACTIONS: dict[str, Action[Any]] = dict(extensions(stanch.contain.actions, "ACTION", Action))
STANDING = Standing(base=Policy(asset=A, route={"v6": 50, "v7": 50}, version=1), version=1)
TRAFFIC = Traffic(
    asset=A,
    span=Span(start=T0 - timedelta(hours=1), end=T0),
    flows=(
        Flow(principal=PrincipalId("key-91"), count=5000, source="203.0.113.7", version="v7"),
        Flow(principal=PrincipalId("key-8"), count=10, source="203.0.113.8", version="v7"),
        Flow(principal=PrincipalId("key-2"), count=9000, source="198.51.100.1", version="v6"),
    ),
)
every = pytest.mark.parametrize("action", ACTIONS.values(), ids=list(ACTIONS))


def _asking(action: Action[Any]) -> Asking:
    return Asking(by="ana", why="a drill", at=T0, incident=IncidentId("inc-1"), known=action.known)


@every
def test_a_preview_changes_nothing_and_says_everything(action: Action[Any]) -> None:
    before = copy.deepcopy(STANDING)
    found = preview(action, STANDING, action.example, _asking(action), TRAFFIC)
    assert before == STANDING
    assert found.says
    assert (
        found.digest == preview(action, STANDING, action.example, _asking(action), TRAFFIC).digest
    )
    assert bool(found.changes or found.calls) is True


@every
def test_doing_it_twice_is_doing_it_once(action: Action[Any]) -> None:
    demand = propose(action, STANDING, action.example, _asking(action))
    once = added(STANDING, demand)
    assert propose(action, once, action.example, _asking(action)) == demand
    assert added(once, demand) == once


@every
def test_undo_restores_the_state_exactly(action: Action[Any]) -> None:
    demand = propose(action, STANDING, action.example, _asking(action))
    back = reverted(added(STANDING, demand), demand.id)
    assert back == STANDING
    if action.undo is Undo.CALL:
        assert all(call.undo for call in action.calls(A, action.example))


@every
def test_an_action_only_ever_makes_stricter(action: Action[Any]) -> None:
    demand = propose(action, STANDING, action.example, _asking(action))
    plain = Standing(base=Policy(asset=A))
    assert no_freer(plain.base, effective(added(plain, demand), T0))


@every
def test_what_cannot_be_undone_needs_two_people(action: Action[Any]) -> None:
    final = any(not c.undo for c in action.calls(A, action.example)) and not neutral(
        propose(action, STANDING, action.example, _asking(action)).policy
    )
    found = preview(action, STANDING, action.example, _asking(action), TRAFFIC)
    assert (action.undo is Undo.NEVER) == final
    assert (found.risk is Risk.TWO) == final


@every
def test_it_is_narrower_than_what_it_is_preferred_to(action: Action[Any]) -> None:
    mine = preview(action, STANDING, action.example, _asking(action), TRAFFIC).blast
    for name in action.instead_of:
        wider = ACTIONS[name]
        other = preview(wider, STANDING, wider.example, _asking(wider), TRAFFIC).blast
        assert action.rank < wider.rank
        assert mine.share <= other.share


@every
def test_a_probe_through_a_guard_proves_it(action: Action[Any]) -> None:
    probe = action.probe(A, action.example)
    if probe is None:
        assert neutral(propose(action, STANDING, action.example, _asking(action)).policy)
        return
    demand = propose(action, STANDING, action.example, _asking(action))
    core = Core(Server(url="", key=""), A, by_address, Choices())
    core.link.probe_key = b"k" * 32

    def ask(policy: Policy, nonce: str) -> bool:
        core.keeper.accept(canonical(policy))
        header = (b"stanch-probe", asked(probe, nonce, b"k" * 32).encode())
        sealed = core.probed({"headers": [header]})
        assert sealed is not None
        return proves(probe, read(sealed, nonce, b"k" * 32))

    base = replace(STANDING, base=replace(STANDING.base, route={"v7": 100}))
    assert not ask(effective(base, T0), "before")
    assert ask(effective(replace(added(base, demand), version=2), T0), "after")


@every
def test_arguments_come_from_a_playbooks_plain_values(action: Action[Any]) -> None:
    names = action.args.__dataclass_fields__
    plain = {n: getattr(action.example, n) for n in names}
    assert arguments(action, plain) == action.example
    with pytest.raises(BadInput, match="takes"):
        arguments(action, {**plain, "colour": "red"})


def test_a_wide_action_asks_a_person_and_a_narrow_one_does_not() -> None:
    block = ACTIONS["block_principal"]
    wide = previewed(block, STANDING, block.example, _asking(block), (TRAFFIC, Consent()))
    assert wide.risk is Risk.ONE
    own = previewed(block, STANDING, block.example, _asking(block), (TRAFFIC, Consent(widest=0.5)))
    assert own.risk is Risk.AUTOMATIC
    unknown = replace(TRAFFIC, flows=())
    assert preview(block, STANDING, block.example, _asking(block), unknown).risk is Risk.AUTOMATIC
    limit = ACTIONS["query_limit"]
    assert preview(limit, STANDING, limit.example, _asking(limit), unknown).risk is Risk.ONE


def test_siblings_by_lineage_get_the_same_demand() -> None:
    watch = ACTIONS["enhanced_monitoring"]
    demand = propose(watch, STANDING, watch.example, _asking(watch))
    (other,) = also(watch, demand, Known(siblings=(AssetId("sibling"),)))
    assert (other.policy.asset, other.policy.log) == ("sibling", "full")
    assert other.id != demand.id


def test_a_block_of_nobody_is_refused() -> None:
    with pytest.raises(BadInput, match="not empty"):
        arguments(ACTIONS["block_principal"], {"principals": []})


def test_nobody_rolls_back_to_a_suspect_or_unsigned_version() -> None:
    back = ACTIONS["roll_back"]
    for bad in ("v7", "v9"):
        with pytest.raises(Conflict, match="suspect"):
            propose(back, STANDING, arguments(back, {"to": bad}), _asking(back))
    with pytest.raises(Conflict, match="safe_mode"):
        propose(back, STANDING, arguments(back, {}), _asking(back))
