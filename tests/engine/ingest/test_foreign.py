"""Files of other systems, told apart by what is in them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from stanch.engine.ingest.check import check
from stanch.engine.ingest.foreign.files import read_file
from stanch.engine.ingest.foreign.shape import Options
from stanch.engine.ingest.limits import Limits
from stanch.engine.ingest.schema import conform
from stanch.vocabulary.receipt import Rejected
from stanch.vocabulary.trouble import BadFile, NotFound

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TS = "2026-11-21T11:00:00Z"
ROW = {"id": "a", "ts": TS, "kind": "inference", "asset": "m", "latency_ms": 1.5}


def read(path: Path, **options: Any) -> tuple[list[dict[str, Any]], list[Rejected]]:
    rows: list[dict[str, Any]] = []
    rejected: list[Rejected] = []
    told: list[int] = []
    for batch in read_file(path, Options(**options), Limits(), told.append):
        good, bad = check(batch, now=NOW, limits=Limits())
        rows += conform(good).to_pylist()
        rejected += bad
    assert told == sorted(told)
    return rows, rejected


def lines(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return path


def _csv(path: Path) -> None:
    path.write_text("id,ts,kind,asset,latency_ms\na,2026-11-21T11:00:00Z,inference,m,1.5\n")


def _parquet(path: Path) -> None:
    pa.parquet.write_table(pa.Table.from_pylist([ROW]), path)


def _ndjson(path: Path) -> None:
    lines(path, ROW)


def _json(path: Path) -> None:
    path.write_text(json.dumps([ROW]))


def _feather(path: Path) -> None:
    pa.feather.write_feather(pa.Table.from_pylist([ROW]), path)


@pytest.mark.parametrize(
    "write",
    [
        _csv,
        _parquet,
        _feather,
        _ndjson,
        _json,
    ],
    ids=["csv", "parquet", "feather", "ndjson", "json"],
)
def test_every_plain_format_gives_the_same_row(
    tmp_path: Path, write: Callable[[Path], object]
) -> None:
    write(tmp_path / "file.bin")
    rows, rejected = read(tmp_path / "file.bin")
    assert rejected == []
    assert {k: v for k, v in rows[0].items() if v is not None} == ROW | {
        "ts": datetime(2026, 11, 21, 11, tzinfo=UTC)
    }


def test_columns_are_mapped_and_what_a_file_does_not_say_is_given(tmp_path: Path) -> None:
    table = pa.table({"uuid": ["a", "b"], "when": [TS, "never"], "answer": [1, 2]})
    pa.parquet.write_table(table, tmp_path / "x")
    rename = {"uuid": "id", "when": "ts", "answer": "prediction"}
    rows, rejected = read(tmp_path / "x", asset="m", rename=rename)
    assert (rows[0]["asset"], rows[0]["prediction"]) == ("m", "1")
    assert [r.index for r in rejected] == [1]


def test_a_bad_line_is_named_by_its_place_in_the_file(tmp_path: Path) -> None:
    path = lines(tmp_path / "x", *(ROW | {"id": str(i)} for i in range(5)))
    path.write_text(path.read_text() + "{oops\n")
    rows, rejected = read(path, batch_rows=2)
    assert len(rows) == 5
    assert [r.index for r in rejected] == [5]


def test_a_bad_row_of_a_foreign_file_is_named_by_its_line(tmp_path: Path) -> None:
    def inputs(number: int, time: str) -> dict[str, object]:
        source = "/subscriptions/s/onlineEndpoints/credit/deployments/blue"
        kind = "azureml.inference.model_inputs"
        data = [{"age": number}, {"age": -number}]
        return {"id": str(number), "type": kind, "source": source, "time": time, "data": data}

    sent = [inputs(0, TS), inputs(1, "never"), "oops", inputs(3, TS), inputs(4, "never")]
    rows, rejected = read(lines(tmp_path / "x", *sent), batch_rows=2)
    assert len(rows) == 4
    assert sorted(r.index for r in rejected) == [1, 1, 2, 4, 4]


def test_kserve_halves_meet_by_their_id(tmp_path: Path) -> None:
    def half(key: str, which: str, data: object) -> dict[str, object]:
        kind = f"org.kubeflow.serving.inference.{which}"
        about = {"inferenceservicename": "iris", "namespace": "ns", "specversion": "1.0"}
        return {"id": key, "type": kind, "time": TS, "data": data, **about}

    path = lines(
        tmp_path / "x",
        half("1", "request", {"instances": [[1, 2]]}),
        half("2", "response", {"predictions": ["cat"]}),
        half("1", "response", {"predictions": [0]}),
        half("2", "request", {"inputs": [{"name": "x", "data": [3, 4]}]}),
        half("3", "request", {"instances": [[5, 6]]}),
    )
    rows, rejected = read(path)
    assert rejected == []
    assert [(r["features"], r["prediction"]) for r in rows] == [
        ([1.0, 2.0], "0"),
        ([3.0, 4.0], "cat"),
        ([5.0, 6.0], None),
    ]
    assert {r["asset"] for r in rows} == {"iris"}


def test_sagemaker_captures_are_one_event_each(tmp_path: Path) -> None:
    captured = {
        "captureData": {
            "endpointInput": {"data": "1.5,2,3", "encoding": "CSV", "mode": "INPUT"},
            "endpointOutput": {"data": "MC43", "encoding": "BASE64", "mode": "OUTPUT"},
        },
        "eventMetadata": {"eventId": "e-1", "inferenceTime": TS},
        "eventVersion": "0",
    }
    rows, rejected = read(lines(tmp_path / "x", captured), asset="m")
    assert rejected == []
    assert (rows[0]["features"], rows[0]["prediction"]) == ([1.5, 2.0, 3.0], "0.7")
    assert rows[0]["id"] == "sagemaker-e-1"


def test_azure_rows_carry_their_correlation(tmp_path: Path) -> None:
    line = {
        "specversion": "1.0",
        "id": "i",
        "type": "azureml.inference.model_inputs",
        "source": "/subscriptions/s/onlineEndpoints/credit/deployments/blue",
        "time": TS,
        "data": [{"age": 31, "job": "x"}, {"age": 4, "job": "y"}],
        "correlationid": "c-1",
    }
    rows, rejected = read(lines(tmp_path / "x", line))
    assert rejected == []
    assert len({r["id"] for r in rows}) == 2
    assert rows[0]["asset"] == "credit"
    assert json.loads(rows[0]["named"]) == {"age": 31, "job": "x"}
    assert json.loads(rows[0]["extra"])["correlation"] == "c-1"


@pytest.mark.parametrize(
    "names",
    [
        ("databricks_request_id", "request_time", "execution_duration_ms"),
        ("request_id", "event_time", "latency_ms"),
    ],
)
def test_both_databricks_shapes_are_read(tmp_path: Path, names: tuple[str, str, str]) -> None:
    row = {
        names[0]: "r1",
        names[1]: datetime(2026, 11, 21, 11),  # noqa: DTZ001  the table has no zone
        names[2]: 12,
        "status_code": 200,
        "requester": "ada",
        "request": '{"messages": [{"role": "user", "content": "hi"}]}',
        "response": '{"choices": [{"message": {"content": "yo"}}], "usage": {"total_tokens": 9}}',
    }
    pa.parquet.write_table(pa.Table.from_pylist([row]), tmp_path / "x")
    rows, rejected = read(tmp_path / "x", asset="bot")
    assert rejected == []
    assert (rows[0]["kind"], rows[0]["output"], rows[0]["tokens"]) == ("exchange", "yo", 9)
    assert (rows[0]["latency_ms"], rows[0]["principal"]) == (12.0, "ada")


@pytest.mark.parametrize("content", [b"", b"hello", b"PAR1 not at all", b"ARROW1\0\0oops"])
def test_a_file_that_is_none_of_these_is_a_bad_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(BadFile):
        read(tmp_path / "x")
    with pytest.raises(NotFound):
        read(tmp_path / "absent")
