"""Baselines of more rows than one process holds: learnt from some of them, counted from all."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stanch.app.crew import Crew
from stanch.detect.summaries.learn import Schema
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import Block
from stanch.detect.summaries.plan import Plan
from stanch.engine.baselines import Ask, Baselines, Whole
from stanch.engine.ingest.compute import pc
from stanch.engine.ingest.schema import conform
from stanch.engine.leaning import leans
from stanch.engine.watch.answers import answers, schema_of
from stanch.prepare.baseline import WHOLE_WEEK, Golden
from stanch.store.sql.store import SqlStore
from stanch.vocabulary.asset import Asset, AssetKind, Conditions, Feature, FeatureType
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import AssetId, DetectorId
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BaselineRefused, CouldNotTell, Stale

SINCE = datetime(2026, 3, 2, tzinfo=UTC)
FRAUD = Asset(id=AssetId("fraud"), kind=AssetKind.MODEL, name="fraud", owner="payments")
FILES, EACH = 6, 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Pieces:
    files: Sequence[str]
    tail: pa.Table


def clock() -> datetime:
    return SINCE + timedelta(days=3)


def rows(seed: int) -> pa.Table:
    """Two thousand answers in an hour of their own, most of one principal."""
    dice = np.random.default_rng(seed)
    times = [SINCE + timedelta(hours=seed, seconds=i) for i in range(EACH)]
    return conform(
        pa.table(
            {
                "id": [f"{seed}-{i}" for i in range(EACH)],
                "ts": pa.array(times, pa.timestamp("us", "UTC")),
                "kind": ["inference"] * EACH,
                "asset": ["fraud"] * EACH,
                "version": ["v2" if i % 4 == 0 else "v1" for i in range(EACH)],
                "principal": [f"p{i % 9}" for i in range(EACH)],
                "features": pa.array(dice.normal(size=(EACH, 3)).tolist(), pa.list_(pa.float64())),
                "prediction": ["yes" if i % 3 else "no" for i in range(EACH)],
                "extra": ['{"region": "eu"}' if i % 5 == 0 else None for i in range(EACH)],
            }
        )
    )


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Pieces:
    folder = tmp_path_factory.mktemp("lake")
    made = [folder / f"{seed}.parquet" for seed in range(FILES)]
    for seed, path in enumerate(made):
        pq.write_table(rows(seed), path)
    return Pieces(files=[str(one) for one in made], tail=rows(FILES))


def golden(
    store: SqlStore, whole: Whole | None, crew: Crew | None = None, v: str = "", condition: str = ""
) -> Golden:
    baselines = Baselines(store, lambda _: "signed", clock, crew)
    sample = pa.concat_tables(rows(seed).slice(0, 400) for seed in range(FILES))
    ask = Ask(asset=FRAUD.id, by="ann", source="a test", version=v, condition=condition)
    return Golden.from_bytes(baselines.set(ask, sample, whole).body)


def asked(found: Golden) -> int:
    return int(Ledger.from_bytes(found.habits).everybody(Block.ROWS).sum())


def test_every_row_of_the_lake_counts_though_some_are_learnt_from(
    sql_store: SqlStore, pieces: Pieces
) -> None:
    some = golden(sql_store, None)
    every = golden(sql_store, Whole(pieces=pieces, since=SINCE))
    assert (some.rows, asked(some)) == (FILES * 400, FILES * 400)
    assert (every.rows, asked(every)) == ((FILES + 1) * EACH, (FILES + 1) * EACH)
    assert some.plan == every.plan
    assert sorted(every.strata) == [WHOLE_WEEK, *range(FILES + 1)]
    assert sorted(some.strata) == [WHOLE_WEEK]


@pytest.mark.parametrize(
    ("starts", "refused"),
    [(timedelta(minutes=-19), True), (timedelta(minutes=-2), True), (timedelta(minutes=9), False)],
)
def test_a_finding_whose_window_goes_on_after_the_rows_is_in_their_time(
    sql_store: SqlStore, starts: timedelta, *, refused: bool
) -> None:
    told = rows(0)
    last = pc.max(told["ts"]).as_py()
    start = last + starts
    finding = Finding(
        detector=DetectorId("score_shift"),
        asset=FRAUD.id,
        window=Span(start=start, end=start + timedelta(minutes=20)),
        says="It moved.",
        measured={},
        because=(),
    )
    with sql_store.begin() as tx:
        tx.findings.put([finding], at=last)
    baselines = Baselines(sql_store, lambda _: "signed", clock)
    ask = Ask(asset=FRAUD.id, by="ann", source="a test")
    if not refused:
        assert Golden.from_bytes(baselines.set(ask, told).body).override is None
        return
    with pytest.raises(BaselineRefused, match=rf"holds 1 finding \({finding.id}\)"):
        baselines.set(ask, told)


@pytest.mark.parametrize("asked_times", [1, 3, 6])
def test_whoever_leaves_while_it_is_learnt_leaves_nothing_behind(
    sql_store: SqlStore, asked_times: int
) -> None:
    left = CouldNotTell("whoever asked for it left")
    times = 0

    def still() -> None:
        nonlocal times
        times += 1
        if times == asked_times:
            raise left

    ask = Ask(asset=FRAUD.id, by="ann", source="a test")
    with pytest.raises(CouldNotTell, match="left"):
        Baselines(sql_store, lambda _: "signed", clock).set(ask, rows(0), still=still)
    assert times == asked_times
    with sql_store.look() as tx:
        assert not tx.baselines.history(FRAUD.id)


def test_rows_that_are_too_few_are_refused_before_anything_is_learnt(sql_store: SqlStore) -> None:
    def still() -> None:
        raise AssertionError("something is learnt")

    ask = Ask(asset=FRAUD.id, by="ann", source="a test")
    with pytest.raises(BaselineRefused, match="it has 356 rows, 1000 are needed"):
        Baselines(sql_store, lambda _: "signed", clock).set(ask, rows(0).slice(0, 356), still=still)


def test_of_two_who_set_it_at_once_one_wins_and_the_other_is_told(sql_store: SqlStore) -> None:
    ask = Ask(asset=FRAUD.id, by="ann", source="a test")
    first = Baselines(sql_store, lambda _: "signed", clock)

    def meanwhile(_: bytes) -> str:
        first.set(ask, rows(0))
        return "signed"

    with pytest.raises(Stale, match="baseline of fraud moved on"):
        Baselines(sql_store, meanwhile, clock).set(ask, rows(1))
    with sql_store.look() as tx:
        assert len(tx.baselines.history(FRAUD.id)) == 1


def test_a_baseline_counted_by_others_is_the_same(sql_store: SqlStore, pieces: Pieces) -> None:
    whole = Whole(pieces=pieces, since=SINCE)
    alone = golden(sql_store, whole)
    helped = golden(sql_store, whole, Crew(processes=2, large=0))
    assert (alone.strata, alone.habits) == (helped.strata, helped.habits)


def test_only_the_version_and_the_time_asked_for_count(sql_store: SqlStore, pieces: Pieces) -> None:
    since = SINCE + timedelta(hours=2)
    found = golden(sql_store, Whole(pieces=pieces, since=since), v="v2")
    assert found.rows == asked(found) == (FILES - 1) * EACH // 4


def test_only_the_condition_asked_for_counts_and_the_whole_knows_the_mix(
    sql_store: SqlStore, pieces: Pieces
) -> None:
    told = Conditions(field="region", values=("eu",))
    with sql_store.begin() as tx:
        tx.assets.save(replace(FRAUD, conditions=told))
    whole = Whole(pieces=pieces, since=SINCE)
    own = golden(sql_store, whole, condition="eu")
    assert own.rows == asked(own) == (FILES + 1) * EACH // 5
    assert own.mix == {}
    mix = golden(sql_store, None).mix
    assert mix[WHOLE_WEEK] == {"eu": FILES * 80, "other": FILES * 320}
    assert mix[0] == {"eu": 80, "other": 320}


def test_an_embedding_that_comes_by_name_is_counted_place_by_place(sql_store: SqlStore) -> None:
    told = rows(0)
    vectors = [f'{{"vec": {one}, "kind": "a"}}' for one in told["features"].to_pylist()]
    names = told.column_names
    told = told.set_column(names.index("named"), "named", pa.array(vectors))
    told = told.set_column(
        names.index("features"), "features", pa.nulls(EACH, told["features"].type)
    )
    vec = Feature(name="vec", type=FeatureType.EMBEDDING)
    with sql_store.begin() as tx:
        tx.assets.add(replace(FRAUD, features=(vec,)))
    kept = Baselines(sql_store, lambda _: "signed", clock).set(
        Ask(asset=FRAUD.id, by="ann", source="a test"), told
    )
    plan = Plan.from_bytes(Golden.from_bytes(kept.body).plan)
    assert plan.numbers == ("vec[0]", "vec[1]", "vec[2]")
    assert [one.name for one in plan.categories] == ["kind"]
    found = answers(told, schema_of(plan), FRAUD)
    assert found.numbers[7].tolist() == json.loads(vectors[7])["vec"]
    assert answers(told, Schema(numbers=("vec",)), FRAUD).numbers.shape == (EACH, 1)


@pytest.mark.parametrize(
    ("everybody", "leaning"), [(20, {"mole": 1 / 3}), (5, {})], ids=["many ask", "few ask"]
)
def test_who_made_much_of_a_baseline_is_named_where_many_ask(
    sql_store: SqlStore, everybody: int, leaning: dict[str, float]
) -> None:
    names = ["mole" if i % 3 == 0 else f"p{i % everybody}" for i in range(1200)]
    found = rows(0).slice(0, 1200)
    told = found.set_column(found.column_names.index("principal"), "principal", [names])
    told = told.cast(found.schema)
    kept = Baselines(sql_store, lambda _: "signed", clock).set(
        Ask(asset=FRAUD.id, by="ann", source="a test"), told
    )
    assert leans(Golden.from_bytes(kept.body)) == pytest.approx(leaning)
