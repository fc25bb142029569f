"""POST /api/v1/events against a real server."""

import gzip
import io
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from stanch.guard.packed import pieces
from stanch.vocabulary.event import EXCHANGES

EVENTS = "/api/v1/events"


def event(name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "ts": "2026-11-21T08:00:00Z",
        "kind": "inference",
        "asset": "fraud-scorer",
        **more,
    }


def test_a_json_array_is_taken_in_and_the_same_id_counts_once(server: Any) -> None:
    first = server.ask("POST", EVENTS, [event("json-1"), event("json-2")])
    again = server.ask("POST", EVENTS, [event("json-2"), event("json-3")])
    assert first.status == 202
    assert first.json == {"accepted": 2, "duplicate": 0, "rejected": []}
    assert again.json == {"accepted": 1, "duplicate": 1, "rejected": []}


def test_a_bad_row_never_costs_a_good_one(server: Any) -> None:
    told = server.ask("POST", EVENTS, [event("good-1"), {"id": "bad"}, event("good-2")]).json
    assert told["accepted"] == 2
    assert [one["index"] for one in told["rejected"]] == [1]


def test_lines_arrow_and_gzip_say_the_same_as_json(server: Any) -> None:
    lines = "\n".join(json.dumps(event(f"line-{n}")) for n in range(3)).encode()
    kind = {"content-type": "application/x-ndjson"}
    assert server.ask("POST", EVENTS, lines, headers=kind).json["accepted"] == 3
    packed = {**kind, "content-encoding": "gzip"}
    assert server.ask("POST", EVENTS, gzip.compress(lines), headers=packed).json["duplicate"] == 3
    table = pa.table({name: [f"arrow-{name}"] for name in ("id",)}).append_column(
        "ts", pa.array([1_795_000_000_000_000], pa.timestamp("us", "UTC"))
    )
    table = table.append_column("kind", pa.array(["inference"]))
    table = table.append_column("asset", pa.array(["fraud-scorer"]))
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    arrow = {"content-type": "application/vnd.apache.arrow.stream"}
    assert server.ask("POST", EVENTS, sink.getvalue(), headers=arrow).json["accepted"] == 1


def test_what_a_guard_heard_is_read_here_and_counts_once(server: Any) -> None:
    answer = b'{"prediction": "ham", "scores": [0.7, 0.3]}'
    row = (b'{"features": [1.5, 2]}', answer, "key-1", "198.51.100.1", "v7", 0.0, 0.5, 200)
    heard = msgspec.msgpack.encode(("fraud-scorer", "guard-1.", 1_795_000_000.0, [row, row]))
    body = b"".join(pieces([heard], json.dumps(event("beside")).encode()))
    kind = {"content-type": EXCHANGES}
    first, again = (server.ask("POST", EVENTS, body, headers=kind) for _ in range(2))
    assert first.json == {"accepted": 3, "duplicate": 0, "rejected": []}
    assert again.json == {"accepted": 0, "duplicate": 3, "rejected": []}
    told = server.ask("POST", EVENTS, b"\x90", headers=kind)
    assert (told.status, told.json["accepted"]) == (202, 0)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"x", {"content-type": EXCHANGES}, 422, "bad-input"),
        (b"x", {"content-type": "text/csv"}, 415, "unknown-format"),
        (b"x", {}, 415, "unknown-format"),
        (
            b"x",
            {"content-type": "application/json", "content-encoding": "gzip"},
            422,
            "bad-input",
        ),
        (
            b"x",
            {"content-type": "application/json", "content-encoding": "br"},
            415,
            "unknown-format",
        ),
    ],
)
def test_what_cannot_be_read_is_a_problem(
    server: Any, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    told = server.ask("POST", EVENTS, body, headers=headers)
    assert told.status == status
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json["type"] == code
    assert told.json["status"] == status
    assert told.json["instance"] == EVENTS


def test_a_body_over_the_cap_is_refused_before_it_is_read(server: Any) -> None:
    told = server.ask(
        "POST", EVENTS, b"x" * (33 * 1024 * 1024), headers={"content-type": "application/json"}
    )
    assert told.status == 413
    assert told.json["type"] == "too-large"


def test_ingest_needs_its_scope(server: Any) -> None:
    reader = server.new_key("read")
    sender = server.new_key("ingest")
    assert server.ask("POST", EVENTS, [event("scope-1")], key=reader).status == 403
    assert server.ask("POST", EVENTS, [event("scope-1")], key=sender).status == 202
    nobody = server.ask("POST", EVENTS, [event("scope-1")], key="")
    assert nobody.status == 401
    assert nobody.headers["www-authenticate"].startswith("Bearer")


def test_a_spool_that_is_behind_says_429_and_when_to_come_back(
    tmp_path: Path, start: Callable[[Path, dict[str, str]], AbstractContextManager[Any]]
) -> None:
    row = {"ts": "2026-11-21T12:00:00Z", "kind": "inference", "asset": "a"}
    with start(tmp_path / "data", {"STANCH_SPOOL_MOST": "200000"}) as server:
        kept = 0
        for batch in range(100):
            rows = [{**row, "id": f"{batch}-{n}", "source": f"{n}" * 50} for n in range(500)]
            told = server.ask("POST", "/api/v1/events", rows)
            if told.status == 429:
                break
            assert told.status == 202
            kept += told.json["accepted"]
        assert told.status == 429
        assert told.json["type"] == "busy"
        assert "wait to be rolled up" in told.json["detail"]
        assert 1 <= int(told.headers["retry-after"]) <= 300
        # What was acknowledged before is kept, and the refused batch is not.
        found = server.ask("GET", "/api/v1/hunt/count?asset=a")
        assert found.json == {"count": kept}, found.body
