"""Several feeds over the same spools count each row once, also when a share changes hands."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from stanch.engine.ingest.schema import conform
from stanch.engine.shares import Split
from stanch.engine.watch.feed import MINUTES, Several, Solo, counted_upto
from stanch.engine.watch.lane import Lane
from stanch.store.spool import Spool
from stanch.store.sql.store import SqlStore
from stanch.store.tail import Tail
from stanch.testing.spool import MemorySpool
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.trouble import Stale

SCAN = Lane(AssetId("scan"), "v1")

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def rows(first: int, n: int) -> pa.Table:
    return conform(
        pa.table(
            {
                "id": [f"e{i}" for i in range(first, first + n)],
                "ts": pa.array([NOON] * n, pa.timestamp("us", "UTC")),
                "kind": ["inference"] * n,
                "asset": [f"model-{i % 40}" for i in range(first, first + n)],
            }
        )
    )


def counted(store: SqlStore, feed: Several) -> list[str]:
    with store.look() as tx:
        taken = feed.take(tx)
    with store.begin() as tx:
        taken.counted(tx)
    return list(taken.rows["id"].to_pylist())


def test_each_row_is_counted_once_by_whoever_has_its_asset(
    sql_store: SqlStore, tmp_path: Path
) -> None:
    def clock() -> datetime:
        return NOON

    with Spool.open(tmp_path / "a") as ours, Spool.open(tmp_path / "b") as theirs:
        spools: dict[str, Sequence[Spool | Tail]] = {
            "a": (ours, Tail(tmp_path / "b")),
            "b": (theirs, Tail(tmp_path / "a")),
        }
        splits = {name: Split(sql_store, clock, name) for name in spools}
        feeds = {n: Several(splits[n], lambda n=n: spools[n]) for n in spools}
        for one in splits.values():
            one.turn()
        ours.append(rows(0, 80))
        theirs.append(rows(80, 80))
        got = {n: counted(sql_store, feeds[n]) for n in feeds}
        assert all(got.values())
        assert sorted(got["a"] + got["b"]) == sorted(f"e{i}" for i in range(160))
        # b leaves with rows that it did not count; a goes on at the very row
        ours.append(rows(160, 40))
        first = counted(sql_store, feeds["a"])
        splits["b"].leave()
        theirs.append(rows(200, 40))
        rest = counted(sql_store, feeds["a"])
        assert sorted(first + rest) == sorted(f"e{i}" for i in range(160, 240))
        with sql_store.look() as tx:
            assert counted_upto(tx, ours) == ours.end
            assert counted_upto(tx, Tail(tmp_path / "b")) == theirs.end


def test_a_share_that_was_lost_meanwhile_is_stale_and_moves_nothing(
    sql_store: SqlStore, tmp_path: Path
) -> None:
    split = Split(sql_store, lambda: NOON, "a")
    split.turn()
    with Spool.open(tmp_path / "a") as spool:
        feed = Several(split, lambda: (spool,))
        spool.append(rows(0, 40))
        with sql_store.look() as tx:
            taken = feed.take(tx)
        split.leave()
        with pytest.raises(Stale), sql_store.begin() as tx:
            taken.counted(tx)
        split.turn()
        assert len(counted(sql_store, feed)) == 40
        assert counted(sql_store, feed) == []


def test_the_same_rows_read_twice_are_counted_once(sql_store: SqlStore, tmp_path: Path) -> None:
    split = Split(sql_store, lambda: NOON, "a")
    split.turn()
    with Spool.open(tmp_path / "a") as spool:
        one, two = (Several(split, lambda: (spool,)) for _ in range(2))
        spool.append(rows(0, 40))
        with sql_store.look() as tx:
            first, second = one.take(tx), two.take(tx)
        with sql_store.begin() as tx:
            first.counted(tx)
        with pytest.raises(Stale), sql_store.begin() as tx:
            second.counted(tx)


def test_who_counts_meanwhile_is_in_nobodys_way(sql_store: SqlStore, tmp_path: Path) -> None:
    splits = [Split(sql_store, lambda: NOON, name) for name in "abc"]
    for one in (*splits, *splits):
        one.turn()
    with Spool.open(tmp_path / "a") as spool:
        feeds = [Several(one, lambda: (spool,)) for one in splits]
        for first in (0, 80):
            spool.append(rows(first, 80))
            with sql_store.look() as tx:
                taken = [feed.take(tx) for feed in feeds]
            for one in taken:
                with sql_store.begin() as tx:
                    one.counted(tx)
            found = [name for one in taken for name in one.rows["id"].to_pylist()]
            assert sorted(found) == sorted(f"e{i}" for i in range(first, first + 80))
        with sql_store.look() as tx:
            assert counted_upto(tx, spool) == spool.end


def test_a_word_about_a_sites_counts_reaches_who_watches_the_asset(
    sql_store: SqlStore, tmp_path: Path
) -> None:
    mine, yours = (Split(sql_store, lambda: NOON, name) for name in "ab")
    mine.turn()
    with Spool.open(tmp_path / "a") as spool:
        watches, hears = Several(mine, lambda: (spool,)), Several(yours, lambda: (spool,))
        with sql_store.begin() as tx:
            assert hears.poke(tx, SCAN)
            assert not watches.poke(tx, SCAN)
        with sql_store.look() as tx:
            taken = watches.take(tx)
        assert (taken.poked, taken.anew) == ((SCAN,), True)
        with sql_store.begin() as tx:
            taken.counted(tx)
        with sql_store.look() as tx:
            assert watches.take(tx).poked == ()


def test_a_sparse_history_is_read_in_pieces_and_each_row_once(sql_store: SqlStore) -> None:
    times = [NOON + timedelta(minutes=i // 2) for i in range(4 * MINUTES)]
    sparse = pa.table({"ts": pa.array(times, pa.timestamp("us", "UTC"))})
    spool = MemorySpool()
    spool.add(conform(sparse.append_column("asset", pa.array([SCAN.asset] * len(times)))))
    spool.add(rows(0, 2 * MINUTES))
    feed = Solo(spool)
    read: list[int] = []
    while not read or read[-1]:
        with sql_store.begin() as tx:
            taken = feed.take(tx)
            taken.counted(tx)
        read.append(taken.rows.num_rows)
    assert read == [2 * MINUTES, 2 * MINUTES, 2 * MINUTES, 0]
