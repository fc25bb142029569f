"""Calibration: sure and wrong; confidences that are none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.detect import examples
from stanch.detect.alarms.watch import Watch
from stanch.detect.detectors.calibration import DETECTOR, Curve, Limits, curve, look
from stanch.detect.summaries.count import labels_counted
from stanch.detect.summaries.parts import Part
from stanch.detect.window import Window
from stanch.vocabulary.finding import Blind, Finding


def window(confidence: float | None, *, right: float = 0.9) -> Window:
    late = examples.labels(examples.columns(2000, seed=61), seed=61)
    if confidence is not None:
        hit = np.random.default_rng(1).random(late.n) < right
        truth = np.where(hit, late.predictions, (late.predictions + 1) % 3).astype(np.int32)
        late = replace(late, truth=truth, confidence=np.full(late.n, confidence))
    return examples.window_of([], late=labels_counted(examples.reference().ready, late))


def seen(one: Window) -> list[Finding]:
    return [s for s in DETECTOR.seen_in(one) if isinstance(s, Finding)]


def test_sure_and_wrong_is_too_sure() -> None:
    (one,) = seen(window(0.99, right=0.5))
    assert "surer" in one.says
    assert one.measured["lean"] > 0.4


def modest(*, right: int) -> Window:
    """A model that claims .62 and was right nine times in ten; now it is so many times in ten."""
    late = examples.labels(examples.columns(2000, seed=61), seed=61)
    known = examples.reference()
    counted = []
    for often in (9, right):
        hit = np.arange(late.n) % 10 < often
        truth = np.where(hit, late.predictions, (late.predictions + 1) % 3).astype(np.int32)
        told = replace(late, truth=truth, confidence=np.full(late.n, 0.62))
        counted.append(labels_counted(known.ready, told))
    then, now = counted
    window = examples.window_of([], late=now)
    assert window.baseline is not None
    curved = {Part.CALIBRATION: then.summary.sums[Part.CALIBRATION]}
    golden = replace(window.baseline.golden, sums={**window.baseline.golden.sums, **curved})
    plan = known.learned.plan
    watch = Watch(plan=known.ready.digest).after(now.summary, golden, plan)
    baseline = replace(window.baseline, golden=golden)
    return replace(window, baseline=baseline, readings=watch.readings(plan))


def test_a_model_that_claimed_too_little_is_told_when_it_is_harmed_though_its_error_falls() -> None:
    (one,) = seen(modest(right=7))
    assert one.measured["calibration error"] < one.measured["calibration error of the baseline"]
    assert one.measured["fewer right than at this confidence before"] == 0.2
    assert one.says == (
        "Confidence means less than it did: of 2000 labelled answers with 60-65 % confidence, "
        "70% were right, 90% in the baseline."
    )


def test_a_model_that_claims_as_it_did_and_is_right_more_often_is_not_told() -> None:
    assert seen(modest(right=9)) == []
    assert [f.says[:28] for f in seen(modest(right=10))] == ["The model is less sure than "]


def test_it_says_nothing_while_the_alarm_has_not_gone_off() -> None:
    assert seen(replace(modest(right=7), readings={})) == []
    assert seen(replace(window(0.99, right=0.5), readings={})) == []


def test_levels_that_rise_make_up_for_those_that_fall_and_new_ones_are_not_compared() -> None:
    def curved(*levels: tuple[int, float]) -> Curve:
        rows, right = np.array(levels, np.float64).T
        return Curve(rows=rows, confidence=np.full(len(rows), 0.5), right=right)

    then = curved((100, 0.7), (100, 0.7), (0, 0.0))
    assert curved((10, 0.8), (10, 0.6), (0, 0.0)).fell(then) == pytest.approx(0)
    assert curved((10, 0.5), (10, 0.7), (20, 0.1)).fell(then) == pytest.approx(0.05)


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20
    )
)
def test_error_and_lean_are_means_over_answers_and_not_over_levels(
    levels: list[tuple[int, float, float]],
) -> None:
    rows, sure, right = np.array(levels, np.float64).T
    one = Curve(rows=rows, confidence=sure, right=right)
    answers = [level for level in levels for _ in range(level[0])]
    n = max(len(answers), 1)
    assert one.error == pytest.approx(sum(abs(r - c) for _, c, r in answers) / n)
    assert one.lean == pytest.approx(sum(c - r for _, c, r in answers) / n, abs=1e-9)


def test_a_curve_holds_the_mean_confidence_and_the_share_that_was_right() -> None:
    late = examples.labels(examples.columns(400, seed=61), seed=61)
    truth = np.where(np.arange(400) % 4 < 3, late.predictions, (late.predictions + 1) % 3)
    late = replace(late, truth=truth.astype(np.int32), confidence=np.full(400, 0.87))
    found = curve(labels_counted(examples.reference().ready, late).summary)
    assert found.rows.tolist() == [0.0] * 17 + [400.0] + [0.0] * 2
    assert found.confidence[17] == pytest.approx(0.87, abs=1e-4)
    assert found.right[17] == 0.75
    assert (found.error, found.lean) == (pytest.approx(0.12, abs=1e-4),) * 2


def test_the_level_that_is_wrong_most_often_is_told_and_not_the_one_farthest_off() -> None:
    late = examples.labels(examples.columns(2000, seed=61), seed=61)
    few = np.arange(late.n) < 50
    hit = ~few & (np.arange(late.n) % 10 < 7)
    truth = np.where(hit, late.predictions, (late.predictions + 1) % 3).astype(np.int32)
    late = replace(late, truth=truth, confidence=np.where(few, 0.57, 0.97))
    counted = labels_counted(examples.reference().ready, late)
    (one,) = seen(examples.window_of([], late=counted))
    assert "of 1950 labelled answers with 95-100 % confidence" in one.says


def test_confidences_that_are_none_are_blind_not_quiet() -> None:
    (said,) = DETECTOR.seen_in(window(float("nan")))
    assert isinstance(said, Blind)


def test_confidences_outside_zero_and_one_are_held_to_it() -> None:
    one = window(7.5, right=0.5)
    assert one.now is not None
    assert 0 <= curve(one.now).confidence.max() <= 1.000001


def test_as_many_labels_as_are_needed_are_enough_and_one_fewer_is_not() -> None:
    one = window(None)
    assert one.baseline is not None
    assert one.now is not None
    here, known = (
        int(c.sums[Part.CALIBRATION][:, 0].sum()) for c in (one.now, one.baseline.golden)
    )
    for more, blind in (((0, 0), False), ((1, 0), True), ((0, 1), True)):
        limits = Limits(enough=here + more[0], known=known + more[1])
        assert any(isinstance(s, Blind) for s in look(one, limits)) == blind
