"""Labels that come late, early or for nothing."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from tests.engine.lifecycle.house import FRAUD, START, House, inferences, minute_by_minute

from stanch.engine.baselines import Ask
from stanch.engine.ingest.schema import conform
from stanch.engine.watch.early import MOST as EARLY
from stanch.vocabulary.span import Span


def labels_for(rows: pa.Table, *, wrong: float, seed: int = 1) -> pa.Table:
    dice = np.random.default_rng(seed)
    truth = [
        ("no" if said == "yes" else "yes") if dice.random() < wrong else said
        for said in rows["prediction"].to_pylist()
    ]
    n = rows.num_rows
    return conform(
        pa.table(
            {
                "id": [f"l-{one}" for one in rows["id"].to_pylist()],
                "ts": rows["ts"],
                "kind": ["label"] * n,
                "asset": rows["asset"],
                "of": rows["id"],
                "label": truth,
            }
        )
    )


def test_a_fall_in_accuracy_is_found_because_the_baseline_knows_the_labels(house: House) -> None:
    reference = inferences(10_000, START)
    known = pa.concat_tables([reference, labels_for(reference, wrong=0.05)])
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), known)
    for minute, wrong in enumerate((0.05, 0.05, 0.3, 0.3)):
        rows = inferences(1000, house.clock.at, seed=70 + minute)
        house.rows.add(rows)
        house.rows.add(labels_for(rows, wrong=wrong, seed=minute))
        house.clock.at += timedelta(minutes=1)
        house.path.turn()
        with house.store.look() as tx:
            seen = {f.detector for f in tx.findings.page(limit=50).items}
        assert ("accuracy_drop" in seen) == (wrong > 0.1), (minute, seen)


def unknown_spots(house: House) -> list[str]:
    with house.store.look() as tx:
        return [s.blind.why for s in tx.blinds.of(FRAUD) if s.blind.detector == "unknown_labels"]


def test_labels_that_come_before_their_answers_count_as_if_after_them(tmp_path: Path) -> None:
    reference = inferences(5_000, START)
    known = pa.concat_tables([reference, labels_for(reference, wrong=0.05)])
    rows = inferences(400, START, seed=7)
    truth = labels_for(rows, wrong=0.3)
    told = []
    for name, parts in (("after", (rows, truth)), ("before", (truth, rows))):
        (tmp_path / name).mkdir()
        house = House(tmp_path / name)
        house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), known)
        for part in parts:
            house.rows.add(part)
            house.clock.at += timedelta(seconds=50)
            house.path.turn()
            house.start()
        span = Span(start=START, end=START + timedelta(hours=1))
        with house.store.look() as tx:
            told.append([b.body for b in tx.summaries.between(FRAUD, span, version="v7")])
        assert unknown_spots(house) == []
        house.close()
    assert told[0]
    assert told[0] == told[1]


def test_labels_whose_answers_never_come_are_a_blind_spot_for_a_while(house: House) -> None:
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(5_000, START))
    house.rows.add(labels_for(inferences(30, START, seed=66), wrong=0.0))
    minute_by_minute(house, 2, shift=0.0, seed=1)
    assert unknown_spots(house) == []
    minute_by_minute(house, 2, shift=0.0, seed=5)
    why = "30 labels for answers that did not come within 2 minutes: not counted"
    assert unknown_spots(house) == [why]
    house.start()
    minute_by_minute(house, 1, shift=0.0, seed=9)
    assert unknown_spots(house) == [why]
    house.clock.at += timedelta(minutes=40)
    minute_by_minute(house, 2, shift=0.0, seed=13)
    assert unknown_spots(house) == []


def test_of_a_flood_of_labels_for_nothing_only_so_many_wait(house: House) -> None:
    house.rows.add(labels_for(inferences(EARLY + 500, START, seed=66), wrong=0.0))
    house.path.turn()
    with house.store.look() as tx:
        kept = tx.settings.get(f"early/{FRAUD}")
    assert kept is not None
    assert kept.count("e-66-") == EARLY
    assert 'e-66-499"' not in kept
