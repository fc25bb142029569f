"""Sources: the address a request comes from, which no caller can write.

In    the peer's address, and what proxies of ours say of theirs.
Out   the address nearest to us that is not one of our own proxies.
Why   behind a proxy everybody has the proxy's address: to refuse or slow that one would hit all.
      And what a header says is the caller's own word, but for what our proxies put at its end.
How   A header is believed only of peers that are named (`trusted`), or where so many proxies stand
      in front that nobody can pass by (`hops`). It is read from the right: each proxy adds the
      address it was asked from. With neither, no header is believed. Only the header that the
      proxies write is read: they pass the other one on as the caller wrote it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from stanch.vocabulary.network import Networks, address
from stanch.vocabulary.trouble import BadInput

UNIX = "unix"
X_FORWARDED_FOR = "x-forwarded-for"
FORWARDED = "forwarded"
_OWN = Networks(
    (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)
"""Where nobody asks from through the open internet."""
MOST_PEERS = 100
"""Peers that are remembered as speaking for others."""


class Sources:
    """Where requests come from: the peer, or what proxies of ours say of it."""

    def __init__(
        self, trusted: Iterable[str] = (), hops: int = 0, header: str = X_FORWARDED_FOR
    ) -> None:
        given = tuple(trusted)
        if header not in (X_FORWARDED_FOR, FORWARDED):
            raise BadInput(f"Proxies write {X_FORWARDED_FOR} or {FORWARDED}, not {header[:60]!r}.")
        if hops < 0:
            raise BadInput(f"There cannot be {hops} proxies in front. 0 believes no header.")
        self._header = header.encode()
        self._hops = hops
        self._unix = UNIX in given
        self._named = tuple(t for t in given if t != UNIX)
        self._trusted = Networks(self._named)
        self._any = bool(given)
        self._peers: dict[str, None] = {}
        self.direct = not given and not hops
        """Whether the address is the peer's own, whatever a header says."""

    @property
    def proxies(self) -> tuple[str, ...]:
        """What must not be refused: proxies that were named, else peers that look like some."""
        return (*self._named, *self._peers)

    def of(self, scope: Any) -> str:
        """The address nearest to us that is not one of our own proxies."""
        client = scope.get("client")
        peer = str(client[0]) if client else ""
        if self.direct or (self._any and not self._ours(peer)):
            return peer
        hops = list(self._said(scope))
        if self._hops:
            return self._counted(peer, hops)
        for hop in reversed(hops):
            found = address(hop)
            if found is None:
                return peer
            peer = str(found)
            if not self._ours(peer):
                return peer
        return peer

    def heed(self, scope: Any) -> None:
        """Remembers a peer of our own network that speaks for others, where nobody named proxies.

        It is surely a proxy that somebody forgot to name. From elsewhere anybody can write that.
        """
        client = scope.get("client")
        if not self.direct or not client or len(self._peers) >= MOST_PEERS:
            return
        peer = str(client[0])
        if _OWN.cover(peer):
            said = any(n.lower() in (b"x-forwarded-for", b"forwarded") for n, _ in scope["headers"])
            if said:
                self._peers[str(address(peer))] = None

    def _counted(self, peer: str, hops: list[str]) -> str:
        """The address that the farthest of so many proxies was asked from; else the peer."""
        found = address(hops[-self._hops]) if len(hops) >= self._hops else None
        return peer if found is None else str(found)

    def _ours(self, peer: str) -> bool:
        return self._trusted.cover(peer) if peer else self._unix

    def _said(self, scope: Any) -> Iterator[str]:
        """The addresses in the header, as they came; empty where one is none."""
        values = [v for n, v in scope.get("headers", ()) if n.lower() == self._header]
        parts = b",".join(values).decode("latin-1").split(",") if values else ()
        for part in parts:
            yield _without_port(_for(part) if self._header == b"forwarded" else part.strip())


def _for(element: str) -> str:
    """Whom an element of `Forwarded` (RFC 7239) is for; empty unless it says so exactly once."""
    pairs = (pair.partition("=") for pair in element.split(";"))
    told = [value.strip().strip('"') for name, _, value in pairs if name.strip().lower() == "for"]
    return told[0] if len(told) == 1 else ""


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text.partition("]")[0].removeprefix("[")
    return text.partition(":")[0] if text.count(":") == 1 else text
