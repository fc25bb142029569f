"""Safe mode: the model is not asked; the stated fallback answers everybody.

In    fallback. Out   a partial policy, or what the engine must call, and the probe.
Why   wrong answers stop at once, and callers still get one.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.contain.fitting import answer
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Mode, Policy
from stanch.vocabulary.probe import Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class SafeMode:
    """What is asked for."""

    fallback: str = ""
    """JSON text; empty keeps the asset's own."""


def wanted(asset: AssetId, args: SafeMode, known: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, mode=Mode.SAFE, fallback=answer(args.fallback) or known.fallback)


def probe(asset: AssetId, _: SafeMode) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=("fallback", "refuse"), field="mode", value="safe")


ACTION = Action(
    id=ActionId("safe_mode"),
    title="Safe mode",
    says="Safe mode: the model is not asked; the stated fallback answers everybody.",
    args=SafeMode,
    rank=60,
    risk=Risk.ONE,
    wanted=wanted,
    probe=probe,
    instead_of=("stop_endpoint",),
    example=SafeMode(fallback='{"prediction": "review"}'),
)
