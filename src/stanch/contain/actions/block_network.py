"""Block networks: requests from these networks are refused, whoever makes them.

In    networks. Out   a partial policy, or what the engine must call, and the probe.
Why   where an attacker has many keys and few addresses.
"""

from dataclasses import dataclass
from ipaddress import ip_network

from stanch.contain.action import Action, Known
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Deny, Policy
from stanch.vocabulary.probe import Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockNetwork:
    """What is asked for."""

    networks: tuple[str, ...]


def wanted(asset: AssetId, args: BlockNetwork, _: Known) -> Policy:
    """The policy that this asks for."""
    return Policy(asset=asset, deny=Deny(networks=frozenset(args.networks)))


def probe(asset: AssetId, args: BlockNetwork) -> Probe:
    """The request that shows it."""
    return Probe(
        asset=asset, source=str(ip_network(args.networks[0], strict=False)[0]), expect=("refuse",)
    )


ACTION = Action(
    id=ActionId("block_network"),
    title="Block networks",
    says="Block networks: requests from these networks are refused, whoever makes them.",
    args=BlockNetwork,
    rank=20,
    risk=Risk.AUTOMATIC,
    wanted=wanted,
    probe=probe,
    instead_of=("stop_endpoint",),
    example=BlockNetwork(networks=("203.0.113.0/24",)),
)
