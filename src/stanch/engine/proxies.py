"""Proxies: addresses that callers come through, which no block may hit.

In    what guards report of the proxies before them; networks and names that are to be refused.
Out   what is left of them; `BadInput` with the proxy's address where it would be hit.
Why   whoever refuses a proxy refuses everybody behind it. A guard that knows its proxies never
      takes one for a caller; one that was told of none takes it for the only caller there is.
"""

from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from stanch.engine.guards import GuardState
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.network import address, network
from stanch.vocabulary.policy import Deny
from stanch.vocabulary.trouble import BadInput

Net = IPv4Network | IPv6Network
Proxies = Callable[[AssetId], tuple[str, ...]]
"""The proxies before an asset's guards, as they report them."""


def proxies_of(guards: Iterable[GuardState]) -> tuple[str, ...]:
    """The proxies that these guards tell of, each once."""
    told = {_spelled(one) for state in guards for one in state.report.proxies}
    return tuple(sorted(told - {""}))


def spared(asset: AssetId, deny: Deny, proxies: Iterable[str]) -> None:
    """`BadInput` when this would refuse a proxy, and with it everybody who comes through it."""
    known = tuple(map(ip_network, proxies))
    named = (str(address(one) or "") for one in deny.principals)
    for text in sorted({*deny.networks, *(network(one) for one in named if one)}):
        hit = next(_hit(text, known), None)
        if hit is not None:
            raise BadInput(
                f"{text} holds {hit}, a proxy before {asset}: everybody who comes through it would "
                "be refused. Refuse the callers behind it; where their addresses are not known, "
                "name the proxy to the guard (trusted_proxies, --trust)."
            )


def others(networks: Iterable[str], proxies: Iterable[str]) -> tuple[str, ...]:
    """The networks that hit no proxy."""
    known = tuple(map(ip_network, proxies))
    return tuple(one for one in networks if next(_hit(one, known), None) is None)


def _hit(text: str, proxies: Iterable[Net]) -> Iterator[Net]:
    """The proxies in this network; a network of proxies that holds it is hit, too."""
    own = ip_network(network(text))
    for one in proxies:
        if isinstance(own, IPv4Network) is isinstance(one, IPv4Network) and own.overlaps(one):
            yield one


def _spelled(text: str) -> str:
    """The network in its one spelling; empty for what is none, as a guard may be mistaken."""
    try:
        return network(text)
    except BadInput:
        return ""
