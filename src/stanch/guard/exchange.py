"""One request that is let through: what is heard, what is told, and what its answer may show.

In    the host's messages in both directions.
Out   the same messages; the answer held back only where it must be shaped, looked at or replaced.
Why   streams stay streams. Only a shape, an output filter, denied tools or shadow mode need the
      whole answer, and then at most `largest` bytes of it; what cannot be treated is withheld, or
      treating it would be a suggestion.
"""

from collections.abc import Awaitable, Callable

from stanch.guard.answers import FALLBACK, Message, Send, refuse, say
from stanch.guard.core import Core
from stanch.guard.facts import Decision, Outcome, Why
from stanch.guard.identity import Scope
from stanch.guard.shape import shaped
from stanch.vocabulary.probe import HEADER

Receive = Callable[[], Awaitable[Message]]
PROBE = HEADER.encode()
_WITHHELD = Decision(Outcome.REFUSE, Why.INTERNAL, status=502)
_DROPPED = frozenset({b"content-length", b"etag", b"content-md5", b"digest", b"repr-digest"})
_ERROR = 400


class Exchange:
    """The messages of one request and its answer."""

    __slots__ = (
        "_answer",
        "_complete",
        "_core",
        "_decision",
        "_fallback",
        "_holding",
        "_over",
        "_send",
        "_shadow",
        "_start",
        "_started",
        "_status",
        "_telling",
        "_tools",
        "_who",
        "asked",
    )

    def __init__(
        self, core: Core, decision: Decision, who: tuple[str | None, str], send: Send
    ) -> None:
        self._core = core
        self._decision = decision
        self._who = who
        self._send = send
        self._telling = core.choices.telemetry
        self._started = core.choices.monotonic()
        self._start: Message | None = None
        self._status = 0
        self._answer: list[bytes] = []
        self._over = core.choices.largest
        self._complete = False
        self._shadow = decision.outcome is Outcome.SHADOW
        policy = core.policy
        self._fallback = policy.fallback.encode() if policy and self._shadow else b""
        self._holding = self._shadow or core.treats
        self._tools: tuple[str, ...] = ()
        self.asked: bytes | list[bytes] = b""

    def prepared(self, scope: Scope, length: int | None = None) -> Scope:
        """The scope for the host: no probe header, no compression of what must be looked at."""
        hidden = {PROBE} | ({b"accept-encoding"} if self._holding else set())
        hidden |= {b"content-length", b"transfer-encoding"} if length is not None else set()
        headers = [(n, v) for n, v in scope["headers"] if n not in hidden]
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        return {**scope, "headers": headers}

    def heard(self, receive: Receive) -> Receive:
        """The host's receive, with a copy of the first bytes of the body kept for telemetry."""
        if self.asked or not self._telling:
            return receive
        kept: list[bytes] = []
        self.asked = kept
        left = self._core.choices.largest

        async def listen() -> Message:
            nonlocal left
            message = await receive()
            body = message.get("body", b"")
            left -= len(body)
            if body and left >= 0:
                kept.append(body)
            elif left < 0:
                kept.clear()
            return message

        return listen

    async def send(self, message: Message) -> None:
        """Pass one message on, or hold it until the answer is whole."""
        kind = message["type"]
        if kind == "http.response.start":
            self._start, self._status = message, message["status"]
            if not self._holding:
                await self._send(message)
            return
        if kind == "http.response.body":
            self._complete = not message.get("more_body", False)
            if self._holding or self._telling:
                self._keep(message.get("body", b""))
        if not self._holding:
            await self._send(message)
        elif self._complete:
            await self._release()

    def finish(self) -> None:
        """Tell the server of it, once the host is done."""
        if not self._telling:
            return
        core = self._core
        facts: dict[str, object] = {
            "principal": self._who[0] or "",
            "source": self._who[1],
            "version": self._decision.version,
            "latency_ms": 1000 * (core.choices.monotonic() - self._started),
            "status": self._status,
        }
        if self._tools:
            facts["tools_held"] = self._tools
        asked = self.asked if isinstance(self.asked, bytes) else b"".join(self.asked)
        core.tell(facts, asked, b"".join(self._answer))

    def _keep(self, body: bytes) -> None:
        self._over -= len(body)
        if self._over < 0:
            self._answer.clear()
        elif body:
            self._answer.append(body)

    async def _release(self) -> None:
        if self._shadow:
            await say(self._send, 200, self._fallback, FALLBACK)
            return
        body = self._treated()
        if body is None or self._start is None:
            self._core.counts["answers_withheld"] += 1
            await refuse(self._send, _WITHHELD)
            return
        headers = [(n, v) for n, v in self._start.get("headers", ()) if n.lower() not in _DROPPED]
        if self._tools:
            names = ",".join(self._tools).encode("ascii", "replace")
            headers.append((b"stanch-tools-held", names))
        await say(self._send, self._status, body, headers)

    def _treated(self) -> bytes | None:
        """The answer as it may be shown; None when it must be withheld."""
        if self._over < 0 or self._start is None:
            return None
        core, body = self._core, b"".join(self._answer)
        try:
            inspection = core.keeper.inspection
            if inspection is None:
                return body
            shown, self._tools = inspection.answer(body, self._start.get("headers", ()))
            return shown if shown is None or inspection.shape is None else self._shaped(shown)
        except Exception:  # noqa: BLE001  border: what cannot be treated is withheld, not raised
            core.counts["internal_errors"] += 1
            return None

    def _shaped(self, body: bytes) -> bytes | None:
        policy = self._core.policy
        if not body or policy is None or self._start is None:
            return body
        given = {n.lower(): v.lower() for n, v in self._start.get("headers", ())}
        if given.get(b"content-encoding", b"identity") != b"identity":
            return None
        if b"json" not in given.get(b"content-type", b""):
            return body if self._status >= _ERROR else None
        return shaped(body, policy.shape, self._core.choices.dice)
