"""Networks and addresses: one spelling for each, and a set of networks that answers fast.

In    addresses and CIDR texts, as people and machines write them.
Out   one canonical spelling; whether an address lies in any of many networks.
Why   an address has many spellings (IPv4 inside IPv6, zeros, zones); a block that knows only one of
      them is no block.
"""

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from stanch.vocabulary.trouble import BadInput

IN_THE_CLEAR = (
    "Other machines reach it without TLS, so whoever is on the way reads keys and passwords: put a "
    "proxy that speaks TLS in front, and listen on 127.0.0.1."
)
"""What people are told who listen beyond this machine."""
_REMEMBERED = 65_536
_V4_IN_V6 = 96
_STREET_V4, _STREET_V6 = 24, 48


def network(text: str) -> str:
    """The one spelling of a network: host bits cleared, IPv4 inside IPv6 written as IPv4."""
    return str(_network(text))


def address(text: str) -> IPv4Address | IPv6Address | None:
    """The address that a text means, or None: zone and brackets dropped, IPv4-in-IPv6 unwrapped."""
    bare = text.strip().strip("[]").partition("%")[0]
    try:
        found = ip_address(bare)
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def beyond_this_machine(host: str) -> bool:
    """Whether who listens on this host is reached from other machines."""
    found = address(host)
    return host != "localhost" if found is None else not found.is_loopback


def around(text: str) -> str:
    """The network that an address is in, wide enough to be no one person's; empty for no address.

    This machine's own address stays as it is.
    """
    found = address(text)
    if found is None or found.is_loopback:
        return "" if found is None else str(found)
    width = _STREET_V4 if isinstance(found, IPv4Address) else _STREET_V6
    return network(f"{found}/{width}")


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        found = ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise BadInput(
            f"{text[:64]!r} is not a network. Write one like 203.0.113.0/24 or 2001:db8::/32."
        ) from error
    inside = found.network_address.ipv4_mapped if isinstance(found, IPv6Network) else None
    if inside is not None and found.prefixlen >= _V4_IN_V6:
        return IPv4Network((inside, found.prefixlen - _V4_IN_V6))
    return found


class Networks:
    """Many networks, asked for one address: a set of prefixes for each length that occurs."""

    __slots__ = ("_known", "_v4", "_v6")

    def __init__(self, texts: Iterable[str]) -> None:
        self._v4: dict[int, set[int]] = {}
        self._v6: dict[int, set[int]] = {}
        self._known: dict[str, bool] = {}
        for text in texts:
            one = _network(text)
            lengths = self._v4 if isinstance(one, IPv4Network) else self._v6
            shift = one.max_prefixlen - one.prefixlen
            lengths.setdefault(shift, set()).add(int(one.network_address) >> shift)

    def __bool__(self) -> bool:
        return bool(self._v4 or self._v6)

    def cover(self, text: str) -> bool:
        """Whether this address lies in any of the networks; no address lies in none."""
        found = self._known.get(text)
        if found is None:
            found = self._look(text)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[text] = found
        return found

    def _look(self, text: str) -> bool:
        one = address(text)
        if one is None:
            return False
        number = int(one)
        lengths = self._v4 if isinstance(one, IPv4Address) else self._v6
        return any(number >> shift in prefixes for shift, prefixes in lengths.items())
