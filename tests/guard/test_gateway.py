"""The gateway before real upstreams: routes, mirrors, streams, and upstreams that are gone."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from stanch.contain.policy import canonical
from stanch.guard.asgi import Guard
from stanch.guard.core import Choices
from stanch.guard.gateway.config import GatewayConfig
from stanch.guard.gateway.headers import ambiguous, back, onward
from stanch.guard.gateway.line import Gone
from stanch.guard.gateway.proxy import Proxy, gateway
from stanch.guard.gateway.serve import _unsaid
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.policy import Policy, Shape
from stanch.vocabulary.probe import ANY, HEADER, Probe, asked, proves, read
from stanch.vocabulary.trouble import BadInput

P = Policy(asset=AssetId("fraud-scorer"), version=1)


async def _upstream(name: str, seen: list[str]) -> tuple[web.AppRunner, str]:
    async def predict(request: web.Request) -> web.Response:
        seen.append(name + " " + request.headers.get("x-forwarded-for", ""))
        body = await request.read()
        return web.json_response({"prediction": name, "scores": [0.123, 0.877], "n": len(body)})

    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await answer.prepare(request)
        for n in range(3):
            await answer.write(f"data: {n}\n\n".encode())
            await asyncio.sleep(0)
        return answer

    app = web.Application()
    app.add_routes([web.post("/predict", predict), web.get("/stream", stream)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


async def _ask(guard: Any, **said: Any) -> tuple[int, dict[bytes, bytes], list[bytes]]:
    messages: list[Any] = []
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/predict", "headers": []}
    scope |= {"client": ("198.51.100.1", 1), "query_string": b""} | said

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b'{"features": [1]}', "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    await guard(scope, receive, send)
    return messages[0]["status"], dict(messages[0]["headers"]), [m["body"] for m in messages[1:]]


def _with(policy: Policy, then: Callable[[Guard, list[str]], Awaitable[None]]) -> None:
    async def main() -> None:
        seen: list[str] = []
        up = [await _upstream(name, seen) for name in ("v6", "v7")]
        guard = gateway(
            GatewayConfig(
                asset="fraud-scorer",
                upstreams={"v6": up[0][1], "v7": up[1][1], "gone": "http://127.0.0.1:9"},
                default="v6",
                server="http://127.0.0.1:9",
                key="k",
                choices=Choices(wait=1),
            )
        )
        assert isinstance(guard, Guard)
        assert isinstance(guard.app, Proxy)
        guard.core.keeper.accept(canonical(policy))
        try:
            await then(guard, seen)
        finally:
            guard.core.stop()
            await guard.app.close()
            for runner, _ in up:
                await runner.cleanup()

    asyncio.run(main())


def test_requests_are_shared_out_by_weight() -> None:
    async def then(guard: Guard, seen: list[str]) -> None:
        for _ in range(10):
            assert (await _ask(guard))[0] == 200
        assert [s[:2] for s in seen].count("v7") == 3

    _with(replace(P, route={"v6": 70, "v7": 30}), then)


def test_a_version_that_is_shut_out_is_not_asked_though_it_is_the_default() -> None:
    async def then(guard: Guard, seen: list[str]) -> None:
        assert (await _ask(guard))[0] == 200
        assert [s[:2] for s in seen] == ["v7"]
        guard.core.link.probe_key = b"k" * 32
        probe = Probe(asset=P.asset, expect=ANY, not_version="v6")
        header = (HEADER.encode(), asked(probe, "n", b"k" * 32).encode())
        _, _, parts = await _ask(guard, method="GET", headers=[header])
        found = read(b"".join(parts).decode(), "n", b"k" * 32)
        assert found.versions == ("v7",)
        assert proves(probe, found)

    _with(replace(P, route={"v6": 0, "gone": 0}), then)


def test_a_version_without_an_upstream_is_said_and_where_a_service_lives_is_always_asked() -> None:
    async def then(guard: Guard, seen: list[str]) -> None:
        (sentence,) = guard.core.cannot()
        assert "no upstream for v9" in sentence
        assert (await _ask(guard))[0] == 502
        assert (await _ask(guard, method="GET", path="/v2/health/ready"))[0] == 404
        assert seen == []

    _with(replace(P, route={"v9": 1}), then)


def test_a_mirror_is_asked_and_only_logged() -> None:
    async def then(guard: Guard, seen: list[str]) -> None:
        assert isinstance(guard.app, Proxy)
        _, _, parts = await _ask(guard)
        assert json.loads(b"".join(parts))["prediction"] == "v6"
        await asyncio.gather(*guard.app._copies)
        assert sorted(s[:2] for s in seen) == ["v6", "v7"]
        told = guard.core.buffer.batch(9, 0)
        events = json.loads(b"[%b]" % b",".join(one.text for one in told))
        assert sorted((str(e["version"]), e["prediction"]) for e in events) == [
            ("v6", "v6"),
            ("v7", "v7"),
        ]

    _with(replace(P, mirror="v7"), then)


def test_a_stream_comes_part_by_part_and_an_answer_is_shaped() -> None:
    async def then(guard: Guard, __: list[str]) -> None:
        _, headers, parts = await _ask(guard, method="GET", path="/stream")
        assert headers[b"content-type"] == b"text/event-stream"
        assert b"".join(parts) == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"
        guard.core.keeper.accept(canonical(replace(P, version=2, shape=Shape(round=1))))
        _, _, parts = await _ask(guard)
        assert json.loads(b"".join(parts))["scores"] == [0.1, 0.9]

    _with(P, then)


def test_an_upstream_that_is_gone_is_a_502_or_the_fallback() -> None:
    async def then(guard: Guard, __: list[str]) -> None:
        assert (await _ask(guard))[0] == 502
        guard.core.keeper.accept(
            canonical(replace(P, version=2, route={"gone": 1}, fallback='{"a":1}'))
        )
        status, _, parts = await _ask(guard)
        assert (status, parts) == (200, [b'{"a":1}'])
        assert guard.core.measured()["upstream_failed"] == 2
        wrong = "The upstream of gone, http://127.0.0.1:9, fails"
        assert [one.startswith(wrong) for one in guard.core.troubles.now].count(True) == 1
        assert isinstance(guard.app, Proxy)
        guard.app._answers("gone")
        assert not any(one.startswith(wrong) for one in guard.core.troubles.now)

    _with(replace(P, route={"gone": 1}), then)


def test_a_body_framed_twice_is_refused_and_the_address_is_ours_to_say() -> None:
    async def then(guard: Guard, seen: list[str]) -> None:
        both = [(b"content-length", b"3"), (b"transfer-encoding", b"chunked")]
        assert (await _ask(guard, headers=both))[0] == 400
        await _ask(guard, headers=[(b"x-forwarded-for", b"6.6.6.6")])
        assert seen == ["v6 198.51.100.1"]

    _with(P, then)


def test_a_broken_stream_is_a_line_of_the_log_and_no_stack_for_each_caller() -> None:
    def record(error: Exception) -> logging.LogRecord:
        told = (type(error), error, None)
        return logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "failed", (), told)

    assert not _unsaid(record(Gone("the upstream closed the connection")))
    assert _unsaid(record(KeyError("ours")))


def test_headers_between_neighbours_stay_there() -> None:
    given = [(b"Connection", b"close, X-Hop"), (b"X-Hop", b"1"), (b"TE", b"x"), (b"A", b"b")]
    assert back(given) == [(b"a", b"b")]
    assert onward([*given, (b"Host", b"h"), (b"Forwarded", b"for=x")], "") == [(b"a", b"b")]
    assert ambiguous([(b"content-length", b"1"), (b"Content-Length", b"1")])
    assert ambiguous([(b"content-length", b"+1")])
    assert not ambiguous([(b"content-length", b"1")])


@pytest.mark.parametrize(
    ("upstreams", "default"),
    [
        *(({}, ""), ({"": "http://x"}, ""), ({"v": "ftp://x"}, ""), ({"v": "http://x"}, "w")),
        *(({"v": "http://x:port"}, ""), ({"v": "http://"}, "")),
    ],
)
def test_a_gateway_that_cannot_work_is_refused(upstreams: dict[str, str], default: str) -> None:
    with pytest.raises(BadInput):
        GatewayConfig(asset="a", upstreams=upstreams, default=default, server="s", key="k")
