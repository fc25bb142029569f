"""Freeze the pipeline: no new data is taken in and no training may start.

In    the asset alone. Out   a partial policy, or what the engine must call, and the probe.
Why   poisoned data must not reach the next version while it is looked for.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Hold, Policy
from stanch.vocabulary.probe import ANY, Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class FreezePipeline:
    """What is asked for."""


def wanted(asset: AssetId, _: FreezePipeline, __: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, hold=Hold(ingestion=True, training=True))


def probe(asset: AssetId, _: FreezePipeline) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=ANY, field="hold", value="ingestion,training")


ACTION = Action(
    id=ActionId("freeze_pipeline"),
    title="Freeze the pipeline",
    says="Freeze the pipeline: no new data is taken in and no training may start.",
    args=FreezePipeline,
    rank=50,
    risk=Risk.AUTOMATIC,
    wanted=wanted,
    probe=probe,
    example=FreezePipeline(),
)
