"""Fingerprints of an asset: stated once, counted by the next baseline, told when somebody asks."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from stanch.detect import examples
from stanch.detect.detectors import canaries, membership_inference
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.fingerprints import SALT, Known
from stanch.detect.summaries.parts import Block
from stanch.detect.summaries.ready import ready
from stanch.detect.window import Window
from stanch.engine.baselines import Ask, Baselines
from stanch.engine.fingerprints import Printed
from stanch.engine.ingest.foreign.prints import Wanted, printed
from stanch.engine.ingest.schema import conform
from stanch.engine.watch.answers import answers, schema_of
from stanch.engine.watch.golden import Seasons
from stanch.prepare.baseline import Golden
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import Blind, Finding
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.record import Deed
from stanch.vocabulary.trouble import BadInput, BaselineRefused, NotFound

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LOANS = Asset(id=AssetId("loans"), kind=AssetKind.MODEL, name="loans", owner="credit")
TRAINED = [(round(0.01 * i, 2), round(0.02 * i - 5, 2)) for i in range(400)]
PLANTED = [(3.25 + 0.001 * i, -7.125) for i in range(10)]
USERS = 20


def clock() -> datetime:
    return NOON


def rows(asked: list[tuple[float, float]], who: list[str]) -> pa.Table:
    n = len(asked)
    named = [json.dumps({"x": x, "y": y}) for x, y in asked]
    return conform(
        pa.table(
            {
                "id": [f"e{i}" for i in range(n)],
                "ts": pa.array([NOON - timedelta(seconds=n - i) for i in range(n)]).cast(
                    pa.timestamp("us", "UTC")
                ),
                "kind": ["inference"] * n,
                "asset": ["loans"] * n,
                "principal": who,
                "named": named,
                "prediction": ["yes" if x > 0 else "no" for x, _ in asked],
            }
        )
    )


def ordinary(n: int, seed: int) -> tuple[list[tuple[float, float]], list[str]]:
    dice = np.random.default_rng(seed)
    asked = [(float(x), float(y)) for x, y in dice.normal(size=(n, 2))]
    return asked, [f"user-{i % USERS:02}" for i in range(n)]


def prints(
    folder: Path, known: Known, told: list[tuple[float, float]], names: str = "x,y"
) -> bytes:
    file = folder / f"{known}.csv"
    file.write_text(names + "\n" + "".join(f"{x},{y}\n" for x, y in told))
    return printed(file, Wanted(known=known, salt=bytes(SALT))).to_bytes()


@pytest.fixture
def store(sql_store: SqlStore) -> SqlStore:
    with sql_store.begin() as tx:
        tx.assets.save(LOANS)
    return sql_store


def golden(
    store: SqlStore, asked: list[tuple[float, float]], who: list[str], why: str = ""
) -> Golden:
    baselines = Baselines(store, lambda _: "signed", clock)
    ask = Ask(asset=LOANS.id, by="ann", source="a test", override=why)
    return Golden.from_bytes(baselines.set(ask, rows(asked, who)).body)


def window(store: SqlStore, asked: list[tuple[float, float]], who: list[str]) -> Window:
    with store.look() as tx:
        kept = tx.baselines.current(LOANS.id)
    assert kept is not None
    base = Seasons.of(kept).at(NOON)
    columns = answers(rows(asked, who), schema_of(base.plan), LOANS, prints=base.prints)
    total = counted(ready(base.plan), columns)
    return replace(
        examples.nothing_seen(),
        asset=LOANS,
        baseline=base,
        now=total.summary,
        ledger=total.ledger.seal(),
    )


def test_who_asks_for_training_rows_and_who_asks_for_a_canary_are_named(
    store: SqlStore, tmp_path: Path
) -> None:
    told = Printed(store, clock)
    told.state(LOANS.id, prints(tmp_path, Known.TRAINING, TRAINED), "ann")
    told.state(LOANS.id, prints(tmp_path, Known.CANARIES, PLANTED), "ann")
    assert [one.counted for one in told.of(LOANS.id)] == [False, False]
    golden(store, *ordinary(2000, 1))
    assert [(one.known, one.rows, one.counted) for one in told.of(LOANS.id)] == [
        ("training", 400, True),
        ("canaries", 10, True),
    ]
    asked, who = ordinary(400, 2)
    asked += TRAINED[:40] + PLANTED[:1]
    seen = window(store, asked, [*who, *(["mallory"] * 40), "eve"])
    (one,) = [f for f in canaries.DETECTOR.seen_in(seen) if isinstance(f, Finding)]
    assert [s.principal for s in one.suspects] == ["eve"]
    assert "eve (1)" in one.says
    members = [f for f in membership_inference.DETECTOR.seen_in(seen) if isinstance(f, Finding)]
    assert "mallory" in {s.principal for f in members for s in f.suspects}


def test_ordinary_use_is_told_by_neither_and_neither_is_blind(
    store: SqlStore, tmp_path: Path
) -> None:
    told = Printed(store, clock)
    told.state(LOANS.id, prints(tmp_path, Known.TRAINING, TRAINED), "ann")
    told.state(LOANS.id, prints(tmp_path, Known.CANARIES, PLANTED), "ann")
    golden(store, *ordinary(2000, 1))
    seen = window(store, *ordinary(400, 2))
    assert canaries.DETECTOR.seen_in(seen) == ()
    assert membership_inference.DETECTOR.seen_in(seen) == ()


def test_who_has_always_asked_for_training_rows_is_no_news(store: SqlStore, tmp_path: Path) -> None:
    """Customers of the training set are scored again every month."""
    Printed(store, clock).state(LOANS.id, prints(tmp_path, Known.TRAINING, TRAINED), "ann")
    dice = np.random.default_rng(3)

    def mixed(n: int, seed: int) -> tuple[list[tuple[float, float]], list[str]]:
        asked, who = ordinary(n, seed)
        again = dice.random(n) < 0.3
        return [
            TRAINED[int(dice.integers(400))] if old else one
            for one, old in zip(asked, again, strict=True)
        ], who

    golden(store, *mixed(2000, 1))
    seen = window(store, *mixed(600, 2))
    assert seen.ledger is not None
    assert int(seen.ledger.everybody(Block.HITS)[0]) > 100
    assert membership_inference.DETECTOR.seen_in(seen) == ()


def test_without_a_statement_both_say_that_they_are_blind(store: SqlStore) -> None:
    golden(store, *ordinary(2000, 1))
    seen = window(store, *ordinary(400, 2))
    for detector in (canaries.DETECTOR, membership_inference.DETECTOR):
        (said,) = detector.seen_in(seen)
        assert isinstance(said, Blind)
        assert "stanch baseline state" in said.why


def test_what_was_taken_back_is_not_counted_by_the_next_baseline(
    store: SqlStore, tmp_path: Path
) -> None:
    told = Printed(store, clock)
    told.state(LOANS.id, prints(tmp_path, Known.TRAINING, TRAINED), "ann")
    assert len(golden(store, *ordinary(1500, 1)).prints) == 1
    assert told.forget(LOANS.id, "training", "ann") == ()
    assert golden(store, *ordinary(1500, 1)).prints == ()
    with pytest.raises(NotFound):
        told.forget(LOANS.id, "training", "ann")
    with pytest.raises(BadInput):
        told.forget(LOANS.id, "secrets", "ann")
    deeds = [p.entry.deed for p in store.outbox()]
    assert deeds.count(Deed.FINGERPRINTS_CHANGED) == 2


def test_a_baseline_whose_own_rows_are_canaries_is_refused(store: SqlStore, tmp_path: Path) -> None:
    Printed(store, clock).state(LOANS.id, prints(tmp_path, Known.CANARIES, PLANTED), "ann")
    asked, who = ordinary(1500, 1)
    with pytest.raises(BaselineRefused, match="2 of its rows are canaries"):
        golden(store, asked + PLANTED[:2], [*who, "a", "b"])
    override = golden(store, asked + PLANTED[:2], [*who, "a", "b"], "we tried them").override
    assert override is not None


def test_columns_that_the_answers_do_not_tell_are_refused_with_what_to_do(
    store: SqlStore, tmp_path: Path
) -> None:
    body = prints(tmp_path, Known.TRAINING, TRAINED, "x,salary")
    Printed(store, clock).state(LOANS.id, body, "ann")
    with pytest.raises(BadInput, match=r"salary.*--without"):
        golden(store, *ordinary(1500, 1))


def test_nothing_is_stated_of_an_asset_that_nobody_knows(store: SqlStore, tmp_path: Path) -> None:
    body = prints(tmp_path, Known.TRAINING, TRAINED)
    with pytest.raises(NotFound):
        Printed(store, clock).state(AssetId("nobody"), body, "ann")
    with pytest.raises(NotFound):
        Printed(store, clock).of(AssetId("nobody"))


def test_a_baseline_of_before_fingerprints_has_the_same_bytes(store: SqlStore) -> None:
    one = golden(store, *ordinary(1500, 1))
    assert Golden.from_bytes(one.to_bytes()).to_bytes() == one.to_bytes()
    assert b'"prints"' not in one.to_bytes()
