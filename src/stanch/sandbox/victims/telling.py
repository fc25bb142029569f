"""Telling: a service that tells its own events, because what stands before it sees no bodies.

In    requests and answers of a service behind Envoy.
Out   events at the server, in batches.
Why   Envoy refuses and routes; what a model was asked and what it said only the service knows.
"""

import threading
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from stanch.engine.clock import utc_now
from stanch.sandbox.victims.service import Message, Receive, Send, told
from stanch.sandbox.victims.spec import Spec
from stanch.sandbox.wire import Api
from stanch.vocabulary.trouble import Trouble

App = Callable[[Mapping[str, Any], Receive, Send], Awaitable[None]]
_EVERY = 0.1
_MOST = 10_000
_BATCH = 500


class Telling:
    """The service, and what is told of it."""

    def __init__(self, app: App, spec: Spec) -> None:
        self._app = app
        self._spec = spec
        self._extract = told(spec.asset, spec.boot)
        self._waiting: deque[dict[str, object]] = deque(maxlen=_MOST)
        self._api = Api(url=spec.server, key=spec.key)
        threading.Thread(target=self._send, daemon=True).start()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """One request, told once it is answered."""
        asked, answered = bytearray(), bytearray()

        async def hear() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def say(message: Message) -> None:
            answered.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, hear, say)
        if scope["type"] == "http" and scope["path"] == "/predict":
            self._tell(scope, bytes(asked), bytes(answered))

    def _tell(self, scope: Mapping[str, Any], asked: bytes, answered: bytes) -> None:
        try:
            found = self._extract(msgspec.json.decode(asked), msgspec.json.decode(answered))
        except msgspec.DecodeError:
            return
        heads = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        key = heads.get("authorization", "").removeprefix("Bearer ")
        if found is None or "id" not in found:
            return
        self._waiting.append(
            {
                "kind": "inference",
                "asset": self._spec.asset,
                "ts": utc_now().isoformat(),
                "principal": self._spec.doors.get(key, ""),
                "source": heads.get("x-forwarded-for", "").partition(",")[0].strip(),
                "status": 200,
                **found,
            }
        )

    def _send(self) -> None:
        pause = threading.Event()
        while not pause.wait(_EVERY):
            batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            if not batch:
                continue
            try:
                self._api.send("POST", "/api/v1/events", batch)
            except Trouble:
                self._waiting.extendleft(reversed(batch))
