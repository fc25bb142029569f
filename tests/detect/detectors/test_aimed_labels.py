"""Aimed labels: one group's labels turned in one direction are told; four honest feeds are not."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.detectors.aimed_labels import BETS, DETECTOR, _evidence
from stanch.detect.summaries.arrays import Flags, Ints
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.handed import handed_of
from stanch.detect.window import Window
from stanch.vocabulary.finding import AttackKind, Blind, Finding

NO, YES = 0, 2
Feed = Callable[[Columns, Ints, Flags], Flags]


def window(feed: Feed, n: int = 600) -> Window:
    """The rows that `feed` picks, with the labels that it leaves; women are marked."""
    rows = examples.columns(n, seed=71)
    rows = replace(rows, names=("ana", "registrar"), principals=np.zeros(n, np.int32))
    women = np.zeros(n, np.bool_)
    women[rows.groups[0][1]] = True
    given = examples.labels(rows, seed=71).truth.astype(np.int64)
    kept = np.flatnonzero(feed(rows, given, women))
    picked = examples.taken(rows, kept)
    events = [f"evt-{i}" for i in kept]
    handed = handed_of(examples.reference().ready, picked, given[kept].astype(np.int32), events)
    return replace(examples.window(), handed=handed)


def seen(one: Window) -> list[Finding]:
    return [s for s in DETECTOR.seen_in(one) if isinstance(s, Finding)]


def corrected(rows: Columns, given: Ints, women: Flags) -> Flags:
    """A registrar turns every yes of women into a no; others bring honest rows."""
    own = women & (rows.predictions == YES)
    own &= np.cumsum(own) <= 45
    given[own] = NO
    rows.principals[own] = 1
    return np.ones(rows.n, np.bool_)


def test_the_group_the_pair_and_the_hand_are_named() -> None:
    (one,) = seen(window(corrected))
    assert one.groups == ("sex=f",)
    assert one.topic == "yes as no"
    assert [s.principal for s in one.suspects] == ["registrar"]
    assert max(one.points_to, key=lambda kind: one.points_to[kind]) is AttackKind.FAIRNESS_HARM


def clinic(_rows: Columns, _given: Ints, women: Flags) -> Flags:
    """Women only, as they are."""
    return women


def mistakes(rows: Columns, given: Ints, women: Flags) -> Flags:
    """What the model gets wrong about women, and nothing else."""
    return women & (given != rows.predictions)


def meaning(rows: Columns, given: Ints, women: Flags) -> Flags:
    """What was a yes is now a no, for everybody."""
    given[rows.predictions == YES] = NO
    return np.ones(len(women), np.bool_)


def noise(rows: Columns, given: Ints, women: Flags) -> Flags:
    """Every fifth label of a woman is any other."""
    own = np.flatnonzero(women)[::5]
    given[own] = (rows.predictions[own] + 1 + np.arange(len(own)) % 2) % 3
    return np.ones(len(women), np.bool_)


@pytest.mark.parametrize("feed", [clinic, mistakes, meaning, noise])
def test_an_honest_feed_is_aimed_at_nobody(feed: Feed) -> None:
    assert not seen(window(feed))


def test_without_labels_of_groups_in_the_baseline_it_is_blind() -> None:
    one = window(corrected)
    assert one.baseline is not None
    plan = replace(one.baseline.plan, groups=())
    (said,) = DETECTOR.seen_in(replace(one, baseline=replace(one.baseline, plan=plan)))
    assert isinstance(said, Blind)
    assert "group" in said.why


def chance(count: int, rows: int, share: float) -> float:
    return math.comb(rows, count) * share**count * (1 - share) ** (rows - count)


@pytest.mark.parametrize(("usual", "truth"), [(0.3, 0.3), (0.3, 0.1), (0.02, 0.02), (0.85, 0.85)])
def test_while_shares_are_usual_the_evidence_is_one_at_most_on_average(
    usual: float, truth: float
) -> None:
    mean = sum(chance(k, 9, truth) * 10 ** _evidence((k, 9, usual)) for k in range(10))
    both = sum(
        chance(k, 6, truth) * chance(n, 8, 0.4) * 10 ** _evidence((k, 6, usual), (n, 8, 0.4))
        for k in range(7)
        for n in range(9)
    )
    if truth == usual:
        assert (mean, both) == (pytest.approx(1.0), pytest.approx(1.0))
    else:
        assert 0 < mean < 1
        assert 0 < both < 1


def test_evidence_is_the_mean_of_the_likelihood_ratios_of_what_is_bet() -> None:
    slowly = sum((bet / 0.2) ** 9 * ((1 - bet) / 0.8) ** 2 for bet in BETS) / len(BETS)
    assert _evidence((9, 11, 0.2)) == pytest.approx(math.log10(slowly))
    assert BETS == (0.9, 0.99)


def test_a_share_that_is_usually_as_high_as_a_bet_says_nothing() -> None:
    assert _evidence((50, 50, 0.99)) == 0.0
    assert _evidence((50, 50, 1.0)) == 0.0
    assert _evidence((40, 40, 0.95)) == pytest.approx(math.log10((1 + (0.99 / 0.95) ** 40) / 2))
