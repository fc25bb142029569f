"""Behaviour change: other answers to like inputs, told apart from inputs that moved."""

from dataclasses import replace

import numpy as np

from stanch.detect import examples
from stanch.detect.detectors.behaviour_change import DETECTOR
from stanch.detect.summaries.columns import NEW_CODE, Columns
from stanch.detect.window import Window
from stanch.vocabulary.finding import AttackKind, Blind, Finding


def seen(one: Window) -> list[Finding]:
    return [s for s in DETECTOR.seen_in(one) if isinstance(s, Finding)]


def test_the_deployment_before_is_named_and_cited() -> None:
    (one,) = seen(DETECTOR.fires_on())
    assert "after the deployment by release-bot" in one.says
    assert "evt-deploy" in {c.ref for c in one.because}


def test_without_a_deployment_it_says_so_and_points_to_tampering() -> None:
    (one,) = seen(replace(DETECTOR.fires_on(), history=()))
    assert "no deployment" in one.says
    later = replace(DETECTOR.fires_on().history[0], version="v9")
    (other,) = seen(replace(DETECTOR.fires_on(), history=(later,)))
    assert "no deployment" in other.says


def test_another_model_changes_many_buckets() -> None:
    def swapped(rows: Columns) -> Columns:
        return replace(rows, predictions=(2 - rows.predictions).astype(np.int32))

    (one,) = seen(examples.window(swapped))
    weights = one.points_to
    assert weights[AttackKind.WEIGHT_TAMPERING] > weights[AttackKind.BACKDOOR]


def test_inputs_that_moved_with_answers_after_them_are_no_other_model() -> None:
    moved = examples.columns(2000, seed=77)
    kept = np.flatnonzero(moved.numbers[:, 0] > -0.4)
    window = examples.window(lambda _: examples.taken(moved, kept))
    assert not seen(window)


def test_a_small_change_while_inputs_move_is_blind_not_quiet() -> None:
    def both(rows: Columns) -> Columns:
        said = rows.predictions.copy()
        said[::2] = 2
        numbers = rows.numbers.copy()
        numbers[:, 3] += 0.8
        return replace(rows, predictions=said, numbers=numbers)

    (said,) = DETECTOR.seen_in(examples.window(both))
    assert isinstance(said, Blind)
    assert "moved too" in said.why


def test_answers_of_no_class_at_all_are_told() -> None:
    def gone(rows: Columns) -> Columns:
        return replace(rows, predictions=np.full(rows.n, NEW_CODE, np.int32))

    (one,) = seen(examples.window(gone))
    assert "another class" in one.says


def test_constant_and_missing_inputs_do_not_raise() -> None:
    for value in (0.0, np.nan, np.inf):
        window = examples.window(
            lambda rows, v=value: replace(rows, numbers=np.full_like(rows.numbers, v))
        )
        assert all(s.asset for s in DETECTOR.seen_in(window))
