"""Header hygiene: what one connection says to its neighbour is not passed on, nor what smuggles.

In    the headers of a request or an answer.
Out   those that travel end to end, as the head of a request where they go upstream; whether a
      request can be cut in two ways.
Why   a request that two servers cut differently is how a second one is hidden in the first.
"""

from collections.abc import Iterable

Header = tuple[bytes, bytes]
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
_FORGED = frozenset({b"x-forwarded-for", b"x-real-ip", b"forwarded"})
_OURS = frozenset({b"host", b"content-length", b"expect", b"stanch-probe"})
_HIDDEN = HOP_BY_HOP | _FORGED | _OURS
_BODIES = frozenset({"POST", "PUT", "PATCH"})
_UNSEEN = bytes(range(0x21)) + b"\x7f"
"""What no target of a request may hold: it would end the line, or begin another."""


def ambiguous(headers: Iterable[Header]) -> bool:
    """Whether a body is framed twice, or by lengths that are not one number."""
    framed = False
    for n, v in headers:
        name = n if n in _FRAMING else n.lower()
        if name not in _FRAMING:
            continue
        if framed or (name == b"content-length" and not v.isdigit()):
            return True
        framed = True
    return False


def switches(headers: Iterable[Header]) -> bool:
    """Whether the caller wants a websocket, which is not carried."""
    return any(n.lower() == b"upgrade" and b"websocket" in v.lower() for n, v in headers)


def stated(headers: Iterable[Header]) -> int | None:
    """The length that the headers state."""
    return next((int(v) for n, v in headers if n.lower() == b"content-length"), None)


def head(method: str, target: bytes, headers: Iterable[Header]) -> bytes | None:
    """The head of a request; None when it would not be one head."""
    if target.translate(None, _UNSEEN) != target or not method.isalpha():
        return None
    lines = [b"%b %b HTTP/1.1" % (method.encode("ascii"), target)]
    lines += [b"%b: %b" % one for one in headers]
    made = b"\r\n".join(lines)
    breaks = len(lines) - 1
    if made.count(b"\n") != breaks or made.count(b"\r") != breaks:
        return None
    return made + b"\r\n\r\n"


def framing(method: str, body: bytes, *, streams: bool, length: int | None) -> list[Header]:
    """How a request says where its body ends."""
    if not streams:
        told = body or method in _BODIES
        return [(b"content-length", b"%d" % len(body))] if told else []
    if length is not None:
        return [(b"content-length", b"%d" % length)]
    return [(b"transfer-encoding", b"chunked")]


def onward(headers: Iterable[Header], source: str) -> list[Header]:
    """The headers for the upstream, with the caller's address said by us alone."""
    told = _without(headers, _HIDDEN)
    if source:
        told.append((b"x-forwarded-for", source.encode("ascii", "replace")))
    return told


def back(headers: Iterable[Header]) -> list[Header]:
    """The headers of an answer for the caller."""
    return _without(headers, HOP_BY_HOP)


def _without(headers: Iterable[Header], hidden: frozenset[bytes]) -> list[Header]:
    kept = []
    named: set[bytes] = set()
    for n, v in headers:
        name = n.lower()
        if name not in hidden:
            kept.append((name, v))
        elif name == b"connection":
            named.update(part.strip().lower() for part in v.split(b","))
    return [one for one in kept if one[0] not in named] if named else kept
