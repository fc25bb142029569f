"""What the detectors on traffic say, in numbers, of one change each."""

from dataclasses import replace

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.registry import detectors
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.parts import Part
from stanch.detect.window import Window
from stanch.vocabulary.finding import AttackKind, Blind, Finding


def findings(name: str, change: examples.Change, n: int = 2000) -> list[Finding]:
    said = detectors()[name].seen_in(examples.window(change, n=n))
    return [f for f in said if isinstance(f, Finding)]


def why(name: str, change: examples.Change | None = None, n: int = 2000) -> list[str]:
    said = detectors()[name].seen_in(examples.window(change, n=n))
    return [b.why for b in said if isinstance(b, Blind)]


@pytest.mark.parametrize(
    ("name", "enough"),
    [
        ("joint_structure", 200),
        ("confidence_shift", 200),
        ("prediction_mix", 200),
        ("data_quality", 50),
        ("latency_and_errors", 100),
    ],
)
def test_one_answer_short_is_blind_not_quiet(name: str, enough: int) -> None:
    assert why(name, n=enough - 1) == [f"{enough - 1} answers; {enough} needed"]
    assert why(name, n=enough) == []


def test_new_categories_are_named() -> None:
    def faxed(rows: Columns) -> Columns:
        codes = rows.categories.copy()
        codes[::4] = -2
        return replace(rows, categories=codes, strange={"channel": {"fax": rows.n // 16}})

    (found,) = findings("data_quality", faxed)
    assert found.features == ("channel",)
    assert "'fax'" in found.says
    assert not found.points_to


def test_a_frozen_input_is_named() -> None:
    def frozen(rows: Columns) -> Columns:
        numbers = rows.numbers.copy()
        numbers[:, 3] = 0.1
        return replace(rows, numbers=numbers)

    (found,) = findings("data_quality", frozen)
    assert found.features == ("hour",)
    assert "frozen" in found.says


def test_unknown_columns_and_other_shapes_are_a_change_of_shape() -> None:
    def wider(rows: Columns) -> Columns:
        return replace(rows, misshapen=rows.n // 2, strange={"+score2": {"present": rows.n // 4}})

    (found,) = findings("data_quality", wider)
    assert set(found.features) == {"score2", "the number of inputs"}


def test_errors_that_come_to_everybody_name_nobody() -> None:
    def failing(rows: Columns) -> Columns:
        return replace(
            rows, status=np.where(np.arange(rows.n) % 10 == 0, 503, 200).astype(np.int32)
        )

    (found,) = findings("latency_and_errors", failing)
    assert found.suspects == ()
    assert found.measured["share of errors"] == pytest.approx(0.1)


def test_errors_of_one_principal_name_it() -> None:
    def refused(rows: Columns) -> Columns:
        mine = rows.principals == examples.ODD_ONE
        return replace(rows, status=np.where(mine, 403, 200).astype(np.int32))

    (found,) = findings("latency_and_errors", refused)
    assert [s.principal for s in found.suspects] == [examples.NAMES[examples.ODD_ONE]]


def test_a_drift_that_keeps_the_joint_is_no_matter_of_structure() -> None:
    def raised(rows: Columns) -> Columns:
        numbers = rows.numbers.copy()
        numbers[:, 3] += 0.5
        return replace(rows, numbers=numbers)

    assert findings("joint_structure", raised) == []


def test_a_model_without_scores_is_blind_on_confidence_once_its_baseline_has_none() -> None:
    window = detectors()["confidence_shift"].quiet_on()
    assert why("confidence_shift") == []
    (said,) = detectors()["confidence_shift"].seen_in(replace(window, baseline=None))
    assert isinstance(said, Blind)


def test_who_cannot_know_training_rows_says_so_once() -> None:
    def unknown(rows: Columns) -> Columns:
        return replace(rows, hits=None)

    window = examples.window(unknown)
    known = window.baseline
    assert known is not None
    sums = {**known.golden.sums, Part.HITS: np.zeros(1, np.int64)}
    blind = replace(window, baseline=replace(known, golden=replace(known.golden, sums=sums)))
    said = detectors()["membership_inference"].seen_in(blind)
    assert [isinstance(s, Blind) for s in said] == [True]


def test_training_set_hits_point_to_membership_inference() -> None:
    detector = detectors()["membership_inference"]
    (found,) = [f for f in detector.seen_in(detector.fires_on()) if isinstance(f, Finding)]
    assert found.points_to == {AttackKind.MEMBERSHIP_INFERENCE: 0.9}
    assert found.atlas == ("AML.T0024.000",)


def _noise(rows: Columns) -> Columns:
    mine = np.flatnonzero(rows.principals == examples.ODD_ONE)
    asked = rows.numbers.copy()
    asked[mine] = 6 + 3 * np.random.default_rng(5).random((len(mine), asked.shape[1]))
    return replace(rows, numbers=asked)


def test_noise_far_from_all_data_is_a_copy_and_no_search_around_one_input() -> None:
    (found,) = findings("evasion_search", _noise)
    assert max(found.points_to, key=lambda kind: found.points_to[kind]) is AttackKind.EXTRACTION
    assert "One input" not in found.says
    (search,) = [
        f
        for f in detectors()["evasion_search"].seen_in(detectors()["evasion_search"].fires_on())
        if isinstance(f, Finding)
    ]
    assert search.points_to == {AttackKind.EVASION: 0.9}


def test_a_copy_seen_in_several_ways_speaks_by_the_one_that_tells_most() -> None:
    (found,) = findings("extraction", _noise)
    assert found.points_to[AttackKind.EXTRACTION] >= 0.5


def _crossed(around: int) -> examples.Change:
    """Inputs made of others', column by column, and so many of them around each."""

    def asked(rows: Columns) -> Columns:
        mine = np.flatnonzero(rows.principals == examples.ODD_ONE)[:40]
        numbers, places = rows.numbers.copy(), np.arange(len(mine))
        principals = np.where(rows.principals == examples.ODD_ONE, 0, rows.principals)
        principals[mine] = examples.ODD_ONE
        for column in range(numbers.shape[1]):
            numbers[mine, column] = np.roll(numbers[mine, column], 3 * column)
        noise = np.random.default_rng(8).normal(0.0, 0.15, (len(mine), numbers.shape[1]))
        noise[places % around == 0] = 0.0
        record, said = mine[places - places % around], rows.predictions.copy()
        numbers[mine], said[mine] = numbers[record] + noise, said[record]
        principals = principals.astype(np.int32)
        return replace(rows, numbers=numbers, predictions=said, principals=principals)

    return asked


@pytest.mark.parametrize(
    ("around", "kind"), [(5, AttackKind.MEMBERSHIP_INFERENCE), (1, AttackKind.EXTRACTION)]
)
def test_inputs_that_do_not_occur_are_a_copy_unless_they_lie_around_many_records(
    around: int, kind: AttackKind
) -> None:
    (found,) = findings("extraction", _crossed(around))
    assert max(found.points_to, key=lambda one: found.points_to[one]) is kind
    assert ("around each of many records" in found.says) is (around > 1)


def _flood(rows: Columns) -> Columns:
    start = int(rows.ticks[0])
    mine = np.full(rows.n, examples.ODD_ONE, np.int32)
    return replace(rows, principals=mine, ticks=start + (rows.ticks - start) // 12)


def _volume(window: Window) -> list[Finding]:
    said = detectors()["volume_and_cost"].seen_in(window)
    return [f for f in said if isinstance(f, Finding) and f.suspects]


def test_who_alone_asks_more_than_everybody_used_to_is_named_for_sure() -> None:
    (found,) = _volume(examples.window(_flood, n=12_000))
    assert found.topic == "more than everybody"
    assert found.suspects[0].confidence == 1.0


def _beside(hour: Columns, window: Window) -> Window:
    """The window beside a reference of twenty minutes, in which this hour has its own inputs."""
    assert window.baseline is not None
    own = counted(examples.reference().ready, hour).summary
    return replace(window, baseline=replace(window.baseline, golden=own, minutes=20.0))


def test_a_usual_rate_is_of_all_hours_though_inputs_are_compared_with_one() -> None:
    rows = examples.columns(200, 1)
    start = int(rows.ticks[0])
    calm = replace(rows, ticks=start + (rows.ticks - start) * 10)
    (found,) = _volume(_beside(calm, examples.window(_flood, n=3000)))
    assert found.topic == "more than everybody"


def test_in_a_busier_hour_more_is_usual() -> None:
    busy = examples.columns(2000, 1)
    assert _volume(_beside(busy, examples.window())) == []


def test_staircases_point_to_threshold_probing_more_than_to_evasion() -> None:
    detector = detectors()["threshold_probing"]
    (found,) = [f for f in detector.seen_in(detector.fires_on()) if isinstance(f, Finding)]
    assert found.points_to[AttackKind.THRESHOLD_PROBING] > found.points_to[AttackKind.EVASION]
