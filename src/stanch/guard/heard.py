"""What was asked and answered, kept until the answer has left, and then told.

In    the messages of one request in both directions, passed on at once.
Out   what an event is made of; the first `largest` bytes of each body, or nothing of it.
Why   this stands in the host's way on every request, so it only keeps references until then. Bodies
      nearly always come in one piece, and then no list is made for them. It is an object that is
      made without code of Python's, and has methods: closures were measured to be slower in place
      (decision 0222).
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from stanch.guard.answers import Message, Send
from stanch.guard.facts import Decision
from stanch.guard.lines import Bare
from stanch.guard.telemetry import Buffer

Receive = Callable[[], Awaitable[Message]]
Who = tuple[str | None, str]


class Tells(Protocol):
    """What a guard's core offers to whoever listens."""

    monotonic: Callable[[], float]
    largest: int
    buffer: Buffer

    def erred(self, error: Exception) -> None:
        """Count an error, and say it once."""
        ...


class Pieces:
    """A body that came in several, or was too large to keep."""

    __slots__ = ("_kept", "left")

    def __init__(self, first: bytes, most: int) -> None:
        self._kept = [first]
        self.left = most - len(first)

    def add(self, part: bytes) -> None:
        """Keep a part, or nothing at all once it is too much."""
        self.left -= len(part)
        self._kept.append(part)
        if self.left < 0:
            self._kept.clear()

    def whole(self) -> bytes:
        """The body in one piece; nothing of one that was too large."""
        return b"".join(self._kept)


Body = bytes | Pieces | None


def more(before: Body, part: bytes, most: int) -> Pieces:
    """A body and what comes after it."""
    pieces = before if isinstance(before, Pieces) else Pieces(before or b"", most)
    pieces.add(part)
    return pieces


def whole(body: Body) -> bytes:
    """The body in one piece."""
    return body.whole() if isinstance(body, Pieces) else body or b""


def bare(
    bodies: tuple[Body, Body], who: Who, decision: Decision, times: tuple[float, float], status: int
) -> Bare:
    """What an event is made of; an answer to nothing says nothing."""
    asked = whole(bodies[0])
    answered = whole(bodies[1]) if asked else b""
    return (asked, answered, who[0] or "", who[1], decision.version, *times, status)


class Heard(msgspec.Struct, eq=False):
    """One request that is let through as it is, and told of afterwards."""

    core: Tells
    decision: Decision
    who: Who
    inner_receive: Receive
    inner_send: Send
    most: int
    started: float
    asked: Body = None
    answered: Body = None
    status: int = 0

    async def receive(self) -> Message:
        """The host's receive, with what was asked kept."""
        message = await self.inner_receive()
        body = message.get("body")
        if body:
            short = self.asked is None and len(body) <= self.most
            self.asked = body if short else more(self.asked, body, self.most)
        return message

    def send(self, message: Message) -> Awaitable[None]:
        """The host's send, with what was answered kept; it adds no coroutine of its own."""
        body = message.get("body")
        if body:
            short = self.answered is None and len(body) <= self.most
            self.answered = body if short else more(self.answered, body, self.most)
        elif message["type"] == "http.response.start":
            self.status = message["status"]
        return self.inner_send(message)

    def finish(self) -> None:
        """Queue it for the server, once the host is done; never raises into the host."""
        core, asked, answered = self.core, self.asked, self.answered
        try:
            if type(asked) is not bytes:
                asked = whole(asked)
            if type(answered) is not bytes:
                answered = whole(answered)
            buffer, (name, source) = core.buffer, self.who
            version, ended = self.decision.version, core.monotonic()
            row = (asked, answered, name or "", source, version, self.started, ended, self.status)
            fresh = buffer.fresh
            if len(fresh) < buffer.calm and len(asked) + len(answered) <= buffer.small:
                fresh.append(row)
            else:
                buffer.hear(row)
        except Exception as error:  # noqa: BLE001  border: the guard never takes its host down
            core.erred(error)
