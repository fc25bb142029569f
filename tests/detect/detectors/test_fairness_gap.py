"""Fairness gap: one group's change is told, everybody's is not, a group of one is not judged."""

from dataclasses import replace

import numpy as np

from stanch.detect import examples
from stanch.detect.detectors.fairness_gap import DETECTOR
from stanch.detect.summaries.columns import Columns, Labels
from stanch.detect.summaries.count import labels_counted
from stanch.detect.window import Window
from stanch.vocabulary.finding import Blind, Finding


def seen(one: Window) -> list[Finding]:
    return [s for s in DETECTOR.seen_in(one) if isinstance(s, Finding)]


def test_the_group_that_moved_is_named_and_the_other_is_not() -> None:
    (one,) = seen(DETECTOR.fires_on())
    assert one.groups == ("sex=f",)


def test_a_change_that_is_everybodys_is_no_gap() -> None:
    def stricter(rows: Columns) -> Columns:
        said = rows.predictions.copy()
        said[(said == 2) & (np.arange(rows.n) % 2 == 0)] = 0
        return replace(rows, predictions=said)

    assert not seen(examples.window(stricter))


def test_wrong_answers_for_one_group_are_told_from_late_labels_alone() -> None:
    late = examples.labels(examples.columns(3000, seed=71), seed=71)
    women = late.groups[0][1]
    truth = late.truth.copy()
    refused = women[late.predictions[women] == 0][::2]
    truth[refused] = 2
    counted = labels_counted(examples.reference().ready, replace(late, truth=truth))
    (one,) = seen(examples.window_of([], late=counted))
    assert one.groups == ("sex=f",)
    assert "wrong where the truth is 'yes'" in one.says


def test_a_group_of_one_person_is_blind_and_never_named() -> None:
    def alone(rows: Columns) -> Columns:
        first = rows.groups[0][1][:1]
        said = rows.predictions.copy()
        said[first] = 0
        return replace(rows, predictions=said, groups=((0, first), rows.groups[1]))

    said = DETECTOR.seen_in(examples.window(alone))
    assert any(isinstance(s, Blind) for s in said)
    assert not [s for s in said if isinstance(s, Finding)]


def test_labels_without_groups_are_blind() -> None:
    late: Labels = replace(examples.labels(examples.columns(500)), groups=())
    counted = labels_counted(examples.reference().ready, late)
    (said,) = DETECTOR.seen_in(examples.window_of([], late=counted))
    assert isinstance(said, Blind)
