"""How inputs lie among each other, and who asks close to what it asked before."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from stanch.detect import examples
from stanch.detect.detectors.extraction import TOUCH
from stanch.detect.habits.people import people
from stanch.detect.habits.shapes import Heap, Shape, heaps_of, reach_of, shape_of, told_by
from stanch.detect.habits.touching import touch_way
from stanch.detect.summaries.columns import Columns
from stanch.detect.window import Window

LINE, PLACE = {"straight": True, "across": True}, {"straight": False, "across": True}
ME = examples.NAMES[examples.ODD_ONE]


def heap(size: int, *, straight: bool, across: bool) -> Heap:
    return Heap(size=size, straight=straight, across=across)


@pytest.mark.parametrize(
    ("heaps", "inputs", "shape"),
    [
        ((), 20, Shape.SPREAD),
        ((heap(3, **PLACE),), 30, Shape.SPREAD),
        ((heap(8, **LINE),), 10, Shape.LINE),
        ((heap(30, **LINE),), 30, Shape.LINES),
        ((heap(8, **LINE), heap(7, **LINE)), 20, Shape.LINES),
        ((heap(30, **PLACE), heap(6, **LINE)), 40, Shape.PLACE),
        ((heap(14, **PLACE), heap(8, **LINE), heap(7, **LINE)), 40, Shape.LINES),
        ((heap(4, **PLACE),) * 5, 20, Shape.HEAPS),
        ((heap(26, **PLACE),) * 3, 80, Shape.PLACE),
    ],
)
def test_heaps_make_a_shape(heaps: tuple[Heap, ...], inputs: int, shape: Shape) -> None:
    assert told_by(heaps, inputs) is shape


def told(rows: NDArray[np.float32]) -> Heap:
    everything = np.ones((len(rows), len(rows)), np.bool_)
    (one,) = heaps_of(rows, np.arange(len(rows), dtype=np.uint8) % 2, everything)
    return one


def test_a_line_stays_one_when_its_cards_are_rounded_and_a_cloud_is_none() -> None:
    dice = np.random.default_rng(3)
    way = dice.normal(size=10)
    line = np.rint(np.linspace(0, 6, 20)[:, None] * way).astype(np.float32)
    cloud = np.rint(dice.normal(0, 0.8, (20, 10))).astype(np.float32)
    assert told(line).straight
    assert not told(cloud).straight
    assert not told(np.repeat(cloud[:2], 5, axis=0)).straight


def halved(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float32]:
    """What halving the way between two inputs asks, as cards round it."""
    low, high, edge = 0.0, 1.0, 0.62
    asked = list[NDArray[np.float64]]()
    for _ in range(8):
        middle = (low + high) / 2
        asked.append(np.rint(4 * (start + middle * (end - start))) / 4)
        low, high = (middle, high) if middle < edge else (low, middle)
    return np.array(asked, np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_lines_from_one_input_are_a_search_and_lines_from_many_feel_for_a_threshold(
    seed: int,
) -> None:
    dice = np.random.default_rng(seed)
    one, ends = dice.normal(0, 3, 10), dice.normal(0, 3, (3, 10))
    search = tuple(told(halved(one, end)) for end in ends)
    probed = tuple(told(halved(dice.normal(0, 3, 10), end)) for end in ends)
    assert all(heap.straight for heap in (*search, *probed))
    assert told_by(search, 24) is Shape.PLACE
    assert told_by(search[:2], 16) is Shape.PLACE
    assert told_by(probed, 24) is Shape.LINES
    assert told_by(probed[:2], 16) is Shape.LINES


def test_lines_side_by_side_meet_nowhere_however_far_off_they_lie() -> None:
    dice, way = np.random.default_rng(5), np.eye(10)[3] * 6
    many = tuple(told(halved(near := 40 + dice.normal(0, 3, 10), near + way)) for _ in range(3))
    assert told_by(many, 24) is Shape.LINES
    tilted = way + dice.normal(0, 0.2, (3, 10))
    nearly = tuple(told(halved(near := 40 + dice.normal(0, 3, 10), near + t)) for t in tilted)
    assert told_by(nearly, 24) is Shape.LINES


def grown(step: float) -> Window:
    """A window in which one principal grows a few inputs by steps this long."""

    def change(rows: Columns) -> Columns:
        mine = np.flatnonzero(rows.principals == examples.ODD_ONE)
        dice, numbers = np.random.default_rng(4), rows.numbers.copy()
        for at in range(8, len(mine)):
            signs = np.sign(dice.normal(size=4))
            numbers[mine[at]] = numbers[mine[dice.integers(at)]] + step * signs
        return replace(rows, numbers=numbers)

    return examples.window(change, n=600)


def rarity(window: Window) -> dict[str, float]:
    base, ledger = window.baseline, window.ledger
    assert base is not None
    assert ledger is not None
    who = people(ledger, 10, base.habits)
    way = touch_way(TOUCH, base, who)
    assert way is not None
    return dict(zip(who.names, way.rarity.tolist(), strict=True))


def test_who_grows_a_few_inputs_by_small_steps_has_most_of_them_close_together() -> None:
    small = rarity(grown(0.02))
    assert small[ME] < -3
    assert min(r for name, r in small.items() if name != ME) > -3
    assert rarity(grown(3.0))[ME] > -3


def test_without_habits_nothing_tells_what_is_near() -> None:
    window = examples.window()
    assert window.baseline is not None
    assert window.ledger is not None
    base = replace(window.baseline, habits=None)
    assert reach_of(base) == 0
    assert touch_way(TOUCH, base, people(window.ledger, 10)) is None
    assert shape_of(base, window.ledger, 0) is Shape.UNKNOWN


def test_of_ordinary_people_with_few_inputs_no_more_are_rare_than_is_said() -> None:
    few = [rarity(examples.window(n=n, seed=seed)) for n in (380, 420) for seed in range(910, 918)]
    rare = np.array([one for window in few for one in window.values()])
    assert len(rare) >= 300
    assert (rare <= -1).mean() <= 0.1
    assert (rare <= -2).mean() <= 0.01
