"""The proxy behind the guard: one request to the version that the guard chose, streamed back.

In    a request that the guard let through, with `scope["stanch"]["version"]`.
Out   the upstream's answer part by part; the fallback or 502/504 where there is none.
Why   the guard middleware decides and shapes; this only carries, so there is one way of deciding.

A mirror gets a copy of each request whose body is small enough to keep; its answer is told to the
server under its own version and given to nobody.
"""

import asyncio
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Any

import aiohttp
from yarl import URL

from stanch.guard.answers import FALLBACK, Message, Send, refuse, say
from stanch.guard.asgi import App, Guard, Receive
from stanch.guard.core import Core
from stanch.guard.facts import Decision, Outcome, Why
from stanch.guard.gateway.config import GatewayConfig
from stanch.guard.gateway.headers import ambiguous, back, onward
from stanch.guard.identity import Scope

_LONG = 64 * 1024
"""Answers shorter than this go out in one piece."""
_BAD = Decision(Outcome.REFUSE, Why.INTERNAL, status=400)
_DOWN = Decision(Outcome.REFUSE, Why.INTERNAL, status=502)
_LATE = Decision(Outcome.REFUSE, Why.INTERNAL, status=504)


@lru_cache(maxsize=1024)
def _url(base: str, path: bytes, query: bytes) -> URL:
    """The address upstream; kept, because most requests go to few."""
    asked = base + "/" + path.decode("latin-1").lstrip("/")
    return URL(asked + ("?" + query.decode("latin-1") if query else ""), encoded=True)


class Proxy:
    """Carries requests to upstreams."""

    def __init__(self, config: GatewayConfig) -> None:
        self._config = config
        self._session: aiohttp.ClientSession | None = None
        self._copies: set[asyncio.Task[None]] = set()
        self.core: Core | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, already allowed."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._carry(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1003})

    async def close(self) -> None:
        """End copies and connections."""
        for task in tuple(self._copies):
            task.cancel()
        await asyncio.gather(*self._copies, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._open()
                await send({"type": "lifespan.startup.complete"})
            else:
                if self.core is not None:
                    self.core.stop()
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            config = self._config
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=config.connections),
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    sock_connect=config.connect_seconds,
                    sock_read=config.read_seconds,
                ),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
        return self._session

    async def _carry(self, scope: Scope, receive: Receive, send: Send) -> None:
        version = (scope.get("stanch") or {}).get("version", "")
        url = self._config.url(version)
        if ambiguous(scope["headers"]):
            await refuse(send, _BAD)
        elif url is None:
            await self._instead(send, _DOWN)
        else:
            first = await receive()
            whole = not first.get("more_body", False)
            data = first.get("body", b"") if whole else _parts(first, receive)
            if isinstance(data, bytes):
                self._mirror(scope, data)
            await self._answer(scope, (url, data), send)

    async def _answer(
        self, scope: Scope, sent: tuple[str, bytes | AsyncIterator[bytes]], send: Send
    ) -> None:
        started = False
        try:
            async with self._request(scope, *sent) as answer:
                headers = back(answer.raw_headers)
                start = {"type": "http.response.start", "status": answer.status, "headers": headers}
                if (answer.content_length or _LONG) < _LONG:
                    body = await answer.read()
                    started = True
                    await send(start)
                    await send({"type": "http.response.body", "body": body})
                    return
                started = True
                await send(start)
                async for part in answer.content.iter_any():
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            if started:
                raise
            self._count("upstream_failed")
            await self._instead(send, _LATE if isinstance(error, TimeoutError) else _DOWN)

    def _request(self, scope: Scope, base: str, data: bytes | AsyncIterator[bytes]) -> Any:
        path = scope.get("raw_path") or scope["path"].encode()
        query = scope.get("query_string", b"")
        client = scope.get("client")
        return self._open().request(
            scope["method"],
            _url(base, path, query),
            data=data or None,
            headers=onward(scope["headers"], client[0] if client else ""),
            allow_redirects=False,
        )

    async def _instead(self, send: Send, decision: Decision) -> None:
        policy = self.core.policy if self.core else None
        if policy is not None and policy.fallback:
            await say(send, 200, policy.fallback.encode(), FALLBACK)
        else:
            await refuse(send, decision)

    def _mirror(self, scope: Scope, body: bytes) -> None:
        policy = self.core.policy if self.core else None
        version = policy.mirror if policy else ""
        url = self._config.upstreams.get(version)
        if url is None:
            return
        if len(self._copies) >= self._config.mirrors:
            self._count("mirrors_dropped")
            return
        task = asyncio.create_task(self._copy(scope, (version, url.rstrip("/")), body))
        self._copies.add(task)
        task.add_done_callback(self._copies.discard)

    async def _copy(self, scope: Scope, to: tuple[str, str], body: bytes) -> None:
        version, url = to
        try:
            async with self._request(scope, url, body) as answer:
                content = await answer.content.read(self._most())
        except (aiohttp.ClientError, TimeoutError, ValueError):
            self._count("mirrors_failed")
            return
        if self.core is not None:
            principal = (scope.get("stanch") or {}).get("principal") or ""
            told = {"version": version, "principal": principal, "status": answer.status}
            self.core.tell({**told, "mirrored": True}, body, content)

    def _most(self) -> int:
        return self.core.choices.largest if self.core else 0

    def _count(self, what: str) -> None:
        if self.core is not None:
            self.core.counts[what] += 1


async def _parts(first: Message, receive: Receive) -> AsyncIterator[bytes]:
    message = first
    while True:
        if message["type"] != "http.request":
            raise aiohttp.ClientPayloadError("the caller went away in the middle of its request")
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return
        message = await receive()


def gateway(config: GatewayConfig) -> App:
    """The whole gateway as one ASGI application."""
    proxy = Proxy(config)
    guard = Guard(
        proxy,
        asset=config.asset,
        server=config.server,
        key=config.key,
        identify=config.identify,
        choices=config.choices,
    )
    proxy.core = guard.core
    guard.core.mirrors = True
    return guard
