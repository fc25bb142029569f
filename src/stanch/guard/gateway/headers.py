"""Header hygiene: what one connection says to its neighbour is not passed on, nor what smuggles.

In    the headers of a request or an answer.
Out   those that travel end to end; whether a request frames its body in two ways.
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
_HIDDEN = _FORGED | _OURS


def ambiguous(headers: Iterable[Header]) -> bool:
    """Whether a body is framed twice, or by lengths that are not one number."""
    framing = [(n, v) for n, v in headers if n.lower() in _FRAMING]
    if len(framing) > 1:
        return True
    return any(n.lower() == b"content-length" and not v.isdigit() for n, v in framing)


def onward(headers: Iterable[Header], source: str) -> list[tuple[str, str]]:
    """The headers for the upstream, with the caller's address said by us alone."""
    kept = _end_to_end(headers)
    told = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in kept if n not in _HIDDEN]
    return [*told, ("x-forwarded-for", source)] if source else told


def back(headers: Iterable[Header]) -> list[Header]:
    """The headers of an answer for the caller."""
    return _end_to_end(headers)


def _end_to_end(headers: Iterable[Header]) -> list[Header]:
    given = [(n.lower(), v) for n, v in headers]
    said = [v for n, v in given if n == b"connection"]
    named = {part.strip().lower() for v in said for part in v.split(b",")} | HOP_BY_HOP
    return [(n, v) for n, v in given if n not in named]
