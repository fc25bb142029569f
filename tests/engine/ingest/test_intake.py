"""The intake against the bad days of a wire."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard

from stanch.engine.ingest.hide import Hide
from stanch.engine.ingest.intake import ARROW, JSON, LINES, Intake
from stanch.engine.ingest.limits import Limits
from stanch.store.spool import Spool
from stanch.vocabulary.naming import named
from stanch.vocabulary.trouble import BadInput, TooLarge, UnknownFormat

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def event(**fields: Any) -> dict[str, Any]:
    return {
        "id": "e1",
        "ts": "2026-11-21T11:00:00Z",
        "kind": "inference",
        "asset": "fraud-scorer",
        **fields,
    }


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool.open(tmp_path / "spool") as opened:
        yield opened


@pytest.fixture
def intake(spool: Spool) -> Intake:
    return Intake(spool, clock=lambda: NOW)


def arrow(table: pa.Table, compression: str | None = None) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def written_as(given: list[dict[str, Any]], media: str) -> bytes:
    if media == ARROW:
        return arrow(pa.Table.from_pylist(given))
    lines = [json.dumps(one) for one in given]
    return (f"[{','.join(lines)}]" if media == JSON else "\n".join(lines)).encode()


def rows(spool: Spool) -> list[dict[str, Any]]:
    return spool.read(0, 1000).to_pylist()


def test_a_batch_is_on_disk_with_the_time_it_came_in(intake: Intake, spool: Spool) -> None:
    receipt = intake.take(json.dumps([event(features=[1, 2.5, None])]).encode(), JSON)
    assert (receipt.accepted, receipt.duplicate, receipt.rejected) == (1, 0, ())
    assert rows(spool)[0]["features"] == [1.0, 2.5, None]
    assert rows(spool)[0]["received"] == NOW


def test_the_same_id_twice_is_counted_once(intake: Intake) -> None:
    body = json.dumps([event(), event(), event(id="e2")]).encode()
    assert (first := intake.take(body, JSON)).accepted == 2
    assert first.duplicate == 1
    assert intake.take(body, JSON).duplicate == 3


def test_a_nul_in_a_name_is_told_as_what_cannot_be_shown(intake: Intake, spool: Spool) -> None:
    given = event(principal="key\0-91", version="v\0", session="s")
    body = json.dumps([event(id="e2", principal="key-91"), given]).encode()
    assert intake.take(body, JSON).accepted == 2
    plain, odd = rows(spool)
    assert (plain["principal"], odd["principal"]) == ("key-91", "key\ufffd-91")
    assert (odd["version"], odd["session"]) == ("v\ufffd", "s")


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ({"id": None}, "id is missing"),
        ({"id": ""}, "empty"),
        ({"id": "a\u0000b"}, "control"),
        ({"id": "a\u202eb"}, "control"),
        ({"id": "x" * 201}, "200"),
        ({"id": 7}, "id: Expected str"),
        ({"ts": None}, "ts is missing"),
        ({"ts": "yesterday"}, "ISO 8601"),
        ({"ts": "2026-11-21T11:00:00"}, "time zone"),
        ({"ts": "2026-11-23T11:00:00Z"}, "future"),
        ({"ts": "1999-12-31T23:59:59Z"}, "before 2000"),
        ({"ts": 1e300}, "stored"),
        ({"kind": "party"}, "not known"),
        ({"kind": "label", "of": "e0"}, "label is missing"),
        ({"kind": "tool_call"}, "tool is missing"),
        ({"asset": "../../etc/passwd"}, "asset"),
        ({"asset": "a/b"}, "asset"),
        ({"latency_ms": "fast"}, "latency_ms"),
        ({"features": ["a"]}, "features"),
        ({"tokens": 10**30}, "tokens"),
        ({"tokens": 1.5}, "tokens"),
        ({"output": "x" * (1 << 20)}, "longer"),
    ],
)
def test_a_bad_row_says_why_and_costs_no_good_one(
    intake: Intake, bad: dict[str, Any], word: str
) -> None:
    sent = [event(id="g1"), event(**({"id": "bad"} | bad)), event(id="g2")]
    for body, media in (
        (json.dumps(sent).encode(), JSON),
        (b"\n".join(json.dumps(row).encode() for row in sent), LINES),
    ):
        receipt = intake.take(body, media)
        assert receipt.accepted + receipt.duplicate == 2
        assert [r.index for r in receipt.rejected] == [1]
        assert word in receipt.rejected[0].why


@pytest.mark.parametrize(
    "line",
    [
        *(b"{", b"nope", b"[1]", b'"x"', b"5", b'{"id":"\xff"}', b"{" * 5000),
        *(b'{"messages":"\xff"}', b'{"features":{"a":"\xff"}}', b'{"unknown":{"a":"\xff"}}'),
    ],
)
def test_a_malformed_line_costs_only_that_line(intake: Intake, line: bytes) -> None:
    good = [json.dumps(event(id=name)).encode() for name in ("g1", "g2")]
    receipt = intake.take(b"\n".join([good[0], line, b"", good[1]]), LINES)
    assert receipt.accepted == 2
    assert [r.index for r in receipt.rejected] == [1]


def test_a_torn_array_costs_the_request_and_says_where(intake: Intake, spool: Spool) -> None:
    with pytest.raises(BadInput, match="byte 40"):
        intake.take(b'[{"id": "a"}, {"id": "b", "kind": "acc" oops}]', JSON)
    with pytest.raises(BadInput, match="truncated"):
        intake.take(json.dumps([event()]).encode()[:-1], JSON)
    assert spool.end == 0


def test_a_row_nested_too_deep_costs_no_good_one(intake: Intake) -> None:
    deep = b'{"id":"d","extra":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    body = b"[" + json.dumps(event(output='],{"')).encode() + b"," + deep + b"]"
    receipt = intake.take(body, JSON)
    assert receipt.accepted == 1
    assert receipt.rejected[0].why == "The row is nested too deep."


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("media", [JSON, LINES])
def test_numbers_that_python_writes_and_json_does_not_know_are_missing(
    intake: Intake, spool: Spool, literal: str, media: str
) -> None:
    odd = event(id="odd", latency_ms=float(literal), features=[1.0, float(literal)])
    sent = [odd, event(id="text", output='says "NaN" and Infinity')]
    lines = "\n".join(json.dumps(row) for row in sent)
    assert intake.take((json.dumps(sent) if media == JSON else lines).encode(), media).accepted == 2
    kept = {row["id"]: row for row in rows(spool)}
    assert (kept["odd"].get("latency_ms"), kept["odd"]["features"]) == (None, [1.0, None])
    assert kept["text"]["output"] == 'says "NaN" and Infinity'


def test_batches_of_other_shapes_in_turn_are_all_whole(intake: Intake, spool: Spool) -> None:
    shapes: list[dict[str, Any]] = [
        {"features": [1.5, None]},
        {"kind": "label", "of": "x", "label": True},
        {"tokens": 7, "scores": []},
        {"weird": 1},
    ]
    for turn in range(3):
        for number, fields in enumerate(shapes):
            sent = [event(id=f"{turn}-{number}-{i}", **fields) for i in range(120)]
            sent[-1]["session"] = "late"
            assert intake.take(json.dumps(sent).encode(), JSON).accepted == 120
    kept = spool.read(0, 5000).to_pylist()
    assert len(kept) == 12 * 120
    assert {str(row["features"]) for row in kept} == {"[1.5, None]", "None"}
    assert [row["label"] for row in kept].count("true") == 360
    assert [row["scores"] for row in kept].count([]) == 360
    assert [row["session"] for row in kept].count("late") == 12
    assert sum(row["extra"] == '{"weird":1}' for row in kept) == 360


def test_what_is_unknown_is_kept_and_what_is_not_text_is_written(
    intake: Intake, spool: Spool
) -> None:
    row = event(weird={"a": [1]}, prediction=0.5, version=7, features={"age": 31, "job": "x"})
    assert intake.take(json.dumps([row]).encode(), JSON).accepted == 1
    kept = rows(spool)[0]
    assert json.loads(kept["extra"]) == {"weird": {"a": [1]}}
    assert (kept["prediction"], kept["version"]) == ("0.5", "7")
    assert json.loads(kept["named"]) == {"age": 31, "job": "x"}


def test_numbers_are_taken_as_times_by_their_size(intake: Intake, spool: Spool) -> None:
    second = 1_760_000_000
    sent = [event(id=str(f), ts=second * f) for f in (1, 1_000, 1_000_000)]
    assert intake.take(json.dumps(sent).encode(), JSON).accepted == 3
    assert {row["ts"].timestamp() for row in rows(spool)} == {second}


def test_arrow_in_any_order_and_width_is_taken(intake: Intake, spool: Spool) -> None:
    table = pa.table(
        {
            "features": pa.FixedSizeListArray.from_arrays(pa.array([1, 2], pa.float32()), 1),
            "asset": pa.array(["a", "a"]).dictionary_encode(),
            "ts": pa.array([NOW, NOW], pa.timestamp("ns", "Europe/Berlin")),
            "kind": ["inference", "inference"],
            "id": ["x", "y"],
            "status": pa.array([200, None], pa.uint16()),
            "shoe": [41, None],
        }
    )
    assert intake.take(arrow(table, "zstd"), ARROW).accepted == 2
    first, second = rows(spool)
    assert (first["features"], first["status"], first["extra"]) == ([1.0], 200, '{"shoe":41}')
    assert second.get("status") is None


def test_arrow_values_that_do_not_fit_cost_their_rows(intake: Intake) -> None:
    table = pa.table(
        {
            "id": ["a", "b", "c"],
            "ts": pa.array([1.76e9, float("nan"), 1.76e9]),
            "kind": ["inference"] * 3,
            "asset": ["a", "a", "a"],
            "tokens": pa.array([2**63, 1, 1], pa.uint64()),
            "latency_ms": [None, None, "slow"],
        }
    )
    receipt = intake.take(arrow(table), ARROW)
    assert receipt.accepted == 0
    assert ["tokens" in receipt.rejected[0].why, "ts" in receipt.rejected[1].why] == [True, True]
    assert "latency_ms: expected a number" in receipt.rejected[2].why


def test_a_naive_arrow_time_is_refused(intake: Intake) -> None:
    table = pa.table(
        {"id": ["a"], "ts": pa.array([NOW], pa.timestamp("us")), "kind": ["access"], "asset": ["a"]}
    )
    assert "time zone" in intake.take(arrow(table), ARROW).rejected[0].why


def test_a_cut_or_flipped_arrow_stream_is_refused_whole(intake: Intake, spool: Spool) -> None:
    body = arrow(pa.table({k: [v] * 50 for k, v in event().items()}))
    for cut in range(0, len(body) - 8, 97):
        with pytest.raises(BadInput):
            intake.take(body[:cut] + b"\x00\x01" * 40, ARROW)
    assert spool.end == 0


def test_an_arrow_buffer_that_claims_gigabytes_is_refused(intake: Intake) -> None:
    ids = pa.table({"id": ["x" * 4000] * 50})
    body = bytearray(arrow(ids, "lz4"))
    at = body.rfind((4000 * 50).to_bytes(8, "little"))
    assert at > 0
    body[at : at + 8] = (1 << 45).to_bytes(8, "little")
    with pytest.raises(TooLarge):
        intake.take(bytes(body), ARROW)


def test_a_dictionary_that_would_unfold_to_gigabytes_is_refused(spool: Spool) -> None:
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 10_000, pa.int8()), ["x" * 10_000])
    small = Intake(spool, clock=lambda: NOW, limits=Limits(unpacked_bytes=10_000_000))
    with pytest.raises(TooLarge):
        small.take(arrow(pa.table({"id": words})), ARROW)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_encodings_unpack_and_bombs_do_not(intake: Intake, encoding: str) -> None:
    def pack(content: bytes) -> bytes:
        if encoding == "gzip":
            return gzip.compress(content)
        return zstandard.ZstdCompressor().compress(content)

    body = pack(json.dumps([event()]).encode())
    assert intake.take(body, JSON, encoding).accepted == 1
    with pytest.raises(BadInput):
        intake.take(body[:-6], JSON, encoding)
    with pytest.raises(BadInput):
        intake.take(b"not packed at all", JSON, encoding)
    with pytest.raises(TooLarge):
        intake.take(pack(b" " * (64 << 20)), JSON, encoding)


def test_a_body_of_100_mb_is_too_large(intake: Intake) -> None:
    with pytest.raises(TooLarge):
        intake.take(bytes(100 << 20), JSON)


def test_formats_and_encodings_not_known_are_named(intake: Intake) -> None:
    with pytest.raises(UnknownFormat, match="x-ndjson"):
        intake.take(b"", "text/html")
    with pytest.raises(UnknownFormat, match="zstd"):
        intake.take(b"", JSON, "br")


def test_hidden_columns_stay_countable_and_are_not_readable(spool: Spool) -> None:
    hide = Hide(columns=("principal",), key=b"k" * 32)
    door = Intake(spool, clock=lambda: NOW, hide=hide)
    sent = [event(id=str(i), principal=p) for i, p in enumerate(("ada", "ada", "bob", None))]
    assert door.take(json.dumps(sent).encode(), JSON).accepted == 4
    kept = [row["principal"] for row in rows(spool)]
    assert kept[0] == kept[1] != kept[2]
    assert kept[0].startswith("h:")
    assert kept[3] is None
    assert "ada" not in str(kept)
    assert b"k" * 32 not in repr(hide).encode()


WHO = (
    *("key-91", "CN=client,OU=Payments,O=Bank", 'Jane "JD" Doe', "José", "用户-1", "..", "KEY-91"),
    *("key\u200b-91", "a\tb", "null", "0", "true", "n" * 200, "-x", "=1+1"),
)
FORMS = {"Jose\u0301": "José", "tail ": "tail", " ": None, "": None, "\u3000": None}


@pytest.mark.parametrize("media", [JSON, LINES, ARROW])
def test_a_name_is_kept_in_one_form_however_it_comes(
    intake: Intake, spool: Spool, media: str
) -> None:
    given = [event(id=f"e{n}", principal=who) for n, who in enumerate((*WHO, *FORMS))]
    assert intake.take(written_as(given, media), media).accepted == len(given)
    assert [row["principal"] for row in rows(spool)] == [*WHO, *FORMS.values()]


@pytest.mark.parametrize("odd", [" key-91", "key-91 ", "", "n" * 257, "é"])
def test_a_single_odd_name_among_many_is_seen(intake: Intake, spool: Spool, odd: str) -> None:
    given = [event(id=f"e{n}", principal="key-91") for n in range(200)]
    given[77]["principal"] = odd
    intake.take(json.dumps(given).encode(), JSON)
    found = [row["principal"] for row in rows(spool)]
    assert found.pop(77) == (named(odd) or None)
    assert set(found) == {"key-91"}


def test_who_deployed_is_named_as_everybody_is(intake: Intake, spool: Spool) -> None:
    intake.take(json.dumps([event(kind="deployment", digest="d", by=" ada ")]).encode(), JSON)
    assert rows(spool)[0]["by"] == "ada"
