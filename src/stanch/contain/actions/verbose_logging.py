"""Log everything: each exchange is kept in full.

In    the asset alone. Out   a partial policy, or what the engine must call, and the probe.
Why   what was not kept cannot be investigated.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import LogLevel, Policy
from stanch.vocabulary.probe import ANY, Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class VerboseLogging:
    """What is asked for."""


def wanted(asset: AssetId, _: VerboseLogging, __: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, log=LogLevel.FULL)


def probe(asset: AssetId, _: VerboseLogging) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=ANY, field="log", value="full")


ACTION = Action(
    id=ActionId("verbose_logging"),
    title="Log everything",
    says="Log everything: each exchange is kept in full.",
    args=VerboseLogging,
    rank=1,
    risk=Risk.AUTOMATIC,
    wanted=wanted,
    probe=probe,
    example=VerboseLogging(),
)
