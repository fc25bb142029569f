"""Judging again: what a look may take back, and what it may not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stanch.engine.judging import Around, judged
from stanch.triage.verdict.observations import Observations, Signal
from stanch.vocabulary.asset import Asset, AssetKind, Lineage
from stanch.vocabulary.finding import AttackKind, Finding, Lifecycle
from stanch.vocabulary.ids import AssetId, DetectorId, IncidentId
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind
from stanch.vocabulary.span import Span

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MODEL = AssetId("reader")
DRIFT = Finding(
    detector=DetectorId("score_shift"),
    asset=MODEL,
    window=Span(start=NOON, end=NOON + timedelta(minutes=20)),
    says="The scores moved.",
    measured={},
    because=(),
)
UNSIGNED = replace(
    DRIFT,
    detector=DetectorId("unsigned_release"),
    says="A version went into service that nobody signed.",
    lifecycle=Lifecycle.DEPLOYMENT,
    version="v2",
    points_to={AttackKind.SUPPLY_CHAIN: 0.1},
)
NATURAL = Incident(
    id=IncidentId("inc-1"),
    title="Natural change at reader",
    asset=MODEL,
    opened=NOON,
    first_seen=NOON,
    updated=NOON,
    phase=Phase.TRIAGED,
    verdict=Verdict(kind=VerdictKind.NATURAL, confidence=0.9, rows=5_000),
    findings=(DRIFT.id,),
)


@pytest.mark.parametrize("seen", [None, Observations(signals={Signal.OFF_WHO: 0.0})])
def test_natural_is_taken_back_when_somebody_released_something(seen: Observations | None) -> None:
    now = judged(NATURAL, (DRIFT, UNSIGNED), seen, Around())
    assert now.verdict.kind is VerdictKind.UNDECIDED
    assert "the people who did it" in now.verdict.reasons[-1].says
    theirs = replace(NATURAL, verdict=replace(NATURAL.verdict, by="ada"))
    assert judged(theirs, (DRIFT, UNSIGNED), seen, Around()).verdict == theirs.verdict


def test_natural_is_taken_back_when_the_version_in_service_is_another_one() -> None:
    other = replace(UNSIGNED, points_to={AttackKind.WEIGHT_TAMPERING: 0.9})
    now = judged(NATURAL, (DRIFT,), None, Around(upstream=(other,)))
    assert now.verdict.kind is VerdictKind.UNDECIDED


def test_a_look_that_merely_sees_less_takes_nothing_back() -> None:
    assert judged(NATURAL, (DRIFT,), None, Around()).verdict.kind is VerdictKind.NATURAL
    attack = replace(NATURAL, verdict=Verdict(kind=VerdictKind.ATTACK, confidence=0.9))
    assert judged(attack, (DRIFT, UNSIGNED), None, Around()).verdict.kind is VerdictKind.ATTACK


def test_what_would_learn_from_the_rows_is_where_it_is_stopped() -> None:
    rows, other = AssetId("rows"), AssetId("other")
    learner = Asset(
        id=MODEL,
        kind=AssetKind.MODEL,
        name="Reader",
        owner="ada",
        lineage=Lineage(trained_on=(rows,)),
    )
    trigger = replace(
        DRIFT,
        detector=DetectorId("hidden_trigger"),
        lifecycle=Lifecycle.TRAINING,
        strength=20.0,
        points_to={AttackKind.BACKDOOR: 0.9},
    )
    began = replace(NATURAL, asset=rows, verdict=Verdict(kind=VerdictKind.UNDECIDED))
    around = Around(assets={MODEL: learner})
    assert judged(began, (trigger,), None, around).asset == MODEL
    assert judged(replace(began, asset=other), (trigger,), None, around).asset == other
    shift = replace(trigger, points_to={})
    assert judged(began, (shift,), None, around).asset == rows


def test_of_several_models_that_learn_from_the_rows_the_one_with_most_evidence_is_stopped() -> None:
    rows, second, unknown = AssetId("rows"), AssetId("second"), AssetId("unknown")
    first = Asset(
        id=MODEL,
        kind=AssetKind.MODEL,
        name="Reader",
        owner="ada",
        lineage=Lineage(trained_on=(rows,)),
    )
    learners = {MODEL: first, second: replace(first, id=second)}
    faint = replace(DRIFT, strength=10.0, points_to={AttackKind.BACKDOOR: 0.9})
    strong = replace(faint, asset=second, strength=20.0)
    strongest = replace(faint, asset=unknown, strength=30.0)
    began = replace(NATURAL, asset=rows, verdict=Verdict(kind=VerdictKind.UNDECIDED))
    now = judged(began, (faint, strongest, strong), None, Around(assets=learners))
    assert now.verdict.attack is AttackKind.BACKDOOR
    assert now.asset == second


def test_a_look_without_a_window_forgets_neither_its_rows_nor_its_looks() -> None:
    began = replace(NATURAL, verdict=Verdict(kind=VerdictKind.UNDECIDED, rows=5_000, looks=2))
    kept = judged(began, (DRIFT,), None, Around()).verdict
    assert (kept.rows, kept.looks) == (5_000, 2)
    seen = Observations(signals={Signal.OFF_WHO: 0.0})
    looked = judged(began, (DRIFT,), seen, Around(rows=7_000)).verdict
    assert (looked.rows, looked.looks) == (7_000, 3)
