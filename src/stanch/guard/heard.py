"""One request that is let through as it is, and told of afterwards.

In    the host's messages in both directions, passed on at once.
Out   what an event is made of, once the answer has left; the first `largest` bytes of each body.
Why   this stands in the host's way on every request, so it only keeps references until then.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from stanch.guard.answers import Message, Send
from stanch.guard.facts import Decision
from stanch.guard.lines import said

if TYPE_CHECKING:
    from stanch.guard.core import Core

Receive = Callable[[], Awaitable[Message]]


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
        "number",
        "size",
        "started",
        "status",
        "tools",
        "who",
    )

    def __init__(
        self,
        core: "Core",
        decision: Decision,
        who: tuple[str | None, str],
        line: tuple[Receive, Send],
    ) -> None:
        self.core = core
        self.decision = decision
        self.who = who
        self._receive, self._send = line
        self.started = core.monotonic()
        self.ended = 0.0
        self.asked: list[bytes] = []
        self.answered: list[bytes] = []
        self._asked_left = self._left = core.choices.largest
        self.status = 0
        self.tools: tuple[str, ...] = ()
        self.number = self.size = 0

    async def receive(self) -> Message:
        """The host's receive, with what was asked kept."""
        message = await self._receive()
        body = message.get("body")
        if body:
            self._asked_left -= len(body)
            if self._asked_left >= 0:
                self.asked.append(body)
            else:
                self.asked.clear()
        return message

    def send(self, message: Message) -> Awaitable[None]:
        """The host's send, with what was answered kept; it adds no coroutine of its own."""
        if message["type"] == "http.response.body":
            self.keep(message.get("body"))
        elif message["type"] == "http.response.start":
            self.status = message["status"]
        return self._send(message)

    def keep(self, body: bytes | None) -> None:
        """Keep a part of the answer, or nothing of it once it is too large."""
        if body:
            self._left -= len(body)
            if self._left >= 0:
                self.answered.append(body)
            else:
                self.answered.clear()

    def finish(self) -> None:
        """Queue it for the server, once the host is done."""
        core = self.core
        self.ended = core.monotonic()
        self._receive, self._send = _nobody, _nowhere
        self.number = core.next()
        self.size = 2 * core.choices.largest - self._asked_left - self._left
        core.buffer.offer(self)

    def line(self) -> bytes:
        """The event, as JSON."""
        core = self.core
        bodies = (b"".join(self.asked), b"".join(self.answered))
        took = 1000 * (self.ended - self.started), self.status
        if not self.tools and core.brief:
            found = said(*bodies)
            if found is not None:
                at = core.when(self.ended)
                about = self.who, self.decision.version
                return core.lines.line((self.number, at), about, took, found)
        facts: dict[str, object] = {
            "principal": self.who[0] or "",
            "source": self.who[1],
            "version": self.decision.version,
            "latency_ms": took[0],
            "status": took[1],
        }
        if self.tools:
            facts["tools_held"] = self.tools
        return core.line(self.number, self.ended, facts, bodies)
