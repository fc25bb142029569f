"""Detectors on traffic, on hostile and unusual data: nothing breaks, and nobody is accused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.detectors import evasion_search
from stanch.detect.habits.people import People
from stanch.detect.registry import detectors
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.learn import Schema, learned
from stanch.detect.summaries.ready import ready
from stanch.detect.window import Baseline, Window
from stanch.vocabulary.finding import Blind, Finding
from stanch.vocabulary.ids import digest_of

TRAFFIC = (
    "confidence_shift",
    "data_quality",
    "evasion_search",
    "extraction",
    "joint_structure",
    "latency_and_errors",
    "membership_inference",
    "prediction_mix",
    "threshold_probing",
    "volume_and_cost",
)
BY_PRINCIPAL = ("evasion_search", "extraction", "membership_inference", "threshold_probing")


def bare(numbers: np.ndarray, people: int = 20) -> Columns:
    n = len(numbers)
    return Columns(
        numbers=numbers,
        principals=(np.arange(n) % max(people, 1)).astype(np.int32),
        names=tuple(f"p{i}" for i in range(people)),
        categories=np.zeros((n, 0), np.int32),
        predictions=np.full(n, -1, np.int32),
        ticks=np.arange(n, dtype=np.int64) * 1_000_000,
    )


def seen(reference: Columns, now: Columns, names: tuple[str, ...] = ()) -> Window:
    names = names or tuple(f"f{i}" for i in range(reference.numbers.shape[1]))
    classes = ("yes", "no") if (reference.predictions >= 0).any() else ()
    found = learned(Schema(numbers=names, classes=classes), reference)
    here = counted(ready(found.plan), now)
    golden = found.golden
    return replace(
        examples.nothing_seen(),
        baseline=Baseline(
            plan=found.plan,
            golden=golden.summary,
            digest=digest_of(golden.summary.to_bytes()),
            habits=golden.ledger.seal(most=1024),
        ),
        now=here.summary,
        ledger=here.ledger.seal(),
    )


def test_a_feature_is_one_name_in_a_sentence_whatever_its_name_holds() -> None:
    usual = np.random.default_rng(5).normal(size=(400, 2))
    window = seen(bare(usual), bare(usual * [0, 1]), ("amount, net", "age"))
    (said,) = detectors()["data_quality"].seen_in(window)
    assert isinstance(said, Finding)
    assert '"amount, net" is frozen' in said.says


def suspects(name: str, window: Window) -> set[str]:
    said = detectors()[name].seen_in(window)
    return {s.principal for f in said if isinstance(f, Finding) for s in f.suspects}


@pytest.mark.parametrize(
    "numbers",
    [
        np.zeros((400, 3)),
        np.full((400, 2), np.nan),
        np.full((400, 2), np.inf),
        np.ones((1, 2)),
        np.zeros((400, 0)),
        np.array([[-1.7e308, 5e-324], [1.7e308, 0.0]] * 200),
    ],
    ids=["constant", "missing", "infinite", "one row", "no inputs", "extremes"],
)
def test_degenerate_data_are_no_attack(numbers: np.ndarray) -> None:
    window = seen(bare(numbers), bare(numbers))
    assert not any(suspects(name, window) for name in TRAFFIC)


@pytest.mark.parametrize("value", [1.0, np.nan, np.inf])
def test_inputs_that_were_all_alike_and_begin_to_differ_stop_no_detector(value: float) -> None:
    def answered(numbers: np.ndarray) -> Columns:
        given = np.arange(len(numbers), dtype=np.int32) % 2
        return replace(bare(numbers, people=9), predictions=given)

    dice = np.random.default_rng(7)
    window = seen(answered(np.full((1000, 2), value)), answered(dice.normal(size=(500, 2))))
    assert not any(suspects(name, window) for name in TRAFFIC)
    (said,) = detectors()["threshold_probing"].seen_in(window)
    assert isinstance(said, Blind)
    assert "no boundary" in said.why


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_data_that_break_after_the_baseline_accuse_nobody(value: float) -> None:
    window = seen(bare(examples.numbers(2000, seed=5)), bare(np.full((800, 4), value)))
    assert not any(suspects(name, window) for name in TRAFFIC)


def test_ten_thousand_columns_work() -> None:
    dice = np.random.default_rng(3)
    window = seen(bare(dice.normal(size=(200, 10_000))), bare(dice.normal(size=(200, 10_000))))
    assert not any(suspects(name, window) for name in TRAFFIC)


@pytest.mark.parametrize("name", BY_PRINCIPAL)
def test_principals_never_the_same_twice_are_blind_and_not_quiet(name: str) -> None:
    rows = examples.columns()
    each = replace(
        rows,
        principals=np.arange(rows.n, dtype=np.int32),
        names=tuple(f"once-{i:05}" for i in range(rows.n)),
    )
    said = detectors()[name].seen_in(examples.window(lambda _: each))
    assert said
    assert all(isinstance(one, Blind) and "needed" in one.why for one in said)


@pytest.mark.parametrize("name", BY_PRINCIPAL)
def test_answers_that_name_nobody_are_blind(name: str) -> None:
    said = detectors()[name].seen_in(
        examples.window(lambda r: replace(r, principals=np.full(r.n, -1, np.int32), names=()))
    )
    assert [one.why for one in said if isinstance(one, Blind)]
    assert not [one for one in said if isinstance(one, Finding)]


@pytest.mark.parametrize("name", BY_PRINCIPAL)
def test_a_baseline_of_few_principals_is_blind(name: str) -> None:
    window = detectors()[name].fires_on()
    assert window.baseline is not None
    assert window.baseline.habits is not None
    few = replace(window.baseline, habits=window.baseline.habits.seal(most=7))
    said = detectors()[name].seen_in(replace(window, baseline=few))
    assert [one.why for one in said if isinstance(one, Blind)] == [
        "the baseline knows 7 principals with 10 answers; 8 needed"
    ]


def test_a_search_is_blind_and_not_quiet_where_nothing_tells_where_inputs_lie(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing_told(_base: Baseline, _who: People) -> None:
        return None

    monkeypatch.setattr(evasion_search, "clusters_of", nothing_told)
    (said,) = detectors()["evasion_search"].seen_in(examples.window())
    assert isinstance(said, Blind)
    assert "does not tell where inputs lie" in said.why


@pytest.mark.parametrize("name", BY_PRINCIPAL)
def test_a_principal_who_poisoned_the_baseline_is_still_named(name: str) -> None:
    attack = detectors()[name].fires_on()
    assert attack.baseline is not None
    assert attack.baseline.habits is not None
    assert attack.ledger is not None
    attacker = examples.NAMES[examples.ODD_ONE]
    clean = attack.baseline.habits
    line = clean.names.index(attacker)
    place = attack.ledger.names.index(attacker)
    poison: dict[str, Any] = {}
    for part in ("table", "inputs", "cells", "keys", "cards"):
        poison[part] = getattr(clean, part).copy()
        poison[part][line] = getattr(attack.ledger, part)[place]
    poisoned = replace(clean, **poison)
    window = replace(attack, baseline=replace(attack.baseline, habits=poisoned))
    assert attacker in suspects(name, window)


@pytest.mark.parametrize("name", BY_PRINCIPAL)
def test_a_change_that_comes_to_everybody_accuses_nobody(name: str) -> None:
    def drift(rows: Columns) -> Columns:
        return replace(rows, numbers=rows.numbers * 1.3 + 0.8)

    assert not suspects(name, examples.window(drift))
