"""Isolate a version: this version gets no requests; the others go on.

In    version. Out   a partial policy, or what the engine must call, and the probe.
Why   one version of several is suspect; the rest need not suffer.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.probe import ANY, Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class IsolateVersion:
    """What is asked for."""

    version: str


def wanted(asset: AssetId, args: IsolateVersion, _: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, route={args.version: 0})


def probe(asset: AssetId, args: IsolateVersion) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=ANY, not_version=args.version)


ACTION = Action(
    id=ActionId("isolate_version"),
    title="Isolate a version",
    says="Isolate a version: this version gets no requests; the others go on.",
    args=IsolateVersion,
    rank=30,
    risk=Risk.ONE,
    wanted=wanted,
    probe=probe,
    instead_of=("safe_mode", "stop_endpoint"),
    example=IsolateVersion(version="v7"),
)
