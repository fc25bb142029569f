"""One kept connection to an upstream: a request goes out, its answer comes back part by part.

In    the bytes of a request; what the upstream sends.
Out   status, headers and parts of the answer; Gone or TimeoutError where there is none.
Why   a client made for this one job costs a third of a general one (decision 0154). It trusts an
      upstream no further than a caller: what follows an answer unasked, is framed in two ways, has
      no end to its head or switches protocols ends the connection, and is never a second answer.

A line serves one request at a time. It is kept for another only when the answer was whole, both
sides framed it by length or chunks, and nothing is left over.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from stanch.guard.gateway.headers import Header

LONG = 64 * 1024
"""Answers shorter than this are waited for and go out in one piece."""
HIGH = 256 * 1024
"""Bytes that wait for a slow caller before the upstream is asked to wait too."""
_HEAD = 128 * 1024
_INTERIM = 200
_SWITCHES = 101


class Gone(ConnectionError):  # noqa: N818  it says what happened
    """The upstream gave no answer, or not the whole of one."""


class Keeps(Protocol):
    """Whoever lends lines out."""

    def back(self, line: "Line") -> None:
        """The line may be lent again."""
        ...

    def lost(self, line: "Line") -> None:
        """The line is no more."""
        ...


class Line(asyncio.Protocol):
    """A connection, and the answer that is under way on it."""

    def __init__(self, pool: Keeps, loop: asyncio.AbstractEventLoop) -> None:
        self._pool = pool
        self._loop = loop
        self._parser = HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._full = False
        self._paused = False
        self._busy = False
        self._error: BaseException | None = None
        self._keep = False
        self.used = 0
        """How many requests it has carried before this one."""
        self.since = loop.time()
        """When anything last moved on it."""
        self.slow: Callable[[Line], None] | None = None
        """Called once when the answer is not quick, so that somebody watches the caller."""
        self._clear()

    def _clear(self) -> None:
        self.status = 0
        self.headers: list[Header] = []
        self.length = -1
        """What the answer says of its length; -1 where it says nothing."""
        self.chunked = False
        self.headed = self.whole = self._streams = self._bodyless = self._odd = False
        self._parts: list[bytes] = []
        self._held = self._head = 0

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; uvloop's is one without being of asyncio's class."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """An answer that only the end of the connection ends is whole now; any other is not."""
        self._transport = None
        endless = self.headed and self.length < 0 and not self.chunked
        if self._busy and not self.whole:
            if endless and exc is None:
                self.whole = True
                self._tell()
            else:
                self.fail(Gone("the upstream closed the connection"))
        self.resume_writing()
        self._pool.lost(self)

    def pause_writing(self) -> None:
        """The upstream reads slowly."""
        self._full = True

    def resume_writing(self) -> None:
        """It goes on."""
        self._full = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Part of an answer; anything else is nobody's."""
        self.since = self._loop.time()
        if not self._busy or self.whole:
            self.abort()
            return
        if not self.headed:
            self._head += len(data)
            if self._head > _HEAD + LONG:
                self.fail(Gone("the head of the answer has no end"))
                return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            if not (self.whole and self._bodyless):
                self.fail(Gone("the upstream does not speak HTTP/1.1"))
                return
        self._tell()

    # httptools' side

    def on_message_begin(self) -> None:
        """A second answer was not asked for."""
        if self.whole:
            self._keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header of the answer."""
        if self.whole:
            return
        name = name.lower()
        if name == b"content-length":
            self.length = int(value) if value.isdigit() else -1
        elif name == b"transfer-encoding":
            self.chunked = True
            self._odd = self._odd or value.strip().lower() != b"chunked"
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if self.whole:
            return
        status = self._parser.get_status_code()
        if status == _SWITCHES or self._odd:
            self.fail(Gone("the upstream speaks something that was not asked for"))
        if status < _INTERIM:
            return
        self.status = status
        self.headed = True
        self._keep = self._parser.should_keep_alive()
        if self._bodyless:
            self.whole, self._keep = True, False

    def on_body(self, body: bytes) -> None:
        """Part of the body."""
        if self.whole:
            return
        self._parts.append(body)
        self._held += len(body)
        if self._held > HIGH and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """The answer is whole; an interim one only makes room for the next."""
        if not self.headed:
            self.headers.clear()
            self.length, self.chunked = -1, False
        elif not self.whole:
            self.whole = True

    # the gateway's side

    @property
    def closed(self) -> bool:
        """Whether it can carry nothing more."""
        return self._transport is None or self._transport.is_closing()

    @property
    def heard(self) -> bool:
        """Whether anything of an answer came."""
        return self._head > 0

    @property
    def waits(self) -> bool:
        """Whether the upstream is expected to do something."""
        return self._busy and not self.whole and not self._paused

    def ask(self, head: bytes, body: bytes, *, bodyless: bool) -> None:
        """Send a request; `bodyless` when its answer has no body whatever its headers say."""
        self._clear()
        self._busy, self._bodyless, self._error = True, bodyless, None
        self.since = self._loop.time()
        if self._transport is None:
            self.fail(Gone("the upstream closed the connection"))
        elif body:
            self._transport.writelines((head, body))
        else:
            self._transport.write(head)

    async def write(self, data: bytes) -> None:
        """Send a part of the request's body, and wait while the upstream is full."""
        if self._transport is None:
            return
        self.since = self._loop.time()
        self._transport.write(data)
        if self._full:
            self._writable = self._loop.create_future()
            await self._writable

    async def answered(self) -> None:
        """Once the head is there, and with it the whole answer where that is short."""
        while not (self.whole or (self.headed and self._is_long())):
            await self._more()

    def body(self) -> bytes:
        """What came of the body since it was last asked for."""
        parts = self._parts
        if not parts:
            return b""
        found = parts[0] if len(parts) == 1 else b"".join(parts)
        self._parts = list[bytes]()
        self._held = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self.since = self._loop.time()
            self._transport.resume_reading()
        return found

    async def part(self) -> bytes:
        """The next part of the body; empty at its end."""
        self._streams = True
        while not self._parts and not self.whole:
            await self._more()
        return self.body()

    def over(self, *, sent: bool) -> None:
        """Nobody waits for this answer any more; kept for another request where it can be."""
        good = self.whole and self._keep and sent and not self.closed
        self._busy = False
        self._parts = []
        self.slow = None
        self.used += 1
        if good:
            self._pool.back(self)
        else:
            self.abort()

    def fail(self, error: BaseException) -> None:
        """End it with this error for whoever waits."""
        self._error = self._error or error
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
        self.abort()

    def abort(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def _is_long(self) -> bool:
        """Whether parts are passed on as they come; a short answer is waited for."""
        return self.length < 0 or self.length >= LONG

    async def _more(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiting = self._loop.create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None
        if self._error is not None:
            raise self._error

    def _tell(self) -> None:
        waiting = self._waiting
        if waiting is None or waiting.done():
            return
        new = self._parts if self._streams else (self.headed and self._is_long())
        if self.whole or new:
            waiting.set_result(None)
