"""A victim's service: one model over HTTP, as somebody might have written it.

In    POST /predict {"features": [...]}, with an API key.
Out   {"id", "prediction", "scores"}; the version that the guard chose answers.
Why   the guard stands around it as around any other ASGI service; the service knows it only by
      `scope["stanch"]`.
"""

import math
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import msgspec
import numpy as np

from stanch.guard.extract import automatic
from stanch.sandbox.victims.net import Net
from stanch.sandbox.victims.registry import Registry

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
_LARGEST = 100_000
_JSON = [(b"content-type", b"application/json")]
_DIGITS = 6


class Service:
    """Answers with the weights that are in the registry now, and tells when they changed."""

    def __init__(
        self,
        registry: Registry,
        *,
        classes: tuple[str, ...],
        loaded: Callable[[str, str], None],
        work: Callable[[], Awaitable[float]],
        only: str = "",
    ) -> None:
        self._registry = registry
        self._classes = classes
        self._tell = loaded
        self._work = work
        self._only = only
        self._loaded: dict[str, tuple[tuple[int, int], Net]] = {}
        self._count = 0

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        body = await _read(receive)
        if scope["path"] == "/healthz":
            await _answer(send, 200, {"status": "alive"})
            return
        asked = _features(body)
        if scope["path"] != "/predict" or asked is None:
            await _answer(send, 422, {"detail": "POST /predict with a list of numbers"})
            return
        chosen = scope.get("stanch", {}).get("version")
        version = self._only or chosen or self._registry.current
        try:
            net = self._net(version)
        except FileNotFoundError:
            await _answer(send, 503, {"detail": f"there is no version {version}"})
            return
        if len(asked) != len(net.middle):
            await _answer(send, 422, {"detail": f"{len(net.middle)} features are needed"})
            return
        took = await self._work()
        said = {**self._predicted(net, asked), "version": version, "ms": round(took, 3)}
        await _answer(send, 200, said)

    def _predicted(self, net: Net, asked: list[float]) -> dict[str, Any]:
        scores = net.scores(np.asarray([asked]))[0]
        self._count += 1
        return {
            "id": f"{self._only}{'-' if self._only else ''}{self._count}",
            "prediction": self._classes[int(scores.argmax())],
            "scores": [round(float(s), _DIGITS) for s in scores],
        }

    def _net(self, version: str) -> Net:
        stamp = self._registry.changed(version)
        found = self._loaded.get(version)
        if found is None or found[0] != stamp:
            before = found
            found = stamp, self._registry.net(version)
            self._loaded[version] = found
            if before is not None and before[1].digest != found[1].digest:
                # A version that is loaded the first time was told of by whoever deployed it.
                self._tell(version, found[1].digest)
        return found[1]


def told(asset: str, boot: str) -> Callable[[Any, Any], dict[str, object] | None]:
    """What the guard tells of one exchange: under the id that a late label will name."""

    def extract(request: Any, answer: Any) -> dict[str, object] | None:
        found = automatic(request, answer)
        if found is None or not isinstance(answer, Mapping):
            return found
        if "id" in answer:
            found["id"] = f"{asset}-{boot}-{answer['id']}"
        if isinstance(answer.get("version"), str):
            found["version"] = answer["version"]
        if isinstance(answer.get("ms"), float):
            # The model's own time: what else runs on this machine is no news of the model.
            found["latency_ms"] = answer["ms"]
        if isinstance(request, Mapping) and isinstance(request.get("groups"), Mapping):
            found["groups"] = request["groups"]
        return found

    return extract


def _features(body: bytes) -> list[float] | None:
    try:
        given = msgspec.json.decode(body).get("features")
        numbers = [float(one) for one in given]
    except (msgspec.DecodeError, AttributeError, TypeError, ValueError):
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


async def _read(receive: Receive) -> bytes:
    body = b""
    while len(body) <= _LARGEST:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body
    return b""


async def _answer(send: Send, status: int, document: dict[str, Any]) -> None:
    body = msgspec.json.encode(document)
    head = [*_JSON, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
