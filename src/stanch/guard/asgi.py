"""The in-process guard: ASGI middleware around a model service.

In    every request of the host; the policy that the server sends.
Out   the host's answers, shaped; refusals and fallbacks; events for the server.
Why   it stands in somebody else's process: it decides locally in microseconds, waits for nobody
      and never raises. Whatever goes wrong inside the guard is counted, and the request is served
      or refused as the asset's `fail` says.

    app.add_middleware(Guard, asset="fraud-scorer", server="https://stanch", key=KEY,
                       identify=proxy_header("x-user", secret_header="x-proxy", secret=SECRET))

The host finds `scope["stanch"]`: the version that should answer and the principal.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from stanch.guard.answers import Message, Send, refuse, say
from stanch.guard.core import Choices, Core
from stanch.guard.exchange import Exchange
from stanch.guard.extract import decoded, rows_of
from stanch.guard.facts import Decision, Outcome, Why
from stanch.guard.identity import Identify, Scope
from stanch.guard.link import Server

Receive = Callable[[], Awaitable[Message]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
_TOO_LARGE = Decision(Outcome.REFUSE, Why.BATCH, status=413)


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
        self._exempt = frozenset(given.exempt)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection of the host."""
        kind = scope["type"]
        if kind in {"http", "websocket"} and scope["path"] not in self._exempt:
            self.core.start()
            serve = self._http if kind == "http" else self._websocket
            await serve(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        sealed = self._safely(lambda: self.core.probed(scope), None)
        if sealed is not None:
            await say(send, 200, sealed.encode(), [(b"content-type", b"text/plain")])
            return
        who = self._safely(lambda: self.core.who(scope), (None, ""))
        rows, given, receive = await self._looked_at(receive)
        decision = self._decide(scope, who, rows)
        if decision.outcome in {Outcome.REFUSE, Outcome.WAIT}:
            await refuse(send, decision)
            self._tell_refused(who, decision)
            return
        if decision.outcome is Outcome.FALLBACK:
            await say(send, 200, self._fallback())
            self._tell_refused(who, decision)
            return
        exchange = Exchange(self.core, decision, who, send)
        if given is not None:
            exchange.asked = given
        prepared = exchange.prepared(scope)
        await self.app(prepared, exchange.heard(receive), exchange.send)
        await exchange.finish()

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        who = self._safely(lambda: self.core.who(scope), (None, ""))
        decision = self._decide(scope, who, 1)
        shape = self.core.policy is not None and Exchange.must_shape(self.core)
        if decision.outcome is Outcome.SERVE and not shape:
            scope["stanch"] = {"version": decision.version, "principal": who[0]}
            await self.app(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": "not allowed"})

    def _decide(self, scope: Scope, who: tuple[str | None, str], rows: int) -> Decision:
        if rows < 0:
            return _TOO_LARGE
        cost = self.core.choices.cost

        def decide() -> Decision:
            return self.core.decide(who, rows, 1.0 if cost is None else cost(scope))

        return self._safely(decide, self.core.failing())

    async def _looked_at(self, receive: Receive) -> tuple[int, bytes | None, Receive]:
        """Rows of the request (-1: too large to tell), its body if it was read, and the rest."""
        policy = self.core.policy
        if policy is None or policy.limit.max_batch is None:
            return 1, None, receive
        messages: list[Message] = []
        size, more = 0, True
        while more and size <= self.core.choices.largest:
            message = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            more = message["type"] == "http.request" and message.get("more_body", False)
        body = b"".join(m.get("body", b"") for m in messages)
        rows = -1 if more else self._safely(lambda: rows_of(decoded(body)), 1)
        waiting = iter(messages)

        async def again() -> Message:
            kept = next(waiting, None)
            return await receive() if kept is None else kept

        return rows, body, again

    def _fallback(self) -> bytes:
        policy = self.core.policy
        return policy.fallback.encode() if policy else b""

    def _tell_refused(self, who: tuple[str | None, str], decision: Decision) -> None:
        facts = {"principal": who[0] or "", "source": who[1], "status": decision.status}
        self._safely(lambda: self.core.tell({**facts, "kind": "access", **_REFUSAL}), None)

    def _safely(self, step: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return step()
        except Exception:  # noqa: BLE001  border: the guard never takes its host down
            self.core.counts["internal_errors"] += 1
            return otherwise


_REFUSAL = {"action": "predict", "outcome": "refused"}
