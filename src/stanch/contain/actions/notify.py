"""Notify: somebody is told; the policy stays as it is.

In    to (one or several), message.
Out   a partial policy, or what the engine must call, and the probe.
Why   people who know early can help early.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Call, Known, Undo
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.probe import Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class Notify:
    """What is asked for."""

    to: str | tuple[str, ...]
    """A duty, a role or a name; or several of them."""
    message: str


def wanted(asset: AssetId, _: Notify, __: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset)


def probe(_: AssetId, __: Notify) -> Probe | None:
    """No request shows it; the call's own answer does."""
    return None


def calls(_: AssetId, args: Notify) -> tuple[Call, ...]:
    """What the engine must do outside."""
    whom = (args.to,) if isinstance(args.to, str) else dict.fromkeys(args.to)
    return tuple(
        Call(connector="messages", verb="send", subject=one, says=f"{one} is told: {args.message}")
        for one in whom
    )


ACTION = Action(
    id=ActionId("notify"),
    title="Notify",
    says="Notify: somebody is told; the policy stays as it is.",
    args=Notify,
    rank=0,
    risk=Risk.AUTOMATIC,
    undo=Undo.NOTHING,
    wanted=wanted,
    probe=probe,
    calls=calls,
    example=Notify(to="ml-oncall", message="Containment is under way."),
)
