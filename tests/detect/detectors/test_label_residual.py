"""Label residual: the pair and the hands; a worse model accuses nobody."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from stanch.detect import examples
from stanch.detect.detectors.label_residual import DETECTOR, flipped_pair
from stanch.detect.summaries.columns import MISSING_CODE, NEW_CODE, Labels
from stanch.detect.summaries.count import labels_counted, nothing
from stanch.detect.window import Window
from stanch.vocabulary.finding import Blind, Finding


def window(change: Callable[[Labels], Labels], n: int = 3000) -> Window:
    late = change(examples.labels(examples.columns(n, seed=41), seed=41))
    return examples.window_of([], late=labels_counted(examples.reference().ready, late))


def seen(one: Window) -> list[Finding]:
    return [s for s in DETECTOR.seen_in(one) if isinstance(s, Finding)]


def flipped(late: Labels, who: np.ndarray, said: int, given: int) -> Labels:
    hit = who & (late.predictions == said)
    return replace(late, truth=np.where(hit, given, late.truth).astype(np.int32))


def test_two_guilty_contributors_of_twenty_are_named_with_the_pair() -> None:
    def poison(late: Labels) -> Labels:
        return flipped(late, np.isin(late.principals, (4, 11)), said=0, given=2)

    (one,) = seen(window(poison))
    assert one.topic == "no as yes"
    assert {s.principal for s in one.suspects} == {"client-04", "client-11"}


def test_flips_spread_over_everybody_name_the_pair_and_accuse_nobody() -> None:
    def poison(late: Labels) -> Labels:
        every_fourth = np.arange(late.n) % 4 == 0
        return flipped(late, every_fourth, said=2, given=0)

    (one,) = seen(window(poison))
    assert one.topic == "yes as no"
    assert not one.suspects


def test_a_model_that_is_worse_everywhere_accuses_nobody() -> None:
    def worse(late: Labels) -> Labels:
        dice = np.random.default_rng(5)
        wrong = dice.random(late.n) < 0.25
        other = (late.predictions + dice.integers(1, 3, late.n)) % 3
        return replace(late, truth=np.where(wrong, other, late.truth).astype(np.int32))

    assert seen(window(worse)) == []


def test_labels_in_any_order_and_in_any_shards_say_the_same() -> None:
    late = examples.labels(examples.columns(3000, seed=41), seed=41)
    late = flipped(late, late.principals == 4, said=0, given=2)
    order = np.random.default_rng(3).permutation(late.n)

    def part(rows: np.ndarray) -> Labels:
        return replace(
            late,
            truth=late.truth[rows],
            predictions=late.predictions[rows],
            confidence=late.confidence[rows],
            principals=late.principals[rows],
            groups=(),
            given=late.given[rows] if late.given is not None else None,
        )

    ready = examples.reference().ready
    counted = nothing(ready.plan)
    for piece in np.array_split(order, 5):
        counted = counted.merge(labels_counted(ready, part(piece)))
    shuffled = examples.window_of([], late=counted)
    whole = examples.window_of([], late=labels_counted(ready, part(np.arange(late.n))))
    assert seen(shuffled) == seen(whole) != []


def test_classes_nobody_knows_and_missing_labels_do_not_raise() -> None:
    def strange(late: Labels) -> Labels:
        truth = np.where(np.arange(late.n) % 2 == 0, NEW_CODE, MISSING_CODE).astype(np.int32)
        return replace(late, truth=truth)

    assert seen(window(strange)) == []


def test_one_label_short_is_blind_not_quiet() -> None:
    (said,) = DETECTOR.seen_in(window(lambda late: late, n=99))
    assert isinstance(said, Blind)
    assert "99" in said.why


def test_an_empty_cell_of_the_baseline_is_no_division_by_nothing() -> None:
    cell = flipped_pair(np.zeros((4, 4), np.int64), np.zeros((4, 4), np.int64))
    assert cell.strength == 0
