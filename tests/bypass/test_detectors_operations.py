"""Known ways round the detectors on labels, access, training and deployment, each closed."""

from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import numpy as np

from stanch.detect import examples
from stanch.detect.detector import Detector
from stanch.detect.detectors.access_anomaly import DETECTOR as ACCESS
from stanch.detect.detectors.behaviour_change import DETECTOR as BEHAVIOUR
from stanch.detect.detectors.dataset_integrity import DETECTOR as DATASET
from stanch.detect.detectors.fairness_gap import DETECTOR as FAIRNESS
from stanch.detect.detectors.label_residual import DETECTOR as LABELS
from stanch.detect.detectors.model_provenance import DETECTOR as PROVENANCE
from stanch.detect.detectors.resource_abuse import DETECTOR as RESOURCE
from stanch.detect.detectors.training_pattern import DETECTOR as TRAINING
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import labels_counted
from stanch.detect.summaries.record import Deed, Record, record_of
from stanch.detect.window import Usage, Window
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import digest_of

L = TypeVar("L")


def told(detector: Detector[L], window: Window) -> list[Finding]:
    return [s for s in detector.seen_in(window) if isinstance(s, Finding)]


def deployment(content: bytes, minute: int, version: str = "v7") -> Happening:
    return Happening(
        at=examples.START + timedelta(minutes=minute),
        event=f"d{minute}",
        kind=EventKind.DEPLOYMENT,
        principal="eve",
        version=version,
        what=digest_of(content),
    )


def of(*now: Happening, history: tuple[Happening, ...]) -> Window:
    record = Record(happenings=now, seen=len(now))
    return replace(examples.nothing_seen(), record=record, history=history)


def test_deploying_the_same_bad_weights_twice_does_not_make_them_known() -> None:
    run = Happening(
        at=examples.START - timedelta(days=2),
        event="t",
        kind=EventKind.TRAINING,
        facts={"digest": digest_of(b"good")},
    )
    before = deployment(b"bad", -60)
    (one,) = told(PROVENANCE, of(deployment(b"bad", 1), history=(run, before)))
    assert "no training run" in one.measured


def test_swapping_and_swapping_back_and_again_under_one_version_is_told_each_time() -> None:
    history = (deployment(b"good", -90), deployment(b"bad", -60), deployment(b"good", -30))
    assert told(PROVENANCE, of(deployment(b"bad", 1), history=history))
    assert not told(PROVENANCE, of(deployment(b"good", 1), history=history))


def test_failing_logins_in_step_with_many_successes_of_ones_own_is_still_told() -> None:
    ok = Deed(EventKind.ACCESS, "user-03", "login", "r", "ok")
    deeds = record_of([(ok, 60), (ok._replace(outcome="failed"), 60)])
    window = replace(examples.nothing_seen(), record=deeds, before=ACCESS.fires_on().before)
    assert told(ACCESS, window)


def test_one_try_for_each_name_is_told_by_its_address() -> None:
    tries = [
        (Deed(EventKind.ACCESS, f"user-{k}", "login", "r", "denied", "203.0.113.9"), 1)
        for k in range(60)
    ]
    window = replace(examples.nothing_seen(), record=record_of(tries))
    assert told(ACCESS, window)


def test_upper_case_actions_and_outcomes_are_the_same_deeds() -> None:
    bad = Deed(EventKind.ACCESS, "eve", "LOGIN", "r", "FAILED")
    assert told(ACCESS, replace(examples.nothing_seen(), record=record_of([(bad, 40)])))


def test_flips_under_cover_of_many_right_labels_name_the_contributor() -> None:
    late = examples.labels(examples.columns(6000, seed=83), seed=83)
    own = np.flatnonzero((late.principals == 5) & (late.predictions == 2))
    truth = late.truth.copy()
    truth[own[::2]] = 0
    counted = labels_counted(examples.reference().ready, replace(late, truth=truth))
    (one,) = told(LABELS, examples.window_of([], late=counted))
    assert one.suspects[0].principal == "client-05"


def test_a_fresh_origin_for_each_upload_does_not_become_custom() -> None:
    past = tuple(
        replace(h, facts={**h.facts, "origin": "s3://house/loans"})
        for h in DATASET.quiet_on().history
    )
    now = DATASET.quiet_on().record.happenings[0]
    strange = replace(now, facts={**now.facts, "origin": "s3://house/loans.evil"})
    assert told(DATASET, of(strange, history=past))


def test_an_unheard_of_run_hidden_among_broken_values_is_told() -> None:
    one = TRAINING.fires_on().record.happenings[0]
    noisy = replace(one, facts={**one.facts, "metrics.extra": "nan", "params.x": "inf"})
    assert told(TRAINING, of(noisy, history=TRAINING.fires_on().history))


def test_one_outlier_that_was_let_in_does_not_hide_a_larger_one() -> None:
    past = TRAINING.fires_on().history
    planted = replace(past[5], facts={**past[5].facts, "rows": "30000"})
    history = (*past[:5], planted, *past[6:])
    assert told(TRAINING, of(*TRAINING.fires_on().record.happenings, history=history))


def test_use_spread_over_many_names_is_still_far_beyond_habit() -> None:
    past = tuple(
        Usage(start=examples.START - timedelta(minutes=10 * (k + 2)), events=200)
        for k in range(200)
    )

    def spread(rows: Columns) -> Columns:
        names = tuple(f"key-{k}" for k in range(rows.n))
        return replace(rows, principals=np.arange(rows.n, dtype=np.int32), names=names)

    (one,) = told(RESOURCE, replace(examples.window(spread), usage=past))
    assert not one.suspects


def test_harm_to_a_group_with_the_overall_mix_kept_is_told() -> None:
    def swapped(rows: Columns) -> Columns:
        said = rows.predictions.copy()
        women, men = rows.groups[0][1], rows.groups[1][1]
        lose, gain = women[said[women] == 2][::3], men[said[men] == 0][::3]
        said[lose], said[gain] = 0, 2
        return replace(rows, predictions=said)

    assert told(FAIRNESS, examples.window(swapped))


def test_answers_changed_with_the_overall_mix_kept_are_told() -> None:
    def turned(rows: Columns) -> Columns:
        said = rows.predictions.copy()
        high = rows.numbers[:, 3] > 0
        said[high] = 2 - said[high]
        return replace(rows, predictions=said)

    assert told(BEHAVIOUR, examples.window(turned))
