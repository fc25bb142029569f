"""Disable the agent: the agent answers nobody and may not be redeployed.

In    the asset alone. Out   a partial policy, or what the engine must call, and the probe.
Why   an agent that was taken over has its own hands on other systems.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Hold, Mode, Policy
from stanch.vocabulary.probe import Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class DisableAgent:
    """What is asked for."""


def wanted(asset: AssetId, _: DisableAgent, __: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, mode=Mode.STOPPED, hold=Hold(deployment=True))


def probe(asset: AssetId, _: DisableAgent) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=("refuse",), field="hold", value="deployment")


ACTION = Action(
    id=ActionId("disable_agent"),
    title="Disable the agent",
    says="Disable the agent: the agent answers nobody and may not be redeployed.",
    args=DisableAgent,
    rank=71,
    risk=Risk.ONE,
    wanted=wanted,
    probe=probe,
    example=DisableAgent(),
)
