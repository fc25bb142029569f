"""Stop the endpoint: every request is refused.

In    the asset alone. Out   a partial policy, or what the engine must call, and the probe.
Why   when no answer at all is better than any answer.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Mode, Policy
from stanch.vocabulary.probe import Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class StopEndpoint:
    """What is asked for."""


def wanted(asset: AssetId, _: StopEndpoint, __: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, mode=Mode.STOPPED)


def probe(asset: AssetId, _: StopEndpoint) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=("refuse",), field="mode", value="stopped")


ACTION = Action(
    id=ActionId("stop_endpoint"),
    title="Stop the endpoint",
    says="Stop the endpoint: every request is refused.",
    args=StopEndpoint,
    rank=70,
    risk=Risk.ONE,
    wanted=wanted,
    probe=probe,
    example=StopEndpoint(),
)
