"""What was asked and answered, kept until the answer has left, and then told.

In    the messages of one request in both directions, passed on at once.
Out   what an event is made of; the first `largest` bytes of each body, or nothing of it.
Why   this stands in the host's way on every request, so it only keeps references until then. Bodies
      nearly always come in one piece, and then no list is made for them. What is kept is a list:
      the host is given functions bound to it by `partial`. An object with methods and closures were
      both measured to be slower (decisions 0222, 0348).
"""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

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
Kept = list[Any]
"""What was asked, what was answered, and the status: a list is filled quicker than a record."""


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


async def hear(kept: Kept, receive: Receive, most: int) -> Message:
    """The host's receive, with what was asked kept."""
    message = await receive()
    body = message.get("body")
    if body:
        short = kept[0] is None and len(body) <= most
        kept[0] = body if short else more(kept[0], body, most)
    return message


def overhear(kept: Kept, send: Send, most: int, message: Message) -> Awaitable[None]:
    """The host's send, with what was answered kept; it adds no coroutine of its own."""
    body = message.get("body")
    if body:
        short = kept[1] is None and len(body) <= most
        kept[1] = body if short else more(kept[1], body, most)
    elif message["type"] == "http.response.start":
        kept[2] = message["status"]
    return send(message)


def finish(core: Tells, decision: Decision, who: Who, started: float, kept: Kept) -> None:
    """Queue it for the server, once the host is done; never raises into the host."""
    try:
        asked, answered, status = kept
        if type(asked) is not bytes:
            asked = whole(asked)
        if type(answered) is not bytes:
            answered = whole(answered)
        buffer, (name, source) = core.buffer, who
        row = (
            asked,
            answered,
            name or "",
            source,
            decision.version,
            started,
            core.monotonic(),
            status,
        )
        fresh = buffer.fresh
        if len(fresh) < buffer.calm and len(asked) + len(answered) <= buffer.small:
            fresh.append(row)
        else:
            buffer.hear(row)
    except Exception as error:  # noqa: BLE001  border: the guard never takes its host down
        core.erred(error)
