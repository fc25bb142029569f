"""One request that is let through: what is heard, what is told, and what its answer may show.

In    the host's messages in both directions.
Out   the same messages; the answer held back only where it must be shaped or replaced.
Why   streams stay streams. Only a shape or shadow mode needs the whole answer, and then at most
      `largest` bytes of it; what cannot be shaped is withheld, or shaping would be a suggestion.
"""

from collections.abc import Awaitable, Callable

from stanch.guard.answers import Message, Send, refuse, say
from stanch.guard.core import Core
from stanch.guard.extract import decoded
from stanch.guard.facts import Decision, Outcome, Why
from stanch.guard.identity import Scope
from stanch.guard.shape import shaped, shapes
from stanch.vocabulary.probe import HEADER

Receive = Callable[[], Awaitable[Message]]
_WITHHELD = Decision(Outcome.REFUSE, Why.INTERNAL, status=502)
_ERROR = 400


class Exchange:
    """The messages of one request and its answer."""

    def __init__(
        self, core: Core, decision: Decision, who: tuple[str | None, str], send: Send
    ) -> None:
        self._core = core
        self._decision = decision
        self._who = who
        self._send = send
        self._started = core.choices.monotonic()
        self._start: Message | None = None
        self._status = 0
        self._answer = bytearray()
        self._over = False
        self._complete = False
        policy = core.policy
        self._shadow = decision.outcome is Outcome.SHADOW
        self._fallback = policy.fallback.encode() if policy else b""
        self._shape = policy.shape if policy and shapes(policy.shape) else None
        self._holding = self._shadow or self._shape is not None
        self.asked: bytes | bytearray = bytearray()

    @staticmethod
    def must_shape(core: Core) -> bool:
        """Whether the policy in force changes answers."""
        return core.policy is not None and shapes(core.policy.shape)

    def prepared(self, scope: Scope) -> Scope:
        """The scope for the host: no probe header, no compression of what must be shaped."""
        hidden = {HEADER.encode()} | ({b"accept-encoding"} if self._holding else set())
        kept = [(n, v) for n, v in scope.get("headers", ()) if n.lower() not in hidden]
        facts = {"version": self._decision.version, "principal": self._who[0]}
        return {**scope, "headers": kept, "stanch": facts}

    def heard(self, receive: Receive) -> Receive:
        """The host's receive, with a copy of the first bytes of the body kept for telemetry."""
        if self.asked or not self._core.choices.telemetry:
            return receive
        kept = bytearray()
        self.asked = kept
        most = self._core.choices.largest

        async def listen() -> Message:
            message = await receive()
            if message["type"] == "http.request" and len(kept) <= most:
                kept.extend(message.get("body", b""))
            return message

        return listen

    async def send(self, message: Message) -> None:
        """Pass one message on, or hold it until the answer is whole."""
        if message["type"] == "http.response.start":
            self._start, self._status = message, message["status"]
            if not self._holding:
                await self._send(message)
            return
        if message["type"] == "http.response.body":
            self._keep(message)
        if not self._holding:
            await self._send(message)
        elif self._complete:
            await self._release()

    async def finish(self) -> None:
        """Tell the server of it, once the host is done."""
        try:
            self._tell()
        except Exception:  # noqa: BLE001  border: the guard never takes its host down
            self._core.counts["internal_errors"] += 1

    def _keep(self, message: Message) -> None:
        body = message.get("body", b"")
        self._complete = not message.get("more_body", False)
        if not (self._holding or self._core.choices.telemetry) or self._over:
            return
        self._answer.extend(body)
        if len(self._answer) > self._core.choices.largest:
            self._over = True
            self._answer.clear()

    async def _release(self) -> None:
        if self._shadow:
            await say(self._send, 200, self._fallback)
            return
        body = self._shaped()
        if body is None or self._start is None:
            self._core.counts["answers_withheld"] += 1
            await refuse(self._send, _WITHHELD)
            return
        dropped = {b"content-length", b"etag", b"content-md5", b"digest", b"repr-digest"}
        headers = [(n, v) for n, v in self._start["headers"] if n.lower() not in dropped]
        await say(self._send, self._status, body, headers)

    def _shaped(self) -> bytes | None:
        """The answer as it may be shown; None when it must be withheld."""
        if self._over or self._start is None or self._shape is None:
            return None
        if not self._answer:
            return b""
        given = {n.lower(): v.lower() for n, v in self._start.get("headers", ())}
        if given.get(b"content-encoding", b"identity") != b"identity":
            return None
        if b"json" not in given.get(b"content-type", b""):
            return bytes(self._answer) if self._status >= _ERROR else None
        try:
            return shaped(bytes(self._answer), self._shape, self._core.choices.dice)
        except Exception:  # noqa: BLE001  border: what cannot be shaped is withheld, not raised
            self._core.counts["internal_errors"] += 1
            return None

    def _tell(self) -> None:
        core = self._core
        if not core.choices.telemetry:
            return
        within = len(self.asked) <= core.choices.largest
        request = decoded(bytes(self.asked)) if within else None
        found = core.choices.extract(request, decoded(bytes(self._answer))) or {}
        core.tell(
            {
                "principal": self._who[0] or "",
                "source": self._who[1],
                "version": self._decision.version,
                "latency_ms": 1000 * (core.choices.monotonic() - self._started),
                "status": self._status,
                **found,
            }
        )
