"""Disable tools: the agent may not use these tools.

In    tools. Out   a partial policy, or what the engine must call, and the probe.
Why   an injected prompt can only do what the tools can do.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Policy, Tools
from stanch.vocabulary.probe import ANY, Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class DisableTool:
    """What is asked for."""

    tools: tuple[str, ...]


def wanted(asset: AssetId, args: DisableTool, _: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, tools=Tools(deny=frozenset(args.tools)))


def probe(asset: AssetId, args: DisableTool) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=ANY, field="tools", value=",".join(sorted(args.tools)))


ACTION = Action(
    id=ActionId("disable_tool"),
    title="Disable tools",
    says="Disable tools: the agent may not use these tools.",
    args=DisableTool,
    rank=25,
    risk=Risk.AUTOMATIC,
    wanted=wanted,
    probe=probe,
    instead_of=("disable_agent",),
    example=DisableTool(tools=("sql",)),
)
