"""Revoke keys: who is named is refused here, and their keys are useless where they were issued.

In    principals. Out   a partial policy, or what the engine must call, and the probe.
Why   a stolen key works elsewhere too; it does not come back.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Call, Known, Undo
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId, PrincipalId
from stanch.vocabulary.policy import Deny, Policy
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.spoken import LONGEST, spoken


@dataclass(frozen=True, kw_only=True, slots=True)
class RevokeKey:
    """What is asked for."""

    principals: tuple[str, ...]


def wanted(asset: AssetId, args: RevokeKey, _: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, deny=Deny(principals=frozenset(map(PrincipalId, args.principals))))


def probe(asset: AssetId, args: RevokeKey) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, principal=args.principals[0], expect=("refuse",))


def calls(_: AssetId, args: RevokeKey) -> tuple[Call, ...]:
    """What the engine must do outside."""
    return tuple(
        Call(
            connector="keys",
            verb="revoke",
            subject=principal,
            says=f"The key of {spoken(principal, LONGEST)} is revoked for good.",
        )
        for principal in args.principals
    )


ACTION = Action(
    id=ActionId("revoke_key"),
    title="Revoke keys",
    says=(
        "Revoke keys: who is named is refused here, and their keys are made useless where "
        "they were issued."
    ),
    args=RevokeKey,
    rank=12,
    risk=Risk.TWO,
    undo=Undo.NEVER,
    wanted=wanted,
    probe=probe,
    calls=calls,
    example=RevokeKey(principals=("key-91",)),
)
