"""Several signs at once: as rare as their product allows, and no rarer than they say."""

import math

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.habits.judge import Way
from stanch.detect.habits.people import People, people
from stanch.detect.habits.several import erlang, several_way
from stanch.detect.summaries.arrays import Floats


def everybody() -> People:
    seen = examples.window()
    assert seen.ledger is not None
    assert seen.baseline is not None
    return people(seen.ledger, 10, seen.baseline.habits)


def way(rarity: Floats) -> Way:
    return Way(name="a sign", shown=rarity, usual=0.0, rarity=rarity)


def ways_of(*odd: float) -> list[list[Way]]:
    """Groups in each of which the first of twenty people is so odd, and nobody else is."""
    return [[way(np.array([one] + [0.0] * 19))] for one in odd]


def together(*odd: float) -> float:
    found = several_way("several", ways_of(*odd), everybody())
    assert found is not None
    return float(found.rarity[0])


@pytest.mark.parametrize(("value", "parts"), [(4.0, 1), (12.0, 3), (60.0, 6)])
def test_the_tail_of_several_is_erlangs(value: float, parts: int) -> None:
    sums = math.fsum(value**k / math.factorial(k) for k in range(parts))
    assert erlang(value, parts) == pytest.approx(math.log10(math.exp(-value) * sums))


def test_four_faint_signs_are_one_strong_one() -> None:
    assert together(-3, -3, -3, -3) < -7


def test_one_sign_alone_is_no_rarer_for_being_one_of_several() -> None:
    assert together(-6, 0, 0, 0) > -6


def test_two_ways_of_one_sign_count_once() -> None:
    (first,), (second,) = ways_of(-4, -4)
    (other,) = ways_of(-4)
    once = several_way("several", [[first, second], other], everybody())
    twice = several_way("several", [[first], [second], other], everybody())
    assert once is not None
    assert twice is not None
    assert once.rarity[0] > twice.rarity[0] + 1


def test_who_tells_how_many_signs_there_are_counts_those_rarer_than_one_in_ten() -> None:
    found = several_way("several", ways_of(-3, -2, -0.5, 0), everybody())
    assert found is not None
    assert found.shown[:2].tolist() == [2.0, 0.0]
    assert found.usual == pytest.approx(0.4)


def test_of_one_sign_there_are_not_several() -> None:
    assert several_way("several", [*ways_of(-9), []], everybody()) is None


def test_where_all_people_moved_nobody_is_odd_for_having_moved() -> None:
    moved = [[way(np.full(20, -2.5))] for _ in range(4)]
    found = several_way("several", moved, everybody())
    assert found is not None
    assert found.rarity.min() > -1


def test_honest_chances_are_together_no_rarer_than_they_say() -> None:
    dice, who, rare = np.random.default_rng(3), everybody(), 0
    for _ in range(500):
        signs = [[way(np.log10(dice.random(20)))] for _ in range(5)]
        found = several_way("several", signs, who)
        assert found is not None
        rare += int((found.rarity <= -2).sum())
    assert rare <= 10_000 * 0.01 * 1.3
