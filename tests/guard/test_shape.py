"""Noise of a stated bound: of the size it says, from nobody's guess, and hiding what it hides."""

import json
import random
import statistics

import pytest

from stanch.contain.diff import changes
from stanch.guard.shape import JSON, Luck, numbers, shaped
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.policy import Policy, Scores, Shape
from stanch.vocabulary.probe import Probe, lacking


def made(body: bytes, shape: Shape, luck: Luck) -> bytes:
    """The body as it leaves."""
    found = shaped(body, shape, luck)
    assert found is not None
    return found.body


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
    given = json.loads(made(body, Shape(epsilon=1.0), luck))
    assert len(set(given["scores"])) == 3
    assert given["prediction"] == "ham"


def test_which_score_is_the_highest_is_asked_of_the_noised_ones() -> None:
    shape = Shape(scores=Scores.TOP1, epsilon=0.1, round=0)
    luck = luck_of(7)
    body = b'{"scores": {"ham": 0.9, "spam": 0.1}}'
    shown = [next(iter(json.loads(made(body, shape, luck))["scores"])) for _ in range(500)]
    # Noise of scale 10 over scores from 0 to 1 leaves hardly more than a guess.
    assert 0.42 < shown.count("ham") / len(shown) < 0.62


def test_equal_after_rounding_tells_nothing_of_what_was_under_the_noise() -> None:
    shape = Shape(scores=Scores.TOP1, epsilon=1.0, round=0)
    rolls = iter([0.45, 0.40])  # Noise of .11 and .22: .61 and .62, both 1 when rounded.
    body = b'{"scores": {"ham": 0.5, "spam": 0.4}}'
    assert json.loads(made(body, shape, Luck(lambda: next(rolls), b"key")))["scores"] == {"spam": 1}


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
    shown = {made(body, shape, luck_of(seed)) for seed in range(20)}
    assert len(shown) == 1
    # Another key falls otherwise, and so do the least different scores: nothing can be subtracted.
    assert made(body, shape, Luck(lambda: 0.5, b"other")) not in shown
    one, other = (numbers([0.31, x], shape, luck_of(7)) for x in (0.69, 0.69 + 1e-12))
    assert abs(one[0] - other[0]) > 1e-6
    # With an epsilon, noise is new for each answer, or equal answers would tell of equal scores.
    private, luck = Shape(jitter=0.1, epsilon=1.0), luck_of(7)
    assert len({made(body, private, luck) for _ in range(20)}) == 20


@pytest.mark.parametrize("beyond", [-9.0, 7.5])
def test_what_lies_beyond_zero_and_one_moves_no_answer_by_more_than_its_epsilon_says(
    beyond: float,
) -> None:
    body = b'{"logits": [%f]}' % beyond
    shown = json.loads(made(body, Shape(epsilon=1.0), Luck(lambda: 0.5, b"key")))
    assert shown["logits"] == [min(max(beyond, 0), 1)]


ROUNDED = [
    ({"predictions": [1.2345, 2.0]}, {"predictions": [1.2, 2.0]}),
    ({"predictions": [[1.2345], [2.3456]]}, {"predictions": [[1.2], [2.3]]}),
    ({"prediction": 231_000.4567}, {"prediction": 231_000.5}),
    ([0.8765, 0.1], [0.9, 0.1]),
    ({"predictions": [1, 0, 2]}, {"predictions": [1, 0, 2]}),
    ({"predictions": [1.0, 0.0]}, {"predictions": [1.0, 0.0]}),
    ({"prediction": "ham", "rows": 3}, {"prediction": "ham", "rows": 3}),
]


@pytest.mark.parametrize(("answer", "shown"), ROUNDED)
def test_one_number_for_each_row_is_rounded_and_classes_stay(answer: JSON, shown: JSON) -> None:
    shape = Shape(round=1)
    found = shaped(json.dumps(answer).encode(), shape, luck_of(7))
    assert found is not None
    assert (json.loads(found.body), found.lacks, found.unknown) == (shown, (), "")


def _tensor(name: str, shape: list[JSON], data: list[JSON]) -> JSON:
    one: JSON = {"name": name, "datatype": "FP64", "shape": shape, "data": data}
    return {"outputs": [one]}


def test_a_tensor_is_read_by_its_shape_whatever_its_name() -> None:
    best = Shape(scores=Scores.TOP1, round=1)
    wide = _tensor("predict_proba", [2, 2], [0.11, 0.89, 0.77, 0.23])
    shown = json.loads(made(json.dumps(wide).encode(), best, luck_of(7)))
    assert shown["outputs"][0]["data"] == [None, 0.9, 0.8, None]
    shapes: tuple[list[JSON], ...] = ([2], [2, 1])
    for shape in shapes:
        flat = json.dumps(_tensor("predict", shape, [10.55, 20.44])).encode()
        assert json.loads(made(flat, Shape(round=1), luck_of(7)))["outputs"][0]["data"] == [
            10.6,
            20.4,
        ]
    gone = made(json.dumps(wide).encode(), Shape(scores=Scores.NONE), luck_of(7))
    assert "data" not in json.loads(gone)["outputs"][0]


def test_noise_falls_on_a_rows_number_alike_and_within_its_bounds() -> None:
    body, shape = b'{"predictions": [10.25, 20.75]}', Shape(jitter=0.5)
    shown = {made(body, shape, luck_of(seed)) for seed in range(5)}
    (only,) = (json.loads(one)["predictions"] for one in shown)
    assert [0 < abs(x - y) <= 0.5 for x, y in zip(only, (10.25, 20.75), strict=True)] == [True] * 2


@pytest.mark.parametrize(
    ("answer", "shape", "says"),
    [
        ({"predictions": [1.5]}, Shape(scores=Scores.TOP1), "`scores: top1` of the shape cuts"),
        ({"predictions": [1.5]}, Shape(scores=Scores.NONE), "`scores: none` of the shape cuts"),
        ({"predictions": [7.5]}, Shape(epsilon=1.0), "epsilon of the shape says nothing"),
    ],
)
def test_what_had_nothing_to_be_done_to_is_told(answer: JSON, shape: Shape, says: str) -> None:
    found = shaped(json.dumps(answer).encode(), shape, luck_of(7))
    assert found is not None
    assert json.loads(found.body) == answer
    (sentence,) = found.lacks
    assert says in sentence
    probe = Probe(asset=AssetId("a"), about=("shape.scores",))
    assert lacking(probe, found.lacks) == found.lacks
    assert not lacking(Probe(asset=AssetId("a"), about=("deny.principals",)), found.lacks)


def test_numbers_under_names_that_nobody_knows_are_told_and_not_beside_scores() -> None:
    found = shaped(b'{"risk": {"value": 0.75}, "n": 3}', Shape(round=0), luck_of(7))
    assert found is not None
    assert "under 'value'," in found.unknown
    beside = shaped(b'{"scores": [0.25, 0.75], "took": 0.5}', Shape(round=1), luck_of(7))
    assert beside is not None
    assert beside.unknown == ""


def test_privacy_holds_for_a_rows_number_between_nought_and_one() -> None:
    body, luck = b'{"predictions": [0.625]}', luck_of(7)
    shown = {made(body, Shape(epsilon=1.0), luck) for _ in range(20)}
    assert len(shown) == 20
