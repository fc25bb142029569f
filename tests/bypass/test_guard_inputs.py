"""Ways round a filter of inputs: another shape, another order, a batch, another encoding."""

import asyncio
import gzip
import json
from typing import Any

import numpy as np
import pytest

from stanch.contain.alike import Likeness
from stanch.contain.policy import canonical
from stanch.guard.asgi import Guard
from stanch.guard.core import Choices
from stanch.guard.identity import by_address
from stanch.guard.outside import Outside
from stanch.vocabulary.asset import Fails
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.policy import Deny, Filter, LogLevel, Policy

A = AssetId("digits")
NAMES = ("a", "b", "c", "d")
RULE = Likeness(
    times=3, within=0.5, kept=100, units=(1.0,) * 4, middles=(0.0,) * 4, names=NAMES
).text
P = Policy(asset=A, version=1, filter=Filter(rules=frozenset({RULE})))


async def _model(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"prediction": "1"}'})


def _guard(policy: Policy = P, **choices: Any) -> Guard:
    made = Choices(telemetry=False, **choices)
    guard = Guard(_model, asset=A, server="", key="k", identify=by_address, choices=made)
    guard.core.start = lambda: None  # type: ignore[method-assign]  # no server in this test
    assert guard.core.keeper.accept(canonical(policy))
    return guard


def _status(
    guard: Guard, body: Any, kind: bytes = b"application/json", *, who: str = "198.51.100.1",
    more: tuple[tuple[bytes, bytes], ...] = (),
) -> int:  # fmt: skip
    said: list[Any] = []
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def receive() -> Any:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/predict",
        "raw_path": b"/predict", "root_path": "", "query_string": b"", "scheme": "http",
        "server": ("127.0.0.1", 80), "client": (who, 1),
        "headers": [(b"content-type", kind), *more],
    }  # fmt: skip
    asyncio.run(guard(scope, receive, send))
    return int(said[0]["status"])


def _tries(count: int) -> list[list[float]]:
    """One input over and over; its numbers differ, so that their order matters."""
    noise = np.random.default_rng(1).normal(0.0, 0.05, (count, 4))
    found: list[list[float]] = (np.array([3.0, -2.0, 8.0, 0.5]) + noise).tolist()
    return found


def _turned(row: list[float]) -> dict[str, float]:
    return dict(reversed(list(zip(NAMES, row, strict=True))))


SHAPES: dict[str, Any] = {
    "own": lambda r: {"features": r},
    "bare": lambda r: r,
    "by name, turned round": _turned,
    "named features": lambda r: {"features": _turned(r)},
    "mlflow rows": lambda r: {"instances": [r]},
    "mlflow records": lambda r: {"dataframe_records": [_turned(r)]},
    "mlflow split, columns turned round": lambda r: {
        "dataframe_split": {"columns": list(NAMES[::-1]), "data": [r[::-1]]}
    },
    "mlflow columns": lambda r: {"inputs": {n: [x] for n, x in _turned(r).items()}},
    "kserve": lambda r: {"inputs": [{"name": "x", "shape": [1, 4], "data": r}]},
    "kserve nested": lambda r: {"inputs": [{"name": "x", "shape": [1, 4], "data": [r]}]},
    "kserve, a tensor for each": lambda r: {
        "inputs": [{"name": n, "shape": [1], "data": [x]} for n, x in _turned(r).items()]
    },
    "a picture": lambda r: {"inputs": [[r[:2], r[2:]]]},
    "numbers in quotes": lambda r: {"features": [str(x) for x in r]},
    "deep": lambda r: {"a": {"b": [{"c": {"x": r}}]}},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_no_shape_hides_an_input(shape: Any) -> None:
    guard = _guard()
    given = [_status(guard, {"features": row}) for row in _tries(3)]
    assert given == [200, 200, 200]
    near = _tries(4)[3]
    assert _status(guard, shape(near)) == 403
    assert _status(guard, shape([x + 5 for x in near])) == 200


def test_a_table_in_another_order_and_a_batch_hide_nothing() -> None:
    guard = _guard()
    head, kind = ",".join(NAMES[::-1]), b"text/csv"
    for n, row in enumerate(_tries(4)):
        table = f"{head}\n{','.join(map(str, row[::-1]))}\n".encode()
        assert _status(guard, table, kind) == (403 if n == 3 else 200)
    assert _status(_guard(), {"instances": _tries(4)}) == 403
    assert _status(_guard(), {"instances": _tries(257)}) == 413


def test_every_asker_counts_and_a_denied_one_teaches_nothing() -> None:
    guard = _guard()
    for n, row in enumerate(_tries(3)):
        assert _status(guard, {"features": row}, who=f"198.51.100.{n}") == 200
    assert _status(guard, {"features": _tries(4)[3]}, who="203.0.113.9") == 403
    deny = Deny(principals=frozenset({PrincipalId("198.51.100.1")}))
    shut = _guard(Policy(asset=A, version=1, filter=P.filter, deny=deny))
    assert {_status(shut, {"features": row}) for row in _tries(8)} == {403}
    assert _status(shut, {"features": _tries(9)[8]}, who="203.0.113.9") == 200


def test_what_cannot_be_read_is_refused_as_the_guard_was_told() -> None:
    row = {"features": _tries(1)[0]}
    packed = gzip.compress(json.dumps(row).encode())
    gzipped = ((b"content-encoding", b"gzip"),)
    for body, more in (
        (packed, gzipped),
        ({"picture": "aGlkZGVu"}, ()),
        (b"\x00\x01", ()),
        ({"features": [1, 2, 3]}, ()),
    ):
        assert _status(_guard(), body, more=more) == 415
        assert _status(_guard(unreadable=Fails.OPEN), body, more=more) == 200
    assert _status(_guard(), b"") == 200


def test_the_memory_outlives_a_change_of_policy_and_ends_with_its_rule() -> None:
    guard = _guard()
    for row in _tries(3):
        _status(guard, {"features": row})
    logged = Policy(asset=A, version=2, filter=P.filter, log=LogLevel.FULL)
    assert guard.core.keeper.accept(canonical(logged))
    assert _status(guard, {"features": _tries(4)[3]}) == 403
    assert guard.core.keeper.accept(canonical(Policy(asset=A, version=3)))
    assert _status(guard, {"features": _tries(4)[3]}) == 200
    assert guard.core.keeper.accept(canonical(Policy(asset=A, version=4, filter=P.filter)))
    assert _status(guard, {"features": _tries(5)[4]}) == 200


def test_what_decides_for_envoy_refuses_alike() -> None:
    outside = Outside(
        _guard().core,
        principal_header="x-who",
        applied_header="x-applied",
        source_header="x-source",
    )
    given = [(b"content-type", b"application/json"), (b"x-forwarded-for", b"198.51.100.1")]
    bodies = [json.dumps({"features": one}).encode() for one in _tries(4)]
    said = [outside.judge("/predict", given, body).status for body in bodies]
    assert said == [200, 200, 200, 403]
