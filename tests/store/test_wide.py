"""Rows that a database has no room for come all the same, in the order it would give them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stanch.api.askers import Asker
from stanch.store.wide import wide_rows
from stanch.vocabulary.trouble import CouldNotTell, TooMuchAtOnce

AT = datetime(2026, 3, 2, tzinfo=UTC)


class Pieces:
    def __init__(self, folder: Path) -> None:
        self.tail = rows(6, 9)
        self.files = [str(folder / "a.parquet"), str(folder / "b.parquet")]
        pq.write_table(rows(0, 3), self.files[0])
        pq.write_table(rows(3, 6), self.files[1])


def rows(since: int, until: int) -> pa.Table:
    these = range(since, until)
    return pa.table(
        {
            "id": [f"r{i}" for i in these],
            "ts": pa.array([AT + timedelta(seconds=i) for i in these], pa.timestamp("us", "UTC")),
            "named": [f'{{"f": {i}, "wide": "{"x" * 10_000}"}}' for i in these],
        }
    )


def test_they_come_from_files_and_from_what_is_in_none_in_the_order_asked(tmp_path: Path) -> None:
    found = wide_rows(pa.chunked_array([["r7", "r4", "r0"]]), Pieces(tmp_path), Asker())
    assert found["id"].to_pylist() == ["r7", "r4", "r0"]
    assert [text[:8] for text in found["named"].to_pylist()] == ['{"f": 7,', '{"f": 4,', '{"f": 0,']


def test_more_than_is_held_together_is_told_and_not_read_to_its_end(tmp_path: Path) -> None:
    every = pa.chunked_array([[f"r{i}" for i in range(9)]])
    with pytest.raises(TooMuchAtOnce, match="ask for less at once"):
        wide_rows(every, Pieces(tmp_path), Asker(), most=50_000)


def test_nobody_reads_on_for_who_left(tmp_path: Path) -> None:
    asker = Asker()
    asker.leave()
    with pytest.raises(CouldNotTell, match="left"):
        wide_rows(pa.chunked_array([["r1"]]), Pieces(tmp_path), asker)
