"""Roll back: the last good version answers all requests.

In    to. Out   a partial policy, or what the engine must call, and the probe.
Why   a version that served well is the quickest cure; a suspect or unsigned one is none.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known, Version
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.trouble import Conflict


@dataclass(frozen=True, kw_only=True, slots=True)
class RollBack:
    """What is asked for."""

    to: str = ""
    """Empty is the last known good one."""


def last_good(known: Known) -> str:
    """The signed, unsuspected version that began to serve well last, or Conflict."""
    good = [v for v in known.versions if known.trusted(v.version) and v.good_since is not None]
    if not good:
        raise Conflict("No signed version that served well is known. Use safe_mode instead.")
    return max(good, key=lambda v: (v.good_since, v.version)).version


def wanted(asset: AssetId, args: RollBack, known: Known) -> Policy:
    """The policy that this asks for."""
    if args.to and (why := known.why_not(args.to)):
        raise Conflict(why)
    return Policy(asset=asset, route={args.to or last_good(known): 100})


def probe(asset: AssetId, args: RollBack) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, expect=("serve", "shadow", "wait"), version=args.to)


ACTION = Action(
    id=ActionId("roll_back"),
    title="Roll back",
    says="Roll back: the last good version answers all requests.",
    args=RollBack,
    rank=55,
    risk=Risk.AUTOMATIC,
    goes_back=True,
    wanted=wanted,
    probe=probe,
    instead_of=("safe_mode", "stop_endpoint"),
    example=RollBack(to="v6"),
    known=Known(
        versions=(
            Version(version="v6", signed=True),
            Version(version="v7", signed=True, suspect=True),
        )
    ),
)
