"""How many rows of a principal ask an input again."""

from dataclasses import replace

import numpy as np

from stanch.detect import examples
from stanch.detect.detectors.extraction import RANGE
from stanch.detect.habits.judge import share_way
from stanch.detect.habits.people import LONG, looser, people
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.parts import Block

ME = examples.NAMES[examples.ODD_ONE]


def checking(rows: Columns) -> Columns:
    """A health check: every second row of one principal is one input, which is out of range."""
    mine = np.flatnonzero(rows.principals == examples.ODD_ONE)[::2]
    asked, codes = rows.numbers.copy(), rows.categories.copy()
    asked[mine], codes[mine] = 50.0, 0
    return replace(rows, numbers=asked, categories=codes)


def test_a_health_check_with_an_odd_input_is_one_odd_input_however_much_else_is_asked() -> None:
    for n in (1000, 2600, 4000, 6000):
        window = examples.window(checking, n=n)
        base, ledger = window.baseline, window.ledger
        assert base is not None
        assert ledger is not None
        assert base.habits is not None
        who = people(ledger, LONG, base.habits)
        way = share_way(RANGE, people(base.habits, LONG), who, Block.ODD, 0.0)
        assert way is not None
        assert way.rarity[who.names.index(ME)] > -3, n


def test_repeats_lie_between_the_fewest_and_the_most() -> None:
    window = examples.window(checking, n=4000)
    assert window.ledger is not None
    who = people(window.ledger, LONG)
    me = who.names.index(ME)
    true = who.rows[me] // 2 - 1
    assert who.repeats()[me] <= true <= who.repeats(most=True)[me]


def test_people_who_all_vary_more_now_are_judged_by_that_and_one_alone_is_not() -> None:
    window = examples.window()
    assert window.ledger is not None
    who = people(window.ledger, LONG)
    usual = np.random.default_rng(1).chisquare(1, len(who.names))
    assert looser(who, usual) == 1.0
    one = usual.copy()
    one[0] = 1000.0
    assert looser(who, one) == 1.0
    assert 3 < looser(who, 10 * usual) < 30


def prefers_one(rows: Columns) -> Columns:
    """Half of one principal's rows are one usual input; the other half differ and are odd."""
    mine = np.flatnonzero(rows.principals == examples.ODD_ONE)
    asked, codes = rows.numbers.copy(), rows.categories.copy()
    asked[mine[::2]], codes[mine[::2]] = asked[mine[0]], codes[mine[0]]
    asked[mine[1::2]] += 50.0
    return replace(rows, numbers=asked, categories=codes)


def test_who_asks_one_usual_thing_again_and_again_hides_no_different_odd_ones() -> None:
    window = examples.window(prefers_one, n=600)
    base, ledger = window.baseline, window.ledger
    assert base is not None
    assert ledger is not None
    who = people(ledger, LONG, base.habits)
    me = who.names.index(ME)
    for block in (Block.ODD, Block.STRAYED):
        assert who.fresh(who.count(block), surely=True)[me] <= 1
        assert who.different(block)[me] == who.rows[me] // 2
    way = share_way(RANGE, people(base.habits or ledger, LONG), who, Block.ODD, 0.0)
    assert way is not None
    assert way.rarity[me] < -8


def test_one_odd_input_again_and_again_is_one() -> None:
    window = examples.window(checking, n=600)
    assert window.ledger is not None
    who = people(window.ledger, LONG)
    assert who.different(Block.ODD)[who.names.index(ME)] == 1
