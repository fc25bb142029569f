"""Revoke a key: the principal is refused here, and its key is made useless where it was issued.

In    principal. Out   a partial policy, or what the engine must call, and the probe.
Why   a stolen key works elsewhere too; it does not come back.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Call, Known, Undo
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId, PrincipalId
from stanch.vocabulary.policy import Deny, Policy
from stanch.vocabulary.probe import Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class RevokeKey:
    """What is asked for."""

    principal: str


def wanted(asset: AssetId, args: RevokeKey, _: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, deny=Deny(principals=frozenset({PrincipalId(args.principal)})))


def probe(asset: AssetId, args: RevokeKey) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, principal=args.principal, expect=("refuse",))


def calls(_: AssetId, args: RevokeKey) -> tuple[Call, ...]:
    """What the engine must do outside."""
    return (
        Call(
            connector="keys",
            verb="revoke",
            subject=args.principal,
            says=f"The key of {args.principal} is revoked for good.",
        ),
    )


ACTION = Action(
    id=ActionId("revoke_key"),
    title="Revoke a key",
    says=(
        "Revoke a key: the principal is refused here, and its key is made useless where "
        "it was issued."
    ),
    args=RevokeKey,
    rank=12,
    risk=Risk.TWO,
    undo=Undo.NEVER,
    wanted=wanted,
    probe=probe,
    calls=calls,
    example=RevokeKey(principal="key-91"),
)
