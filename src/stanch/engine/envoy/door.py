"""The door that Envoy asks at: a small HTTP server on a unix socket, as fast as Python allows.

In    Envoy's questions (the request's line, its headers, its body where a policy needs it), probes.
Out   200 with the principal to let it through; a refusal as the caller gets it; a sealed answer.
Why   raw asyncio measured 8,100 answers a second beside Envoy on two cores, twice what gRPC gave.
      Only Envoy reaches the socket, so this reads the plain shape that Envoy writes and no other.
"""

import asyncio
import importlib.util
import logging
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple, cast

Header = tuple[bytes, bytes]
_LOG = logging.getLogger("stanch.envoy")
_FRAMED = b"HTTP/1.1 %d .\r\n%bcontent-length: %d\r\n\r\n%b"
_HEAD = 65_536


class Asked(NamedTuple):
    """A request that Envoy holds."""

    method: str
    path: str
    headers: list[Header]
    body: bytes
    probe: bool
    """Whether it was sent here as a probe, and not to be asked about."""


class Answer(NamedTuple):
    """What Envoy is told."""

    status: int
    headers: tuple[Header, ...] = ()
    body: bytes = b""


Judge = Callable[[Asked], Answer]


class Door:
    """Answers on a thread of its own."""

    def __init__(self, socket: Path, judge: Judge) -> None:
        self._socket = socket
        self._judge = judge
        self._ready = Event()
        self._loop = _loop()
        self._thread = Thread(target=self._run, name="stanch-envoy-door", daemon=True)
        self._open: set[asyncio.Transport] = set()

    def start(self) -> None:
        """Listen."""
        self._socket.unlink(missing_ok=True)
        self._thread.start()
        self._ready.wait(10)

    def stop(self) -> None:
        """Close every connection and end the thread."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._socket.unlink(missing_ok=True)

    def _run(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(
            loop.create_unix_server(lambda: _Line(self._judge, self._open), str(self._socket))
        )
        self._ready.set()
        loop.run_forever()
        server.close()
        for transport in tuple(self._open):
            transport.abort()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def _loop() -> asyncio.AbstractEventLoop:
    """A loop of uvloop's where that is installed: a third less time for a question."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415  optional

    return uvloop.new_event_loop()


class _Line(asyncio.Protocol):
    """One connection of Envoy's; requests on it come one after the other."""

    def __init__(self, judge: Judge, known: set[asyncio.Transport]) -> None:
        self._judge = judge
        self._known = known
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._known.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the base class's shape
        if self._transport is not None:
            self._known.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._transport is not None and (asked := self._next()) is not None:
            try:
                answer = self._judge(asked)
            except Exception as error:  # noqa: BLE001  border: no answer is Envoy's own fail-open or -closed
                _LOG.warning("a question of Envoy's is not answered", exc_info=error)
                self._transport.abort()
                return
            head = b"".join([n + b": " + v + b"\r\n" for n, v in answer.headers])
            framed = _FRAMED % (answer.status, head, len(answer.body), answer.body)
            self._transport.write(framed)

    def _next(self) -> Asked | None:
        """The next whole request; None until more of it has come."""
        buffer = self._buffer
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(buffer) > _HEAD and self._transport is not None:
                self._transport.abort()
            return None
        first, *lines = bytes(buffer[:end]).split(b"\r\n")
        headers, length = _headers(lines)
        at = end + 4
        if length < 0:
            whole = _unchunked(buffer, at)
        else:
            body = bytes(buffer[at : at + length])
            whole = (body, at + length) if len(body) == length else None
        if whole is None:
            return None
        body, used = whole
        del buffer[:used]
        method, path, _ = first.decode("latin-1").split(" ", 2)
        probe = path.startswith("/-/probe")
        return Asked(method, path.removeprefix("/-/check"), headers, body, probe)


def _headers(lines: list[bytes]) -> tuple[list[Header], int]:
    """The headers, and the length of the body; -1 where it comes in chunks."""
    headers = []
    length = 0
    for line in lines:
        n, _, v = line.partition(b":")
        name, value = n.lower(), v.strip()
        headers.append((name, value))
        if name == b"content-length":
            length = int(value)
        elif name == b"transfer-encoding":
            length = -1
    return headers, length


def _unchunked(buffer: bytearray, at: int) -> tuple[bytes, int] | None:
    """The body in chunks from here on and where it ends; None until it is whole."""
    parts: list[bytes] = []
    while True:
        end = buffer.find(b"\r\n", at)
        if end < 0:
            return None
        size = int(bytes(buffer[at:end]).split(b";")[0], 16)
        at = end + 2 + size + 2
        if len(buffer) < at:
            return None
        if size == 0:
            return b"".join(parts), at
        parts.append(bytes(buffer[end + 2 : at - 2]))
