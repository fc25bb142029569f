"""Heaps: inputs of one principal that hardly differ, whatever its taste and its volume."""

from dataclasses import replace

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.habits.repeats import RAREST, repeats_of, usual_repeats
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.ledger import Ledger

HABITS = examples.reference().learned.golden.ledger.seal()


def sent(x: np.ndarray) -> Ledger:
    """What one principal asked."""
    few = examples.columns(len(x))
    who = np.zeros(len(x), np.int32)
    asked = replace(few, numbers=x, principals=who, names=("eve",))
    return counted(examples.reference().ready, asked).ledger


def again(x: np.ndarray) -> float:
    """The share of these inputs that are near several."""
    found = repeats_of(sent(x), usual_repeats(HABITS).reach)[0]
    return float(found[-1] / found.sum())


def test_many_questions_of_one_sort_are_no_heap() -> None:
    x = examples.numbers(2000, seed=3)
    narrow = x[np.argsort(x[:, 0], kind="stable")[-500:]]
    assert again(narrow) <= 10 * RAREST


def test_one_input_a_little_changed_again_and_again_is_a_heap_among_ordinary_ones() -> None:
    dice = np.random.default_rng(4)
    x = examples.numbers(60, seed=5)
    x[:30] = x[0] + dice.normal(0, 0.005, (30, x.shape[1]))
    assert again(x) > 100 * RAREST


def test_the_same_input_again_is_no_heap() -> None:
    x = examples.numbers(40, seed=6)
    x[:30] = x[0]
    near_several = repeats_of(sent(x), 0.0)[0, -1]
    assert near_several <= 1, "an input counts once for each of its categories"


def test_a_heap_of_five_is_one_input_one_near_it_and_three_near_several() -> None:
    x = examples.numbers(20, seed=7)
    x[:5] = x[0] + 0.001 * np.arange(5)[:, None]
    alone, one, several = repeats_of(sent(x), usual_repeats(HABITS).reach)[0]
    assert (alone, one, several) == (16, 1, 3)


def test_what_is_usual_is_never_taken_for_rarer_than_one_in_five_hundred() -> None:
    unlike, one, several = usual_repeats(HABITS).shares
    assert several >= RAREST
    assert one >= several
    assert unlike + one + several == pytest.approx(1.0)
