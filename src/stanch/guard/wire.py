"""One kept connection to the server, for one thread.

In    a method, a path, headers and a body.
Out   the status, the body and the headers of the answer; OSError where there was none.
Why   a guard sends a batch every moment; a handshake for each would cost more than the batch. It is
      imported by the thread that needs it, so that importing the guard stays quick. A question goes
      out by one call, and its pieces are not joined: that took longer than to send them. An answer
      that states its length is read here: the library's own reader takes four times as long, beside
      somebody else's model. It still reads whatever else comes.
"""

import http.client
import io
import ssl
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import islice
from socket import socket
from typing import cast
from urllib.parse import urlsplit

LARGEST = 16_000_000
JSON = "application/json"
_LONGEST_HEAD = 65_536
_AT_A_TIME = 512
"""Pieces that go out by one call; systems take 1,024."""
_OK, _SAME = 200, 304
_END = b"\r\n\r\n"
Answer = tuple[int, bytes, dict[str, str]]


class Wire:
    """A connection that is opened when it is needed and again when the server closed it."""

    def __init__(self, url: str, key: str, seconds: float) -> None:
        given = urlsplit(url)
        self._base = given.path.rstrip("/")
        self._always = f"Host: {given.netloc.rpartition('@')[2]}\r\nAuthorization: Bearer {key}\r\n"
        if not key.isprintable():
            raise ValueError("A key is one line of printable characters.")
        self._kept = False
        if given.scheme == "https":
            self._line: http.client.HTTPConnection = http.client.HTTPSConnection(
                given.hostname or "",
                given.port,
                timeout=seconds,
                context=ssl.create_default_context(),
            )
        else:
            self._line = http.client.HTTPConnection(
                given.hostname or "", given.port, timeout=seconds
            )

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | Sequence[bytes] = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer; asked again once where a kept connection had gone stale."""
        parts = (body,) if isinstance(body, bytes) else body
        size = sum(map(len, parts))
        sent = {"Content-Type": JSON, "Content-Length": str(size)} if size else {}
        if method != "GET":
            sent["Content-Length"] = str(size)
        sent.update(headers or {})
        told = "".join([f"{name}: {value}\r\n" for name, value in sent.items()])
        head = f"{method} {self._base}{path} HTTP/1.1\r\n{self._always}{told}\r\n"
        was_kept = self._kept
        try:
            return self._once(method, [head.encode("latin-1"), *parts])
        except (OSError, http.client.HTTPException) as error:
            self.close()
            stale = isinstance(error, (ConnectionError, http.client.RemoteDisconnected))
            if was_kept and stale:
                return self.ask(method, path, body=body, headers=headers)
            if isinstance(error, OSError):
                raise
            raise ConnectionError(str(error)) from error

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        self._kept = False
        self._line.close()

    def _once(self, method: str, question: Sequence[bytes]) -> Answer:
        if self._line.sock is None:
            self._line.connect()
        line = cast("socket", self._line.sock)
        _send(line, question)
        got = line.recv(_LONGEST_HEAD)
        while (end := got.find(_END)) < 0 and len(got) < _LONGEST_HEAD and (more := _more(line)):
            got += more
        head = _plain(got[:end]) if end >= 0 else None
        if head is None:
            status, body, headers, kept = _by_the_library(method, line, got)
        else:
            status, headers = head
            kept = headers.get("connection", "").lower() != "close"
            size = 0 if status == _SAME else int(headers["content-length"])
            body = _whole(line, got[end + len(_END) :], size)
        self._kept = kept
        if not kept:
            self._line.close()
        return status, body, headers


def _send(line: socket, parts: Sequence[bytes]) -> None:
    """Send all of them; they are joined only where the line takes one piece at a time."""
    if isinstance(line, ssl.SSLSocket) or not hasattr(line, "sendmsg"):
        line.sendall(b"".join(parts))
        return
    left = deque(memoryview(one) for one in parts if one)
    while left:
        gone = line.sendmsg(list(islice(left, _AT_A_TIME)))
        while left and gone >= len(left[0]):
            gone -= len(left.popleft())
        if gone:
            left[0] = left[0][gone:]


def _more(line: socket) -> bytes:
    return line.recv(_LONGEST_HEAD)


def _plain(head: bytes) -> tuple[int, dict[str, str]] | None:
    """The status and the headers of an answer that states its length; None of any other."""
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    headers: dict[str, str] = {}
    for one in lines:
        name, _, value = one.partition(":")
        headers[name.lower()] = value.strip()
    size = headers.get("content-length", "")
    known = version == "HTTP/1.1" and status.isdecimal() and "transfer-encoding" not in headers
    if not known or len(headers) != len(lines) or not (size.isdecimal() and size.isascii()):
        return None
    code = int(status)
    return (code, headers) if code >= _OK else None


def _whole(line: socket, begun: bytes, size: int) -> bytes:
    """All of a body of this size, of which this much is here."""
    if size > LARGEST or len(begun) > size:
        raise ConnectionError("the answer is too large")
    if len(begun) == size:
        return begun
    parts, left = [begun], size - len(begun)
    while left:
        part = line.recv(min(left, 1 << 20))
        if not part:
            raise http.client.RemoteDisconnected("the answer ended before its end")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _by_the_library(
    method: str, line: socket, got: bytes
) -> tuple[int, bytes, dict[str, str], bool]:
    """An answer in any other form: in chunks, up to the end of the connection, after a `100`."""
    answer = http.client.HTTPResponse(cast("socket", _Begun(line, got)), method=method)
    answer.begin()
    content = answer.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ConnectionError("the answer is too large")
    headers = {k.lower(): v for k, v in answer.getheaders()}
    return answer.status, content, headers, not answer.will_close


class _Begun(io.RawIOBase):
    """A connection of which the beginning was read already."""

    def __init__(self, line: socket, got: bytes) -> None:
        super().__init__()
        self._line, self._got = line, got

    def makefile(self, *_: object) -> io.BufferedReader:
        """What the library reads from."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, room: object) -> int:
        """How many bytes were put into this room."""
        space = memoryview(room)  # type: ignore[arg-type]  # pyrefly: ignore[bad-argument-type]  any buffer
        if self._got:
            part, self._got = self._got[: len(space)], self._got[len(space) :]
            space[: len(part)] = part
            return len(part)
        return self._line.recv_into(space)
