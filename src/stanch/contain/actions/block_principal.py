"""Block principals: those named are refused; everybody else is served as before.

In    principals. Out   a partial policy, or what the engine must call, and the probe.
Why   the narrowest cut: the harm of one key is stopped at that key.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId, PrincipalId
from stanch.vocabulary.policy import Deny, Policy
from stanch.vocabulary.probe import Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockPrincipal:
    """What is asked for."""

    principals: tuple[str, ...]


def wanted(asset: AssetId, args: BlockPrincipal, _: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, deny=Deny(principals=frozenset(map(PrincipalId, args.principals))))


def probe(asset: AssetId, args: BlockPrincipal) -> Probe:
    """The request that shows it."""
    return Probe(asset=asset, principal=args.principals[0], expect=("refuse",))


ACTION = Action(
    id=ActionId("block_principal"),
    title="Block principals",
    says="Block principals: those named are refused; everybody else is served as before.",
    args=BlockPrincipal,
    rank=10,
    risk=Risk.AUTOMATIC,
    wanted=wanted,
    probe=probe,
    instead_of=("block_network", "stop_endpoint"),
    example=BlockPrincipal(principals=("key-91",)),
)
