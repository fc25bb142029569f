"""Ways round a limit by what a body says of itself: lies, encodings, pieces, other doors."""

import asyncio
import gzip
import json
from dataclasses import replace
from typing import Any

import pytest

from stanch.contain.policy import canonical
from stanch.contain.rate import rate
from stanch.guard.asgi import Guard
from stanch.guard.core import Choices
from stanch.guard.extract import rows_of
from stanch.guard.identity import by_address
from stanch.guard.inspection import Inspection, Seen
from stanch.guard.shape import Luck, shaped
from stanch.vocabulary.asset import Fails
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import Deny, Limits, Policy, Scores, Shape
from stanch.vocabulary.probe import HEADER, Probe, asked

A = AssetId("fraud-scorer")
P = Policy(asset=A, version=1)
TWO = replace(P, limit=Limits(max_batch=2))


async def _model(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message.get("text")})
        return
    await receive()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"prediction": "ham"}'})


def _guard(policy: Policy, **choices: Any) -> Guard:
    given: dict[str, Any] = {"telemetry": False, **choices}
    made = Choices(**given)
    guard = Guard(
        _model, asset=A, server="http://127.0.0.1:9", key="k", identify=by_address, choices=made
    )
    guard.core.start = lambda: None  # type: ignore[method-assign]  # no server in this test
    guard.core.keeper.accept(canonical(policy))
    return guard


def _status(guard: Guard, *parts: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> int:
    said: list[Any] = []
    waiting = [
        {"type": "http.request", "body": part, "more_body": n < len(parts) - 1}
        for n, part in enumerate(parts)
    ]

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        said.append(message)

    method = "GET" if HEADER.encode() in dict(headers) else "POST"
    scope = {"type": "http", "method": method, "path": "/p", "client": ("198.51.100.1", 1)}
    asyncio.run(guard({**scope, "headers": list(headers)}, receive, send))
    return int(said[0]["status"])


THREE = json.dumps({"instances": [[1], [2], [3]]}).encode()


def test_a_shape_that_says_less_than_its_data_is_not_believed() -> None:
    lie = {"inputs": [{"name": "x", "shape": [1, 2], "data": list(range(200))}]}
    assert rows_of(lie) == 100
    assert rows_of({"inputs": [{"shape": [1, 2], "data": [[1, 2]] * 50}]}) == 50
    assert rows_of({"inputs": [{"shape": [0], "data": [1] * 9}]}) == 9
    assert rows_of({"inputs": [{"shape": [-1, 3], "data": [1] * 9}]}) >= 3
    assert rows_of({"inputs": [{"shape": ["1"], "data": [1] * 9}]}) == 9
    assert rows_of({"inputs": [{"shape": [1, 3], "data": [1, 2, 3]}]}) == 1
    assert _status(_guard(TWO), json.dumps(lie).encode()) == 413


def test_a_second_input_or_a_second_name_counts_too() -> None:
    small, large = {"shape": [1, 1], "data": [1]}, {"shape": [7, 1], "data": [1] * 7}
    assert rows_of({"inputs": [small, large]}) == 7
    assert rows_of({"instances": [[1]], "dataframe_records": [{"a": 1}] * 8}) == 8
    assert rows_of({"instances": [[1]], "dataframe_split": {"data": [[1]] * 9}}) == 9
    assert rows_of({"inputs": {"a": [1] * 5, "b": [1]}}) == 5
    assert rows_of([[1]] * 4) == 4


def test_a_name_that_stands_twice_is_not_read_at_all() -> None:
    twice = b'{"instances": [[1],[2],[3]], "instances": [[1]]}'
    assert _status(_guard(TWO), twice) == 415
    assert _status(_guard(TWO), b'{"instances": [[1]], "a": {"b": 1, "b": 2}}') == 415


@pytest.mark.parametrize("charset", ["utf-16", "utf-32", "utf-8-sig"])
def test_another_charset_hides_no_rows(charset: str) -> None:
    assert _status(_guard(TWO), THREE.decode().encode(charset)) == 415


@pytest.mark.parametrize("encoding", [b"gzip", b"GZIP", b"identity, gzip", b"br"])
def test_compression_hides_no_rows(encoding: bytes) -> None:
    given = ((b"content-encoding", encoding),)
    assert _status(_guard(TWO), gzip.compress(THREE), headers=given) == 415
    assert _status(_guard(TWO), THREE, headers=((b"content-encoding", b"identity"),)) == 413


def test_what_nobody_can_read_is_refused_unless_the_owner_says_otherwise() -> None:
    for body in (b"\x89PNG", b'{"instances": [[NaN]]}', b"[" * 100_000, b'{"a": 1'):
        assert _status(_guard(TWO), body) == 415
        assert _status(_guard(TWO, unreadable=Fails.OPEN), body) == 200
        assert _status(_guard(P), body) == 200


def test_rows_of_csv_are_counted() -> None:
    csv = ((b"content-type", b"text/csv; charset=utf-8"),)
    assert _status(_guard(TWO), b"a,b\n1,2\n3,4\n", headers=csv) == 200
    assert _status(_guard(TWO), b"a,b\n1,2\n3,4\n5,6", headers=csv) == 413
    assert _status(_guard(TWO), b"a,b\r1,2\r3,4\r5,6", headers=csv) == 413


def test_a_body_in_pieces_is_counted_whole() -> None:
    assert _status(_guard(TWO), THREE[:9], THREE[9:20], b"", THREE[20:]) == 413
    assert _status(_guard(TWO, largest=10), b" " * 6, b" " * 6, THREE) == 413


async def _talk(
    guard: Guard, texts: list[str] | list[bytes], then: Policy | None = None
) -> list[Any]:
    waiting: list[Any] = [{"type": "websocket.connect"}]
    waiting += [
        {"type": "websocket.receive", "bytes" if isinstance(text, bytes) else "text": text}
        for text in texts
    ]
    waiting.append({"type": "websocket.disconnect"})
    said: list[Any] = []

    async def receive() -> Any:
        if then is not None and len(waiting) == 2:
            guard.core.keeper.accept(canonical(then))
        return waiting.pop(0)

    async def send(message: Any) -> None:
        said.append(message)

    scope: dict[str, Any] = {"type": "websocket", "path": "/ws", "headers": []}
    scope["client"] = ("198.51.100.1", 1)
    await guard(scope, receive, send)
    return said


def test_each_message_of_a_websocket_is_a_request() -> None:
    limited = replace(P, limit=Limits(per_principal=rate("3/min")))
    guard = _guard(limited, monotonic=lambda: 5.0)
    said = asyncio.run(_talk(guard, ["{}"] * 5))
    assert [m["type"] for m in said].count("websocket.send") == 2
    assert said[-1]["type"] == "websocket.close"
    guard = _guard(TWO, telemetry=True)
    for said in (asyncio.run(_talk(guard, [THREE.decode()])), asyncio.run(_talk(guard, [THREE]))):
        assert [m["type"] for m in said] == ["websocket.accept", "websocket.close"]
    told = [e for one in guard.core.buffer.batch(9, 0) for e in json.loads(b"[%b]" % one.text)]
    assert [(e["outcome"], e["why"], e["status"]) for e in told] == [("refused", "batch", 413)] * 2


def test_a_message_that_could_not_be_looked_at_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Seen:
        raise RuntimeError("the guard's own")

    monkeypatch.setattr(Inspection, "message", fails)
    assert asyncio.run(_talk(_guard(TWO), ["{}"]))[-1]["type"] == "websocket.close"
    monkeypatch.setattr(Inspection, "request", fails)
    assert _status(_guard(TWO), b"{}") == 415


def test_a_block_reaches_a_websocket_that_is_open() -> None:
    blocked = replace(P, version=2, deny=Deny(principals=frozenset({PrincipalId("198.51.100.1")})))
    said = asyncio.run(_talk(_guard(P), ["{}", "{}"], then=blocked))
    assert [m["type"] for m in said] == ["websocket.accept", "websocket.send", "websocket.close"]


def test_a_shape_reaches_a_websocket_that_is_open() -> None:
    shape = replace(P, version=2, shape=Shape(round=1))
    said = asyncio.run(_talk(_guard(P), ["{}", "{}"], then=shape))
    assert said[-1]["type"] == "websocket.close"


def test_a_probe_works_once_and_is_no_door() -> None:
    blocked = replace(P, deny=Deny(principals=frozenset({PrincipalId("198.51.100.1")})))
    guard, key = _guard(blocked), b"k" * 32
    guard.core.link.probe_key = key
    sealed = asked(Probe(asset=A), "once", key).encode()
    assert _status(guard, b"{}", headers=((HEADER.encode(), sealed),)) == 200
    assert _status(guard, b"{}", headers=((HEADER.encode(), sealed),)) == 403
    fresh = asked(Probe(asset=A), "again", key).encode()
    assert _status(guard, b"{}", headers=((HEADER.encode(), fresh),) * 2) == 403


@pytest.mark.parametrize(
    "answer",
    [
        {"predictions": [[0.123456, 0.876544]]},
        {"outputs": [[0.123456, 0.876544]]},
        {"Predictions": [[0.123456, 0.876544]]},
        {"predictions": [["ham"], [0.123456, 0.876544]]},
        {"Probabilities": {"ham": 0.123456, "spam": 0.876544}},
        {"a": {"b": [{"logits": [0.123456, 0.876544]}]}},
        {"outputs": [{"name": "probs", "data": [0.123456, 0.876544]}]},
        {"outputs": [{"name": "PROBS", "data": [0.123456, 0.876544]}]},
        {"proba": 0.123456},
    ],
)
def test_scores_under_another_name_are_shaped(answer: dict[str, Any]) -> None:
    luck = Luck(lambda: 0.5, b"")
    found = shaped(json.dumps(answer).encode(), Shape(round=1, scores=Scores.ALL), luck)
    assert found is not None
    assert b"0.123456" not in found.body
    assert b"0.876544" not in found.body


def test_what_a_model_predicts_is_no_score_to_be_cut_and_a_class_is_no_number() -> None:
    tensor = b'{"outputs":[{"name":"y","datatype":"FP64","data":[7.25]}]}'
    for answer in (b'{"predictions":[[7.25],[8.5]]}', tensor):
        cut = shaped(answer, Shape(scores=Scores.NONE), Luck(lambda: 0.5, b""))
        assert cut is not None
        assert cut.body == answer
        rounded = shaped(answer, Shape(round=0), Luck(lambda: 0.5, b""))
        assert rounded is not None
        assert b"7.25" not in rounded.body
    classes = b'{"predictions":[7,1.0]}'
    noised = shaped(classes, Shape(jitter=0.5, epsilon=1.0), Luck(lambda: 0.5, b""))
    assert noised is not None
    assert noised.body == classes


def test_an_older_or_another_assets_policy_lifts_no_block() -> None:
    blocked = replace(P, version=5, deny=Deny(principals=frozenset({PrincipalId("198.51.100.1")})))
    guard = _guard(blocked)
    other = Policy(asset=AssetId("b"), version=9)
    for sent in (replace(P, version=4), replace(P, version=5), other):
        assert not guard.core.keeper.accept(canonical(sent))
    assert not guard.core.keeper.accept(b"{}")
    assert _status(guard, b"{}") == 403
