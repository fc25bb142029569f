"""Shares: one principal's rows are weighed by what they usually ask, and are fair evidence."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.detect import examples
from stanch.detect.alarms.bets import BETA, FRACTIONS, Table, log_bets
from stanch.detect.alarms.bounds import highest
from stanch.detect.alarms.reading import Stream
from stanch.detect.alarms.shares import single_excess, voice
from stanch.detect.alarms.streams import table
from stanch.detect.alarms.watch import OF_LABELS, Promise, Watch
from stanch.detect.summaries.columns import MISSING_CODE
from stanch.detect.summaries.count import counted, labels_counted, nothing
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import Block


@given(st.integers(1, 60), st.data(), st.floats(0.001, 0.999))
def test_what_one_principal_shows_is_the_mean_of_what_each_stake_gained_row_by_row(
    rows: int, drawn: st.DataObject, most: float
) -> None:
    odd = drawn.draw(st.integers(0, rows))
    fortunes: list[float] = []
    for stake in FRACTIONS.tolist():
        fortune = 1.0
        for row in range(rows):
            fortune *= 1 + stake / most * ((row < odd) - most)
        fortunes.append(fortune)
    slowly = math.log(sum(fortunes) / len(fortunes))
    assert single_excess(rows, odd, most) == pytest.approx(slowly, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("rows", [1, 9, 40])
@pytest.mark.parametrize("most", [0.01, 0.3, 0.95])
def test_at_the_highest_share_that_is_usual_the_game_is_fair(rows: int, most: float) -> None:
    mean = sum(
        math.comb(rows, odd)
        * most**odd
        * (1 - most) ** (rows - odd)
        * math.exp(single_excess(rows, odd, most))
        for odd in range(rows + 1)
    )
    assert mean == pytest.approx(1.0)


def test_where_every_row_may_be_odd_none_is_evidence() -> None:
    assert single_excess(30, 30, 1.0) == pytest.approx(0.0)
    assert single_excess(30, 30, 1.7) == pytest.approx(0.0)
    assert math.isfinite(single_excess(30, 1, 0.0))


def ledger(each: dict[int, int]) -> Ledger:
    """The ledger of so many rows of each of these principals."""
    who = np.repeat(np.array([*each], np.int32), [*each.values()])
    rows = replace(examples.columns(len(who)), principals=who)
    return counted(examples.reference().ready, rows).ledger.seal()


def busiest(one: Ledger) -> int:
    return int(one.block(Block.ROWS).max())


def test_a_burst_weighs_what_its_principal_usually_asks_and_what_chance_adds() -> None:
    habits, burst = ledger({0: 300, 1: 100}), ledger({0: 20, 1: 380})
    assert (busiest(habits), habits.n, busiest(burst), burst.n) == (300, 400, 380, 400)
    usual = ledger({0: 40, 1: 60})
    heard = 400 * 60 / 100
    heard += 4 * math.sqrt(heard) + 1
    assert voice(burst, usual) == pytest.approx(heard / 380)
    assert voice(burst, habits) < 1.0
    assert voice(ledger({0: 250, 1: 150}), usual) == 1.0


def test_where_nobody_is_named_now_or_before_every_row_counts() -> None:
    nobody = nothing(examples.reference().ready.plan).ledger.seal()
    burst = ledger({0: 20, 1: 380})
    assert voice(burst, nobody) == voice(nobody, burst) == voice(burst, None) == 1.0
    rows = examples.columns(50)
    unnamed = replace(rows, principals=np.full(50, MISSING_CODE, np.int32))
    quiet = counted(examples.reference().ready, unnamed).ledger.seal()
    assert (quiet.n, quiet.names) == (50, ())
    assert voice(quiet, burst) == 1.0


def test_the_promise_is_one_false_alarm_in_a_year_of_minutes() -> None:
    assert Promise().run_length == 365 * 24 * 60
    assert Promise(false_alarms_per_year=4.0).run_length == 365 * 24 * 60 / 4


def test_one_reference_in_a_hundred_misleads_at_most() -> None:
    assert BETA == 0.01
    seen, rows = np.array([0, 3]), np.array([50, 50])
    assert highest(seen, rows).tolist() == highest(seen, rows, 0.01).tolist()


def test_a_tail_that_may_hold_every_row_costs_nothing_when_it_does() -> None:
    now = Table(members=("x",), counts=np.array([[500, 0, 0]]), ordered=True)
    few, sure = (
        log_bets(now, Table(members=("x",), counts=np.array([counts]), ordered=True))[0]
        for counts in ([1, 0, 9], [10, 0, 0])
    )
    stakes = len(FRACTIONS)
    assert few[stakes : 2 * stakes] == pytest.approx(500 * np.log1p(-FRACTIONS))
    assert sure[:stakes] == pytest.approx(np.zeros(stakes))


def test_each_label_counts_once_whatever_answers_weigh() -> None:
    known = examples.reference()
    late = labels_counted(known.ready, examples.labels(examples.columns(300))).summary
    golden, plan = known.learned.golden.summary, known.learned.plan
    watch = Watch(plan=known.ready.digest).after(late, golden, plan, temper=0.25)
    for stream in OF_LABELS & watch.streams.keys():
        once = log_bets(table(stream, late, plan), table(stream, golden, plan))
        assert watch.streams[stream].always == pytest.approx(once)
        assert watch.streams[stream].start == pytest.approx(once)
    assert Stream.ACCURACY in watch.streams


def test_rows_count_in_full_unless_it_is_said_otherwise() -> None:
    known = examples.reference()
    batch = counted(known.ready, examples.columns(500)).summary
    golden, plan = known.learned.golden.summary, known.learned.plan
    fresh = Watch(plan=known.ready.digest)
    plainly, full = fresh.after(batch, golden, plan), fresh.after(batch, golden, plan, temper=1.0)
    assert plainly.to_bytes() == full.to_bytes()
