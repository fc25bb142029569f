"""The lake: exactly once from the spool, and conditions that cannot reach outside."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import make_url

from stanch.app import opened
from stanch.app.crew import Crew
from stanch.engine.ingest.schema import SCHEMA, conform
from stanch.settings import Settings
from stanch.store.hunt import Hunt, Hunter
from stanch.store.lake import Lake, LakeLimits
from stanch.store.shared_hunt import Piece, counted_apart
from stanch.store.spool import Spool
from stanch.store.sql.connect import sqlite_url
from stanch.vocabulary.trouble import BadInput, CouldNotTell

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def batch(start: int, stop: int) -> pa.Table:
    numbers = range(start, stop)
    return conform(
        pa.table(
            {
                "id": [f"e{i}" for i in numbers],
                "ts": pa.array(
                    [NOW - timedelta(minutes=i) for i in numbers], pa.timestamp("us", "UTC")
                ),
                "asset": ["a" if i % 2 else "b" for i in numbers],
                "latency_ms": [float(i) for i in numbers],
            }
        )
    )


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool.open(tmp_path / "spool") as opened:
        yield opened


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    opened = Lake.open(tmp_path / "lake", SCHEMA)
    yield opened
    opened.close()


def test_a_hunt_sees_lake_and_spool_as_one(lake: Lake, spool: Spool) -> None:
    spool.append(batch(0, 100))
    assert lake.roll_up(spool, everything=True) == 100
    spool.append(batch(100, 150))
    assert lake.count(Hunt(), spool) == 150
    assert lake.count(Hunt(asset="a", where="latency_ms >= 90"), spool) == 30
    found = lake.hunt(Hunt(columns=("id",), limit=2, until=NOW), spool)
    assert found.column("id").to_pylist() == ["e1", "e2"]
    assert lake.minutes(Hunt(), spool).num_rows == 150
    hours = lake.hours(Hunt(), spool)
    each = {at.hour: 0 for at in hours.column("hour").to_pylist()}
    for at, rows in zip(*(hours.column(c).to_pylist() for c in ("hour", "rows")), strict=True):
        each[at.hour] += rows
    assert each == {9: 29, 10: 60, 11: 60, 12: 1}


def test_a_hunt_with_others_finds_what_it_finds_alone(lake: Lake, spool: Spool) -> None:
    for start in range(0, 2000, 100):
        spool.append(batch(start, start + 100))
        assert lake.roll_up(spool, everything=True) == 100
    spool.append(batch(2000, 2050))
    crew = Crew(processes=2, large=0)
    wanted = Hunt(asset="a", where="latency_ms >= 1890", limit=70, columns=("latency_ms", "id"))
    assert lake.hunt_with(crew, wanted, spool).equals(lake.hunt(wanted, spool))
    assert lake.count_with(crew, wanted, spool) == lake.count(wanted, spool) == 80
    with pytest.raises(BadInput, match="cannot be answered"):
        lake.count_with(crew, Hunt(where="latency_ms > 'much'"), spool)


class Leaves:
    """Who asks and is gone at once, and says so until it is heard."""

    left = True

    @contextmanager
    def waits(self, stop: Callable[[], object], /) -> Iterator[None]:
        over = threading.Event()

        def say() -> None:
            while not over.wait(0.001):
                stop()

        saying = threading.Thread(target=say)
        saying.start()
        try:
            yield
        finally:
            over.set()
            saying.join()


def test_nothing_is_read_on_for_who_left(tmp_path: Path) -> None:
    many = batch(0, 20_000)
    hunter = Hunter(str(tmp_path), SCHEMA)
    slow = Hunt(where="sha256(sha256(id)) < sha256(sha256(sha256(id)))")
    with pytest.raises(CouldNotTell, match="whoever asked left"):
        hunter.count(slow, (), pa.concat_tables([many] * 50), Leaves())
    assert hunter.count(slow, (), many) > 0
    hunter.close()


def test_no_further_piece_is_handed_out_for_who_left() -> None:
    whole = Piece(folder="", schema=SCHEMA, wanted=Hunt(), files=tuple(map(str, range(20))))
    read: list[object] = []

    class Alone:
        def worth(self, _: Sequence[str], /) -> bool:
            return True

        def each(self, _: Callable[[Any], Any], pieces: Sequence[Any], /) -> Iterator[Any]:
            for one in pieces:
                read.append(one)
                yield 5

    assert counted_apart(Alone(), whole) == 15
    read.clear()
    with pytest.raises(CouldNotTell, match="whoever asked left"):
        counted_apart(Alone(), whole, Leaves())
    assert len(read) == 1


@pytest.mark.parametrize("harm", ["cut", "emptied", "deleted"])
def test_a_file_of_the_lake_that_is_damaged_is_named(lake: Lake, spool: Spool, harm: str) -> None:
    spool.append(batch(0, 100))
    lake.roll_up(spool, everything=True)
    [file] = (Path(one) for one in lake.pieces(Hunt(), spool).files)
    if harm == "deleted":
        file.unlink()
    else:
        os.truncate(file, 100 if harm == "cut" else 0)
    about = rf"the lake's file day=[^/]+/{file.name} is gone or damaged; put it back"
    with pytest.raises(CouldNotTell, match=about):
        lake.count(Hunt(asset="a", where="latency_ms > 5"), spool)
    with pytest.raises(CouldNotTell, match=about):
        lake.hunt(Hunt(asset="a"), spool)


@pytest.mark.parametrize("name", ["my data", "José's", "a#b?c 100%"])
def test_a_data_folder_may_have_any_ordinary_name(tmp_path: Path, spool: Spool, name: str) -> None:
    lake = Lake.open(tmp_path / name / "lake", SCHEMA)
    spool.append(batch(0, 100))
    lake.roll_up(spool, everything=True)
    assert lake.count(Hunt(asset="a"), spool) == lake.hunt(Hunt(asset="a"), spool).num_rows == 50
    assert all(Path(one).is_file() for one in lake.pieces(Hunt(), spool).files)
    lake.close()


@pytest.mark.parametrize("name", ["a?b", "a#b", "a@b:c", "a b"])
def test_the_databases_of_a_data_folder_are_in_it_whatever_it_is_called(
    tmp_path: Path, name: str
) -> None:
    with opened(Settings(data=tmp_path / name)):
        pass
    assert (tmp_path / name / "stanch.sqlite").is_file()
    assert [one.name for one in tmp_path.iterdir()] == [name]
    runs = make_url(sqlite_url(tmp_path / name, "runs.sqlite"))
    assert runs.database == str(tmp_path / name / "runs.sqlite")


@pytest.mark.parametrize("name", ["a%20b", "a[1]", "a^b", "a|b", "a\\b"])
def test_a_data_folder_whose_lake_could_not_be_kept_is_refused_at_the_start(
    tmp_path: Path, name: str
) -> None:
    wanted = Settings(data=tmp_path / name)
    with pytest.raises(BadInput, match="under which the lake cannot be kept"), opened(wanted):
        pass
    assert not wanted.data.exists()


def test_few_rows_wait_for_more(lake: Lake, spool: Spool) -> None:
    spool.append(batch(0, 10))
    assert lake.roll_up(spool) == 0
    assert lake.count(Hunt(), spool) == 10


def test_a_roll_up_that_is_told_to_leave_ends_with_a_whole_commit(
    tmp_path: Path, spool: Spool
) -> None:
    class Hasty(Lake):
        def _commit(self, rows: Any, reached: Any) -> None:
            super()._commit(rows, reached)
            self.leave()

    limits = LakeLimits(commit_rows=10, enough_rows=1)
    spool.append(batch(0, 10))
    spool.append(batch(10, 20))
    hasty = Hasty.open(tmp_path / "lake", SCHEMA, limits)
    assert hasty.roll_up(spool) == 10
    assert hasty.count(Hunt(), spool) == 20
    hasty.close()
    again = Lake.open(tmp_path / "lake", SCHEMA, limits)
    assert again.roll_up(spool) == 10
    again.close()


def test_few_rows_move_once_they_have_waited_long_enough(lake: Lake, spool: Spool) -> None:
    came = pa.repeat(pa.scalar(NOW, SCHEMA.field("received").type), 10)
    rows = batch(0, 10)
    spool.append(rows.set_column(rows.schema.get_field_index("received"), "received", came))
    assert lake.roll_up(spool, now=NOW + timedelta(minutes=4)) == 0
    assert lake.roll_up(spool, now=NOW + timedelta(minutes=5)) == 10


def test_questions_during_roll_ups_see_each_row_once(lake: Lake, spool: Spool) -> None:
    done = threading.Event()

    def fill() -> None:
        for start in range(0, 1500, 50):
            spool.append(batch(start, start + 50))
            spool.seal()
            lake.roll_up(spool, everything=True)
        done.set()

    with ThreadPoolExecutor(1) as pool:
        filling = pool.submit(fill)
        before = 0
        while not done.is_set() and not filling.done():
            found = lake.hunt(Hunt(columns=("id",), limit=10_000), spool).column("id").to_pylist()
            assert len(found) == len(set(found)) >= before
            before = len(found)
        filling.result()
    assert lake.count(Hunt(), spool) == 1500


def test_a_roll_up_run_again_adds_nothing(lake: Lake, spool: Spool, tmp_path: Path) -> None:
    spool.append(batch(0, 100))
    lake.roll_up(spool, everything=True)
    again = Lake.open(tmp_path / "lake", SCHEMA)
    assert again.roll_up(spool, everything=True) == 0
    assert again.count(Hunt(), spool) == 100
    again.close()


def test_a_new_spool_on_an_old_lake_loses_nothing(lake: Lake, tmp_path: Path) -> None:
    for name, start in (("one", 0), ("two", 100)):
        with Spool.open(tmp_path / name) as spool:
            spool.append(batch(start, start + 50))
            assert lake.roll_up(spool, everything=True) == 50
    assert lake.count(Hunt()) == 100


def test_compaction_keeps_the_rows_and_retention_drops_old_days(tmp_path: Path) -> None:
    limits = LakeLimits(unused=timedelta(0))
    lake = Lake.open(tmp_path / "lake", SCHEMA, limits)
    with Spool.open(tmp_path / "spool") as spool:
        for start in (0, 10, 20, 30):
            spool.append(batch(start, start + 10))
            lake.roll_up(spool, everything=True)
        lake.compact(now=NOW)
        assert lake.count(Hunt()) == 40
        assert len(list((tmp_path / "lake" / "day=2026-11-21").glob("*.parquet"))) == 1
        lake.compact(now=NOW + timedelta(days=30), keep=timedelta(days=1))
        assert lake.count(Hunt(), spool) == 0
    lake.close()


@pytest.mark.parametrize(
    "where",
    [
        "true) union select (1",
        "true) order by (id",
        "id in (select 1)",
        "exists (from read_csv('/etc/passwd'))",
        "read_text('/etc/passwd') is null",
        "getenv('HOME') = 'x'",
        "true; drop table events",
        "nope = 1",
        "count(*) > 1",
        "row_number() over () > 1",
        "latency_ms > ?",
        "*",
        "/*",
        "",
        "id = 'x\0'",
        "current_setting('memory_limit') = '1'",
        "ts > 'not a time'",
    ],
)
def test_a_hostile_condition_gets_a_sentence(lake: Lake, spool: Spool, where: str) -> None:
    spool.append(batch(0, 3))
    if not where:
        assert lake.count(Hunt(where=where), spool) == 3
        return
    with pytest.raises(BadInput):
        lake.count(Hunt(where=where), spool)


def test_an_honest_condition_is_answered(lake: Lake, spool: Spool) -> None:
    spool.append(batch(0, 20))
    where = "asset in ('a', 'b') and not (status is null) or latency_ms between 3 and 5 -- yes"
    assert lake.count(Hunt(where=where), spool) == 3


def test_every_thread_asks_the_same_database_and_it_is_shut_for_all(lake: Lake) -> None:
    said = (
        "SELECT current_setting('TimeZone') AS zone, current_setting('enable_external_access') AS"
        " outside, current_setting('python_enable_replacements') AS ours,"
        " current_setting('lock_configuration') AS locked"
    )
    together = threading.Barrier(2)

    def told() -> tuple[object, dict[str, object]]:
        together.wait(timeout=60)
        connection = lake._hunter._connection()
        return connection, connection.sql(said).to_arrow_table().to_pylist()[0]

    with ThreadPoolExecutor(2) as threads:
        (one, first), (two, second) = (f.result() for f in [threads.submit(told) for _ in "ab"])
    assert one is not two
    assert lake._hunter._base is not None
    assert first == second == {"zone": "UTC", "outside": False, "ours": False, "locked": True}
