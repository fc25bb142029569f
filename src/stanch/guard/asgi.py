"""The in-process guard: ASGI middleware around a model service.

In    every request of the host; the policy that the server sends.
Out   the host's answers, shaped; refusals and fallbacks; events for the server.
Why   it stands in somebody else's process: it decides locally in microseconds, waits for nobody
      and never raises. Whatever goes wrong inside the guard is counted, and the request is served
      or refused as the asset's `fail` says.

    app.add_middleware(Guard, asset="fraud-scorer", server="https://stanch", key=KEY,
                       identify=proxy_header("x-user", secret_header="x-proxy", secret=SECRET))

The host finds `scope["stanch"]`: the version that should answer and the principal. It chooses by
that version itself; and it cannot be made to copy requests: mirrors are the gateway's.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from stanch.guard.answers import FALLBACK, Message, Send, refuse, say
from stanch.guard.core import NOTHING, PROBES, SERVE, Choices, Core
from stanch.guard.exchange import Exchange
from stanch.guard.facts import Decision, Outcome, Why
from stanch.guard.heard import Heard
from stanch.guard.identity import Identify, Scope
from stanch.guard.inspection import Seen
from stanch.guard.link import Server
from stanch.guard.table import FOREVER

Receive = Callable[[], Awaitable[Message]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
T = TypeVar("T")
Judged = tuple[Decision, tuple[str | None, str], Seen, bytes | None]
"""What was decided, who asks, what the body says, and the body where it was read."""
_TOO_LARGE = Seen(why=Why.BATCH)
_REFUSAL = {"kind": "access", "action": "predict", "outcome": "refused"}
_NOBODY = (None, "")


class Guard:
    """Keeps one service in line with its policy."""

    def __init__(  # noqa: PLR0913  keywords are how ASGI frameworks configure a middleware
        self,
        app: App,
        *,
        asset: str,
        server: str,
        key: str,
        identify: Identify,
        choices: Choices | None = None,
    ) -> None:
        given = choices or Choices()
        self.app = app
        self.core = Core(Server(url=server, key=key, wait=given.wait), asset, identify, given)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection of the host; most requests end here, so it is one coroutine for them."""
        core, decision, who, at = self.core, None, _NOBODY, 0.0
        try:
            table = core.keeper.plain
            if (
                table is not None
                and core.quick
                and scope["type"] == "http"
                and scope["path"] not in core.exempt
                and (scope["method"] != PROBES or not core.may_probe(scope))
            ):
                client, at = scope.get("client"), core.monotonic()
                who = (core.known.get(client[0]) if client else None) or core.asks(scope)
                decision = table.at_once(who, at)
                if decision is None:
                    decision = core.weighed(scope, who)
                else:
                    core.served += 1
        except Exception:  # noqa: BLE001  border: looked at again by steps that count what fails
            decision = None
        if decision is None:
            await self._looked_into(scope, receive, send)
            return
        if decision.outcome is not SERVE:
            await self._decided(scope, (decision, who, NOTHING, None), (receive, send))
            return
        scope["stanch"] = {"version": decision.version, "principal": who[0]}
        if not core.telling:
            await self.app(scope, receive, send)
            return
        heard = Heard(core, decision, who, receive, send, core.largest, at)
        try:
            await self.app(scope, heard.receive, heard.send)
        finally:
            heard.finish()

    async def _looked_into(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A connection of which more matters than a name and an address."""
        kind, core = scope["type"], self.core
        if kind == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        if scope.get("path") in core.exempt:
            await self.app(scope, receive, send)
            return
        if not core.started:
            core.start()
        if kind == "http":
            await self._http(scope, receive, send)
        elif kind == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The host's start and end: the policy is asked for before the first request comes."""

        async def hear() -> Message:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._safely(self.core.start, None)
            return message

        async def tell(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown."):
                self._safely(self.core.stop, None)
            await send(message)

        await self.app(scope, hear, tell)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request that may be a probe, or whose body or answer matters."""
        if scope["method"] == PROBES:
            sealed = self._safely(lambda: self.core.probed(scope), None)
            if sealed is not None:
                await say(send, 200, sealed.encode(), [(b"content-type", b"text/plain")])
                return
        who = self._who(scope)
        seen, given, inner = NOTHING, None, receive
        inspection = self.core.keeper.inspection
        if inspection is not None and inspection.asks:
            seen, given, inner = await self._looked_at(scope, receive)
        decision = self._decide(scope, who, seen)
        await self._decided(scope, (decision, who, seen, given), (inner, send))

    async def _decided(self, scope: Scope, judged: Judged, line: tuple[Receive, Send]) -> None:
        decision, who, seen, given = judged
        if decision.outcome is not Outcome.SERVE and decision.outcome is not Outcome.SHADOW:
            await self._refuse(line[1], decision, who)
            return
        scope["stanch"] = {"version": decision.version, "principal": who[0]}
        exchange = Exchange(self.core, decision, who, line)
        changed = None if seen.instead is None else len(seen.instead)
        inner = exchange.receive if given is None else line[0]
        if given is not None:
            exchange.asked = given
        try:
            await self.app(exchange.prepared(scope, changed), inner, exchange.send)
        finally:
            exchange.finish()

    async def _refuse(self, send: Send, decision: Decision, who: tuple[str | None, str]) -> None:
        if decision.outcome is Outcome.FALLBACK:
            await say(send, 200, self._fallback(), FALLBACK)
        else:
            await refuse(send, decision)
        self._tell_refused(who, decision)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        who = self._who(scope)
        decision = self._decide(scope, who, NOTHING)
        if decision.outcome is not Outcome.SERVE or self._holds(who):
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "not allowed"})
            return
        scope["stanch"] = {"version": decision.version, "principal": who[0]}
        await self.app(scope, self._each(scope, who, (receive, send)), send)

    def _each(
        self, scope: Scope, who: tuple[str | None, str], line: tuple[Receive, Send]
    ) -> Receive:
        """The host's receive: each message of a websocket is a request, under the policy of now."""
        receive, send = line

        async def listen() -> Message:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            decision = self._decide(scope, who, self._message(message))
            if decision.outcome is Outcome.SERVE and not self._holds(who):
                return message
            self._tell_refused(who, decision)
            await send({"type": "websocket.close", "code": 1008, "reason": "not allowed"})
            return {"type": "websocket.disconnect", "code": 1008}

        return listen

    def _holds(self, who: tuple[str | None, str]) -> bool:
        """Whether answers to them are changed, which those of a websocket cannot be."""
        return self.core.treats or bool(self.core.marks(who[0]))

    def _message(self, message: Message) -> Seen:
        inspection = self.core.keeper.inspection
        if inspection is None or not inspection.asks:
            return NOTHING
        body = message.get("bytes") or (message.get("text") or "").encode()
        return self._safely(lambda: inspection.message(body), _TOO_LARGE)

    def _who(self, scope: Scope) -> tuple[str | None, str]:
        try:
            return self.core.who(scope)
        except Exception as error:  # noqa: BLE001  border: whoever cannot be identified is nobody
            self.core.erred(error)
            return _NOBODY

    def _decide(self, scope: Scope, who: tuple[str | None, str], seen: Seen) -> Decision:
        of, cost = self.core.choices.cost, 1.0
        try:
            if of is not None:
                cost = _amount(of(scope))
            return self.core.decide(who, seen, cost)
        except Exception as error:  # noqa: BLE001  border: the guard never takes its host down
            self.core.erred(error)
            return self.core.failing()

    async def _looked_at(self, scope: Scope, receive: Receive) -> tuple[Seen, bytes, Receive]:
        """What the body says, the body, and the messages for the host."""
        inspection = self.core.keeper.inspection
        messages: list[Message] = []
        size, more = 0, True
        while more and size <= self.core.choices.largest:
            message = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            more = message["type"] == "http.request" and message.get("more_body", False)
        body = b"".join(m.get("body", b"") for m in messages)
        seen = _TOO_LARGE
        if inspection is not None and not more:
            failed = Seen(why=Why.UNREADABLE)
            seen = self._safely(lambda: inspection.request(body, scope["headers"]), failed)
        if seen.instead is not None:
            messages = [{"type": "http.request", "body": seen.instead, "more_body": False}]
        waiting = iter(messages)

        async def again() -> Message:
            kept = next(waiting, None)
            return await receive() if kept is None else kept

        return seen, body, again

    def _fallback(self) -> bytes:
        policy = self.core.policy
        return policy.fallback.encode() if policy else b""

    def _tell_refused(self, who: tuple[str | None, str], decision: Decision) -> None:
        facts = {"principal": who[0] or "", "source": who[1], "status": decision.status}
        self._safely(lambda: self.core.tell({**facts, **_REFUSAL, "why": decision.why}), None)

    def _safely(self, step: Callable[[], T], otherwise: T) -> T:
        try:
            return step()
        except Exception as error:  # noqa: BLE001  border: the guard never takes its host down
            self.core.erred(error)
            return otherwise


def _amount(cost: float) -> float:
    """What a request costs; ValueError for what would spoil every limit, like NaN."""
    if not 0 <= cost < FOREVER:
        raise ValueError(f"cost gave {cost!r}; it must give a number of 0 or more.")
    return cost
