"""The application: the hot route, and beside it everything else under Litestar.

In    a house.
Out   one ASGI application. Whatever is raised becomes a problem document, and every answer carries
      the same security headers. HEAD is GET without the body, on every route.
Why   two layers, because the hot route must not pay for the comfort of the others.
"""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

from litestar import Router

from stanch.api.events import PATH as EVENTS
from stanch.api.events import EventsRoute
from stanch.api.framework import build, methods_at
from stanch.api.head import head
from stanch.api.house import House
from stanch.api.openapi import PATH as OPENAPI
from stanch.api.openapi import document
from stanch.api.problem import answer_to
from stanch.api.timing import Timings
from stanch.api.wire import (
    GONE,
    Application,
    Hangup,
    Message,
    Receive,
    Scope,
    Send,
    answer,
    source_of,
    until_whole,
)
from stanch.engine.clock import monotonic
from stanch.vocabulary.trouble import NoSuchPage, WrongMethod

_WITHOUT_BODY = frozenset({"GET", "HEAD"})
_CONTENT = (
    b"default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    b"form-action 'self'; frame-ancestors 'none'"
)
_SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"content-security-policy", _CONTENT),
)


class Api:
    """Everything under HTTP, as one ASGI application."""

    def __init__(self, house: House, *, pages: Router | None = None) -> None:
        self.house = house
        self.events = EventsRoute(house)
        self.timings = Timings()
        self.rest = build(house, pages)
        self._rest = cast("Application", self.rest)
        self._document = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        started = monotonic()
        if self.house.source is not source_of:
            scope["client"] = (self.house.source(scope), 0)
        sender = _Sender(send)
        answers, hot = self._route(scope)
        if scope["method"] not in _WITHOUT_BODY:
            receive = until_whole(receive)
        if scope["method"] == "HEAD":
            answers = partial(head, self._route({**scope, "method": "GET"})[0])
        try:
            await answers(scope, receive, sender)
        except Hangup:
            sender.status = GONE
        except Exception as error:  # the border: logged under a number that the client gets
            if sender.status:
                raise
            told = answer_to(error, scope["path"])
            await answer(sender, told.status, told.headers, told.body)
        finally:
            self.timings.add("events" if hot else "other", sender.status, monotonic() - started)

    def _route(self, scope: Scope) -> tuple[Application, bool]:
        match scope["method"], scope["path"]:
            case "POST", path if path == EVENTS:
                return self.events.post, True
            case "GET", path if path == OPENAPI:
                return self._openapi, False
            case "OPTIONS", _:
                return self._options, False
            case _, path if path == EVENTS:
                return self._post_alone, False
            case _:
                return self._rest, False

    async def _options(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """What a path takes is no secret: the OpenAPI document says it to anybody."""
        takes = self._takes(scope["path"])
        if not takes:
            raise NoSuchPage(scope["path"][:200])
        await answer(send, 200, {"allow": takes}, b"")

    async def _post_alone(self, scope: Scope, _receive: Receive, send: Send) -> None:
        told = answer_to(WrongMethod(scope["path"], scope["method"]), scope["path"])
        headers = {**told.headers, "allow": self._takes(scope["path"])}
        await answer(send, told.status, headers, told.body)

    def _takes(self, path: str) -> str:
        own = {EVENTS: "POST", OPENAPI: "GET"}.get(path)
        found = {own} if own else methods_at(self.rest, path)
        return ", ".join(sorted({*found, "OPTIONS"})) if found else ""

    async def _openapi(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        if not self._document:
            self._document = await asyncio.to_thread(self.document)
        await answer(send, 200, {"content-type": "application/json"}, self._document)

    def document(self) -> bytes:
        """The OpenAPI document; built when somebody asks, not at the start."""
        return document(build(self.house, described=True))

    def measures(self) -> Iterator[tuple[str, str, float]]:
        """What the edge itself counts."""
        counts = self.events.counts
        yield "stanch_events_accepted_total", "counter", counts.accepted
        yield "stanch_events_duplicate_total", "counter", counts.duplicate
        yield "stanch_events_rejected_total", "counter", counts.rejected
        yield "stanch_event_batches_total", "counter", counts.batches
        yield "stanch_stream_listeners", "gauge", self.house.stream.listening
        yield from self.timings.measures()

    def let_go(self) -> None:
        """Ends what has no end of its own, or a late one: streams, and long answers."""
        self.house.stream.close()
        self.house.askers.close()

    def close(self) -> None:
        """Ends streams and waits for batches in hand."""
        self.let_go()
        self.events.close()


class _Sender:
    """Adds the security headers, and remembers the status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            pairs: list[tuple[bytes, bytes]] = list(cast("Any", message["headers"]))
            present = {name for name, _ in pairs}
            message["headers"] = [*pairs, *(p for p in _SECURITY if p[0] not in present)]
        await self._send(message)
