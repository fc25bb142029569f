"""Watch the family: each exchange is kept in full, here and on siblings by lineage.

In    the asset alone. Out   a partial policy, or what the engine must call, and the probe.
Why   what was done to one model was often tried on those that share its data.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import LogLevel, Policy
from stanch.vocabulary.probe import ANY, Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class EnhancedMonitoring:
    """What is asked for."""


def wanted(asset: AssetId, _: EnhancedMonitoring, __: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, log=LogLevel.FULL)


def probe(asset: AssetId, _: EnhancedMonitoring) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=ANY, field="log", value="full")


ACTION = Action(
    id=ActionId("enhanced_monitoring"),
    title="Watch the family",
    says="Watch the family: each exchange is kept in full, here and on siblings by lineage.",
    args=EnhancedMonitoring,
    rank=2,
    risk=Risk.AUTOMATIC,
    wanted=wanted,
    probe=probe,
    spreads=True,
    example=EnhancedMonitoring(),
    known=Known(siblings=(AssetId("sibling"),)),
)
