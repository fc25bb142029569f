"""The laws of actions: a preview changes nothing, twice is once, undo restores, a probe proves."""

import copy
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from stanch.contain.action import (
    Action,
    Asking,
    Preview,
    Undo,
    arguments,
    preview,
    propose,
)
from stanch.contain.combine import added, effective, reverted
from stanch.contain.diff import no_freer
from stanch.contain.policy import canonical, neutral
from stanch.guard.core import Choices, Core
from stanch.guard.identity import by_address
from stanch.guard.link import Server
from stanch.testing.law import Law
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import AssetId, IncidentId, PrincipalId
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.probe import asked, proves, read
from stanch.vocabulary.span import Span
from stanch.vocabulary.standing import Demand, Flow, Standing, Traffic
from stanch.vocabulary.trouble import BadInput

Any_ = Action[Any]
ASSET = AssetId("fraud-scorer")
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
STANDING = Standing(base=Policy(asset=ASSET, route={"v6": 50, "v7": 50}, version=1), version=1)
TRAFFIC = Traffic(
    asset=ASSET,
    span=Span(start=AT - timedelta(hours=1), end=AT),
    flows=(
        Flow(principal=PrincipalId("key-91"), count=5000, source="203.0.113.7", version="v7"),
        Flow(principal=PrincipalId("key-8"), count=10, source="203.0.113.8", version="v7"),
        Flow(principal=PrincipalId("key-2"), count=9000, source="198.51.100.1", version="v6"),
    ),
)
_KEY = b"k" * 32


def asking(action: Any_) -> Asking:
    """Who asks for it, and what is known for its example."""
    return Asking(by="ana", why="a drill", at=AT, incident=IncidentId("inc-1"), known=action.known)


def demand(action: Any_, standing: Standing = STANDING) -> Demand:
    """What it proposes for its example."""
    return propose(action, standing, action.example, asking(action))


def shown(action: Any_) -> Preview:
    """What people see before its example is done."""
    return preview(action, STANDING, action.example, asking(action), TRAFFIC)


def guard(policy: Policy) -> Core:
    """A guard under this policy, that answers probes."""
    core = Core(Server(url="", key=""), ASSET, by_address, Choices())
    core.link.probe_key = _KEY
    core.keeper.accept(canonical(policy))
    return core


def _previews(action: Any_) -> str:
    before = copy.deepcopy(STANDING)
    found = shown(action)
    if before != STANDING:
        return "its preview changed how the asset stands"
    if not found.says:
        return "its preview says nothing"
    if found != shown(action):
        return "two previews of the same differ"
    return "" if found.changes or found.calls else "its example changes nothing and calls nobody"


def _repeats(action: Any_) -> str:
    once = added(STANDING, demand(action))
    if demand(action, once) != demand(action):
        return "once it is done it proposes something else"
    return "" if added(once, demand(action)) == once else "a second time changes more"


def _undoes(action: Any_) -> str:
    wanted = demand(action)
    if reverted(added(STANDING, wanted), wanted.id) != STANDING:
        return "taken back, the asset does not stand as before"
    calls = action.calls(ASSET, action.example)
    stuck = [call.verb for call in calls if not call.undo]
    by_call = action.undo is Undo.CALL
    return f"nothing takes back its call {stuck[0]!r}" if by_call and stuck else ""


def _narrows(action: Any_) -> str:
    plain = Standing(base=Policy(asset=ASSET))
    stricter = no_freer(plain.base, effective(added(plain, demand(action)), AT))
    return "" if stricter else "it lets through what was held before"


def _asks(action: Any_) -> str:
    calls = action.calls(ASSET, action.example)
    final = any(not call.undo for call in calls) and not neutral(demand(action).policy)
    if (action.undo is Undo.NEVER) != final:
        return f"its undo is {action.undo.value!r}, and its calls say otherwise"
    return "" if (shown(action).risk is Risk.TWO) == final else "it does not ask two people"


def _proves(action: Any_) -> str:
    probe = action.probe(ASSET, action.example)
    if probe is None:
        return "" if neutral(demand(action).policy) else "it changes the policy and has no probe"
    base = replace(STANDING, base=replace(STANDING.base, route={"v7": 100}))
    done = replace(added(base, demand(action)), version=2)
    for standing, nonce, expected in ((base, "before", False), (done, "after", True)):
        header = (b"stanch-probe", asked(probe, nonce, _KEY).encode())
        sealed = guard(effective(standing, AT)).probed({"headers": [header]})
        held = sealed is not None and proves(probe, read(sealed, nonce, _KEY))
        if held != expected:
            return f"its probe proves it {'before it is done' if held else 'not, once it is done'}"
    return ""


def _reads(action: Any_) -> str:
    plain = {one.name: getattr(action.example, one.name) for one in fields(action.args)}
    try:
        read_back = arguments(action, plain)
    except BadInput as refused:
        return f"its example's own values are refused: {refused}"
    if read_back != action.example:
        return "its example's plain values are read as something else"
    try:
        arguments(action, {**plain, "colour": "red"})
    except BadInput:
        return ""
    return "an argument that it does not have is taken"


def _suspects(action: Any_) -> str:
    found = shown(action)
    safe = found.blast.reach.nobody or found.risk is not Risk.AUTOMATIC
    return "" if safe else "it would run unasked against people whom nobody suspects"


PREVIEWS = Law("has a preview that changes nothing and says everything", _previews)
REPEATS = Law("does twice what it does once", _repeats)
UNDOES = Law("is undone exactly", _undoes)
NARROWS = Law("only ever makes stricter", _narrows)
ASKS = Law("asks two people where it cannot be undone, and only there", _asks)
PROVES = Law("is proved by a probe through a guard, and not before it is done", _proves)
READS = Law("takes its arguments from a playbook's plain values, and no others", _reads)
SUSPECTS = Law("suspects nobody who was not named", _suspects)
LAWS = (PREVIEWS, REPEATS, UNDOES, NARROWS, ASKS, PROVES, READS, SUSPECTS)
