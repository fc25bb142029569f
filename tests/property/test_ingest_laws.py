"""Laws of the door: nothing but Trouble comes out, and JSON and Arrow agree."""

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from stanch.engine.ingest.intake import ARROW, JSON, LINES, Intake
from stanch.engine.ingest.schema import TYPE_OF
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.trouble import Trouble

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Kept:
    """A spool in memory."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def append(self, rows: pa.Table) -> int:
        self.rows += rows.to_pylist()
        return rows.num_rows


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from([*TYPE_OF, "unknown"])
messy = st.lists(st.dictionaries(names, anything, max_size=8) | anything, max_size=5)

event = st.fixed_dictionaries(
    {
        "id": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
        "ts": st.sampled_from(["2026-11-21T11:00:00Z", "2031-01-01T00:00:00Z", "1990-01-01Z", "x"]),
        "kind": st.sampled_from([*EventKind, "party"]),
        "asset": st.sampled_from(["m", "../m", "a.b-c", ""]),
    },
    optional={
        "latency_ms": st.floats(allow_nan=False, allow_infinity=False),
        "tokens": st.integers(-(2**63), 2**63 - 1),
        "features": st.lists(st.none() | st.floats(-1e6, 1e6), max_size=4),
        "principal": st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
        "tool": st.just("sql"),
        "prediction": st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    },
)


@settings(deadline=None)
@given(messy, st.sampled_from([JSON, LINES]))
def test_any_json_is_taken_or_refused_with_a_sentence(sent: list[Any], media: str) -> None:
    lines = "\n".join(json.dumps(row) for row in sent)
    body = json.dumps(sent) if media == JSON else lines
    kept = Kept()
    receipt = Intake(kept, clock=lambda: NOW).take(body.encode(), media)
    assert receipt.accepted + len(receipt.rejected) == len(sent)
    assert all(r.why and 0 <= r.index < len(sent) for r in receipt.rejected)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Events of which some bytes are others."""
    named = {"features": {"a": 1.5, "b": draw(st.text(max_size=5))}}
    rows = [one | named for one in draw(st.lists(event, min_size=1, max_size=3))]
    body = bytearray(json.dumps(rows).encode())
    for at in draw(st.lists(st.integers(0, len(body) - 1), max_size=3)):
        body[at] = draw(st.integers(0, 255))
    return bytes(body)


@settings(deadline=None)
@given(st.binary(max_size=200) | damaged(), st.sampled_from([JSON, LINES, ARROW]))
def test_any_bytes_raise_nothing_but_trouble(body: bytes, media: str) -> None:
    for encoding in ("", "gzip", "zstd"):
        try:
            receipt = Intake(Kept(), clock=lambda: NOW).take(body, media, encoding)
            told = [one.why for one in receipt.rejected]
        except Trouble as trouble:
            told = [str(trouble)]
        assert all(told)


@settings(deadline=None)
@given(st.lists(event, min_size=1, max_size=6))
def test_json_and_arrow_agree_on_the_same_rows(sent: list[dict[str, Any]]) -> None:
    columns = {name for row in sent for name in row}
    table = pa.table({name: [row.get(name) for row in sent] for name in columns})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    by_json, by_arrow = Kept(), Kept()
    one = Intake(by_json, clock=lambda: NOW).take(json.dumps(sent).encode(), JSON)
    two = Intake(by_arrow, clock=lambda: NOW).take(sink.getvalue().to_pybytes(), ARROW)
    assert by_json.rows == by_arrow.rows
    assert [(r.index, r.why) for r in one.rejected] == [(r.index, r.why) for r in two.rejected]
