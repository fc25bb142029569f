"""Training pattern: conformal ranks, constants that change, and values that are none."""

from dataclasses import replace

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.detectors.training_pattern import DETECTOR, run_of, scores
from stanch.detect.summaries.record import Record
from stanch.detect.window import Window
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind, Finding
from stanch.vocabulary.happening import Happening

PAST = DETECTOR.quiet_on().history
NOW = DETECTOR.quiet_on().record.happenings[0]


def of(history: tuple[Happening, ...] = PAST, **facts: str) -> Window:
    one = replace(NOW, facts={**NOW.facts, **{k.replace("__", "."): v for k, v in facts.items()}})
    record = Record(happenings=(one,), seen=1)
    return replace(examples.nothing_seen(), record=record, history=history)


def odd(window: Window) -> set[str]:
    found = [s for s in DETECTOR.seen_in(window) if isinstance(s, Finding)]
    return {name for f in found for name in f.features}


def test_each_number_out_of_pattern_is_named() -> None:
    assert odd(of()) == set()
    assert odd(of(rows="100000")) == {"rows"}
    assert odd(of(params__rate="5")) == {"params.rate"}
    assert odd(of(metrics__accuracy="0.2")) == {"metrics.accuracy"}


def test_a_dataset_never_trained_on_and_a_text_that_never_changed() -> None:
    assert odd(of(dataset="other")) == {"dataset"}
    past = tuple(replace(h, facts={**h.facts, "params.loss": "log"}) for h in PAST)
    assert odd(of(past, params__loss="hinge")) == {"params.loss"}
    assert odd(of(past, params__loss="log")) == set()


def test_a_dataset_that_was_told_of_before_or_of_one_that_changes_often_is_no_news() -> None:
    told = replace(
        PAST[-1], event="d1", kind=EventKind.DATASET, what="sha256:1", facts={"dataset": "other"}
    )
    assert odd(of((*PAST, told), dataset="other")) == set()
    late = replace(told, at=NOW.at)
    assert odd(of((*PAST, late), dataset="other")) == {"dataset"}
    often = tuple(
        replace(h, facts={**h.facts, "dataset": f"loans-{k // 5}"}) for k, h in enumerate(PAST)
    )
    seldom = tuple(
        replace(h, facts={**h.facts, "dataset": "first" if k == 0 else "loans"})
        for k, h in enumerate((*PAST, *PAST))
    )
    assert odd(of(often, dataset="other")) == set()
    assert odd(of(seldom, dataset="other")) == {"dataset"}


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "", "\x00", "[1, 2]"])
def test_results_that_are_no_numbers_do_not_raise(value: str) -> None:
    assert odd(of(metrics__accuracy=value)) == set()


def test_parameters_as_json_are_read_and_broken_json_is_left() -> None:
    run = run_of(replace(NOW, facts={"params": '{"rate": 0.5}', "metrics": '{"a": [['}))
    assert run.numbers == {"params.rate": 0.5}


def test_a_thousand_parameters_are_bounded() -> None:
    facts = {f"params.p{k}": "1" for k in range(1000)}
    assert len(run_of(replace(NOW, facts=facts)).numbers) == 64


def test_seven_earlier_runs_are_blind_not_quiet() -> None:
    (said,) = DETECTOR.seen_in(of(PAST[:7]))
    assert isinstance(said, Blind)


def test_the_chance_to_score_highest_is_even_among_exchangeable_runs() -> None:
    dice = np.random.default_rng(2)
    first = 0
    for _ in range(400):
        z = scores(dice.normal(size=(10, 3)) + 10).max(axis=1)
        first += int(z[-1] > z[:-1].max())
    assert 0.05 < first / 400 < 0.16
