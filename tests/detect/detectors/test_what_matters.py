"""What is told of a change: one that is no chance and that matters, and which way."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.alarms.reading import Reading, Stream
from stanch.detect.alarms.streams import table
from stanch.detect.alarms.watch import Watch
from stanch.detect.detectors.volume_and_cost import spelled
from stanch.detect.registry import detectors
from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.blocks import PLACES
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.learn import learned
from stanch.detect.summaries.parts import Block, Part
from stanch.detect.summaries.ready import ready
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Baseline, Window
from stanch.vocabulary.finding import Blind, Finding

BY_ALARM = (
    "accuracy_drop",
    "calibration",
    "confidence_shift",
    "fairness_gap",
    "feature_drift",
    "joint_structure",
    "latency_and_errors",
    "prediction_mix",
    "score_shift",
)
"""Those that compare how all answers are spread, and wait for an alarm before they do."""


def findings(name: str, window: Window) -> list[Finding]:
    return [f for f in detectors()[name].seen_in(window) if isinstance(f, Finding)]


def read(window: Window, strength: float) -> Window:
    """The window with readings of this strength on every stream, which name everything."""
    assert window.baseline is not None
    plan, golden = window.baseline.plan, window.baseline.golden
    readings = {
        stream: Reading(
            stream=stream,
            strength=strength,
            needed=7.0,
            since_start=strength,
            needed_since_start=7.0,
            batches=4,
            named=members,
        )
        for stream in Stream
        if (members := table(stream, golden, plan).members)
    }
    return replace(window, readings=readings)


def golden_with(window: Window, sums: Mapping[Part, Ints]) -> Window:
    """The window beside a baseline that has these counts."""
    base = window.baseline
    assert base is not None
    golden = replace(base.golden, sums={**base.golden.sums, **sums})
    return replace(window, baseline=replace(base, golden=golden))


def counts_in(window: Window) -> Summary:
    assert window.now is not None
    return window.now


@pytest.mark.parametrize("name", BY_ALARM)
def test_a_change_without_an_alarm_is_not_told(name: str) -> None:
    window = detectors()[name].fires_on()
    assert findings(name, window)
    assert findings(name, read(window, 6.9)) == []


@pytest.mark.parametrize("name", BY_ALARM)
def test_an_alarm_over_what_does_not_matter_is_not_told(name: str) -> None:
    window = detectors()[name].quiet_on()
    assert findings(name, read(window, 99.0)) == []


def test_errors_and_odd_rows_that_were_always_so_are_not_told() -> None:
    window = read(examples.window(), 99.0)
    failing = np.zeros_like(counts_in(window).sums[Part.STATUS])
    failing[[2, 5]] = 1800, 200
    odd = np.zeros_like(counts_in(window).sums[Part.MANIFOLD])
    odd[[0, -1]] = 1800, 200
    usual = {Part.STATUS: failing, Part.MANIFOLD: odd}
    now = replace(counts_in(window), sums={**counts_in(window).sums, **usual})
    window = replace(golden_with(window, usual), now=now)
    assert findings("latency_and_errors", window) == []
    assert findings("joint_structure", window) == []


@pytest.mark.parametrize(("slower", "word"), [(3.0, "slower"), (1 / 3, "faster")])
def test_answers_that_come_slower_or_faster_are_told_so(slower: float, word: str) -> None:
    def paced(rows: Columns) -> Columns:
        assert rows.latency is not None
        return replace(rows, latency=rows.latency * slower)

    (found,) = findings("latency_and_errors", examples.window(paced))
    assert f"Answers come {word}" in found.says
    assert bool(found.atlas) is (word == "slower")


def test_a_middle_that_is_slower_is_told_though_the_slowest_are_as_before() -> None:
    def one_pace(rows: Columns) -> Columns:
        return replace(rows, latency=np.full(rows.n, 19.5))

    (found,) = findings("latency_and_errors", examples.window(one_pace))
    assert found.measured["95th percentile ms"] <= found.measured["usual 95th percentile ms"]
    assert "slower" in found.says


def test_a_baseline_that_tells_neither_times_nor_statuses_is_blind() -> None:
    window = examples.window()
    sums = counts_in(window).sums
    silent = {part: np.zeros_like(sums[part]) for part in (Part.LATENCY, Part.STATUS)}
    silent[Part.LATENCY][-1] = silent[Part.STATUS][-1] = 4000
    (said,) = detectors()["latency_and_errors"].seen_in(golden_with(window, silent))
    assert isinstance(said, Blind)
    assert said.why.startswith("the baseline has neither latencies nor statuses: send latency_ms")
    for part, why in (
        (Part.LATENCY, "latency: the baseline has none; send latency_ms with"),
        (Part.STATUS, "errors: the baseline has no statuses; send status with"),
    ):
        (said,) = detectors()["latency_and_errors"].seen_in(
            golden_with(window, {part: silent[part]})
        )
        assert isinstance(said, Blind)
        assert said.why.startswith(why)


def test_where_no_cost_is_told_it_is_said_that_only_answers_are_counted() -> None:
    window = examples.window()
    base = window.baseline
    assert base is not None
    assert base.habits is not None
    volume = detectors()["volume_and_cost"]
    assert volume.seen_in(window) == ()
    habits = base.habits
    table, buckets = habits.table.copy(), habits.buckets.copy()
    for block in (Block.COST, Block.TOKENS):
        table[:, PLACES[block]] = buckets[:, PLACES[block]] = 0
    free = replace(base, habits=replace(habits, table=table, buckets=buckets))
    (said,) = volume.seen_in(replace(window, baseline=free))
    assert isinstance(said, Blind)
    assert said.why.startswith("the baseline's answers tell no cost")


@pytest.mark.parametrize("name", ["score_shift", "prediction_mix"])
def test_a_baseline_whose_answers_tell_nothing_is_blind_to_answers(name: str) -> None:
    window = examples.window()
    sums = counts_in(window).sums
    silent = {part: np.zeros_like(sums[part]) for part in (Part.PREDICTIONS, Part.SCORES)}
    silent[Part.PREDICTIONS][-1] = 4000
    (said,) = detectors()[name].seen_in(golden_with(window, silent))
    assert isinstance(said, Blind)
    assert said.why == "the baseline's answers tell no class, number or score"


def _sharper(rows: Columns) -> Columns:
    assert rows.scores is not None
    sharp = rows.scores**3
    return replace(rows, scores=sharp / sharp.sum(axis=1, keepdims=True))


def test_how_sure_the_model_is_is_told_by_its_confidence() -> None:
    (found,) = findings("confidence_shift", examples.window(_sharper))
    assert found.says.startswith("The model is surer than in the baseline: the mean ")


def test_how_sure_the_model_is_is_told_by_its_margin_where_the_confidence_stayed() -> None:
    window = read(examples.window(), 99.0)
    before = np.roll(counts_in(window).sums[Part.MARGIN], 2)
    (found,) = findings("confidence_shift", golden_with(window, {Part.MARGIN: before}))
    assert "the mean margin is" in found.says


def test_a_change_of_the_mix_of_categories_is_a_drift_of_its_own() -> None:
    def phoned(rows: Columns) -> Columns:
        codes = rows.categories.copy()
        codes[::4] = 1
        return replace(rows, categories=codes)

    (found,) = findings("feature_drift", examples.window(phoned))
    assert found.features == ("channel",)


def test_of_what_moved_only_the_named_is_told() -> None:
    window = detectors()["feature_drift"].fires_on()
    reading = window.readings[Stream.NUMBERS]
    other = replace(reading, named=("hour",))
    assert findings("feature_drift", window)[0].features == ("age",)
    assert findings("feature_drift", replace(window, readings={Stream.NUMBERS: other})) == []


def _valued(raised: float) -> Window:
    """A window of an asset that answers with numbers, which went up by so much."""

    def rows(seed: int, by: float = 0.0) -> Columns:
        made = examples.columns(2000, seed)
        return replace(made, value=made.numbers[:, 0] + by, scores=None, groups=())

    schema = replace(examples.SCHEMA, classes=(), groups=())
    known = learned(schema, rows(100))
    plan, golden = known.plan, known.golden.summary
    now = counted(ready(plan), rows(900, raised))
    base = Baseline(plan=plan, golden=golden, digest=plan.digest)
    watch = Watch(plan=plan.digest).after(now.summary, golden, plan)
    readings = {Stream.VALUE: watch.readings(plan)[Stream.VALUE]}
    plain = replace(examples.nothing_seen(), version="v7", baseline=base, now=now.summary)
    return replace(plain, ledger=now.ledger.seal(), readings=readings)


@pytest.mark.parametrize(("raised", "word"), [(0.5, "higher"), (-0.5, "lower")])
def test_numbers_that_went_up_or_down_are_told_so(raised: float, word: str) -> None:
    (found,) = findings("prediction_mix", _valued(raised))
    assert found.says.startswith(f"The numbers that the model answers are {word} than")


def test_numbers_that_moved_too_little_to_matter_are_not_told() -> None:
    assert findings("prediction_mix", read(_valued(0.0), 99.0)) == []


def test_endless_numbers_are_told_from_missing_ones() -> None:
    def endless(rows: Columns) -> Columns:
        numbers = rows.numbers.copy()
        numbers[::3, 1] = np.inf
        numbers[::3, 2] = np.nan
        return replace(rows, numbers=numbers)

    (found,) = findings("data_quality", examples.window(endless))
    assert "income is infinite" in found.says
    assert "debt is missing" in found.says


def test_an_input_that_never_varied_is_not_frozen() -> None:
    def still(rows: Columns) -> Columns:
        numbers = rows.numbers.copy()
        numbers[:, 3] = 0.1
        return replace(rows, numbers=numbers)

    window = examples.window(still)
    (found,) = findings("data_quality", window)
    assert "hour is frozen" in found.says
    sums = {Part.NUMBERS: counts_in(window).sums[Part.NUMBERS]}
    assert findings("data_quality", golden_with(window, sums)) == []


def _faxed(every: int) -> examples.Change:
    def change(rows: Columns) -> Columns:
        codes = rows.categories.copy()
        codes[::every] = -2
        return replace(rows, categories=codes, strange={"channel": {"fax": rows.n // every}})

    return change


def test_new_values_that_were_as_frequent_before_or_may_be_chance_are_not_told() -> None:
    window = examples.window(_faxed(4))
    sums = {Part.CATEGORIES: counts_in(window).sums[Part.CATEGORIES]}
    assert findings("data_quality", window)
    assert findings("data_quality", golden_with(window, sums)) == []
    assert findings("data_quality", examples.window(_faxed(12), n=60)) == []


def test_axes_that_moved_with_the_inputs_themselves_are_no_other_structure() -> None:
    window = read(examples.window(), 99.0)
    axes = counts_in(window).sums[Part.AXES].copy()
    axes[0] = 0
    axes[0, 3] = window.n
    now = replace(counts_in(window), sums={**counts_in(window).sums, Part.AXES: axes})
    moved = replace(window, now=now)
    rest = {s: r for s, r in moved.readings.items() if s is not Stream.NUMBERS}
    (found,) = findings("joint_structure", replace(moved, readings=rest))
    assert "hang together differently" in found.says
    assert findings("joint_structure", moved) == []


def test_inputs_that_never_hung_together_are_blind() -> None:
    window = examples.window()
    assert window.baseline is not None
    plan = window.baseline.plan
    loose = replace(plan, manifold=replace(plan.manifold, auc=0.55))
    looked = replace(window, baseline=replace(window.baseline, plan=loose))
    (said,) = detectors()["joint_structure"].seen_in(looked)
    assert isinstance(said, Blind)
    assert said.why.startswith("the inputs of the baseline do not depend on each other")


def test_the_answer_that_changed_most_is_named_with_its_shares() -> None:
    def stingy(rows: Columns) -> Columns:
        said = rows.predictions.copy()
        said[::5] = 1
        return replace(rows, predictions=said)

    window = examples.window(stingy)
    (shift,) = findings("score_shift", window)
    assert shift.says.startswith("'review' is now")
    (mix,) = findings("prediction_mix", window)
    assert mix.says.startswith("The answer 'review' grew from")
    assert mix.suspects == ()


@pytest.mark.parametrize(
    ("rate", "told"), [(19_720.4, "19,720 answers"), (0.0020521, "0.002052 answers")]
)
def test_an_amount_is_written_as_people_write_numbers(rate: float, told: str) -> None:
    assert f"{spelled('answers', rate)} answers" == told
