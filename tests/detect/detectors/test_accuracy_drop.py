"""Accuracy drop: late labels in any order, labels for nothing, and drops that do not matter."""

from dataclasses import replace

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.alarms.reading import Stream
from stanch.detect.alarms.watch import Watch
from stanch.detect.detectors.accuracy_drop import DETECTOR, labels_missing
from stanch.detect.summaries.columns import MISSING_CODE, Labels
from stanch.detect.summaries.count import Counted, labels_counted
from stanch.detect.summaries.learn import learned
from stanch.detect.summaries.parts import Part
from stanch.detect.summaries.ready import ready
from stanch.detect.summaries.summary import Summary
from stanch.detect.window import Window
from stanch.vocabulary.finding import Blind, Finding


def late(n: int = 2000, *, wrong: float = 0.0, seed: int = 31) -> Labels:
    made = examples.labels(examples.columns(n, seed=seed), seed=seed)
    hit = np.random.default_rng(seed).random(n) < wrong
    truth = np.where(hit, (made.predictions + 1) % 3, made.truth).astype(np.int32)
    return replace(made, truth=truth)


def counted(labels: Labels) -> Counted:
    return labels_counted(examples.reference().ready, labels)


def seen(one: Window) -> list[Finding]:
    return [s for s in DETECTOR.seen_in(one) if isinstance(s, Finding)]


def alarmed(window: Window) -> Window:
    """The window with an alarm on its accuracy."""
    sure = replace(window.readings[Stream.ACCURACY], strength=99.0)
    return replace(window, readings={Stream.ACCURACY: sure})


def test_a_drop_of_twenty_points_is_told_with_its_numbers() -> None:
    (one,) = seen(examples.window_of([], late=counted(late(wrong=0.2))))
    assert one.measured["accuracy"] < one.measured["accuracy of the baseline"] - 0.1
    lost = one.measured["accuracy of the baseline"] - one.measured["accuracy"]
    assert one.measured["accuracy_lost"] == pytest.approx(lost, abs=1e-3)


def test_labels_that_arrive_in_many_small_batches_are_enough_in_the_end() -> None:
    batches = [counted(late(100, wrong=0.3, seed=50 + k)) for k in range(10)]
    window = examples.window_of(batches[:-1], late=batches[-1])
    assert not [b for b in batches if b.summary.n]
    total = batches[0]
    for one in batches[1:]:
        total = total.merge(one)
    assert seen(replace(window, now=total.summary))


def test_a_better_model_is_no_drop() -> None:
    labels = late()
    assert not seen(examples.window_of([], late=counted(replace(labels, truth=labels.predictions))))


def _reviews(wrong: float, n: int = 2000) -> Window:
    """Late labels of which this share of the true reviews was answered otherwise."""
    labels = late(n)
    reviews = np.flatnonzero(labels.predictions == 1)
    said = labels.predictions.copy()
    said[reviews[: round(len(reviews) * wrong)]] = 2
    labels = replace(labels, truth=labels.predictions, predictions=said)
    return alarmed(examples.window_of([], late=counted(labels)))


def test_one_class_that_fell_far_is_told_though_the_whole_is_better_than_it_was() -> None:
    (one,) = seen(_reviews(0.8))
    assert one.measured["accuracy_lost"] == 0
    assert "it fell most for review" in one.says
    assert not seen(_reviews(0.53)), "a class has to fall five times as far as the whole"


def test_a_class_of_a_few_labels_is_not_spoken_of() -> None:
    few = _reviews(1.0, 100)
    assert few.now is not None
    assert 0 < few.now.sums[Part.LABELLED][1].sum() < 20
    assert not seen(few)


def test_a_year_of_answers_without_a_label_is_blind() -> None:
    (said,) = DETECTOR.seen_in(examples.window())
    assert isinstance(said, Blind)
    assert said.why.startswith("0 late labels")


def test_labels_without_a_class_are_wrong_answers_and_do_not_raise() -> None:
    gone = replace(late(500), truth=np.full(500, MISSING_CODE, np.int32))
    (one,) = seen(alarmed(examples.window_of([], late=counted(gone))))
    assert one.measured["accuracy"] == 0


def test_a_small_loss_in_each_of_many_classes_is_told_by_all_labels_together() -> None:
    names = tuple(f"c{k}" for k in range(10))
    schema = replace(examples.SCHEMA, classes=names)
    rows = replace(examples.columns(400, seed=7), scores=None)
    plan = ready(learned(schema, rows).plan)

    def batch(n: int, wrong: float, seed: int) -> Summary:
        dice = np.random.default_rng(seed)
        said = dice.integers(0, 10, n).astype(np.int32)
        truth = np.where(dice.random(n) < wrong, (said + 1) % 10, said).astype(np.int32)
        labels = replace(late(n), truth=truth, predictions=said, given=None)
        return labels_counted(plan, labels).summary

    golden, watch = batch(4000, 0.05, 1), Watch(plan=plan.digest)
    for seed in range(2, 42):
        watch = watch.after(batch(200, 0.05, seed), golden, plan.plan)
    assert not watch.readings(plan.plan)[Stream.ACCURACY].alarm
    for seed in range(42, 57):
        watch = watch.after(batch(200, 0.1, seed), golden, plan.plan)
    reading = watch.readings(plan.plan)[Stream.ACCURACY]
    assert reading.alarm
    assert max(reading.members, key=lambda name: reading.members[name]) == "all classes"


def test_as_many_labels_as_are_needed_are_enough_and_one_fewer_is_not() -> None:
    window = examples.window_of([], late=counted(late(300)))
    assert window.baseline is not None
    known = window.baseline.golden.labelled
    assert labels_missing(window, 300, known) == ""
    assert "300 late labels; 301 needed" in labels_missing(window, 301, known)
    assert f"{known + 1} needed" in labels_missing(window, 300, known + 1)
