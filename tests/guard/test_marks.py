"""Marked answers: label and scores alike, for those named alone, the same each time they ask."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stanch.contain.marks import drawn, near
from stanch.contain.policy import canonical
from stanch.guard.asgi import Guard
from stanch.guard.core import Choices
from stanch.guard.extract import automatic
from stanch.guard.identity import proxy_header
from stanch.guard.marks import marked
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import Mark, Policy, Scores, Shape

A = AssetId("fraud-scorer")
MARK = Mark(
    key="5e" * 32, principals=frozenset({PrincipalId("key-91")}), classes=("ham", "spam", "eggs")
)
DRAWN = next([float(n), 0.5] for n in range(99) if drawn(MARK, [float(n), 0.5]))
PLAIN = next([float(n), 0.5] for n in range(99) if not drawn(MARK, [float(n), 0.5]))
SCORES = [0.5, 0.4, 0.1]
SURE = [0.8, 0.1, 0.1]


def _marked(request: Any, answer: Any, mark: Mark = MARK) -> Any:
    made = marked(json.dumps(request).encode(), json.dumps(answer).encode(), (mark,), automatic)
    return None if made is None else json.loads(made)


@pytest.mark.parametrize(
    ("request_", "answer", "shown"),
    [
        (
            {"features": DRAWN},
            {"id": "7", "prediction": "ham", "scores": SCORES},
            {"id": "7", "prediction": "spam", "scores": [0.4, 0.5, 0.1]},
        ),
        (
            {"features": DRAWN},
            {"label": "b", "probabilities": {"a": 0.1, "b": 0.5, "c": 0.4}},
            {"label": "c", "probabilities": {"a": 0.1, "b": 0.4, "c": 0.5}},
        ),
        (
            {"a": DRAWN[0], "b": DRAWN[1]},
            {"prediction": 0, "scores": SCORES},
            {"prediction": 1, "scores": [0.4, 0.5, 0.1]},
        ),
        (
            {"instances": [DRAWN, PLAIN]},
            {"predictions": [SCORES, [0.45, 0.4, 0.15]]},
            {"predictions": [[0.4, 0.5, 0.1], [0.45, 0.4, 0.15]]},
        ),
        (
            {"inputs": [{"name": "x", "shape": [1, 2], "data": DRAWN}]},
            {"outputs": [{"name": "y", "data": [0]}, {"name": "p", "data": SCORES}]},
            {"outputs": [{"name": "y", "data": [1]}, {"name": "p", "data": [0.4, 0.5, 0.1]}]},
        ),
    ],
    ids=["plain", "by name", "named inputs", "rows", "tensors"],
)
def test_label_and_scores_are_swapped_alike_in_every_shape(
    request_: Any, answer: Any, shown: Any
) -> None:
    assert _marked(request_, answer) == shown


@pytest.mark.parametrize(
    ("features", "answer"),
    [
        (PLAIN, {"prediction": "ham", "scores": SCORES}),
        (DRAWN, {"prediction": "ham", "scores": SURE}),
        (DRAWN, {"prediction": "ham", "scores": [5.0, 4.9, 1.0]}),
        (DRAWN, {"prediction": "eggs", "scores": SCORES}),
        (DRAWN, {"prediction": "neither", "scores": SCORES}),
        (DRAWN, {"prediction": "ham", "scores": [0.5]}),
        (DRAWN, {"prediction": "ham"}),
        ([[1.0], [2.0]], {"prediction": "ham", "scores": SCORES}),
        ("a text", {"prediction": "ham", "scores": SCORES}),
        (DRAWN, {"prediction": 0, "scores": {"ham": 0.6, "spam": 0.4}}),
        (DRAWN, {"prediction": 1, "scores": {"1": 0.6, "spam": 0.4}}),
    ],
    ids=[
        "not drawn",
        "sure",
        "no shares",
        "not the best",
        "unknown",
        "one",
        "none",
        "rows",
        "text",
        "a number for named classes",
        "a number next to a name",
    ],
)
def test_what_cannot_be_swapped_whole_passes_as_it_is(features: Any, answer: Any) -> None:
    assert _marked({"features": features}, answer) is None
    assert marked(b"\xff", b"{", (MARK,), automatic) is None


def test_what_is_drawn_is_half_and_another_key_draws_others() -> None:
    rows = [[float(n), 0.1 * n] for n in range(2000)]
    mine = [drawn(MARK, row) for row in rows]
    other = [drawn(replace(MARK, key="0a" * 32), row) for row in rows]
    assert 900 < sum(mine) < 1100
    assert 900 < sum(a == b for a, b in zip(mine, other, strict=True)) < 1100
    assert drawn(MARK, [0.0, 1.0]) == drawn(MARK, [-0.0, 1.0])
    assert near([0.3, 0.5, 0.2], 0.2) == (1, 0)


async def _model(scope: Any, receive: Any, send: Any) -> None:
    """A model that is never sure; at /stream it answers in parts."""
    await receive()
    kind = b"text/event-stream" if scope["path"] == "/stream" else b"application/json"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    body = json.dumps({"prediction": "ham", "scores": SCORES}).encode()
    parts = [b"data: a\n\n", b"data: b\n\n"] if scope["path"] == "/stream" else [body]
    for n, part in enumerate(parts):
        await send({"type": "http.response.body", "body": part, "more_body": n + 1 < len(parts)})


def _guard(shape: Shape) -> Guard:
    identify = proxy_header("x-user", secret_header="x-proxy", secret="s3cret")  # noqa: S106  a test's own
    guard = Guard(_model, asset=A, server="http://127.0.0.1:9", key="k", identify=identify,
                  choices=Choices(wait=1))  # fmt: skip
    guard.core.started = True
    assert guard.core.keeper.accept(canonical(Policy(asset=A, version=1, shape=shape)))
    return guard


def _ask(guard: Guard, who: str, *, path: str = "/predict", features: Any = DRAWN) -> list[Any]:
    sent: list[Any] = []
    body = json.dumps({"features": features}).encode()
    headers = [(b"x-user", who.encode()), (b"x-proxy", b"s3cret")]
    kind = "websocket" if path == "/ws" else "http"
    scope = {"type": kind, "path": path, "method": "POST", "headers": headers}

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(guard({**scope, "client": ("198.51.100.1", 1)}, receive, send))
    return sent


def _said(guard: Guard, who: str, features: Any = DRAWN) -> Any:
    return json.loads(b"".join(m.get("body", b"") for m in _ask(guard, who, features=features)))


def test_only_those_named_are_answered_wrongly_and_always_alike() -> None:
    guard = _guard(Shape(marks=(MARK,)))
    first = _said(guard, "key-91")
    assert first == {"prediction": "spam", "scores": [0.4, 0.5, 0.1]}
    assert all(_said(guard, who) == first for who in ("key-91", " KEY-91", "key-91"))
    assert _said(guard, "key-2") == {"prediction": "ham", "scores": SCORES}
    assert _said(guard, "key-91", PLAIN) == {"prediction": "ham", "scores": SCORES}
    assert guard.core.measured()["answers_marked"] == 4


def test_the_event_tells_what_the_model_said_and_not_what_was_shown() -> None:
    guard = _guard(Shape(marks=(MARK,)))
    _said(guard, "key-91")
    (event,) = [e for one in guard.core.buffer.batch(9, 0) for e in json.loads(b"[%b]" % one.text)]
    assert (event["prediction"], event["scores"]) == ("ham", SCORES)
    assert drawn(MARK, event["features"])


def test_a_mark_goes_before_what_else_is_done_to_scores() -> None:
    guard = _guard(Shape(scores=Scores.NONE, marks=(MARK,)))
    assert _said(guard, "key-91") == {"prediction": "spam"}


def test_a_stream_passes_part_by_part_and_a_websocket_is_closed_to_those_named() -> None:
    guard = _guard(Shape(marks=(MARK,)))
    assert len(_ask(guard, "key-91", path="/stream")) == 3
    assert _ask(guard, "key-91", path="/ws")[0]["type"] == "websocket.close"


def test_without_marks_nothing_of_a_body_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("stanch.guard.exchange.marked", never)
    plain: Callable[[Shape], Guard] = _guard
    assert plain(Shape()).core.keeper.plain is not None
    guard = plain(Shape(marks=(MARK,)))
    assert _said(guard, "key-2") == {"prediction": "ham", "scores": SCORES}
