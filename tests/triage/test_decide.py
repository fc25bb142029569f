"""The verdict's borders: how small a chance, how calm a window, how far a world, on both sides."""

import math
from datetime import UTC, datetime

import pytest

from stanch.triage.verdict.calibration import GRID, Calibration, Table
from stanch.triage.verdict.decide import verdict_of
from stanch.triage.verdict.observations import Observations, ScaleFit, Signal
from stanch.vocabulary.finding import AttackKind, Finding
from stanch.vocabulary.ids import AssetId, DetectorId
from stanch.vocabulary.incident import VerdictKind
from stanch.vocabulary.span import Span

AT = datetime(2026, 11, 21, tzinfo=UTC)
EXACT = Table(values=tuple(-math.log(p) for p in GRID))
"""A signal of so many nats has the chance e to the minus of them."""
LOOKED = (Signal.OFF_WHO, Signal.OFF_ALL, Signal.DUP_WHO, Signal.PAIR_WHO)
ALL = Calibration(tables=dict.fromkeys(Signal, EXACT), windows=100)
ATTACK, NATURAL, UNDECIDED = VerdictKind.ATTACK, VerdictKind.NATURAL, VerdictKind.UNDECIDED


def seen(
    signal: Signal = Signal.OFF_WHO,
    chance: float = 1.0,
    *,
    drift: float | None = None,
    moved: float | None = None,
    confused: float = 0.0,
) -> Observations:
    """A window with four signals of which one has this chance and the others say nothing."""
    told = dict.fromkeys(LOOKED, 0.0) | {signal: -math.log(chance)}
    return Observations(signals=told, drift=drift, moved=moved, confused_rest=confused)


def kind(window: Observations, looks: int = 0) -> VerdictKind:
    return verdict_of((), window, ALL, looks=looks).kind


@pytest.mark.parametrize(
    ("chance", "said"),
    [(0.012, ATTACK), (0.013, UNDECIDED), (0.0499, UNDECIDED), (0.0505, NATURAL), (1.0, NATURAL)],
)
def test_the_smallest_chance_pays_for_all_signals_that_were_looked_at(
    chance: float, said: VerdictKind
) -> None:
    assert kind(seen(chance=chance)) is said


@pytest.mark.parametrize(("looks", "price"), [(1, 5.0), (2, 15.0), (9, 225.0)])
def test_each_look_at_an_incident_asks_for_more(looks: int, price: float) -> None:
    border = 0.05 / 4 / price
    assert kind(seen(chance=border * 0.98), looks) is ATTACK
    assert kind(seen(chance=border * 1.02), looks) is not ATTACK


def test_a_signal_that_speaks_for_no_attack_is_not_paid_for_and_makes_none() -> None:
    assert kind(seen(Signal.PAIR_ALL, 1e-9)) is NATURAL
    five = seen(chance=0.012)
    more = Observations(signals={**five.signals, Signal.PAIR_ALL: 0.0})
    assert kind(more) is ATTACK
    paid = Observations(signals={**five.signals, Signal.EDGE_WHO: 0.0})
    assert kind(paid) is UNDECIDED


@pytest.mark.parametrize(
    ("drift", "moved", "said"),
    [
        (0.3, None, NATURAL),
        (0.31, None, UNDECIDED),
        (0.9, 0.1, NATURAL),
        (0.1, 0.31, UNDECIDED),
    ],
)
def test_of_another_world_it_is_not_said_that_it_is_natural(
    drift: float, moved: float | None, said: VerdictKind
) -> None:
    assert kind(seen(drift=drift, moved=moved)) is said


@pytest.mark.parametrize(
    ("signal", "drift", "confused", "attacked"),
    [
        (Signal.OFF_ALL, 0.3, 0.0, True),
        (Signal.OFF_ALL, 0.31, 0.0, False),
        (Signal.OFF_WHO, 0.9, 0.0, True),
        (Signal.DUP_WHO, 0.9, 99.0, True),
        (Signal.PAIR_WHO, 0.31, 10.0, True),
        (Signal.PAIR_WHO, 0.31, 10.1, False),
        (Signal.PAIR_WHO, 0.3, 99.0, True),
    ],
)
def test_another_world_excuses_what_everybody_does_and_labels_where_the_model_errs_for_all(
    signal: Signal, drift: float, confused: float, attacked: bool
) -> None:
    window = seen(signal, 1e-6, drift=drift, confused=confused)
    assert (kind(window) is ATTACK) is attacked


@pytest.mark.parametrize(
    ("signal", "attack"),
    [
        (Signal.OFF_WHO, AttackKind.EXTRACTION),
        (Signal.OFF_ALL, AttackKind.EXTRACTION),
        (Signal.DUP_WHO, AttackKind.EVASION),
        (Signal.DUP_ALL, AttackKind.EVASION),
        (Signal.PAIR_WHO, AttackKind.POISONING),
        (Signal.EDGE_WHO, AttackKind.THRESHOLD_PROBING),
    ],
)
def test_each_signal_speaks_for_its_attack(signal: Signal, attack: AttackKind) -> None:
    verdict = verdict_of((), seen(signal, 1e-6), ALL)
    assert (verdict.kind, verdict.attack) == (ATTACK, attack)


def test_how_sure_it_is_are_the_odds_of_the_three_answers() -> None:
    verdict = verdict_of((), seen(chance=1e-4), ALL)
    p = 4e-4
    attack = 1 / 3 / (-math.e * p * math.log(p))
    assert verdict.confidence == pytest.approx(attack / (attack + 1 / 5 + 1), abs=1e-4)
    calm = verdict_of((), seen(), ALL)
    against = math.exp(-0.7) / 3
    assert calm.confidence == pytest.approx(1 / (1 + 1 / 5 + against), abs=1e-4)


def test_only_where_combinations_were_looked_at_it_is_natural() -> None:
    for lacking in (Signal.OFF_WHO, Signal.OFF_ALL):
        some = {s: 0.0 for s in LOOKED if s is not lacking}
        assert kind(Observations(signals=some)) is UNDECIDED


def finding(kind_: AttackKind, detector: str) -> Finding:
    return Finding(
        detector=DetectorId(detector),
        asset=AssetId("model"),
        window=Span(start=AT, end=AT),
        says="Somebody did something.",
        measured={},
        because=(),
        strength=6.0,
        points_to={kind_: 0.98},
    )


@pytest.mark.parametrize(
    ("kind_", "detector", "excused"),
    [
        (AttackKind.EXTRACTION, "extraction", True),
        (AttackKind.POISONING, "label_residual", True),
        (AttackKind.POISONING, "another", False),
        (AttackKind.WEIGHT_TAMPERING, "digest", False),
    ],
)
def test_a_wrong_unit_of_everybody_explains_questions_and_labels_and_no_other_deed(
    kind_: AttackKind, detector: str, excused: bool
) -> None:
    unit = ScaleFit(feature="amount", factor=100.0, misfit=0.01)
    told = (finding(kind_, detector),)
    quiet = seen()
    faulty = Observations(signals=quiet.signals, scale=unit)
    assert verdict_of(told, quiet, ALL).kind is ATTACK
    assert (verdict_of(told, faulty, ALL).kind is VerdictKind.FAULT) is excused


def test_undecided_is_as_sure_as_the_likeliest_of_the_three() -> None:
    verdict = verdict_of((), Observations(), ALL)
    against = math.exp(-0.7) / 3
    assert verdict.kind is UNDECIDED
    assert verdict.confidence == pytest.approx(1 / (1 + 1 / 5 + against), abs=1e-4)


def test_a_signal_without_a_table_is_not_paid_for() -> None:
    some = Calibration(tables={Signal.OFF_WHO: EXACT, Signal.OFF_ALL: EXACT}, windows=100)
    window = seen(chance=0.024)
    assert kind(window) is UNDECIDED
    assert verdict_of((), window, some).kind is ATTACK
