"""Training pattern: conformal ranks, what is in service, and values that are none."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.detectors.training_pattern import DETECTOR
from stanch.detect.odd_runs import GROWTH, scores
from stanch.detect.runs import run_of
from stanch.detect.summaries.record import Record
from stanch.detect.window import Window
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind, Finding
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import digest_of

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
    assert odd(of(rows="100000")) == {"rows", GROWTH}
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
        replace(h, facts={**h.facts, "dataset": f"loans {'abcd'[k // 5]}"})
        for k, h in enumerate(PAST)
    )
    seldom = tuple(
        replace(h, facts={**h.facts, "dataset": "first" if k == 0 else "loans"})
        for k, h in enumerate((*PAST, *PAST))
    )
    assert odd(of(often, dataset="other")) == set()
    assert odd(of(seldom, dataset="other")) == {"dataset"}


def test_a_run_whose_model_goes_nowhere_waits_and_is_told_when_it_goes_into_service() -> None:
    odd_run = trained(rows="1000")
    (seen,) = said(SERVED, odd_run)
    assert seen.waits
    assert seen.says.endswith("Its model is not in service.")
    later = deployed(odd_run, timedelta(days=9))
    (told,) = said((*SERVED, odd_run), later)
    assert not told.waits
    assert told.says.endswith("Its model was put into service as version v-run-0 by release.")
    assert {c.ref for c in told.because} == {odd_run.event, later.event}
    assert told.id != seen.id


def test_where_nobody_tells_of_deployments_an_odd_run_is_told_at_once() -> None:
    (told,) = said(PAST, trained(rows="1000"))
    assert not told.waits


def test_what_was_tried_and_went_nowhere_does_not_hide_what_goes_into_service() -> None:
    decoy = replace(trained(rows="900000", params__rate="9"), event="decoy", what="decoy")
    other = {**decoy.facts, "digest": digest_of(b"tried")}
    decoy = replace(decoy, at=decoy.at - timedelta(hours=9), facts=other)
    odd_run = trained(rows="60000")
    (told,) = said((*SERVED, decoy, odd_run), deployed(odd_run))
    assert "rows" in told.features
    assert not told.waits


def test_a_parameter_alone_waits_and_is_told_by_a_stranger_s_hand() -> None:
    usual = trained(params__rate="0.7")
    (waits,) = said((*SERVED, usual), deployed(usual))
    assert waits.waits
    assert waits.features == ("params.rate",)
    strange = replace(usual, principal="temp-44")
    (told,) = said((*SERVED, strange), deployed(strange))
    assert not told.waits
    assert set(told.features) == {"params.rate", "by"}


def test_the_same_told_again_in_service_is_nothing_new_and_its_return_is() -> None:
    odd_run = trained(rows="60000")
    first = deployed(odd_run)
    restarted = replace(first, event="restart", at=first.at + timedelta(days=1))
    assert not said((*SERVED, odd_run, first), restarted)
    other = replace(SERVED[-1], event="other", at=first.at + timedelta(days=2))
    back = replace(first, event="back", at=first.at + timedelta(days=3))
    assert said((*SERVED, odd_run, first, other), back)


def test_a_second_dataset_that_nobody_announced_waits_for_a_year() -> None:
    long = [replace(h, at=h.at - timedelta(days=20), event=h.event + "-old") for h in SERVED]
    lately = [
        replace(h, facts={**h.facts, "dataset": "second"}) if h.event == "evt-run--3" else h
        for h in SERVED
    ]
    third = trained(dataset="third")
    (waits,) = said((*long, *lately, third), deployed(third))
    assert waits.waits
    (told,) = said((*long, *SERVED, third), deployed(third))
    assert not told.waits


@pytest.mark.parametrize(
    ("names", "following"),
    [
        (("loans-1", "loans-2", "loans-3", "loans-4"), "loans-5"),
        (("2026-01/rows", "2026-02/rows", "2026-03/rows", "2026-04/rows"), "2026-05/rows"),
        (("rows@0f3a9c1d", "rows@77777777", "rows@abcdef01", "rows@deadbee5"), "rows@c0ffee42"),
    ],
)
def test_where_datasets_change_one_of_another_series_is_told_and_the_next_one_waits(
    names: tuple[str, ...], following: str
) -> None:
    changing = tuple(
        replace(h, facts={**h.facts, "dataset": names[min(k // 20, 3)]})
        if h.kind is EventKind.TRAINING
        else h
        for k, h in enumerate((*(older(h) for h in SERVED), *SERVED))
    )
    strange, honest = trained(dataset="mirror/loans-final"), trained(dataset=following)
    (told,) = said((*changing, strange), deployed(strange))
    assert not told.waits
    assert said((*changing, honest), deployed(honest)) == []
    lately = [
        replace(h, facts={**h.facts, "dataset": "elsewhere"}) if h.event == "evt-run--3" else h
        for h in changing
    ]
    assert [f.waits for f in said((*lately, strange), deployed(strange))] == [True]


def older(one: Happening) -> Happening:
    return replace(one, at=one.at - timedelta(days=20), event=f"{one.event}-old")


def trained(**facts: str) -> Happening:
    own = {k.replace("__", "."): v for k, v in facts.items()} | {"digest": digest_of(b"evil")}
    return replace(NOW, facts={**NOW.facts, **own})


def deployed(run: Happening, after: timedelta = timedelta(minutes=1)) -> Happening:
    return Happening(
        at=run.at + after,
        event=f"deploy-{run.event}",
        kind=EventKind.DEPLOYMENT,
        principal="release",
        version=f"v-{run.what}",
        what=run.facts["digest"],
    )


def serving(runs: Iterable[Happening]) -> tuple[Happening, ...]:
    own = [replace(r, facts={**r.facts, "digest": digest_of(r.what.encode())}) for r in runs]
    return tuple(h for run in own for h in (run, deployed(run)))


SERVED = serving(PAST)


def said(history: tuple[Happening, ...], now: Happening) -> list[Finding]:
    hour = timedelta(minutes=10)
    span = replace(examples.nothing_seen().span, start=now.at - hour, end=now.at + hour)
    seen = tuple(h for h in (*history, now) if span.covers(h.at))
    record = Record(happenings=seen, seen=len(seen))
    window = replace(examples.nothing_seen(), span=span, record=record, history=history)
    return [s for s in DETECTOR.seen_in(window) if isinstance(s, Finding)]


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


def test_few_runs_are_blind_also_while_nothing_is_trained_and_none_say_what_to_send() -> None:
    quiet = replace(of(PAST[:7]), record=Record())
    (said,) = DETECTOR.seen_in(quiet)
    assert isinstance(said, Blind)
    assert said.why == "7 earlier training runs; 8 needed"
    (said,) = DETECTOR.seen_in(replace(quiet, history=(replace(NOW, kind=EventKind.DEPLOYMENT),)))
    assert isinstance(said, Blind)
    assert said.why == "no training was ever told: send events of the kind training"


def test_the_chance_to_score_highest_is_even_among_exchangeable_runs() -> None:
    dice = np.random.default_rng(2)
    first = 0
    for _ in range(400):
        z = scores(dice.normal(size=(10, 3)) + 10).max(axis=1)
        first += int(z[-1] > z[:-1].max())
    assert 0.05 < first / 400 < 0.16
