import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from numpy.typing import NDArray

from stanch.triage.verdict.calibration import packaged
from stanch.triage.verdict.carried import CARRIED, accounted, allowed
from stanch.triage.verdict.decide import verdict_of
from stanch.triage.verdict.observations import Base, Now
from stanch.triage.verdict.observe import observe
from stanch.vocabulary.ids import PrincipalId
from stanch.vocabulary.incident import VerdictKind

Ints = NDArray[np.int64]
PEOPLE, EACH = 20, 100
SHARES = np.append(np.arange(1, 31) / 31 * 0.99, 0.99)
"""Where the grades of the score end, as shares of the baseline."""


def grades(rows: int, moved: float = 0.0, added: float = 0.0) -> Ints:
    """Rows by grade when all of them are odder by so many deviations, and some odd ones added."""
    normal = NormalDist()
    ends = [0.0, *(normal.cdf(normal.inv_cdf(s) - moved) for s in SHARES), 1.0]
    shares = np.diff(ends) * (1 - added)
    shares[-1] += added
    return np.rint(shares * rows).astype(np.int64)


def base(rows: int = 5000) -> Base:
    names = frozenset(PrincipalId(f"p{n}") for n in range(PEOPLE))
    return Base(off_rate=0.01, grades=grades(rows), principals=names)


def now(told: Ints, off: Ints | None = None) -> Now:
    odd = np.full(PEOPLE, round(int(told[-1]) / PEOPLE)) if off is None else off
    return Now(
        principals=tuple(PrincipalId(f"p{n}") for n in range(PEOPLE)),
        rows=np.full(PEOPLE, int(told.sum()) // PEOPLE),
        off=odd,
        grades=told,
    )


def carried(window: Now, before: Base) -> float:
    """What is allowed for because rows moved."""
    return allowed(window, before, None) - 1.5 * before.off_rate


def kind(window: Now, before: Base) -> VerdictKind:
    return verdict_of((), observe(window, before), packaged()).kind


def test_odd_combinations_are_no_attack_where_ordinary_rows_became_odder_too() -> None:
    drift = grades(PEOPLE * EACH, moved=0.7)
    assert drift[-1] >= 4 * 0.01 * PEOPLE * EACH
    assert kind(now(drift), base()) is VerdictKind.NATURAL


def test_as_many_that_were_added_to_rows_which_stayed_are_an_attack() -> None:
    attack = grades(PEOPLE * EACH, added=0.05)
    assert kind(now(attack), base()) is VerdictKind.ATTACK


def test_who_sends_the_odd_ones_alone_is_found_while_everybody_drifts() -> None:
    drift = grades(PEOPLE * EACH, moved=0.7)
    odd = np.full(PEOPLE, 3)
    odd[4] = 40
    seen = observe(now(drift, odd), base())
    assert verdict_of((), seen, packaged()).kind is VerdictKind.ATTACK
    assert seen.suspects[0].principal == "p4"


def test_a_quarter_more_than_of_late_is_allowed_or_half_more_than_ordinary_rows_account_for() -> (
    None
):
    drift, stayed = grades(40_000, moved=0.7), grades(40_000)
    known = replace(base(200_000), recent_off_rate=0.03)
    assert allowed(now(drift), known, None) == pytest.approx(1.5 * drift[-1] / 40_000, rel=0.05)
    assert allowed(now(stayed), known, None) == pytest.approx(1.25 * 0.03)
    assert allowed(now(stayed), replace(known, grades=None), None) == pytest.approx(0.045)
    some = grades(40_000, moved=0.3)
    told = allowed(now(some), replace(known, recent_off_rate=0.025), None)
    assert 1.25 * 0.025 < told < 1.5 * 0.025


def test_what_neither_the_last_day_nor_ordinary_rows_account_for_is_an_attack() -> None:
    drift, attack = (now(grades(PEOPLE * EACH, **m)) for m in ({"moved": 0.7}, {"added": 0.05}))
    for late in (0.01, 0.05):
        assert kind(drift, replace(base(), recent_off_rate=late)) is VerdictKind.NATURAL
    assert kind(attack, replace(base(), recent_off_rate=0.01)) is VerdictKind.ATTACK
    assert kind(attack, replace(base(), recent_off_rate=0.05)) is VerdictKind.NATURAL


def test_what_everybody_carries_is_what_the_border_crosses_and_a_little_for_doubt() -> None:
    for moved in (0.0, 0.3, 0.6, 1.0):
        window = now(grades(200_000, moved=moved))
        expected = float(grades(200_000, moved=moved)[-1]) / 200_000 - 0.01
        assert carried(window, base(200_000)) == pytest.approx(expected, abs=0.008)


def test_fewer_rows_leave_more_doubt() -> None:
    told = [carried(now(grades(n)), base()) for n in (200, 2000, 20_000)]
    assert told[0] > told[1] > told[2] > 0


@pytest.mark.parametrize("told", [None, np.zeros(32, np.int64)])
def test_without_a_score_nothing_is_carried(told: Ints | None) -> None:
    window = replace(now(grades(2000)), grades=told)
    assert carried(window, base()) == 0
    assert carried(now(grades(2000)), replace(base(), grades=told)) == 0
    counted_ones = replace(now(grades(2000)), grades=None)
    assert observe(window, base()).signals == observe(counted_ones, base()).signals


@pytest.mark.parametrize("moved", [0.0, 0.2, 0.7, 1.5, 3.0])
@pytest.mark.parametrize(("rate", "high"), [(0.01, 0.1), (0.05, 0.3)])
def test_a_normal_score_that_moved_is_told_from_its_shoulder_alone(
    moved: float, rate: float, high: float
) -> None:
    normal, rows = NormalDist(), 10**12
    border, low = normal.inv_cdf(1 - rate), normal.inv_cdf(1 - high)
    under, ordinary = normal.cdf(border - moved), normal.cdf(low - moved)
    shoulder = round((under - ordinary) / under * rows)
    found = accounted(rows, shoulder, rate, high)
    assert found == pytest.approx(1 - under - rate, abs=1e-4)


def test_a_score_that_moved_down_carries_nothing_and_none_moves_farther_than_four() -> None:
    border = NormalDist().inv_cdf(0.99)
    assert accounted(10**9, 0, 0.01, 0.1) == pytest.approx(0.0, abs=1e-9)
    assert accounted(10**9, 10**9, 0.01, 0.1) == pytest.approx(
        1 - NormalDist().cdf(border - 4) - 0.01, abs=1e-6
    )


@pytest.mark.parametrize(("rows", "shoulder"), [(50, 7), (400, 40), (90, 0)])
def test_a_few_rows_are_taken_at_the_upper_bound_of_their_share(rows: int, shoulder: int) -> None:
    seen = shoulder / rows
    upper = seen + 1.645 * math.sqrt(max(seen, 1 / rows) * (1 - seen) / rows)
    many = 10**12
    assert accounted(rows, shoulder, 0.01, 0.1) == pytest.approx(
        accounted(many, round(upper * many), 0.01, 0.1), abs=1e-4
    )


@pytest.mark.parametrize(
    ("rate", "high"), [(0.0, 0.1), (0.1, 0.1), (0.2, 0.1), (0.01, 1.0), (0.01, 0.01)]
)
def test_a_baseline_without_a_shoulder_tells_nothing(rate: float, high: float) -> None:
    assert accounted(1000, 100, rate, high) is None
    assert accounted(0, 0, 0.01, 0.1) is None


def test_of_what_inputs_moved_beyond_chance_two_fifths_may_be_odd() -> None:
    window = replace(now(grades(2000)), grades=None)
    rows = int(window.rows.sum())
    far = np.array([0.02, 0.2])
    told = allowed(window, base(), far)
    assert told == pytest.approx(0.015 + CARRIED * (0.2 - 1 / math.sqrt(rows)))
    assert CARRIED == 0.4
    assert allowed(window, base(), np.array([0.001])) == pytest.approx(0.015)
    assert allowed(window, base(), np.zeros(0)) == pytest.approx(0.015)
    assert allowed(window, replace(base(), off_rate=0.6), np.array([1.0])) == 0.99
