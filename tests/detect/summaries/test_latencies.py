"""A latency has a place for each fifth that it grows, at whatever pace the reference answers."""

from dataclasses import replace

import numpy as np
import pytest

from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.latency import QUICKEST, latency_edges
from stanch.detect.summaries.learn import Schema, learned
from stanch.detect.summaries.parts import Part
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.ready import ready


def rows(median: float | None) -> Columns:
    dice = np.random.default_rng(3)
    n = 400
    return Columns(
        numbers=dice.normal(size=(n, 2)),
        principals=np.zeros(n, np.int32),
        names=("one",),
        categories=np.zeros((n, 0), np.int32),
        predictions=np.zeros(n, np.int32),
        ticks=np.zeros(n, np.int64),
        latency=None if median is None else median * dice.lognormal(0, 0.3, n),
    )


def plan_of(median: float | None) -> Plan:
    return learned(Schema(numbers=("a", "b"), classes=("x",)), rows(median)).plan


def test_the_places_of_latencies_rise_by_a_fifth() -> None:
    edges = latency_edges(QUICKEST)
    rise = edges[1:] / edges[:-1]
    assert np.all((rise > 1.17) & (rise < 1.21))
    assert edges[0] == 0.01
    assert 389 < edges[-1] < 390


@pytest.mark.parametrize("median", [0.05, 3, 180, 6_000, 90_000])
def test_what_is_ten_times_slower_or_quicker_lies_elsewhere_at_every_pace(median: float) -> None:
    ready_ = ready(plan_of(median))

    def places(pace: float) -> np.ndarray:
        return counted(ready_, rows(pace)).summary.sums[Part.LATENCY][:-1]

    usual, slower, slowest = places(median), places(10 * median), places(100 * median)
    assert not (usual * slower).any()
    assert not (slower * slowest).any()
    assert not (usual * places(median / 10)).any() or median < 1
    assert slowest[:-1].any()


def test_a_quick_model_and_one_that_tells_no_times_have_the_plan_they_had() -> None:
    for median in (None, 0.05, 2.0):
        plan = plan_of(median)
        assert plan.quickest == QUICKEST
        assert b"quickest" not in plan.to_bytes()


def test_a_plan_comes_back_with_its_pace() -> None:
    plan = plan_of(6_000)
    back = Plan.from_bytes(plan.to_bytes())
    assert back.quickest == plan.quickest > QUICKEST
    assert back.digest == plan.digest != replace(plan, quickest=QUICKEST).digest
