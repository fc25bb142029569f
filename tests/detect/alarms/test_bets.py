"""Bets are fair: no truth that the reference leaves possible makes one of them gain on average."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stanch.detect.alarms.bets import (
    BETA,
    FRACTIONS,
    ON_SCORE,
    SCORES,
    TO_SCORES,
    Table,
    bernstein,
    log_bets,
    radius,
    weights,
)
from stanch.detect.alarms.bounds import highest
from stanch.detect.alarms.watch import log_mean, named_by_ebh
from stanch.detect.summaries.arrays import Floats, Ints


def table(*counts: list[int], ordered: bool = True) -> Table:
    return Table(
        members=tuple(str(n) for n in range(len(counts))),
        counts=np.array(counts, np.int64),
        ordered=ordered,
    )


def gains(reference: Table, truth: Floats) -> Floats:
    """(Q,) the mean e-value of one row of the first member, for each way to bet."""
    total = np.zeros(1)
    for place in range(len(truth)):
        one = np.zeros_like(reference.counts)
        one[:, place] = 1
        now = Table(members=reference.members, counts=one, ordered=reference.ordered)
        total = total + truth[place] * np.exp(log_bets(now, reference)[0])
    return total


def on_scores(found: Floats, bins: int) -> Floats:
    """(score, side, stake) of the ways to bet that are on scores."""
    return found[(bins - 1) * 2 * len(FRACTIONS) :].reshape(2, 2, len(ON_SCORE))


@given(st.lists(st.integers(1, 4000), min_size=3, max_size=12), st.integers(1, 5))
@settings(max_examples=60)
def test_a_bet_on_a_score_loses_its_stake_for_the_room_that_the_reference_leaves(
    counts: list[int], members: int
) -> None:
    rows, bins = sum(counts), len(counts)
    share = np.array(counts) / rows
    upto = np.cumsum(share)
    rank = upto - share / 2
    eps = math.sqrt(math.log(2 / (BETA / (2 * members))) / (2 * rows))
    chance = math.log(SCORES * 2 * members / BETA)
    near = math.sqrt(2 * chance / 12 / rows) + chance / (3 * rows)
    found = on_scores(gains(table(*[counts] * members), share), bins)
    for place, (score, room) in enumerate(
        ((rank, min(eps, near)), (abs(2 * rank - 1), min(2 * eps, near + 2 * eps**2)))
    ):
        for side, height in enumerate((score, 1 - score)):
            mean = float(height @ share)
            most = min(mean + room, 1.0)
            assert found[place, side] == pytest.approx(1 + ON_SCORE * (mean / most - 1), abs=1e-9)


def test_no_bet_on_a_score_gains_where_its_true_mean_is_as_far_off_as_can_be() -> None:
    rows, bins, members = 8000, 8, 2
    reference = table(*[[rows // bins] * bins] * members)
    near = bernstein(rows, BETA / (2 * SCORES * members))
    assert near < radius(rows, BETA / (2 * members))
    even = np.full(bins, 1 / bins)
    ends = np.zeros(bins)
    ends[[0, -1]] = (-1, 1)
    found = on_scores(gains(reference, even + ends * near / (1 - 1 / bins)), bins)
    assert found[0, 0] == pytest.approx(np.ones(len(ON_SCORE)), abs=1e-9)
    assert found.max() == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("members", [1, 3])
def test_no_bet_on_a_value_gains_at_the_highest_share_that_is_possible(members: int) -> None:
    counts = [700, 250, 49, 1]
    reference = table(*[counts] * members, ordered=False)
    beta = BETA / (2 * members * len(counts))
    for place in range(len(counts)):
        seen = np.array([counts[place], 1000 - counts[place]])
        most = highest(seen, np.array([1000, 1000]), beta)
        for side, share in enumerate((most[0], 1 - most[1])):
            truth = np.full(len(counts), (1 - share) / (len(counts) - 1))
            truth[place] = share
            found = gains(reference, truth).reshape(len(counts), 2, len(FRACTIONS))
            assert found[place, side] == pytest.approx(np.ones(len(FRACTIONS)), abs=1e-9)


@pytest.mark.parametrize("ordered", [True, False])
def test_the_fortune_is_one_and_three_quarters_of_it_are_on_scores(ordered: bool) -> None:
    share = weights(bins=5, ordered=ordered)
    reference = table([9, 8, 7, 6, 5], ordered=ordered)
    assert len(share) == log_bets(reference, reference).shape[1]
    assert share.sum() == pytest.approx(1.0)
    if ordered:
        assert on_scores(share, 5).sum() == pytest.approx(TO_SCORES) == pytest.approx(0.75)
    else:
        assert share.max() == share.min()


def test_no_stake_is_so_large_that_one_row_can_ruin_it() -> None:
    assert FRACTIONS.max() <= 0.5
    assert ON_SCORE.max() <= 0.5
    for ordered in (True, False):
        reference = table([5000, 3000, 2000], [10, 0, 0], ordered=ordered)
        for place in range(3):
            now = np.zeros((2, 3), np.int64)
            now[:, place] = 1
            found = log_bets(Table(members=("a", "b"), counts=now, ordered=ordered), reference)
            assert found.min() >= math.log(0.5) - 1e-9


@given(st.lists(st.integers(0, 40), min_size=4, max_size=4), st.booleans())
def test_shards_that_are_merged_say_what_they_say_together(
    counts: list[int],
    ordered: bool,
) -> None:
    reference = table([400, 300, 200, 100], ordered=ordered)
    one, other = counts, [7, 0, 3, 1]
    apart = sum(log_bets(table(c, ordered=ordered), reference) for c in (one, other))
    both = table([a + b for a, b in zip(one, other, strict=True)], ordered=ordered)
    assert log_bets(both, reference) == pytest.approx(apart)
    assert log_bets(both, reference, temper=0.25) == pytest.approx(apart / 4)


@given(
    st.lists(st.floats(-5, 25), min_size=1, max_size=12),
    st.sampled_from([0.01, 0.05, 0.2]),
)
def test_the_named_are_the_most_whose_least_e_value_pays_for_all_of_them(
    logs: list[float], rate: float
) -> None:
    """Slowly: of every size, from the largest down, whether so many e-values are high enough."""
    size = len(logs)
    ranked = sorted(range(size), key=lambda place: -logs[place])
    named: tuple[int, ...] = ()
    for many in range(size, 0, -1):
        if logs[ranked[many - 1]] >= math.log(size / (rate * many)):
            named = tuple(sorted(ranked[:many]))
            break
    assert named_by_ebh(np.array(logs), rate) == named


@given(st.lists(st.floats(-900, 900), min_size=3, max_size=3))
def test_the_mean_over_ways_to_bet_is_right_where_evidence_overflows(logs: list[float]) -> None:
    share = np.array([0.5, 0.3, 0.2])
    top = max(logs)
    exact = top + math.log(
        sum(w * math.exp(x - top) for w, x in zip(share.tolist(), logs, strict=True))
    )
    assert float(log_mean(np.array([logs]), share)[0]) == pytest.approx(exact)


def run_length(truth: Floats, reference: Ints, dice: np.random.Generator, bar: float) -> float:
    """The mean number of batches of 200 rows to a false alarm at this bar, counted no further."""
    golden = Table(members=("x",), counts=reference[None, :], ordered=True)
    share, runs, last = weights(bins=len(truth), ordered=True), 30, 400
    lengths: list[int] = []
    for _ in range(runs):
        state, length = np.full((1, len(share)), -np.inf), last
        for batch in range(1, last + 1):
            counts = dice.multinomial(200, truth).astype(np.int64)[None, :]
            now = Table(members=("x",), counts=counts, ordered=True)
            state = np.logaddexp(0.0, state) + log_bets(now, golden)
            if log_mean(state, share)[0] >= math.log(bar):
                length = batch
                break
        lengths.append(length)
    return float(np.mean(lengths))


def test_the_average_run_length_holds_even_for_a_reference_that_misleads_as_far_as_it_may() -> None:
    reference = np.full(8, 500, np.int64)
    room = bernstein(int(reference.sum()), BETA / (2 * SCORES))
    worst = np.full(8, 1 / 8)
    worst[[0, -1]] += np.array([-1, 1]) * room / (1 - 1 / 8)
    assert run_length(worst, reference, np.random.default_rng(4), 20.0) >= 20.0
    tilted = worst + (worst - 1 / 8) * 3
    assert run_length(tilted, reference, np.random.default_rng(4), 20.0) < 20.0
