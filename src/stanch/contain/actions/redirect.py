"""Redirect: all requests go to another version, such as a decoy or a stronger check.

In    to. Out   a partial policy, or what the engine must call, and the probe.
Why   the attacker keeps talking, to something that cannot be hurt.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.probe import Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class Redirect:
    """What is asked for."""

    to: str


def wanted(asset: AssetId, args: Redirect, _: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, route={args.to: 100})


def probe(asset: AssetId, args: Redirect) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=("serve", "shadow", "wait"), version=args.to)


ACTION = Action(
    id=ActionId("redirect"),
    title="Redirect",
    says=("Redirect: all requests go to another version, such as a decoy or a stronger check."),
    args=Redirect,
    rank=58,
    risk=Risk.ONE,
    wanted=wanted,
    probe=probe,
    example=Redirect(to="decoy"),
)
