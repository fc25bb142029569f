"""One request that is let through: what is heard, what is told, and what its answer may show.

In    the host's messages in both directions.
Out   the same messages; the answer held back only where it must be shaped, looked at or replaced.
Why   streams stay streams. Only a shape, an output filter, denied tools or shadow mode need the
      whole answer, and then at most `largest` bytes of it; what cannot be treated is withheld, or
      treating it would be a suggestion.
"""

from stanch.guard.answers import FALLBACK, Message, Send, refuse, say
from stanch.guard.core import PROBE, Core
from stanch.guard.facts import Decision, Outcome, Why
from stanch.guard.heard import Body, Pieces, Receive, Who, bare, more, whole
from stanch.guard.identity import Scope
from stanch.guard.marks import marked
from stanch.guard.shape import shaped

_WITHHELD = Decision(Outcome.REFUSE, Why.INTERNAL, status=502)
_DROPPED = frozenset({b"content-length", b"etag", b"content-md5", b"digest", b"repr-digest"})
_ERROR = 400


class Exchange:
    """A request whose answer may be held back."""

    __slots__ = (
        "_answered",
        "_complete",
        "_core",
        "_decision",
        "_fallback",
        "_holding",
        "_marks",
        "_receive",
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
        self, core: Core, decision: Decision, who: Who, line: tuple[Receive, Send]
    ) -> None:
        self._core = core
        self._decision = decision
        self._who = who
        self._receive, self._send = line
        self._started = core.monotonic()
        self.asked: Body = None
        self._answered: Body = None
        self._status = 0
        self._tools: tuple[str, ...] = ()
        self._telling = core.telling
        self._start: Message | None = None
        self._complete = False
        self._shadow = decision.outcome is Outcome.SHADOW
        policy = core.policy
        self._fallback = policy.fallback.encode() if policy and self._shadow else b""
        self._marks = core.marks(who[0])
        self._holding = bool(self._shadow or core.treats or self._marks)

    def prepared(self, scope: Scope, length: int | None = None) -> Scope:
        """The scope for the host: no probe header, no compression of what must be looked at."""
        hidden = {PROBE} | ({b"accept-encoding"} if self._holding else set())
        hidden |= {b"content-length", b"transfer-encoding"} if length is not None else set()
        headers = [(n, v) for n, v in scope["headers"] if n not in hidden]
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        return {**scope, "headers": headers}

    async def receive(self) -> Message:
        """The host's receive, with what was asked kept."""
        message = await self._receive()
        body = message.get("body")
        if body:
            self.asked = more(self.asked, body, self._core.largest)
        return message

    async def send(self, message: Message) -> None:
        """Pass one message on, or hold it until the answer is whole."""
        kind = message["type"]
        if kind == "http.response.start":
            self._start, self._status = message, message["status"]
            if self._marks and not self._json():
                self._holding = self._shadow or self._core.treats
            if not self._holding:
                await self._send(message)
            return
        if kind == "http.response.body":
            self._complete = not message.get("more_body", False)
            body = message.get("body")
            if body and (self._holding or self._telling):
                self._answered = more(self._answered, body, self._core.largest)
        if not self._holding:
            await self._send(message)
        elif self._complete:
            await self._release()

    def finish(self) -> None:
        """Tell the server of it, where events are told at all; never raises into the host."""
        if not self._telling:
            return
        core = self._core
        try:
            bodies, times = (self.asked, self._answered), (self._started, core.monotonic())
            row = bare(bodies, self._who, self._decision, times, self._status)
            if self._tools:
                core.buffer.offer(core.alone(row, {"tools_held": self._tools}))
            else:
                core.buffer.hear(row)
        except Exception as error:  # noqa: BLE001  border: the guard never takes its host down
            core.erred(error)

    async def _release(self) -> None:
        if self._shadow:
            await say(self._send, 200, self._fallback, FALLBACK)
            return
        body = self._treated()
        if body is None or self._start is None:
            self._withheld()
            await refuse(self._send, _WITHHELD)
            return
        headers = [(n, v) for n, v in self._start.get("headers", ()) if n.lower() not in _DROPPED]
        if self._tools:
            names = ",".join(self._tools).encode("ascii", "replace")
            headers.append((b"stanch-tools-held", names))
        await say(self._send, self._status, body, headers)

    def _withheld(self) -> None:
        """Count an answer that nobody got, and say once for each policy why callers get 502."""
        core, self._status = self._core, _WITHHELD.status
        core.counts["answers_withheld"] += 1
        core.troubles.begins(
            "withheld",
            f"Policy version {core.keeper.version} changes answers or looks into them, and one "
            "could not be treated (a stream, compressed, too large, no JSON): its caller got 502.",
        )

    def _treated(self) -> bytes | None:
        """The answer as it may be shown; None when it must be withheld."""
        answered = self._answered
        if self._start is None or (isinstance(answered, Pieces) and answered.left < 0):
            return None
        core, body = self._core, whole(answered)
        try:
            inspection = core.keeper.inspection
            if inspection is None:
                return body
            shown, self._tools = inspection.answer(body, self._start.get("headers", ()))
            if shown and self._marks and self._json():
                shown = self._marked(shown)
            return shown if shown is None or inspection.shape is None else self._shaped(shown)
        except Exception as error:  # noqa: BLE001  border: what cannot be treated is withheld, not raised
            core.erred(error)
            return None

    def _json(self) -> bool:
        headers = self._start.get("headers", ()) if self._start is not None else ()
        return any(n.lower() == b"content-type" and b"json" in v.lower() for n, v in headers)

    def _marked(self, body: bytes) -> bytes:
        core = self._core
        found = marked(whole(self.asked), body, self._marks, core.choices.extract)
        core.counts["answers_marked"] += found is not None
        return body if found is None else found

    def _shaped(self, body: bytes) -> bytes | None:
        policy = self._core.policy
        if not body or policy is None or self._start is None:
            return body
        given = {n.lower(): v.lower() for n, v in self._start.get("headers", ())}
        if given.get(b"content-encoding", b"identity") != b"identity":
            return None
        if b"json" not in given.get(b"content-type", b""):
            return body if self._status >= _ERROR else None
        found = shaped(body, policy.shape, self._core.luck)
        if found is None:
            return None
        if self._status < _ERROR:
            self._core.lacks(policy, found)
        return found.body
