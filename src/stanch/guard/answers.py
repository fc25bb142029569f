"""What a guard itself answers: problem documents, fallbacks, and the answer to a probe.

In    a decision or a text. Out   ASGI messages.
Why   a refused caller learns that it was refused and when to come back, and nothing of the policy.
"""

import math
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from stanch.guard.facts import Decision, Why

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

FALLBACK = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"stanch-answer", b"fallback"),
]
"""The headers of an answer that the model did not give, so that nobody takes it for one."""
_TITLES = {
    401: "This service needs to know who asks.",
    403: "This request is not allowed.",
    413: "This request is too large.",
    415: "This service cannot read this body. Send plain JSON in UTF-8.",
    429: "Too many requests. Come back later.",
    502: "The answer cannot be given.",
    503: "This service is not answering now.",
}


def problem(decision: Decision) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """The refusal as RFC 9457 wants it; the reason stays with the operator."""
    status = decision.status
    body = msgspec.json.encode(
        {"type": "about:blank", "title": _TITLES.get(status, "Refused."), "status": status}
    )
    headers = [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store")]
    if decision.retry_after:
        headers.append((b"retry-after", str(math.ceil(decision.retry_after)).encode()))
    if decision.why is Why.UNIDENTIFIED:
        headers.append((b"www-authenticate", b"Bearer"))
    return status, body, headers


async def say(
    send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    """Send one whole answer."""
    given = headers or [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    sized = [*given, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": sized})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, decision: Decision) -> None:
    """Send the refusal."""
    status, body, headers = problem(decision)
    await say(send, status, body, headers)
