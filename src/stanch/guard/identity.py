"""Who asks and from where, taken only from places that the caller cannot write to.

In    an ASGI scope.
Out   the principal, or None when nobody trustworthy said it; the network address.
Why   a block on a principal is worth what its identity is worth. There is no default: whoever puts
      up a guard chooses. A plain header is no choice; anyone can write it.

Choices: `proxy_header` (a header that a proxy sets, with a shared secret beside it), `bearer` (a
look-up of the key, by the host's own function), `scope_user` (an authentication middleware outside
of the guard), `client_certificate` (the ASGI TLS extension), `by_address` (the address itself).
"""

import hmac
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

from stanch.vocabulary.trouble import BadInput

Scope = MutableMapping[str, Any]
Identify = Callable[[Scope], str | None]
LONGEST = 256


def headers(scope: Scope, name: str) -> list[str]:
    """Every value of this header, in the order they came."""
    wanted = name.lower().encode("latin-1")
    return [_text(v) for n, v in scope.get("headers", ()) if n.lower() == wanted]


def _text(value: bytes) -> str:
    """A header's text: UTF-8, and Latin-1 where it is none, so that one name has one reading."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def proxy_header(name: str, *, secret_header: str, secret: str) -> Identify:
    """The header a proxy sets, believed only beside the secret, when each stands exactly once."""

    def identify(scope: Scope) -> str | None:
        given, secrets = headers(scope, name), headers(scope, secret_header)
        if len(given) != 1 or len(secrets) != 1:
            return None
        same = hmac.compare_digest(secrets[0].encode(), secret.encode())
        return usable(given[0]) if same else None

    if not secret:
        raise ValueError("proxy_header needs a secret that only the proxy knows.")
    return identify


def bearer(known: Callable[[str], str | None]) -> Identify:
    """The principal that the host's own look-up knows for the bearer key."""

    def identify(scope: Scope) -> str | None:
        given = headers(scope, "authorization")
        if len(given) != 1:
            return None
        scheme, _, key = given[0].partition(" ")
        found = known(key.strip()) if scheme.lower() == "bearer" else None
        return None if found is None else usable(found)

    return identify


def scope_user(scope: Scope) -> str | None:
    """The user that an authentication middleware put into the scope."""
    user = scope.get("user")
    if user is None or not getattr(user, "is_authenticated", True):
        return None
    name = getattr(user, "identity", None) or getattr(user, "display_name", None)
    return usable(str(name)) if name else None


def client_certificate(scope: Scope) -> str | None:
    """The subject of the client's certificate, as the ASGI TLS extension states it."""
    tls = (scope.get("extensions") or {}).get("tls") or {}
    name = tls.get("client_cert_name")
    return usable(str(name)) if name and not tls.get("client_cert_error") else None


def by_address(scope: Scope) -> str | None:
    """The network address itself, for services that know nobody by name.

    A guard takes the address behind its trusted proxies instead (`sources.py`).
    """
    return usable(_peer(scope))


def identify_as(text: str, read: Callable[[str], str]) -> Identify:
    """The choice that this text names; `read` gives the text of a file. BadInput where none does.

    `address`, `header:NAME:SECRET-HEADER:SECRET-FILE`, `bearer:KEYS-FILE`.
    """
    kind, *given = text.split(":", 3 if text.startswith("header:") else 1)
    match kind, given:
        case "address", []:
            return by_address
        case "header", [name, secret_header, file] if name and secret_header and file:
            secret = read(file).strip()
            if not secret:
                raise BadInput(f"{file} is empty; it must hold the secret that the proxy sends.")
            return proxy_header(name, secret_header=secret_header, secret=secret)
        case "bearer", [file] if file:
            return bearer(_known_keys(read(file)))
    raise BadInput(
        f"{text[:60]!r} identifies nobody. Choose address, header:NAME:SECRET-HEADER:SECRET-FILE "
        "or bearer:KEYS-FILE."
    )


def _known_keys(text: str) -> Callable[[str], str | None]:
    """A look-up by the keys' digests, so that its time says nothing of a key."""
    rows = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    if not rows or any(len(row) != 2 for row in rows):  # noqa: PLR2004  a key and its principal
        raise BadInput("A file of keys has a key, a blank and a principal on each line.")
    for number, (_, name) in enumerate(rows, 1):
        if usable(name) is None:
            raise BadInput(
                f"The principal of key {number} in the file is no name that a guard tells: it has "
                f"more than {LONGEST} letters, or one that does not show."
            )
    known = {sha256(key.encode()).digest(): name.strip() for key, name in rows}
    if len(known) < len(rows):
        raise BadInput("A key stands twice in the file of keys. Give each principal its own.")
    return lambda key: known.get(sha256(key.encode()).digest())


@lru_cache(maxsize=8192)
def usable(name: str) -> str | None:
    """The name without outer blanks, or None for one that no directory would hold."""
    bare = name.strip()
    return bare if bare and len(bare) <= LONGEST and bare.isprintable() else None


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""
