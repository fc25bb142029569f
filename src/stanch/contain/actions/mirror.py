"""Mirror: one version gets a copy of each request; its answers are only logged.

In    version. Out   a partial policy, or what the engine must call, and the probe.
Why   to compare a suspect with a trusted version on real requests, at no risk to callers.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.probe import ANY, Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class Mirror:
    """What is asked for."""

    version: str


def wanted(asset: AssetId, args: Mirror, _: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, mirror=args.version)


def probe(asset: AssetId, args: Mirror) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=ANY, field="mirror", value=args.version)


ACTION = Action(
    id=ActionId("mirror"),
    title="Mirror",
    says="Mirror: one version gets a copy of each request; its answers are only logged.",
    args=Mirror,
    rank=5,
    risk=Risk.AUTOMATIC,
    wanted=wanted,
    probe=probe,
    example=Mirror(version="v7"),
)
