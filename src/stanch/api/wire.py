"""The wire: what an ASGI server hands over, read and answered without a framework.

In    ASGI scopes, `receive` and `send`.
Out   a body no larger than a cap, whole answers.
Why   the hot route takes a million events a second; and a body must be refused while it streams,
      not after it filled the memory.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from stanch.vocabulary.trouble import TooLarge

GONE = 499
"""Counted for a client that hung up; nobody is there to read it."""
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Hangup(Exception):  # noqa: N818  not a fault: the client went away
    """The client went away before its request was whole."""


def headers_of(scope: Scope) -> Mapping[str, str]:
    """The request's headers, names in lower case."""
    return {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}


def source_of(scope: Mapping[str, Any]) -> str:
    """The address that the request came from; empty when nobody knows."""
    client = scope.get("client")
    return str(client[0]) if client else ""


async def read_body(headers: Mapping[str, str], receive: Receive, cap: int) -> bytes:
    """The whole body, or `TooLarge` as soon as it passes the cap."""
    stated = headers.get("content-length", "")
    whole = int(stated) if stated.isdecimal() else None
    if whole is not None and whole > cap:
        raise TooLarge(cap)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Hangup
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > cap:
            raise TooLarge(cap)
        chunks.append(chunk)
        if size == whole or not message.get("more_body", False):
            return b"".join(chunks) if len(chunks) > 1 else chunks[0]


async def chunks(receive: Receive) -> AsyncGenerator[bytes, None]:
    """The body as it comes; `Hangup` when the client goes away before its end."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Hangup
        more = bool(message.get("more_body", False))
        yield bytes(message.get("body", b""))


class Inbox:
    """What the client sends, and whether all of it has come."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.whole = False

    async def __call__(self) -> Message:
        """The next message."""
        message = await self._receive()
        self.whole = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message


def until_whole(receive: Receive) -> Receive:
    """The same, and `Hangup` when the client goes away before its body is whole."""
    inbox = Inbox(receive)

    async def message() -> Message:
        over = inbox.whole
        told = await inbox()
        if told["type"] == "http.disconnect" and not over:
            raise Hangup
        return told

    return message


async def discard(inbox: Inbox, most: int) -> None:
    """Read what is still coming, up to so many bytes, and keep nothing.

    A client that is still sending would see a broken connection instead of the answer.
    """
    size = 0
    while size <= most and not inbox.whole:
        message = await inbox()
        size += len(message.get("body", b""))


async def answer(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Send one whole answer."""
    pairs = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
    pairs.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
