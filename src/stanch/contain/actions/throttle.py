"""Throttle: the principals named, or everybody where none is, may ask only so often.

In    rate, principals. Out   a partial policy, or what the engine must call, and the probe.
Why   an extraction needs many answers; a person needs few.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.contain.rate import in_words, rate
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId, PrincipalId
from stanch.vocabulary.policy import Limits, Policy
from stanch.vocabulary.probe import Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class Throttle:
    """What is asked for."""

    rate: str
    """Like 20/min."""
    principals: tuple[str, ...] = ()
    """Empty means each principal."""


def wanted(asset: AssetId, args: Throttle, _: Known) -> Policy:
    """The policy that this asks for."""
    most = rate(args.rate)
    limit = (
        Limits(principals={PrincipalId(p): most for p in args.principals})
        if args.principals
        else Limits(per_principal=most)
    )
    return Policy(asset=asset, limit=limit)


def probe(asset: AssetId, args: Throttle) -> Probe:
    """The request that shows it."""
    return Probe(
        asset=asset,
        principal=(args.principals or ("stanch-probe",))[0],
        expect=("serve", "wait"),
        field="rate",
        value=in_words(rate(args.rate)),
    )


ACTION = Action(
    id=ActionId("throttle"),
    title="Throttle",
    says=("Throttle: the principals named, or everybody where none is, may ask only so often."),
    args=Throttle,
    rank=15,
    risk=Risk.AUTOMATIC,
    wanted=wanted,
    probe=probe,
    instead_of=("stop_endpoint",),
    example=Throttle(rate="20/min", principals=("key-91",)),
)
