"""Desks: lanes may be without end, and what is in memory is not."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from stanch.engine.baselines import Ask, Baselines
from stanch.engine.ingest.schema import conform
from stanch.engine.watch import desks as of_desks
from stanch.engine.watch.bench import Bench
from stanch.engine.watch.desks import IDLE, Desks
from stanch.engine.watch.hop import MINUTE, span_of
from stanch.engine.watch.lane import Lane
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.ids import AssetId

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
MODEL = AssetId("fraud")
FEW = 8


class NoLake:
    def recall(self, asset: AssetId, ids: object, also: object = ()) -> pa.Table:
        raise AssertionError("nothing is recalled")


def rows(at: datetime, versions: list[str]) -> pa.Table:
    n = len(versions)
    dice = np.random.default_rng(3)
    return conform(
        pa.table(
            {
                "id": [f"{at:%H%M}-{i}" for i in range(n)],
                "ts": pa.array([at] * n, pa.timestamp("us", "UTC")),
                "kind": ["inference"] * n,
                "asset": ["fraud"] * n,
                "version": versions,
                "principal": [f"p{i % 9}" for i in range(n)],
                "features": pa.array(dice.normal(size=(n, 3)).tolist(), pa.list_(pa.float64())),
                "prediction": ["yes" if i % 3 else "no" for i in range(n)],
            }
        )
    )


@pytest.fixture
def bench(sql_store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(of_desks, "MOST_OPEN", FEW)
    ask = Ask(asset=MODEL, by="ann", source="a test")
    Baselines(sql_store, lambda _: "signed", lambda: AT).set(ask, rows(AT, [""] * 1000))
    return Bench(NoLake())


def step(store: SqlStore, bench: Bench, at: datetime, versions: list[str]) -> None:
    with store.look() as tx:
        if versions:
            bench.take(tx, rows(at, versions), at)
        bench.seal(at)
        list(bench.windows(at))
    with store.begin() as tx:
        bench.keep(tx)


def desks_of(bench: Bench) -> Desks:
    return bench._desks


def test_versions_that_are_never_the_same_twice_share_a_baseline_and_are_let_go(
    sql_store: SqlStore, bench: Bench
) -> None:
    for minute in range(6):
        step(sql_store, bench, AT + minute * MINUTE, [f"v{minute}-{i}" for i in range(5)])
    opened = [desk for _, desk in desks_of(bench)._open.items()]
    assert len({id(desk.ready) for desk in opened}) == 1
    step(sql_store, bench, AT + IDLE / 2, ["last"])
    step(sql_store, bench, AT + IDLE / 2 + 5 * MINUTE, [])
    assert len(desks_of(bench)._open) == FEW


def test_a_desk_with_a_minute_that_is_still_open_stays_however_many_there_are(
    sql_store: SqlStore, bench: Bench
) -> None:
    step(sql_store, bench, AT, [f"v{i}" for i in range(3 * FEW)])
    assert len(desks_of(bench)._open) == 3 * FEW


def test_who_comes_back_finds_what_was_counted(sql_store: SqlStore, bench: Bench) -> None:
    step(sql_store, bench, AT, ["old"])
    for minute in range(1, 9):
        step(sql_store, bench, AT + minute * MINUTE, [f"v{minute}-{i}" for i in range(3)])
    lane = Lane(MODEL, "old")
    assert lane not in desks_of(bench)
    at = AT + 9 * MINUTE
    step(sql_store, bench, at, ["old"])
    desk = desks_of(bench)[lane]
    window = desk.tally.window(span_of(at), desk.before)
    assert window.now is not None
    assert window.now.n == 2


def test_a_lane_that_was_not_used_for_long_is_let_go(sql_store: SqlStore, bench: Bench) -> None:
    step(sql_store, bench, AT, ["old"])
    step(sql_store, bench, AT + IDLE / 2, [])
    later = AT + 2 * IDLE
    step(sql_store, bench, later, ["new"])
    step(sql_store, bench, later + MINUTE, ["new"])
    assert Lane(MODEL, "old") not in desks_of(bench)
    assert Lane(MODEL, "new") in desks_of(bench)
