"""One request that is let through as it is, and told of afterwards.

In    the host's messages in both directions, passed on at once.
Out   what an event is made of, once the answer has left; the first `largest` bytes of each body.
Why   this stands in the host's way on every request, so it only keeps references until then.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Protocol

from stanch.guard.answers import Message, Send
from stanch.guard.facts import Decision
from stanch.guard.telemetry import Buffer, Event

Receive = Callable[[], Awaitable[Message]]
Parts = bytes | list[bytes]
"""A body: nearly always it comes in one piece, and then no list is made for it."""


class Tells(Protocol):
    """What a guard's core offers to whoever listens."""

    monotonic: Callable[[], float]
    largest: int
    buffer: Buffer
    counts: Counter[str]

    def line(self, at: float, facts: Event, asked: bytes, answered: bytes) -> bytes:
        """The event as JSON."""
        ...


def whole(parts: Parts) -> bytes:
    """The body in one piece."""
    return parts if isinstance(parts, bytes) else b"".join(parts)


def _with(parts: Parts, part: bytes) -> Parts:
    """A body and what comes after it."""
    if not parts:
        return part
    if isinstance(parts, bytes):
        return [parts, part]
    parts.append(part)
    return parts


async def _nobody() -> Message:
    return {"type": "http.disconnect"}


async def _nowhere(_: Message) -> None:
    return


class Heard:
    """The messages of one request and its answer."""

    __slots__ = (
        "_asked_left",
        "_left",
        "_receive",
        "_send",
        "answered",
        "asked",
        "core",
        "decision",
        "ended",
        "size",
        "started",
        "status",
        "tools",
        "who",
    )

    def __init__(
        self,
        core: Tells,
        decision: Decision,
        who: tuple[str | None, str],
        line: tuple[Receive, Send],
    ) -> None:
        self.core = core
        self.decision = decision
        self.who = who
        self._receive, self._send = line
        self.started = core.monotonic()
        self.asked: Parts = b""
        self.answered: Parts = b""
        self._asked_left = self._left = core.largest
        self.status = 0
        self.tools: tuple[str, ...] = ()

    async def receive(self) -> Message:
        """The host's receive, with what was asked kept."""
        message = await self._receive()
        body = message.get("body")
        if body:
            self._asked_left -= len(body)
            self.asked = _with(self.asked, body) if self._asked_left >= 0 else b""
        return message

    def send(self, message: Message) -> Awaitable[None]:
        """The host's send, with what was answered kept; it adds no coroutine of its own."""
        body = message.get("body")
        if body:
            self.keep(body)
        elif message["type"] == "http.response.start":
            self.status = message["status"]
        return self._send(message)

    def keep(self, body: bytes) -> None:
        """Keep a part of the answer, or nothing of it once it is too large."""
        self._left -= len(body)
        self.answered = _with(self.answered, body) if self._left >= 0 else b""

    def finish(self) -> None:
        """Queue it for the server, once the host is done; never raises into the host."""
        core = self.core
        self._receive, self._send = _nobody, _nowhere
        try:
            self.ended = core.monotonic()
            self.size = 2 * core.largest - self._asked_left - self._left
            core.buffer.offer(self)
        except Exception:  # noqa: BLE001  border: the guard never takes its host down
            core.counts["internal_errors"] += 1

    def line(self) -> bytes:
        """The event, as JSON."""
        facts: dict[str, object] = {
            "principal": self.who[0] or "",
            "source": self.who[1],
            "version": self.decision.version,
            "latency_ms": 1000 * (self.ended - self.started),
            "status": self.status,
        }
        if self.tools:
            facts["tools_held"] = self.tools
        return self.core.line(self.ended, facts, whole(self.asked), whole(self.answered))
