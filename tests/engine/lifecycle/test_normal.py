"""What is normal: by hour, by version, at the promise that was set."""

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from tests.engine.lifecycle.house import FRAUD, START, House, inferences, minute_by_minute

from stanch.detect.detector import Detector
from stanch.detect.registry import detectors
from stanch.detect.window import Window
from stanch.engine.alarms import Alarms
from stanch.engine.baselines import Ask
from stanch.engine.naming import Naming
from stanch.engine.watch.golden import Seasons
from stanch.vocabulary.asset import WrongNames, stranger
from stanch.vocabulary.finding import Blind, Finding
from stanch.vocabulary.span import Span


def test_how_many_false_alarms_a_year_are_allowed_moves_the_bar_of_a_running_watch(
    house: House,
) -> None:
    seen: list[Window] = []

    def spy(window: Window, _: object) -> Iterator[Finding | Blind]:
        seen.append(window)
        yield from ()

    house.start(lambda: {"score_shift": replace(detectors()["score_shift"], look=spy)})
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(5000, START))
    alarms = Alarms(house.store, house.clock)
    alarms.agree(100, by="ada")
    minute_by_minute(house, 1, shift=0.0, seed=1)
    alarms.agree(0.1, by="ada")
    minute_by_minute(house, 1, shift=0.0, seed=2)
    needed = [{r.needed for r in window.readings.values()} for window in seen]
    ((before,), (after,)) = needed[0], needed[-1]
    assert after == pytest.approx(before + 3)


def test_versions_that_answer_at_once_share_the_promise_of_their_asset_through_a_restart(
    house: House,
) -> None:
    bars: dict[str, float] = {}

    def spy(window: Window, _: object) -> Iterator[Finding | Blind]:
        for reading in window.readings.values():
            bars[window.version] = reading.needed
        yield from ()

    def minute(*versions: str) -> dict[str, float]:
        """What was asked of each version that answered in this minute."""
        bars.clear()
        since = house.clock.at
        for version in versions:
            rows = inferences(50, since, seed=len(house.rows.table))
            names = pa.array([version] * len(rows), pa.string())
            place = rows.schema.get_field_index("version")
            ids = pa.array([f"{version}-{since:%d%H%M}-{n}" for n in range(len(rows))])
            rows = rows.set_column(place, "version", names)
            house.rows.add(rows.set_column(rows.schema.get_field_index("id"), "id", ids))
        house.clock.at = since + timedelta(minutes=1)
        house.watcher.step()
        return dict(bars)

    only = {"score_shift": replace(detectors()["score_shift"], look=spy)}
    house.start(lambda: only)
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(5000, START))
    alone = minute("v7")["v7"]
    both = alone + math.log10(2)
    assert minute("v6", "v7") == pytest.approx({"v6": both, "v7": both})
    house.start(lambda: only)
    assert minute("v7") == pytest.approx({"v7": both}), "v6 answered a minute ago"
    house.clock.at += timedelta(days=1, minutes=5)
    assert minute("v7") == pytest.approx({"v7": alone}), "v6 answers no more"


def test_how_many_innocent_may_be_named_moves_the_bar_and_an_assets_own_goes_before(
    house: House,
) -> None:
    bars: list[float] = []
    extraction = detectors()["extraction"]

    def spy(window: Window, limits: Any) -> Any:
        bars.append(limits.rate)
        return extraction.look(window, limits)

    watched: Detector[object] = replace(extraction, look=spy)
    house.start(lambda: {"extraction": watched})
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(5000, START))

    def bar() -> float:
        minute_by_minute(house, 1, shift=0.0, seed=len(bars))
        return bars[-1]

    naming = Naming(house.store, house.clock)
    assert bar() == 0.001
    naming.agree(WrongNames(one_in=1000, within_days=7), by="ada")
    assert bar() == pytest.approx(20 / (1000 * 7 * 144)), "twenty tenants, one detector"
    with house.store.begin() as tx:
        own = WrongNames(one_in=10, within_days=1)
        tx.assets.add(replace(stranger(FRAUD), wrong_names=own))
    assert naming.holding().assets == {FRAUD: own}
    assert bar() == pytest.approx(20 / (10 * 144))


def test_each_hour_is_compared_with_its_own_hour_of_the_week_while_the_watch_runs_on(
    house: House,
) -> None:
    noon = START.replace(minute=0)
    hours = [
        inferences(4_000, noon + timedelta(hours=h), shift=1.5 * h, seed=40 + h, seconds=3000)
        for h in (0, 1)
    ]
    house.clock.at = noon + timedelta(days=7, minutes=50)
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), pa.concat_tables(hours))
    for minute in range(20):
        since = house.clock.at
        house.rows.add(inferences(200, since, shift=1.5 * (minute >= 10), seed=200 + minute))
        house.clock.at = since + timedelta(minutes=1)
        house.watcher.step()
    with house.store.look() as tx:
        assert tx.findings.page(limit=9).items == (), "the next hour is as it was a week ago"
    for minute in range(3):
        since = house.clock.at
        house.rows.add(inferences(200, since, seed=300 + minute))
        house.clock.at = since + timedelta(minutes=1)
        house.watcher.step()
    with house.store.look() as tx:
        assert tx.findings.page(limit=9).items, "an hour that is as the one before was is odd"


def test_in_an_hour_of_its_own_a_baseline_still_knows_how_long_all_of_it_lasted(
    house: House,
) -> None:
    noon = START.replace(minute=0)
    hours = [inferences(2_000, noon + timedelta(hours=h), seed=h, seconds=1200) for h in range(3)]
    house.clock.at = noon + timedelta(days=7)
    kept = house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), pa.concat_tables(hours))
    base = Seasons.of(kept).at(noon + timedelta(days=7))
    assert base.golden.n == 2_000
    assert base.minutes == pytest.approx(60, rel=0.05)


def test_two_versions_that_work_differently_have_each_their_own_normal(house: House) -> None:
    def answers(version: str, n: int, seed: int) -> pa.Table:
        rows = inferences(n, house.clock.at, shift=2.0 * (version == "v8"), seed=seed)
        place = rows.column_names.index("version")
        return rows.set_column(place, "version", pa.array([version] * n, rows["version"].type))

    for seed, version in enumerate(("v7", "v8")):
        ask = Ask(asset=FRAUD, by="ada", source="a test", version=version)
        house.baselines.set(ask, answers(version, 4_000, seed))
    for minute in range(3):
        for version in ("v7", "v8"):
            house.rows.add(answers(version, 300, 50 + minute + 10 * (version == "v8")))
        house.clock.at += timedelta(minutes=1)
        house.watcher.step()
    with house.store.look() as tx:
        assert tx.findings.page(limit=9).items == ()
        kept = [tx.baselines.current(FRAUD, version) for version in ("v7", "v8")]
        blocks = tx.summaries.between(FRAUD, Span(start=START, end=house.clock.at))
    assert len({one.id for one in kept if one is not None}) == 2
    assert {b.version for b in blocks} >= {"v7", "v8"}


def test_a_weak_shift_is_found_as_soon_as_more_false_alarms_are_allowed(house: House) -> None:
    house.start(lambda: {"feature_drift": detectors()["feature_drift"]})
    house.baselines.set(Ask(asset=FRAUD, by="ada", source="a test"), inferences(5000, START))
    alarms = Alarms(house.store, house.clock)
    alarms.agree(0.001, by="ada")
    minute_by_minute(house, 12, shift=0.12, seed=1)
    assert found(house) == []
    alarms.agree(1_000, by="ada")
    minute_by_minute(house, 1, shift=0.12, seed=50)
    assert found(house) == ["feature_drift"]


def found(house: House) -> list[str]:
    with house.store.look() as tx:
        return [one.detector for one in tx.findings.page().items]
