"""Shadow: the model answers into the log only; the fallback answers callers.

In    fallback. Out   a partial policy, or what the engine must call, and the probe.
Why   its behaviour can still be studied while nobody is hurt by it.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.contain.fitting import answer
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Mode, Policy
from stanch.vocabulary.probe import Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class Shadow:
    """What is asked for."""

    fallback: str = ""
    """JSON text; empty keeps the asset's own."""


def wanted(asset: AssetId, args: Shadow, known: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, mode=Mode.SHADOW, fallback=answer(args.fallback) or known.fallback)


def probe(asset: AssetId, _: Shadow) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=("shadow", "refuse"), field="mode", value="shadow")


ACTION = Action(
    id=ActionId("shadow"),
    title="Shadow",
    says="Shadow: the model answers into the log only; the fallback answers callers.",
    args=Shadow,
    rank=60,
    risk=Risk.ONE,
    wanted=wanted,
    probe=probe,
    instead_of=("stop_endpoint",),
    example=Shadow(fallback='{"prediction": "review"}'),
)
