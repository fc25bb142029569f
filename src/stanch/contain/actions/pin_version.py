"""Pin a version: only this version answers, whatever is deployed meanwhile.

In    version. Out   a partial policy, or what the engine must call, and the probe.
Why   while an investigation runs, nothing should move under it.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known, Version
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Hold, Policy
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.trouble import Conflict


@dataclass(frozen=True, kw_only=True, slots=True)
class PinVersion:
    """What is asked for."""

    version: str


def wanted(asset: AssetId, args: PinVersion, known: Known) -> Policy:
    """The policy that this asks for."""
    if why := known.why_not(args.version):
        raise Conflict(why)
    return Policy(asset=asset, route={args.version: 100}, hold=Hold(deployment=True))


def probe(asset: AssetId, args: PinVersion) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=("serve", "shadow", "wait"), version=args.version)


ACTION = Action(
    id=ActionId("pin_version"),
    title="Pin a version",
    says="Pin a version: only this version answers, whatever is deployed meanwhile.",
    args=PinVersion,
    rank=50,
    risk=Risk.AUTOMATIC,
    goes_back=True,
    wanted=wanted,
    probe=probe,
    instead_of=("stop_endpoint",),
    example=PinVersion(version="v6"),
    known=Known(
        versions=(
            Version(version="v6", signed=True),
            Version(version="v7", signed=True, suspect=True),
        )
    ),
)
