"""Who asks about few kinds of things has many near pairs, and is not asking after records."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stanch.detect import examples
from stanch.detect.habits.pairs import tight_ways
from stanch.detect.habits.people import people
from stanch.detect.summaries.columns import Columns

Rows = NDArray[np.float64]
ME, ROWS = examples.NAMES[examples.ODD_ONE], 60


def rarest(rows: Rows) -> float:
    """How rare the near pairs are of somebody who asks these, among ordinary people."""

    def change(seen: Columns) -> Columns:
        mine = np.flatnonzero(seen.principals == examples.ODD_ONE)[:ROWS]
        numbers, who = seen.numbers.copy(), seen.principals.copy()
        who[who == examples.ODD_ONE] = 0
        who[mine], numbers[mine] = examples.ODD_ONE, rows
        return replace(seen, numbers=numbers, principals=who)

    window = examples.window(change, n=1600)
    base, ledger = window.baseline, window.ledger
    assert base is not None
    assert ledger is not None
    asked = people(ledger, 10, base.habits)
    return min(way.rarity[asked.names.index(ME)] for way in tight_ways("", base, asked))


def part_of_the_world(wanted: Callable[[Rows], NDArray[np.bool_]]) -> Rows:
    rows = examples.numbers(8000, 77)
    return rows[wanted(rows)][:ROWS]


def test_a_taste_for_a_twentieth_of_the_world_is_not_asking_after_records() -> None:
    narrow = part_of_the_world(lambda rows: (rows[:, 0] > 1) & (rows[:, 3] > 0.5))
    assert len(narrow) == ROWS
    assert rarest(narrow) > -1.5


def test_a_little_around_each_of_many_records_is_rare_wherever_they_lie() -> None:
    around = np.random.default_rng(3).normal(0, 0.05, (ROWS, 4))
    records = np.repeat(examples.numbers(ROWS // 4, 78), 4, axis=0)
    assert rarest(records + around) < -10
    narrow = part_of_the_world(lambda rows: rows[:, 0] > 0)[: ROWS // 4]
    assert rarest(np.repeat(narrow, 4, axis=0) + around) < -7
