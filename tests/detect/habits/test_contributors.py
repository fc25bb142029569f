"""Contributors: one hand of many is named with its own pair, however little it moves the whole."""

import math
from dataclasses import replace

import numpy as np
import pytest

from stanch.detect.habits.contributors import TO_DOUBTED, TO_PAIRS, Accused, accused_of
from stanch.detect.habits.spreads import spreads_of
from stanch.detect.habits.tails import beta_binomial, hypergeometric
from stanch.detect.summaries.columns import Columns, Labels
from stanch.detect.summaries.count import Counted, labels_counted
from stanch.detect.summaries.learn import Schema, learned
from stanch.detect.summaries.parts import Block, Part
from stanch.detect.summaries.ready import Ready, ready

HANDS = 20


def plan_of(classes: int) -> Ready:
    schema = Schema(numbers=("x",), classes=tuple(f"c{k}" for k in range(classes)))
    n = 64
    rows = Columns(
        numbers=np.arange(n, dtype=np.float64).reshape(-1, 1),
        principals=np.zeros(n, np.int32),
        names=("one",),
        categories=np.zeros((n, 0), np.int32),
        predictions=np.zeros(n, np.int32),
        ticks=np.zeros(n, np.int64),
    )
    return ready(learned(schema, rows).plan)


def labels(classes: int, n: int, seed: int, wrong: float) -> Labels:
    """Labels of a model that is wrong so often, evenly."""
    dice = np.random.default_rng(seed)
    said = dice.integers(0, classes, n)
    other = (said + dice.integers(1, classes, n)) % classes
    return Labels(
        truth=np.where(dice.random(n) < wrong, other, said).astype(np.int32),
        predictions=said.astype(np.int32),
        confidence=np.full(n, 0.9),
        principals=dice.integers(0, HANDS, n).astype(np.int32),
        names=tuple(f"hand-{k:02}" for k in range(HANDS)),
    )


def accused(plan: Ready, then: Labels, now: Labels) -> tuple[Accused, ...]:
    golden, late = labels_counted(plan, then), labels_counted(plan, now)
    return accused_of(late.ledger.seal(), golden.summary.sums[Part.LABELLED])


def flipped(late: Labels, hand: int, of: int, to: int) -> Labels:
    hit = (late.principals == hand) & (late.truth == of)
    return replace(late, truth=np.where(hit, to, late.truth).astype(np.int32))


@pytest.mark.parametrize(("classes", "wrong"), [(2, 0.1), (3, 0.2), (8, 0.05), (10, 0.03)])
def test_one_hand_of_twenty_is_named_with_the_pair_that_it_flips(
    classes: int, wrong: float
) -> None:
    plan = plan_of(classes)
    now = flipped(labels(classes, 300 * classes, 2, wrong), 7, of=1, to=0)
    (one,) = accused(plan, labels(classes, 6000, 1, wrong), now)
    assert one.name == "hand-07"
    assert (one.pair.said, one.pair.given) == (1, 0)
    assert one.pair.flipped <= one.pair.labels


@pytest.mark.parametrize("classes", [2, 3, 8, 10, 20])
def test_a_model_that_errs_as_ever_or_more_accuses_nobody(classes: int) -> None:
    plan = plan_of(classes)
    for seed in range(5):
        for wrong in (0.05, 0.3):
            now = labels(classes, 3000, 10 + seed, wrong)
            assert accused(plan, labels(classes, 6000, 1, 0.05), now) == ()


def test_with_more_classes_than_the_ledger_tells_apart_the_hand_is_named() -> None:
    plan = plan_of(30)
    now = flipped(labels(30, 12_000, 2, 0.02), 3, of=5, to=1)
    (one,) = accused(plan, labels(30, 12_000, 1, 0.02), now)
    assert (one.name, one.pair.said, one.pair.given) == ("hand-03", 5, 1)


def test_who_labels_at_random_is_named_without_a_pair() -> None:
    plan = plan_of(6)
    now = labels(6, 4000, 2, 0.05)
    dice = np.random.default_rng(4)
    at_random = np.where(now.principals == 5, dice.integers(0, 6, now.n), now.truth)
    (one,) = accused(plan, labels(6, 6000, 1, 0.05), replace(now, truth=at_random.astype(np.int32)))
    assert one.name == "hand-05"
    assert one.pair.share < 0.4


@pytest.mark.parametrize("shared", [1, 2])
def test_a_pair_shares_the_chance_with_those_alone_that_could_show_anything(shared: int) -> None:
    plan, then = plan_of(3), labels(3, 3000, 1, 0.0)
    now = flipped(labels(3, 3000, 2, 0.0), 7, of=1, to=0)
    often = (now.predictions == 2) & (np.arange(now.n) % 3 < shared - 1)
    few = (now.predictions == 0) & (np.cumsum(now.predictions == 0) <= 2)
    truth = np.where(often, 1, np.where(few, 2, now.truth)).astype(np.int32)
    (one,) = accused(plan, then, replace(now, truth=truth))
    rows = int((then.predictions == 1).sum() + (now.predictions == 1).sum())
    rarity = hypergeometric(one.pair.flipped, one.pair.labels, one.pair.flipped, rows)
    assert (one.pair.said, one.pair.given) == (1, 0)
    assert one.strength == pytest.approx(-rarity - math.log10(shared / TO_PAIRS))


def test_all_labels_of_a_hand_have_the_tenth_of_the_chance_that_its_pairs_leave() -> None:
    plan = plan_of(6)
    then, now = labels(6, 6000, 1, 0.05), labels(6, 4000, 2, 0.05)
    dice = np.random.default_rng(4)
    at_random = np.where(now.principals == 5, dice.integers(0, 6, now.n), now.truth)
    now = replace(now, truth=at_random.astype(np.int32))
    (one,) = accused(plan, then, now)
    rows, odd = labels_counted(plan, now).ledger.block(Block.LABELLED).T
    before = int((then.truth != then.predictions).sum())
    others, rest = int(odd.sum() - odd[5]), int(rows.sum() - rows[5])
    rarity = max(
        hypergeometric(one.wrong, one.labels, before + others + one.wrong, then.n + now.n),
        beta_binomial(one.wrong, one.labels, others / rest, float(spreads_of(odd, rows)[5])),
    )
    assert one.strength == pytest.approx(math.log10(1 - TO_PAIRS - TO_DOUBTED) - rarity)
    assert one.labels == rows[5]


def test_a_window_without_labels_accuses_nobody() -> None:
    plan = plan_of(3)
    none = labels(3, 0, 1, 0.0)
    nothing: Counted = labels_counted(plan, none)
    assert accused_of(nothing.ledger.seal(), nothing.summary.sums[Part.LABELLED]) == ()


@pytest.mark.parametrize(
    ("count", "trials", "odd", "rows"), [(3, 5, 8, 40), (5, 5, 7, 600), (30, 36, 500, 1500)]
)
def test_the_exact_test_is_the_sum_of_what_could_be_drawn(
    count: int, trials: int, odd: int, rows: int
) -> None:
    ways = sum(
        math.comb(odd, k) * math.comb(rows - odd, trials - k)
        for k in range(count, min(odd, trials) + 1)
    )
    exact = math.log10(ways) - math.log10(math.comb(rows, trials))
    assert hypergeometric(count, trials, odd, rows) == pytest.approx(exact, abs=1e-9)


def test_no_more_than_usual_is_no_news_and_more_than_there_are_cannot_be() -> None:
    assert hypergeometric(1, 10, 100, 1000) == 0.0
    assert hypergeometric(0, 10, 0, 1000) == 0.0
    assert hypergeometric(3, 10, 2, 1000) == -math.inf


def asked(classes: int, n: int, seed: int, mix: np.ndarray, broken: bool) -> Labels:
    """Labels of hands who ask about classes as `mix` (hand by class) has it.

    A broken model says the last class to everything.
    """
    dice = np.random.default_rng(seed)
    hand = dice.integers(0, HANDS, n)
    truth = (dice.random(n)[:, None] >= mix[hand].cumsum(axis=1)).sum(axis=1)
    slip = dice.random(n) < 0.05
    said = np.where(slip, (truth + 1) % classes, truth)
    return Labels(
        truth=truth.astype(np.int32),
        predictions=np.full(n, classes - 1, np.int32) if broken else said.astype(np.int32),
        confidence=np.full(n, 0.9),
        principals=hand.astype(np.int32),
        names=tuple(f"hand-{k:02}" for k in range(HANDS)),
    )


def test_who_asks_about_another_mix_contradicts_a_broken_model_more_and_is_not_accused() -> None:
    plan, mix = plan_of(2), np.tile([0.5, 0.5], (HANDS, 1))
    mix[3], mix[4] = [0.95, 0.05], [0.05, 0.95]
    golden = labels_counted(plan, asked(2, 10_000, 1, mix, broken=False))
    then, habits = golden.summary.sums[Part.LABELLED], golden.ledger.seal()
    late = labels_counted(plan, asked(2, 2000, 2, mix, broken=True)).ledger.seal()
    assert [a.name for a in accused_of(late, then)] == ["hand-03"]
    assert accused_of(late, then, habits) == ()
    fine = asked(2, 2000, 3, mix, broken=False)
    turned = labels_counted(plan, flipped(fine, 7, of=1, to=0)).ledger.seal()
    assert [a.name for a in accused_of(turned, then, habits)] == ["hand-07"]
