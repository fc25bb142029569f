"""The proxy behind the guard: one request to the version that the guard chose, streamed back.

In    a request that the guard let through, with `scope["stanch"]["version"]`.
Out   the upstream's answer part by part; the fallback or 502/503/504 where there is none.
Why   the guard middleware decides and shapes; this only carries, so there is one way of deciding.

A mirror gets a copy of each request whose body is small enough to keep; its answer is told to the
server under its own version and given to nobody. A caller that goes away ends its request upstream.
"""

import asyncio
from dataclasses import replace
from typing import Any

from stanch.contain.policy import weights
from stanch.guard.answers import FALLBACK, Message, Send, refuse, say
from stanch.guard.asgi import App, Guard, Receive
from stanch.guard.core import Core
from stanch.guard.facts import Decision, Outcome, Why
from stanch.guard.gateway.config import GatewayConfig
from stanch.guard.gateway.headers import ambiguous, back, framing, head, onward, stated, switches
from stanch.guard.gateway.line import Gone, Line
from stanch.guard.gateway.pool import Asked, Full, Pool, Times
from stanch.guard.identity import Scope
from stanch.vocabulary.policy import Policy


def _refusal(status: int, retry_after: float = 0.0) -> Decision:
    return Decision(Outcome.REFUSE, Why.INTERNAL, status=status, retry_after=retry_after)


_BAD, _DOWN, _LATE, _FULL = _refusal(400), _refusal(502), _refusal(504), _refusal(503, 1.0)
_METHOD, _SWITCH = _refusal(405), _refusal(501)
_UNCARRIED = frozenset({"CONNECT", "TRACE"})


class Left(Gone):
    """The caller went away before its request was answered."""


class Carry:
    """One request on its way: what watches its caller and what sends its body."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._tasks: list[asyncio.Task[None]] = []
        self.line: Line | None = None
        self.sent = True
        """Whether the whole request is upstream."""

    def watch(self, line: Line) -> None:
        """End the request when its caller goes away."""
        self.line = line
        if not self._tasks:
            self._tasks.append(asyncio.create_task(self._gone()))

    def pump(self, line: Line, first: Message, length: int | None) -> None:
        """Send the body's parts as they come."""
        self.sent = False
        self._tasks.append(asyncio.create_task(self._pump(line, first, length)))

    def over(self) -> None:
        """Nothing more is waited for."""
        for task in self._tasks:
            task.cancel()
        if self.line is not None:
            self.line.over(sent=self.sent)

    async def _gone(self) -> None:
        message = await self._receive()
        if message["type"] == "http.disconnect" and self.line is not None:
            self.line.fail(Left("the caller went away"))

    async def _pump(self, line: Line, first: Message, length: int | None) -> None:
        left, message = length, first
        while message["type"] == "http.request":
            body = message.get("body", b"")
            if left is not None:
                left -= len(body)
            if body:
                chunk = body if left is not None else b"%x\r\n%b\r\n" % (len(body), body)
                await line.write(chunk)
            if message.get("more_body", False):
                message = await self._receive()
                continue
            if left:
                break
            if left is None:
                await line.write(b"0\r\n\r\n")
            self.sent = True
            return
        line.fail(Left("the caller went away in the middle of its request"))


class Proxy:
    """Carries requests to upstreams."""

    def __init__(self, config: GatewayConfig) -> None:
        self._config = config
        self._pools: dict[str, Pool] = {}
        self._copies: set[asyncio.Task[None]] = set()
        self._failing: set[str] = set()
        self.core: Core | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, already allowed."""
        if scope["type"] == "http":
            await self._carry(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1003})

    async def close(self) -> None:
        """End copies and connections."""
        for task in tuple(self._copies):
            task.cancel()
        await asyncio.gather(*self._copies, return_exceptions=True)
        for pool in self._pools.values():
            await pool.close()
        self._pools.clear()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _pool(self, version: str) -> Pool | None:
        pool = self._pools.get(version)
        if pool is None:
            config = self._config
            url = config.url(version)
            if url is None:
                return None
            times = Times(
                connect=config.connect_seconds, read=config.read_seconds, lines=config.connections
            )
            pool = self._pools[version] = Pool(url, times)
        return pool

    async def _carry(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = _uncarried(scope)
        version = (scope.get("stanch") or {}).get("version", "") or self._config.versions[0]
        pool = self._pool(version)
        if refused is not None:
            await refuse(send, refused)
        elif pool is None:
            await self._instead(send, _DOWN)
        else:
            first = await receive()
            if first["type"] != "http.disconnect":
                await self._exchange(scope, (version, pool, first), Carry(receive), send)

    async def _exchange(
        self, scope: Scope, to: tuple[str, Pool, Message], carry: Carry, send: Send
    ) -> None:
        version, pool, first = to
        asked = _asked(scope, pool, first, carry)
        if asked is None:
            await refuse(send, _BAD)
            return
        if not asked.streams:
            self._mirror(scope, asked.body)
        started = False
        try:
            line = carry.line = await pool.ask(asked)
            if asked.streams:
                carry.pump(line, first, stated(scope["headers"]))
                await line.answered()
            started = True
            await _answer(line, carry, send)
            if version in self._failing:
                self._answers(version)
        except (Gone, TimeoutError, Full) as error:
            self._fails(version, error)
            if started:
                raise
            await self._instead(send, _trouble(error))
        finally:
            carry.over()

    def _fails(self, version: str, error: Exception) -> None:
        """Count it, and say once that an upstream fails; a caller may leave when it likes."""
        if isinstance(error, Left):
            self._count("callers_left")
            return
        self._count("upstream_failed")
        if self.core is not None:
            self._failing.add(version)
            sentence = f"The upstream of {version}, {self._config.url(version)}, fails: {error}."
            self.core.troubles.begins(f"upstream {version}", sentence)

    def _answers(self, version: str) -> None:
        self._failing.discard(version)
        if self.core is not None:
            sentence = f"The upstream of {version} answers again."
            self.core.troubles.ends(f"upstream {version}", sentence)

    async def _instead(self, send: Send, decision: Decision) -> None:
        policy = self.core.policy if self.core else None
        if policy is not None and policy.fallback:
            await say(send, 200, policy.fallback.encode(), FALLBACK)
        else:
            await refuse(send, decision)

    def _mirror(self, scope: Scope, body: bytes) -> None:
        policy = self.core.policy if self.core else None
        if policy is None or policy.mirror not in self._config.upstreams:
            return
        if len(self._copies) >= self._config.mirrors:
            self._count("mirrors_dropped")
            return
        task = asyncio.create_task(self._copy(scope, policy.mirror, body))
        self._copies.add(task)
        task.add_done_callback(self._copies.discard)

    async def _copy(self, scope: Scope, version: str, body: bytes) -> None:
        pool, core = self._pool(version), self.core
        made = {"type": "http.request", "body": body}
        asked = _asked(scope, pool, made, None) if pool is not None else None
        if pool is None or asked is None or core is None:
            return
        try:
            line = await pool.ask(asked)
        except (Gone, TimeoutError, Full):
            self._count("mirrors_failed")
            return
        parts, size = [line.body()], 0
        try:
            while size <= core.choices.largest and (part := await line.part()):
                parts.append(part)
                size += len(part)
        except (Gone, TimeoutError):
            self._count("mirrors_failed")
            return
        finally:
            status = line.status
            line.over(sent=True)
        principal = (scope.get("stanch") or {}).get("principal") or ""
        told: dict[str, Any] = {"version": version, "principal": principal, "status": status}
        core.tell({**told, "mirrored": True}, body, b"".join(parts))

    def _count(self, what: str) -> None:
        if self.core is not None:
            self.core.counts[what] += 1


async def _answer(line: Line, carry: Carry, send: Send) -> None:
    """Pass the answer on, in one piece where it is whole."""
    start = {"type": "http.response.start", "status": line.status, "headers": back(line.headers)}
    if line.whole:
        body = line.body()
        await send(start)
        await send({"type": "http.response.body", "body": body})
        return
    if carry.sent:
        carry.watch(line)
    await send(start)
    part = line.body() or await line.part()
    while part:
        await send({"type": "http.response.body", "body": part, "more_body": True})
        part = await line.part()
    await send({"type": "http.response.body", "body": b""})


def _asked(scope: Scope, pool: Pool, first: Message, carry: Carry | None) -> Asked | None:
    """The request as it goes out, or None when it would not be one request."""
    method, body = scope["method"], first.get("body", b"")
    streams = first.get("more_body", False)
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope.get("query_string", b"")
    target = pool.base + b"/" + path.lstrip(b"/") + (b"?" + query if query else b"")
    client = scope.get("client")
    headers = [(b"host", pool.authority), *onward(scope["headers"], client[0] if client else "")]
    length = stated(scope["headers"]) if streams else None
    headers += framing(method, body, streams=streams, length=length)
    made = head(method, target, headers)
    if made is None:
        return None
    return Asked(
        method=method,
        head=made,
        body=b"" if streams else body,
        streams=streams,
        slow=carry.watch if carry is not None and not streams else None,
    )


def _uncarried(scope: Scope) -> Decision | None:
    """The refusal of what this proxy does not carry."""
    if ambiguous(scope["headers"]):
        return _BAD
    if scope["method"] in _UNCARRIED:
        return _METHOD
    return _SWITCH if switches(scope["headers"]) else None


def _trouble(error: BaseException) -> Decision:
    if isinstance(error, Full):
        return _FULL
    return _LATE if isinstance(error, TimeoutError) else _DOWN


def _lacking(policy: Policy, config: GatewayConfig) -> tuple[str, ...]:
    """What of a policy needs an upstream that is not there, in sentences."""
    strange = sorted(set(weights(policy.route)) - set(config.upstreams))
    found = []
    if strange:
        found.append(f"There is no upstream for {', '.join(strange)}: requests for it get 502.")
    if policy.mirror and policy.mirror not in config.upstreams:
        found.append(f"There is no upstream for the mirror {policy.mirror!r}.")
    return tuple(found)


def gateway(config: GatewayConfig) -> App:
    """The whole gateway as one ASGI application."""
    proxy = Proxy(config)
    guard = Guard(
        proxy,
        asset=config.asset,
        server=config.server,
        key=config.key,
        identify=config.identify,
        choices=replace(config.choices, versions=config.versions, usual=config.versions[0]),
    )
    proxy.core = guard.core
    guard.core.mirrors, guard.core.link.tally.sort = True, "gateway"
    guard.core.also_cannot = lambda policy: _lacking(policy, config)
    return guard
