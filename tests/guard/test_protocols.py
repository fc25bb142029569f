"""The gateway in front of the three protocols that model servers speak, over real connections.

The upstreams answer in the words of the protocols: KServe v2, MLflow's scoring server, OpenAI. For
each: an ordinary question passes and is told of, answers give away less, too much is refused.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web

from stanch.contain.policy import canonical
from stanch.guard.asgi import Guard
from stanch.guard.core import Choices
from stanch.guard.gateway.config import GatewayConfig
from stanch.guard.gateway.proxy import Proxy, gateway
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import Deny, Filter, Limits, Policy, Shape, Strictness

JSON = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How one kind of server is asked and answers."""

    path: str
    one: JSON
    """A question about one row, or one exchange."""
    many: JSON
    """More than the policy allows."""
    answer: JSON
    given: JSON
    """The answer as it leaves under the policy."""
    told: JSON
    """What the event says of it."""
    policy: Mapping[str, Any] = field(default_factory=dict)


def tensor(rows: int) -> JSON:
    return {"name": "x", "shape": [rows, 2], "datatype": "FP64", "data": [1.0, 2.0] * rows}


def outputs(*scores: float) -> JSON:
    made = {"name": "scores", "shape": [1, 2], "datatype": "FP64", "data": list(scores)}
    return {"model_name": "fraud", "model_version": "7", "outputs": [made]}


def said(text: str) -> JSON:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}}
    return {"object": "chat.completion", "choices": [choice], "usage": {"total_tokens": 9}}


HELLO = [{"role": "user", "content": "hello"}]
PROTOCOLS = {
    "kserve v2": Protocol(
        path="/v2/models/fraud/infer",
        one={"inputs": [tensor(1)]},
        many={"inputs": [tensor(3)]},
        answer=outputs(0.12345, 0.87655),
        given=outputs(0.1, 0.9),
        told={"features": [1.0, 2.0], "scores": [0.12345, 0.87655], "kind": "inference"},
    ),
    "mlflow": Protocol(
        path="/invocations",
        one={"dataframe_split": {"columns": ["a", "b"], "data": [[1.0, 2.0]]}},
        many={"dataframe_split": {"columns": ["a", "b"], "data": [[1.0, 2.0]] * 3}},
        answer={"predictions": [[0.12345, 0.87655]]},
        given={"predictions": [[0.1, 0.9]]},
        told={"features": [1.0, 2.0], "scores": [0.12345, 0.87655], "prediction": "1"},
    ),
    "openai": Protocol(
        path="/v1/chat/completions",
        one={"model": "m", "messages": HELLO, "max_tokens": 20},
        many={"model": "m", "messages": HELLO, "max_tokens": 2000},
        answer=said("the code is swordfish"),
        given=said("the code is [redacted]"),
        told={
            "kind": "exchange",
            "messages": HELLO,
            "output": "the code is swordfish",
            "tokens": 9,
        },
        policy={
            "filter": Filter(output=Strictness.NORMAL, rules=frozenset({"out words: swordfish"}))
        },
    ),
}


async def _upstream(one: Protocol, seen: list[JSON]) -> tuple[web.AppRunner, str]:
    async def answer(request: web.Request) -> web.Response:
        seen.append(await request.json())
        return web.json_response(one.answer)

    app = web.Application()
    app.add_routes([web.post(one.path, answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


async def _ask(guard: Guard, path: str, body: JSON, address: str) -> tuple[int, Any]:
    messages: list[Any] = []
    text = json.dumps(body).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(text)).encode()),
    ]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    scope |= {"client": (address, 1), "query_string": b""}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": text, "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    await guard(scope, receive, send)
    whole = b"".join(m.get("body", b"") for m in messages[1:])
    return messages[0]["status"], json.loads(whole)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_gateway_speaks_the_protocol_and_enforces_in_it(name: str) -> None:
    one = PROTOCOLS[name]
    asset = AssetId("fraud-scorer")
    policy = Policy(
        asset=asset,
        version=1,
        deny=Deny(principals=frozenset({PrincipalId("198.51.100.9")})),
        limit=Limits(max_batch=2, max_tokens=100),
        shape=Shape(round=1),
    )

    async def main() -> None:
        seen: list[JSON] = []
        runner, url = await _upstream(one, seen)
        config = GatewayConfig(
            asset=asset, upstreams={"v1": url}, server="http://127.0.0.1:9", key="k",
            choices=Choices(wait=1),
        )  # fmt: skip
        guard = gateway(config)
        assert isinstance(guard, Guard)
        assert isinstance(guard.app, Proxy)
        guard.core.start = lambda: None  # type: ignore[method-assign]  # no server in this test
        guard.core.keeper.accept(canonical(replace(policy, **one.policy)))
        try:
            assert guard.core.cannot() == ()
            assert await _ask(guard, one.path, one.one, "198.51.100.1") == (200, one.given)
            assert seen == [one.one]
            (event,) = json.loads(b"[%b]" % guard.core.buffer.batch(9, 0)[0].text)
            assert {n: event.get(n) for n in one.told} == one.told
            assert (event["principal"], event["status"]) == ("198.51.100.1", 200)
            assert (await _ask(guard, one.path, one.many, "198.51.100.1"))[0] == 413
            assert (await _ask(guard, one.path, one.one, "198.51.100.9"))[0] == 403
            assert len(seen) == 1
        finally:
            await guard.app.close()
            await runner.cleanup()

    asyncio.run(main())
