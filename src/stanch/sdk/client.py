"""The client: asks a running server over HTTP, with the standard library.

In    the address of a server, and a key.
Out   what the server answers; its problem documents as the same Trouble that the server raised.
Why   whoever asks by program decides on a class, and reads the sentence that a person would read.
"""

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any, BinaryIO, Self
from urllib.parse import quote, urlencode, urlsplit

import msgspec

import stanch
from stanch.vocabulary.trouble import (
    BadFile,
    BadInput,
    LoginEnded,
    NoKey,
    NoSuchPage,
    NotLoggedIn,
    OtherVersion,
    Trouble,
    UnknownKey,
    Unreachable,
    Unready,
)

_TIMEOUT = 60.0
_SIGNS_OF_LIFE = {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 4}
"""Asked for after so many seconds, every so many, so often in vain: as long as anybody waits."""
_PIECE = 1024 * 1024


Moved = Callable[[float], object]
"""Told how many bytes went by, again and again."""


def _still(_step: float) -> None:
    """Nobody watches."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A person who logged in: their session, and what each change must carry beside it."""

    name: str
    cookie: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """One server, and the key to use there, or the person who uses it."""

    url: str
    key: str = field(default="", repr=False)
    login: Login | None = None
    patience: float | None = _TIMEOUT
    """Seconds that an answer may take; none: as long as the server is there."""

    def patient(self) -> Self:
        """The same, for what may take the server long: it says itself when it gives up."""
        return replace(self, patience=None)

    def log_in(self, name: str, password: str) -> Login:
        """The session of this person, or `NotLoggedIn`."""
        return self._session("/api/v1/sessions", {"name": name, "password": password})

    def change_password(self, present: str, new: str) -> Login:
        """The session that goes on with the new password; every other one of theirs is over."""
        return self._session("/api/v1/me/password", {"present": present, "new": new})

    def _session(self, path: str, body: dict[str, str]) -> Login:
        content = msgspec.json.encode(body)
        connection, response = self._ask("POST", path, content, "application/json")
        try:
            cookie = (response.getheader("set-cookie") or "").partition(";")[0]
            told = _read(self.url, response.read())
        finally:
            connection.close()
        return Login(name=str(told["name"]), cookie=cookie, token=str(told["csrf"]))

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """The JSON that this path answers."""
        return self._json("GET", path, query=query)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | dict[str, Any] | None = None,
        *,
        kind: str = "application/json",
        query: Mapping[str, Any] | None = None,
    ) -> Any:
        """The JSON that is answered to this body."""
        content = msgspec.json.encode(body) if isinstance(body, dict) else body
        return self._json(method, path, content, kind=kind, query=query)

    def every(self, path: str, query: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        asked = {"limit": 500, **(query or {})}
        while True:
            page = self.get(path, asked)
            yield from page["items"]
            if not page["next"]:
                return
            asked["after"] = page["next"]

    def save(self, method: str, path: str, to: Path, moved: Moved = _still) -> int:
        """How many bytes the answer has, now in a new file; half an answer leaves none."""
        connection, response = self._ask(method, path, None, "")
        size = 0
        try:
            out = to.open("xb")
            try:
                with out:
                    while piece := response.read(_PIECE):
                        size += out.write(piece)
                        moved(len(piece))
            except BaseException:
                to.unlink(missing_ok=True)
                raise
        except HTTPException as error:
            raise Unreachable(self.url, _why(error)) from error
        except OSError as error:
            raise BadFile(to, f"{error.strerror or error}.") from error
        finally:
            connection.close()
        return size

    def upload(
        self, path: str, file: BinaryIO, size: int, query: Mapping[str, Any], moved: Moved = _still
    ) -> Any:
        """The JSON that is answered to a file, which is never held in memory."""

        def pieces() -> Iterator[bytes]:
            while piece := file.read(_PIECE):
                yield piece
                moved(len(piece))

        asked = {k: v for k, v in query.items() if v is not None and v != ""}
        target = path + ("?" + urlencode(asked) if asked else "")
        octets = {"content-type": "application/octet-stream", "content-length": str(size)}
        connection, response = self._ask("POST", target, pieces(), "", octets)
        try:
            return _read(self.url, response.read())
        finally:
            connection.close()

    def lines(self, method: str, path: str) -> Iterator[dict[str, Any]]:
        """Each line of an answer that is JSON, while it comes."""
        connection, response = self._ask(method, path, None, "")
        try:
            for line in response:
                yield msgspec.json.decode(line, type=dict[str, Any])
        except (OSError, HTTPException) as error:
            raise Unreachable(self.url, _why(error)) from error
        finally:
            connection.close()

    def _json(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        *,
        kind: str = "",
        query: Mapping[str, Any] | None = None,
    ) -> Any:
        asked = {k: v for k, v in (query or {}).items() if v is not None and v != ""}
        target = path + ("?" + urlencode(asked, doseq=True) if asked else "")
        connection, response = self._ask(method, target, content, kind)
        try:
            read = response.read()
        finally:
            connection.close()
        return _read(self.url, read) if read else None

    def _ask(
        self,
        method: str,
        target: str,
        content: bytes | Iterator[bytes] | None,
        kind: str,
        more: Mapping[str, str] | None = None,
    ) -> tuple[HTTPConnection, HTTPResponse]:
        parts = urlsplit(self.url)
        make = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = make(parts.netloc, timeout=_TIMEOUT)
        headers = {**self._who(), **(more or {})}
        if kind:
            headers["content-type"] = kind
        try:
            connection.connect()
            if self.patience is None:
                _kept_alive(connection.sock)
            connection.sock.settimeout(self.patience)
            # a server that refuses half-way has answered already
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, parts.path.rstrip("/") + target, content, headers)
            response = connection.getresponse()
            if response.status >= 400:  # noqa: PLR2004  HTTP's own line between good and bad
                raise self._refused(response.read())
        except (OSError, HTTPException) as error:
            connection.close()
            raise Unreachable(self.url, _why(error)) from error
        except Trouble:
            connection.close()
            raise
        return connection, response

    def _who(self) -> dict[str, str]:
        """The headers that say who asks."""
        if self.login is not None:
            return {"cookie": self.login.cookie, "x-csrf-token": self.login.token}
        return {"authorization": f"Bearer {self.key}"} if self.key else {}

    def _refused(self, body: bytes) -> Trouble:
        """What the server says, in the words of who asks from elsewhere."""
        told = _told(self.url, body)
        if type(told) is NoSuchPage:
            return OtherVersion(self.url, *told.facts, stanch.__version__)
        if type(told) is not NotLoggedIn:
            return told
        if self.login is not None:
            return LoginEnded(self.login.name)
        return UnknownKey(self.url) if self.key else NoKey(self.url)


def _kept_alive(line: socket.socket) -> None:
    """Has the system notice when the other machine is gone without a word."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _SIGNS_OF_LIFE.items():
        option = getattr(socket, name, None)
        if option is not None:
            line.setsockopt(socket.IPPROTO_TCP, option, value)


def segment(text: str) -> str:
    """The text as one part of a path."""
    return quote(text, safe="")


def address(url: str) -> str:
    """The same, when it can be one of a server."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"A server is like https://stanch.example.org:8484, not {url[:80]!r}.")
    return url


def _read(url: str, body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.MsgspecError as error:
        raise Unreachable(url, "what answers there speaks no JSON") from error


def _why(error: Exception) -> str:
    """What the system or the protocol says, without its number."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted here ({error.verify_message}); "
            "SSL_CERT_FILE names a file with the authority that signed it"
        )
    if isinstance(error, ssl.SSLError):
        return "what listens there speaks no TLS; write http:// if that is meant"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _told(url: str, body: bytes) -> Trouble:
    """The problem document as the Trouble that the server raised."""
    try:
        problem = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        return Unreachable(url, "what answers there is no stanch")
    if problem.get("status") == "unready":
        return Unready("; ".join(str(one).rstrip(".") for one in problem.get("why", ())))
    leaf = _leaves(Trouble).get(str(problem.get("type")))
    found = leaf(*problem.get("facts", ())) if leaf is not None else None
    return found if found is not None and _sayable(found) else _newer(problem)


def _newer(problem: Mapping[str, Any]) -> Trouble:
    """What only a server of another version knows by name, in its own words."""
    said, status = str(problem.get("detail")), problem.get("status")
    if isinstance(status, int) and status < 500:  # noqa: PLR2004  HTTP's own line: whose fault it is
        return BadInput(said)
    return Trouble(said.rstrip("."))


def _sayable(found: Trouble) -> bool:
    """Whether these are the facts that its sentence is made of here."""
    try:
        return bool(str(found))
    except (IndexError, KeyError, ValueError):
        return False


def _leaves(root: type[Trouble]) -> dict[str, type[Trouble]]:
    found = {root.named(): root}
    for leaf in root.__subclasses__():
        found |= _leaves(leaf)
    return found
