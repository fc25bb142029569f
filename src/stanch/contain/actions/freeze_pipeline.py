"""Freeze the pipeline: no new data is taken in and no training may start.

In    whether deployments wait, too. Out   a partial policy and the probe.
Why   poisoned data must not reach the next version while it is looked for; and what may be made of
      a part that is not what it claims, or by who is where they should not be, must not go out.
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

    deployments: bool = False
    """Whether no version may be deployed either."""


def wanted(asset: AssetId, args: FreezePipeline, _: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(
        asset=asset, hold=Hold(ingestion=True, training=True, deployment=args.deployments)
    )


def probe(asset: AssetId, args: FreezePipeline) -> Probe:
    """The request that shows it."""
    held = "ingestion,training" + (",deployment" if args.deployments else "")
    return Probe(asset=asset, expect=ANY, field="hold", value=held)


ACTION = Action(
    id=ActionId("freeze_pipeline"),
    title="Freeze the pipeline",
    says=(
        "Freeze the pipeline: no new data is taken in and no training may start; where it is "
        "asked for, no version is deployed."
    ),
    args=FreezePipeline,
    rank=50,
    risk=Risk.AUTOMATIC,
    wanted=wanted,
    probe=probe,
    example=FreezePipeline(),
)
