"""Nats, mixtures and tables of benign windows are what their formulas say, by slow twins."""

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stanch.triage.verdict.calibration import (
    ENOUGH,
    GRID,
    Calibration,
    Table,
    calibrate,
    kept,
    packaged,
    read_back,
    strictest,
)
from stanch.triage.verdict.mixture import (
    SHARES,
    among_others,
    mixed,
    quiet,
    rest_of,
    shares_of,
    tails,
)
from stanch.triage.verdict.nats import (
    TASTE,
    bound,
    excess,
    most,
    raised,
    rest_rate,
    surplus_of,
    together,
)
from stanch.triage.verdict.observations import Observations, Signal
from stanch.vocabulary.trouble import BadInput


@given(st.floats(1e-12, 0.36))
def test_a_small_chance_says_no_more_than_the_bound_of_sellke(p: float) -> None:
    assert math.exp(bound(p)) == pytest.approx(1 / (-math.e * p * math.log(p)))


@given(st.floats(0.37, 1.0))
def test_a_chance_that_is_not_small_speaks_against_an_attack(p: float) -> None:
    assert bound(p) == pytest.approx(-0.7 * p)
    assert bound(1.0) == bound(2.0) == -0.7


@given(st.integers(1, 500), st.data(), st.floats(0.001, 0.999))
def test_excess_is_the_likelihood_ratio_of_what_was_seen(
    total: int, drawn: st.DataObject, rate: float
) -> None:
    count = drawn.draw(st.integers(0, total))
    found = float(excess(np.array([count]), np.array([total]), rate)[0])
    if count / total <= rate:
        assert found == 0.0
        return
    slowly = count * math.log(count / total / rate)
    if count < total:
        slowly += (total - count) * math.log((1 - count / total) / (1 - rate))
    assert found == pytest.approx(slowly, abs=1e-6)


def test_of_no_rows_there_is_no_excess() -> None:
    assert excess(np.array([0, 3]), np.array([0, 3]), 0.5)[0] == 0.0
    assert excess(np.array([5]), np.array([0]), 0.5)[0] == 0.0


def test_a_rate_may_grow_by_half_and_one_of_nothing_is_taken_for_one_in_ten_thousand() -> None:
    assert raised(0.02) == pytest.approx(0.03)
    assert raised(0.0) == pytest.approx(0.00015)
    assert raised(0.9) == 0.99


def test_the_rate_of_the_rest_leaves_out_the_oddest_tenth_and_is_never_under_the_floor() -> None:
    count, total = np.full(20, 4), np.full(20, 100)
    count[[3, 7]] = 90, 80
    assert rest_rate(count, total, 0.01) == pytest.approx((18 * 4 + 0.5) / 1801)
    assert rest_rate(count, total, 0.2) == 0.2
    assert rest_rate(np.array([9]), np.array([10]), 0.01) == 0.01
    assert rest_rate(np.zeros(5, int), np.zeros(5, int), 0.01) == 0.01
    assert rest_rate(np.array([50, 1]), np.array([100, 100]), 0.01) == pytest.approx(1.5 / 101)
    assert surplus_of(count, total, 0.01)[[3, 4]] == pytest.approx(
        [90 - 100 * 72.5 / 1801, 0.0], abs=1e-9
    )


def test_one_is_odd_past_twice_the_rest_and_pays_for_all_who_were_looked_at() -> None:
    count, total = np.full(20, 4), np.full(20, 100)
    count[3], total[19], count[19] = 30, 0, 0
    rest = rest_rate(count, total, 0.01)
    nats, each = most(count, total, 0.01)
    assert each[3] == pytest.approx(float(excess(count, total, TASTE * rest)[3]))
    assert nats == pytest.approx(each[3] - math.log(19))
    assert most(np.full(20, 4), np.full(20, 100), 0.01)[0] == 0.0
    assert most(np.zeros(0, int), np.zeros(0, int), 0.01)[0] == 0.0


@given(st.lists(st.floats(0, 40), min_size=1, max_size=7), st.integers(0, 40))
def test_those_who_stand_out_together_pay_for_every_group_of_as_many(
    nats: list[float], more: int
) -> None:
    many = len(nats) + more
    best = 0.0
    for few in (1, 2, 3):
        for group in combinations(nats, few):
            pays = math.log(math.comb(many, few)) + (math.log(2) if few > 1 else 0)
            best = max(best, sum(group) - pays)
    assert together(np.array(nats), many) == pytest.approx(best)


def test_the_share_of_each_grade_and_its_tails_are_two_ways_to_say_one_thing() -> None:
    shares = np.array([0.6, 0.25, 0.1, 0.05])
    assert tails(shares) == pytest.approx([1.0, 0.4, 0.15, 0.05])
    assert shares_of(tails(shares)) == pytest.approx(shares)


@given(st.lists(st.integers(0, 60), min_size=3, max_size=3), st.sampled_from([1.0, 1.5, 2.0]))
def test_a_mixture_says_what_its_likeliest_share_of_foreign_rows_says(
    counts: list[int], taste: float
) -> None:
    rest, foreign = np.array([0.9, 0.08, 0.02]), np.array([0.3, 0.3, 0.4])
    above = [1.0, 0.1 * taste**0.9, 0.02 * taste**0.98]
    usual = [1 - above[1], above[1] - above[2], above[2]]
    likely = [
        sum(
            n * math.log(1 - share + share * (min(f / u, 1.0) if place == 0 else f / u))
            for place, (n, f, u) in enumerate(zip(counts, foreign.tolist(), usual, strict=True))
        )
        for share in SHARES.tolist()
    ]
    found = float(mixed(np.array([counts]), rest, foreign, taste)[0])
    assert found == pytest.approx(max(0.0, *likely))


def test_an_ordinary_row_speaks_for_nobodys_guilt() -> None:
    rest, foreign = np.array([0.5, 0.5]), np.array([0.99, 0.01])
    assert mixed(np.array([[500, 0]]), rest, foreign, 1.0)[0] == 0.0


def test_the_oddest_tenth_tells_nothing_of_the_rest() -> None:
    assert quiet(np.array([5.0, 1.0, 2.0, 9.0])).tolist() == [1, 2, 0]
    assert len(quiet(np.arange(30.0))) == 27
    assert quiet(np.array([3.0])).tolist() == []
    usual, foreign = np.array([0.95, 0.05]), np.array([0.2, 0.8])
    graded = np.array([[95, 5]] * 19 + [[20, 80]])
    rest = rest_of(graded[:18], usual)
    assert among_others(graded, usual, foreign, 1.0) == pytest.approx(
        mixed(graded, rest, foreign, 1.0)
    )


def test_the_rest_are_in_no_tail_less_than_usual() -> None:
    usual = np.array([0.9, 0.1])
    assert rest_of(np.array([[100, 0]]), usual) == pytest.approx(usual)
    assert rest_of(np.array([[70, 25]]), usual) == pytest.approx([74.5 / 100, 25.5 / 100])


VALUES = (0.7, 1.6, 2.3, 3.0, 3.9, 4.6)


@pytest.mark.parametrize("tail", [1.0, 2.5])
def test_a_table_gives_back_its_chances_and_past_them_an_exponential_tail(tail: float) -> None:
    table = Table(values=VALUES, tail=tail)
    assert [table.p(v) for v in VALUES] == pytest.approx(list(GRID), rel=1e-6)
    assert table.p(0.0) == table.p(-3.0) == 1.0
    assert table.p(0.35) == pytest.approx(math.sqrt(0.5))
    assert table.p(1.15) == pytest.approx(math.sqrt(0.5 * 0.2))
    for beyond in (0.5, 3.0, 9.0):
        assert table.p(4.6 + beyond) == pytest.approx(0.01 * math.exp(-beyond / tail))
    assert table.p(1e6) == 1e-12


def windows(values: list[float]) -> list[Observations]:
    return [Observations(signals={Signal.OFF_WHO: value}) for value in values]


def test_a_table_is_made_of_the_quantiles_of_benign_windows() -> None:
    values = [float(n) for n in range(1, 201)]
    made = calibrate(windows(values), "test").tables[Signal.OFF_WHO]
    for mark, chance in zip(made.values, GRID, strict=True):
        assert sum(value >= mark for value in values) / 200 == pytest.approx(chance, abs=0.0051)
    knee = float(np.quantile(values, 0.9))
    beyond = [value - knee for value in values if value > knee]
    assert made.tail == pytest.approx(sum(beyond) / len(beyond), abs=1e-4)


def test_no_table_is_surer_than_theory_however_calm_its_windows() -> None:
    made = calibrate(windows([0.0] * 40), "test").tables[Signal.OFF_WHO]
    assert made.values == pytest.approx([-math.log(p) for p in GRID], abs=1e-4)
    assert made.tail == 1.0


def test_thirty_windows_make_a_table_and_one_fewer_makes_none() -> None:
    assert ENOUGH == 30
    assert calibrate(windows([1.0] * 30), "test").windows == 30
    with pytest.raises(BadInput):
        calibrate(windows([1.0] * 29), "test")
    some = [*windows([1.0] * 29), Observations(), Observations(signals={Signal.EDGE_WHO: 1.0})]
    assert not calibrate(some, "test").tables


def test_of_two_tables_each_signal_keeps_the_one_that_is_less_sure() -> None:
    low = Table(values=VALUES, tail=1.0)
    high = Table(values=(0.1, 0.2, 5.0, 6.0, 7.0, 8.0), tail=3.0)
    one = Calibration(tables={Signal.OFF_WHO: low}, windows=31, made_from="one")
    other = Calibration(
        tables={Signal.OFF_WHO: high, Signal.DUP_WHO: low}, windows=40, made_from="other"
    )
    both = strictest(one, other)
    for value in np.linspace(0.0, 12.0, 50).tolist():
        least = max(c.p(Signal.OFF_WHO, value) for c in (one, other))
        assert both.p(Signal.OFF_WHO, value) >= least - 1e-12
    assert both.tables[Signal.OFF_WHO] == Table(values=(0.7, 1.6, 5.0, 6.0, 7.0, 8.0), tail=3.0)
    assert both.tables[Signal.DUP_WHO] == low
    assert strictest(other, one).tables == both.tables
    assert both.windows == 71


def test_tables_that_are_kept_read_back_the_same_and_others_are_left_out() -> None:
    numbers = kept(packaged())
    read = read_back(numbers, "kept")
    assert read is not None
    assert read.tables == packaged().tables
    row = numbers["off_who"]
    assert read_back({"no_signal": row, "off_who": row[:-1]}, "kept") is None
    some = read_back({"no_signal": row, "off_who": row}, "kept")
    assert some is not None
    assert [*some.tables] == [Signal.OFF_WHO]


def test_the_packaged_tables_fall_and_are_no_surer_than_theory() -> None:
    for table in packaged().tables.values():
        assert all(a <= b for a, b in pairwise(table.values))
        for mark, chance in zip(table.values, GRID, strict=True):
            assert mark >= -math.log(chance) - 1e-4
        assert table.tail >= 1.0
