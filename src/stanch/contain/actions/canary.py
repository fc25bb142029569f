"""Canary: a small share of requests goes to the new version, the rest to the old.

In    version, stays, percent. Out   a partial policy, or what the engine must call, and the probe.
Why   a cure is tried on few before it is given to all.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known, Version
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.trouble import BadInput, Conflict


@dataclass(frozen=True, kw_only=True, slots=True)
class Canary:
    """What is asked for."""

    version: str
    stays: str
    """The version that keeps the rest."""
    percent: int = 5


EVERYTHING = 100


def wanted(asset: AssetId, args: Canary, known: Known) -> Policy:
    """The policy that this asks for."""
    if not 0 < args.percent < EVERYTHING or args.version == args.stays:
        raise BadInput("A canary needs two versions and from 1 to 99 percent.")
    if why := known.why_not(args.version):
        raise Conflict(why)
    return Policy(asset=asset, route={args.version: args.percent, args.stays: 100 - args.percent})


def probe(asset: AssetId, args: Canary) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=("serve", "shadow", "wait"), version=args.version)


ACTION = Action(
    id=ActionId("canary"),
    title="Canary",
    says="Canary: a small share of requests goes to the new version, the rest to the old.",
    args=Canary,
    rank=35,
    risk=Risk.ONE,
    wanted=wanted,
    probe=probe,
    example=Canary(version="v6", stays="v5"),
    known=Known(
        versions=(
            Version(version="v6", signed=True),
            Version(version="v7", signed=True, suspect=True),
        )
    ),
)
