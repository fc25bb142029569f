from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from stanch.triage.verdict.calibration import packaged
from stanch.triage.verdict.decide import verdict_of
from stanch.triage.verdict.observations import Base, Now, Observations, Past, Signal
from stanch.triage.verdict.observe import observe
from stanch.triage.verdict.oddness import stood
from stanch.triage.verdict.of_late import of_late
from stanch.triage.verdict.past import TASTES, distance, narrowest, places, taste_of
from stanch.vocabulary.ids import PrincipalId
from stanch.vocabulary.incident import VerdictKind

Ints = NDArray[np.int64]
PEOPLE, BINS = 20, 66
USUAL = np.array([0.9, 0.09, 0.009, 0.001])
SHUFFLED = np.array([0.4, 0.25, 0.15, 0.2])
EVEN = np.full((2, BINS), 100)


def moved(by: int) -> Ints:
    """Values of two features of which one went up by so many bins."""
    one = np.roll(EVEN[0], by)
    one[:by] = 0
    return np.stack([one, EVEN[1]])


def day(*, far: int = 20, taste: float = TASTES[-1], bins: Ints = EVEN) -> Past:
    graded = np.array([18_000, 1800, 200 - far, far])
    return Past(graded=graded, places=places(bins), taste=taste)


def base(past: Past | None = None) -> Base:
    names = tuple("ab")
    return Base(features=names, off_rate=0.01, graded=USUAL, foreign=SHUFFLED, past=past, bins=EVEN)


def window(each: list[int], *, more: list[int] | None = None, bins: Ints = EVEN) -> Now:
    """Twenty principals who ask alike, but for the first, who asked more."""
    graded = np.tile(np.array(each), (PEOPLE, 1))
    if more is not None:
        graded[0] += np.array(more)
    return Now(
        principals=tuple(PrincipalId(f"p{n}") for n in range(PEOPLE)),
        rows=graded.sum(axis=1),
        off=graded[:, 2:].sum(axis=1),
        graded=graded,
        total=bins,
    )


def seen(now: Now, past: Past | None, signal: Signal) -> float:
    return observe(now, base(past)).signals[signal]


def test_eighths_hold_every_value_and_tell_how_far_a_feature_moved() -> None:
    assert places(EVEN).sum() == EVEN.sum()
    assert places(EVEN).shape == (2, 8)
    assert distance(EVEN, day()) == pytest.approx(0.0, abs=0.01)
    assert distance(moved(16), day()) == pytest.approx(0.25, abs=0.02)
    assert distance(EVEN, None) is None
    assert distance(EVEN, replace(day(), places=None)) is None


def test_the_narrowest_taste_is_that_at_which_nobody_stood_out() -> None:
    quiet = tuple(0.0 for _ in TASTES)
    one = (0.0, 0.0, 0.0, *[20.0] * 5)
    assert narrowest([quiet, quiet], 40) == TASTES[-1]
    assert narrowest([quiet, one], 40) == TASTES[2]
    assert narrowest([tuple(20.0 for _ in TASTES)], 40) == TASTES[0]
    assert narrowest([()], 40) == TASTES[0]


def test_who_stood_out_yesterday_leaves_everybody_the_widest_taste_and_no_wider_one() -> None:
    told = base()
    calm = stood(np.tile(np.array([90, 9, 1, 0]), (PEOPLE, 1)), told)
    odd = window([90, 9, 1, 0], more=[0, 10, 10, 10]).graded
    assert odd is not None
    assert narrowest([calm], PEOPLE) == TASTES[-1]
    assert narrowest([calm, stood(odd, told)], 2 * PEOPLE) == TASTES[0]


def test_a_few_odd_rows_of_one_are_told_where_yesterdays_people_were_alike() -> None:
    few = window([90, 9, 1, 0], more=[0, 5, 5, 2])
    narrow, wide, none = (seen(few, p, Signal.OFF_WHO) for p in (day(), day(taste=TASTES[0]), None))
    assert narrow > wide + 2
    assert wide == pytest.approx(none, abs=0.5)


def test_once_inputs_moved_people_may_differ_as_those_of_whom_nothing_is_known() -> None:
    still, gone = window([90, 9, 1, 0]), window([90, 9, 1, 0], bins=moved(16))
    assert taste_of(still, day(), 0.0) == TASTES[-1]
    assert taste_of(gone, day(), 0.25) == TASTES[0]
    assert TASTES[-1] < taste_of(still, day(), 0.1) < TASTES[0]
    assert taste_of(still, None, None) == TASTES[0]


def test_far_rows_from_everybody_are_told_against_a_day_that_had_few() -> None:
    attack = window([89, 9, 1, 1])
    assert of_late(attack, base(day(far=10)), 0.0) > 5
    assert of_late(attack, base(day(far=190)), 0.0) < 3
    assert of_late(attack, base(), 0.0) == 0.0


def test_what_a_drift_since_yesterday_carried_along_is_no_attack() -> None:
    drift = window([160, 34, 5, 1], bins=moved(16))
    assert of_late(drift, base(day()), 0.25) < of_late(drift, base(day()), 0.0)
    assert of_late(drift, base(day()), 0.25) < 4


def test_where_ordinary_rows_stayed_a_move_of_inputs_excuses_little() -> None:
    stayed, went = (window([194 - n, n, 5, 1], bins=moved(16)) for n in (18, 34))
    assert of_late(stayed, base(day()), 0.25) > of_late(went, base(day()), 0.25) + 1


def test_the_fewer_rows_a_day_has_the_more_it_leaves_to_chance() -> None:
    attack, whole = window([89, 9, 1, 1]), day(far=20)
    short = replace(whole, graded=whole.graded // 20)
    assert of_late(attack, base(short), 0.0) < of_late(attack, base(whole), 0.0) / 1.5


def test_a_world_that_was_there_yesterday_is_no_other_world() -> None:
    now = window([90, 9, 1, 0], bins=moved(30))
    here = observe(now, base(day(bins=moved(30))))
    assert here.drift is not None
    assert here.drift > 0.3
    assert verdict_of((), here, packaged()).kind is VerdictKind.NATURAL
    fresh = observe(now, base())
    assert verdict_of((), fresh, packaged()).kind is VerdictKind.UNDECIDED


def test_what_is_from_another_world_than_yesterday_is_undecided() -> None:
    seen_now = Observations(signals={Signal.OFF_ALL: 99.0, Signal.OFF_WHO: 0.0}, drift=0.1)
    assert verdict_of((), seen_now, packaged()).kind is VerdictKind.ATTACK
    gone = replace(seen_now, moved=0.4)
    assert verdict_of((), gone, packaged()).kind is VerdictKind.UNDECIDED
