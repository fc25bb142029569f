"""What of a file is sent for a baseline: rows of all kinds, or an even draw, the same again."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from stanch.cli.baseline_file import Sent, sent_of
from stanch.vocabulary.trouble import BadFile

TS = datetime(2026, 11, 1, tzinfo=UTC).isoformat()


def answers(n: int) -> list[dict[str, object]]:
    return [{"id": f"a{i}", "ts": TS, "features": [0.5 * i, 1.0]} for i in range(n)]


def labels(n: int) -> list[dict[str, object]]:
    return [
        {"id": f"l{i}", "ts": TS, "kind": "label", "of": f"a{i}", "label": "yes"} for i in range(n)
    ]


def ndjson(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


def rows_in(sent: Sent) -> list[dict[str, object]]:
    found: list[dict[str, object]] = pa.ipc.open_stream(sent.body).read_all().to_pylist()
    return found


def test_answers_and_then_labels_are_one_stream_however_they_were_read(tmp_path: Path) -> None:
    sent = sent_of(ndjson(tmp_path / "f", [*answers(10_000), *labels(3)]), "m", {})
    assert (sent.rows, sent.of) == (10_003, 10_003)
    first, *_, last = rows_in(sent)
    assert (first["asset"], first["kind"], first["features"]) == ("m", "inference", [0.0, 1.0])
    assert (last["kind"], last["of"], last["features"]) == ("label", "a2", None)


def test_what_does_not_fit_is_drawn_evenly_and_a_label_goes_with_its_answer(tmp_path: Path) -> None:
    path = ndjson(tmp_path / "f", [*answers(2000), *labels(2000)])
    sent = sent_of(path, "m", {}, room=100_000)
    rows = rows_in(sent)
    asked = {one["id"] for one in rows if one["kind"] == "inference"}
    assert {one["of"] for one in rows if one["kind"] == "label"} == asked
    assert (sent.rows, sent.of) == (2 * len(asked), 4000)
    late = sum(int(str(one)[1:]) >= 1000 for one in asked)
    assert abs(late - len(asked) / 2) < 4 * (len(asked) / 4) ** 0.5
    assert sent_of(path, "m", {}, room=100_000).body == sent.body


def test_columns_are_mapped_and_a_row_that_is_no_event_is_named(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(f"uuid,when\na,{TS}\nb,{TS}\n")
    assert [one["id"] for one in rows_in(sent_of(path, "m", {"uuid": "id", "when": "ts"}))] == [
        "a",
        "b",
    ]
    bad = ndjson(tmp_path / "bad", [*answers(2), {"id": "x", "ts": TS, "latency_ms": "slow"}])
    with pytest.raises(BadFile, match="1 row cannot be read as events; row 2: latency_ms"):
        sent_of(bad, "m", {})
