from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stanch.triage.verdict.nats import together
from stanch.triage.verdict.observations import Base, Now, Signal
from stanch.triage.verdict.observe import observe
from stanch.triage.verdict.oddness import by_principal, of_everybody
from stanch.vocabulary.ids import PrincipalId

PEOPLE = 20
USUAL = np.array([0.9, 0.09, 0.009, 0.001])
SHUFFLED = np.array([0.1, 0.2, 0.2, 0.5])
SELDOM_FAR = np.array([0.4, 0.35, 0.2, 0.05])


def base(*, foreign: NDArray[np.float64] = SHUFFLED) -> Base:
    return Base(off_rate=0.01, graded=USUAL, foreign=foreign)


def now(graded: NDArray[np.int64] | None = None) -> Now:
    """Twenty principals with a hundred ordinary rows each."""
    own = np.tile(np.array([90, 9, 1, 0]), (PEOPLE, 1)) if graded is None else graded
    return Now(
        principals=tuple(PrincipalId(f"p{n}") for n in range(len(own))),
        rows=own.sum(axis=1),
        off=own[:, 2:].sum(axis=1),
        graded=own,
    )


def with_more(rows: list[int], of: int = 0) -> NDArray[np.int64]:
    graded = now().graded
    assert graded is not None
    graded = graded.copy()
    graded[of] += np.array(rows)
    return graded


def nats(rows: list[int], foreign: NDArray[np.float64] = SHUFFLED) -> float:
    told = by_principal(now(with_more(rows)), base(foreign=foreign))
    assert told is not None
    assert told[1:].max() < 1.0
    return float(told[0])


def test_the_odder_a_row_the_more_it_says_and_an_ordinary_one_says_nothing() -> None:
    far, off, unusual = nats([0, 0, 0, 30]), nats([0, 0, 30, 0]), nats([0, 30, 0, 0])
    assert far > 1.5 * off > 12
    assert off > 2 * unusual
    assert nats([40, 0, 0, 0]) == 0.0


def test_where_shuffled_rows_are_as_ordinary_ones_nobody_is_odd() -> None:
    assert nats([0, 20, 8, 4], foreign=USUAL) < nats([0, 20, 8, 4]) / 10
    assert nats([900, 0, 0, 0], foreign=np.array([0.99, 0.008, 0.0015, 0.0005])) == 0.0


def test_what_everybody_asks_more_of_is_held_against_nobody() -> None:
    graded = np.tile(np.array([70, 20, 7, 3]), (PEOPLE, 1))
    told = by_principal(now(graded), base())
    assert told is not None
    assert told.max() < 1.0


def test_a_drift_makes_many_rows_odd_and_few_of_them_far_off() -> None:
    drift = np.tile(np.array([80, 14, 5, 1]), (PEOPLE, 1))
    attack = np.tile(np.array([89, 8, 1, 2]), (PEOPLE, 1))
    assert everybody(drift, 0.06) < 1.0
    assert everybody(attack, 0.03) > 10
    more, foreign = [80, 12, 7, 1], [80, 12, 3, 5]
    assert 3 * everybody(alike(more), 0.06) < everybody(alike(foreign), 0.06)


def alike(each: list[int]) -> NDArray[np.int64]:
    return np.tile(np.array(each), (PEOPLE, 1))


def everybody(graded: NDArray[np.int64], allowed: float, recent: float | None = None) -> float:
    told = of_everybody(now(graded), replace(base(), recent_far=recent), allowed)
    assert told is not None
    return told


def test_where_days_have_many_far_rows_more_are_allowed() -> None:
    far = alike([88, 8, 2, 2])
    assert everybody(far, 0.04, recent=0.4) < everybody(far, 0.04) / 2


def test_where_shuffled_rows_are_seldom_far_the_number_of_odd_ones_decides() -> None:
    graded = np.tile(np.array([80, 12, 7, 1]), (PEOPLE, 1))
    seen = observe(now(graded), base(foreign=SELDOM_FAR)).signals[Signal.OFF_ALL]
    assert seen > 10


def test_a_window_without_grades_is_counted_beyond_one_border() -> None:
    window = now(with_more([0, 0, 30, 0]))
    assert by_principal(replace(window, graded=None), base()) is None
    assert observe(replace(window, graded=None), base()).signals[Signal.OFF_WHO] > 10


def test_two_who_stand_out_together_say_more_than_one_of_them() -> None:
    one, two = np.array([6.0, *[0.0] * 39]), np.array([6.0, 6.0, *[0.0] * 38])
    assert together(two, 40) > together(one, 40) > 2
    assert together(np.zeros(40), 40) == 0.0
    assert together(np.zeros(0), 0) == 0.0
