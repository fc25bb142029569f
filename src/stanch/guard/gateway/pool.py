"""Lines to one upstream: lent out, taken back, timed, and closed before the upstream closes them.

In    requests as bytes, or as a head and a stream of parts.
Out   a line whose answer has begun.
Why   a handshake for each request costs more than the request. A request that another server may
      have begun to work on is not sent again, but for methods that may be repeated, and only where
      a kept line turns out to be dead before it said anything.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from stanch.guard.gateway.line import Gone, Line

IDLE_SECONDS = 4.0
"""Model servers close kept connections after 5 seconds or more; ours are closed before."""
_AGAIN = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class Full(Exception):  # noqa: N818  it says what the pool is
    """Every line is lent out, and none came back in time."""

    def __str__(self) -> str:
        return "every connection to it is busy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A request as it goes out."""

    method: str
    head: bytes
    body: bytes = b""
    streams: bool = False
    """Whether more of the body follows."""
    slow: Callable[[Line], None] | None = None
    """Called once when the answer is not quick."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """How long, and how many."""

    connect: float
    read: float
    lines: int


class Pool:
    """The lines to one upstream."""

    def __init__(self, url: str, times: Times) -> None:
        given = urlsplit(url)
        tls = given.scheme == "https"
        self._host = given.hostname or ""
        self._port = given.port or (443 if tls else 80)
        self._tls = ssl.create_default_context() if tls else None
        self.authority = given.netloc.rpartition("@")[2].encode("ascii")
        self.base = given.path.rstrip("/").encode("ascii")
        self._times = times
        self._loop = asyncio.get_running_loop()
        self._idle: list[Line] = []
        self._all: set[Line] = set()
        self._opening = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._tick: asyncio.TimerHandle | None = None
        self._step = min(1.0, times.read / 8)

    async def ask(self, asked: Asked) -> Line:
        """A line that the request is on; once again where a kept line had died unheard."""
        while True:
            line = await self._line()
            line.slow = asked.slow
            line.ask(asked.head, asked.body, bodyless=asked.method == "HEAD")
            if asked.streams:
                return line
            try:
                await line.answered()
            except Gone:
                again = line.used and not line.heard and asked.method in _AGAIN
                line.over(sent=False)
                if not again:
                    raise
            except BaseException:
                line.over(sent=False)
                raise
            else:
                return line

    def back(self, line: Line) -> None:
        """Keep it for the next, and let the next in."""
        line.since = self._loop.time()
        self._idle.append(line)
        self._next()

    def lost(self, line: Line) -> None:
        """Forget it, and let the next in."""
        self._all.discard(line)
        if line in self._idle:
            self._idle.remove(line)
        self._next()

    async def close(self) -> None:
        """Close every line."""
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        for line in tuple(self._all):
            line.abort()
        await asyncio.sleep(0)

    async def _line(self) -> Line:
        while True:
            while self._idle:
                line = self._idle.pop()
                if not line.closed:
                    return line
            if len(self._all) + self._opening < self._times.lines:
                return await self._open()
            await self._room()

    async def _room(self) -> None:
        free = self._loop.create_future()
        self._queue.append(free)
        try:
            async with asyncio.timeout(self._times.connect):
                await free
        except TimeoutError as error:
            raise Full from error

    async def _open(self) -> Line:
        self._opening += 1
        try:
            async with asyncio.timeout(self._times.connect):
                _, line = await self._loop.create_connection(
                    lambda: Line(self, self._loop), self._host, self._port, ssl=self._tls
                )
        except TimeoutError as error:
            raise Gone("the upstream takes no connection") from error
        except OSError as error:
            raise Gone(f"the upstream takes no connection: {error}") from error
        finally:
            self._opening -= 1
        self._all.add(line)
        if self._tick is None:
            self._tick = self._loop.call_later(self._step, self._look)
        return line

    def _next(self) -> None:
        while self._queue:
            free = self._queue.popleft()
            if not free.done():
                free.set_result(None)
                return

    def _look(self) -> None:
        """What has not moved for too long is ended; runs as long as there are lines."""
        now = self._loop.time()
        for line in tuple(self._all):
            still = now - line.since
            if line.waits and still > self._times.read:
                line.fail(TimeoutError("the upstream did not answer in time"))
            elif line.waits and line.slow is not None and still > self._step:
                watch, line.slow = line.slow, None
                watch(line)
        while self._idle and now - self._idle[0].since > IDLE_SECONDS:
            self._idle.pop(0).abort()
        self._tick = self._loop.call_later(self._step, self._look) if self._all else None
