"""What every connector is: a name, a way to open it, and what it may be asked.

In    an address (with its secret, if it has one) and a time limit.
Out   a `Connector`, the constant `CONNECTOR` of each module in this folder.
Why   opening makes no call, so a system that is down stops nothing at the start; every call ends
      within its time; a refusal is `Unreachable`; and no message carries a secret.
"""

import http.client
import re
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote, urlsplit

import msgspec

from stanch.detect.wording import shown
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.trouble import Declined, Unreachable

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")
_LARGEST = 16_000_000
_GOOD, _MORE = 200, 300
_QUERY = re.compile(r"\?[^\s]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Where an outside system is, and how long to wait for it."""

    address: str = field(repr=False)
    """With its secret, which is why it is never printed."""
    seconds: float = 10.0

    @property
    def shown(self) -> str:
        """The address without name, password and query; what messages may say."""
        return _QUERY.sub("", _CREDENTIALS.sub("", self.address))


class Source(Protocol):
    """An opened connection that assets can be read from."""

    def assets(self) -> tuple[Asset, ...]:
        """Every asset the other system knows; `Unreachable` when it does not answer."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """Something that the other system should do."""

    verb: str
    """One of the connector's verbs."""
    subject: str
    """On what, in the other system's own name."""
    value: str = ""
    key: str = ""
    """The same key again has no second effect."""


class Holder(Source, Protocol):
    """An opened connection that also gives out what a version is made of."""

    def copy(self, subject: str, version: str, into: Path) -> None:
        """Puts the version's files into this folder; `Unreachable` when it has not all of them."""
        ...


class Reader(Source, Protocol):
    """An opened connection that also shows what orders change."""

    def read(self, verb: str, subjects: Sequence[str]) -> Mapping[str, str]:
        """What an order with this verb would set, of each subject that has it now."""
        ...


class Doer(Source, Protocol):
    """An opened connection that also does things."""

    def do(self, order: Order) -> str:
        """A sentence on what the other system shows now; `Unreachable` when it did not do it."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Connector:
    """One kind of outside system."""

    id: str
    title: str
    open: Callable[[Link], Source]
    """Opens without a call."""
    like: str
    """How its addresses look."""
    says: str
    """What it is for, in a few words."""
    extra: str = ""
    """The extra it needs, if any."""
    holds: bool = False
    """Whether it gives out what versions are made of; what `open` gives is then a `Holder`."""
    verbs: tuple[str, ...] = ()
    """What it does when it is ordered to; what `open` gives is then a `Doer`.

    A `Reader` as well where it can be: what was there before is then put back at the end.
    """


MOST_BYTES = 20_000_000_000
"""Of one version: what is larger is kept where it is, and only its digest is entered."""


def secret(link: Link) -> str:
    """The password of the address, which some systems take as a token or a signing key."""
    return unquote(urlsplit(link.address).password or "")


def with_secret(address: str, password: str) -> str:
    """The address with this password in it; what stood there as one gives way."""
    given = urlsplit(address)
    if not password or not given.netloc:
        return address
    user, _, _ = given.netloc.rpartition("@")[0].partition(":")
    host = given.netloc.rpartition("@")[2]
    return given._replace(netloc=f"{user or 'stanch'}:{quote(password, safe='')}@{host}").geturl()


def ask(
    link: Link,
    request: tuple[str, str],
    *,
    who: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The body of a 2xx answer to (method, path); `Unreachable` for anything else, in time."""
    given, (method, path) = urlsplit(link.address), request
    kind = http.client.HTTPSConnection if given.scheme == "https" else http.client.HTTPConnection
    try:
        line = kind(given.hostname or "", given.port, timeout=link.seconds)
        try:
            line.request(method, path, body=body or None, headers=dict(headers or {}))
            answer = line.getresponse()
            content = answer.read(_LARGEST)
        finally:
            line.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Unreachable(f"{who} at {link.shown}", why_not(error, link.seconds)) from None
    if not _GOOD <= answer.status < _MORE:
        says = f"it answered {answer.status}{_MEANS.get(answer.status, '')}"
        raise Declined(f"{who} at {link.shown}", ": ".join(filter(None, (says, _told(content)))))
    return content


def why_not(error: Exception, seconds: float) -> str:
    """Why nobody answered, in words; of what the system says only that."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted here ({error.verify_message})"
    words = next((says for kind, says in _SILENT.items() if isinstance(error, kind)), "")
    return words or f"{type(error).__name__}, within {seconds:g} s"


def _told(answer: bytes) -> str:
    """The sentence in an answer that is none of success, as Kubernetes and many others send it."""
    try:
        return shown(msgspec.json.decode(answer, type=_Told).message, 160).rstrip(".")
    except (msgspec.MsgspecError, ValueError):
        return ""


class _Told(msgspec.Struct):
    message: str = ""


_SILENT = {
    TimeoutError: "it did not answer in its time",
    ConnectionRefusedError: "nobody listens there",
    FileNotFoundError: "there is no such socket",
    PermissionError: "the account of stanch may not open it",
    socket.gaierror: "its name is not known here",
}
_ELSEWHERE = " (a redirect, which is not followed: name the address it leads to)"
_MEANS = {
    **dict.fromkeys((301, 302, 303, 307, 308), _ELSEWHERE),
    401: " (it does not know the secret)",
    403: " (the account of stanch may not do this)",
    404: " (it knows no such thing)",
    409: " (somebody changed it at the same moment)",
    429: " (it has too much to do)",
}
