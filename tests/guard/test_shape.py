"""Noise of a stated bound: of the size it says, from nobody's guess, and hiding what it hides."""

import json
import random
import statistics

import pytest

from stanch.contain.diff import changes
from stanch.guard.shape import Luck, numbers, shaped
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.policy import Policy, Scores, Shape


def luck_of(seed: int) -> Luck:
    """Luck that falls alike in every run of this test."""
    return Luck(random.Random(seed).random, b"key")  # noqa: S311  a test's dice


@pytest.mark.parametrize("epsilon", [0.5, 1.0, 4.0])
def test_private_noise_has_the_size_that_its_epsilon_says(epsilon: float) -> None:
    luck = luck_of(7)
    noise = [numbers([0.6], Shape(epsilon=epsilon), luck)[0] - 0.6 for _ in range(20_000)]
    assert statistics.fmean(noise) == pytest.approx(0, abs=0.05 / epsilon)
    # Laplace of scale b: |noise| has the mean b, and half of it lies within b * ln 2.
    sizes = sorted(map(abs, noise))
    assert statistics.fmean(sizes) == pytest.approx(1 / epsilon, rel=0.05)
    assert sizes[len(sizes) // 2] == pytest.approx(0.6931 / epsilon, rel=0.05)


def test_each_score_has_noise_of_its_own() -> None:
    luck = luck_of(7)
    body = b'{"prediction": "ham", "scores": [0.5, 0.5, 0.5]}'
    given = json.loads(shaped(body, Shape(epsilon=1.0), luck) or b"")
    assert len(set(given["scores"])) == 3
    assert given["prediction"] == "ham"


def test_which_score_is_the_highest_is_asked_of_the_noised_ones() -> None:
    shape = Shape(scores=Scores.TOP1, epsilon=0.1, round=0)
    luck = luck_of(7)
    body = b'{"scores": {"ham": 0.9, "spam": 0.1}}'
    shown = [next(iter(json.loads(shaped(body, shape, luck) or b"")["scores"])) for _ in range(500)]
    # Noise of scale 10 over scores from 0 to 1 leaves hardly more than a guess.
    assert 0.42 < shown.count("ham") / len(shown) < 0.62


def test_equal_after_rounding_tells_nothing_of_what_was_under_the_noise() -> None:
    shape = Shape(scores=Scores.TOP1, epsilon=1.0, round=0)
    rolls = iter([0.45, 0.40])  # Noise of .11 and .22: .61 and .62, both 1 when rounded.
    body = b'{"scores": {"ham": 0.5, "spam": 0.4}}'
    assert json.loads(shaped(body, shape, Luck(lambda: next(rolls), b"key")) or b"")["scores"] == {
        "spam": 1
    }


def test_its_epsilon_is_stated_where_people_are_asked() -> None:
    asset = AssetId("fraud-scorer")
    (change,) = changes(Policy(asset=asset), Policy(asset=asset, shape=Shape(epsilon=0.5)))
    assert "epsilon 0.5 for each score" in change.says


def test_jitter_is_as_wide_to_either_side_as_it_says() -> None:
    scores = [n / 2000 for n in range(2000)]
    noise = [numbers([x], Shape(jitter=0.1), luck_of(7))[0] - x for x in scores]
    assert -0.1 <= min(noise) < -0.099
    assert 0.099 < max(noise) <= 0.1
    assert statistics.fmean(noise) == pytest.approx(0, abs=0.005)


def test_who_asks_the_same_again_averages_no_jitter_away() -> None:
    body, shape = b'{"scores": [0.31, 0.69]}', Shape(jitter=0.1)
    shown = {shaped(body, shape, luck_of(seed)) for seed in range(20)}
    assert len(shown) == 1
    # Another key falls otherwise, and so do the least different scores: nothing can be subtracted.
    assert shaped(body, shape, Luck(lambda: 0.5, b"other")) not in shown
    one, other = (numbers([0.31, x], shape, luck_of(7)) for x in (0.69, 0.69 + 1e-12))
    assert abs(one[0] - other[0]) > 1e-6
    # With an epsilon, noise is new for each answer, or equal answers would tell of equal scores.
    private, luck = Shape(jitter=0.1, epsilon=1.0), luck_of(7)
    assert len({shaped(body, private, luck) for _ in range(20)}) == 20


@pytest.mark.parametrize("beyond", [-9.0, 7.5])
def test_what_lies_beyond_zero_and_one_moves_no_answer_by_more_than_its_epsilon_says(
    beyond: float,
) -> None:
    body = b'{"logits": [%f]}' % beyond
    shown = json.loads(shaped(body, Shape(epsilon=1.0), Luck(lambda: 0.5, b"key")) or b"")
    assert shown["logits"] == [min(max(beyond, 0), 1)]
