"""Heaps: inputs of one principal that hardly differ, whatever its taste and its volume."""

from dataclasses import replace

import numpy as np

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


def heaped(x: np.ndarray) -> float:
    found = repeats_of(sent(x), usual_repeats(HABITS).reach)
    return float(found.heaped[0] / max(1, found.asked[0]))


def test_many_questions_of_one_sort_are_no_heap() -> None:
    x = examples.numbers(2000, seed=3)
    narrow = x[np.argsort(x[:, 0], kind="stable")[-500:]]
    assert heaped(narrow) <= 3 * RAREST


def test_one_input_a_little_changed_again_and_again_is_a_heap_among_ordinary_ones() -> None:
    dice = np.random.default_rng(4)
    x = examples.numbers(60, seed=5)
    x[:30] = x[0] + dice.normal(0, 0.005, (30, x.shape[1]))
    assert heaped(x) > 20 * RAREST


def test_the_same_input_again_is_no_heap() -> None:
    x = examples.numbers(40, seed=6)
    x[:30] = x[0]
    asked = sent(x)
    assert repeats_of(asked, 0.0).heaped[0] <= 3, "an input counts once for each of its categories"


def test_what_is_usual_is_never_taken_for_rarer_than_a_hundredth() -> None:
    assert usual_repeats(HABITS).rate >= RAREST
