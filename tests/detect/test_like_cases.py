"""Like cases: how far they are answered otherwise is counted out, kind by kind."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stanch.detect import examples
from stanch.detect.like_cases import Alike, by_answer, by_truth, wrong_by_truth
from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.parts import Part
from stanch.detect.summaries.summary import Summary

GROUPS, CLASSES = 3, 4
SIDES = [0], [1, 2]
Kinds = list[tuple[int, int]]
tables = st.lists(
    st.integers(0, 30), min_size=GROUPS * CLASSES**2, max_size=GROUPS * CLASSES**2
).map(lambda numbers: np.array(numbers, np.int64).reshape(GROUPS, CLASSES, CLASSES))


def summary(labels: Ints) -> Summary:
    """A summary with these labels: of each group, true by answered class."""
    known = examples.reference().learned.golden.summary
    return replace(known, sums={**known.sums, Part.FAIRNESS: labels})


def side(now: Kinds, then: Kinds) -> tuple[float, float]:
    """The growth of one side and its variance; a kind is (odd ones, cases)."""
    n, growth, variance = max(sum(cases for _, cases in now), 1), 0.0, 0.0
    for (odd, cases), (past, known) in zip(now, then, strict=True):
        if not cases:
            continue
        usual = past / known if known else 0.0
        growth += odd / n - cases / n * usual
        wide = max(p * (1 - p) for p in (odd / cases, usual))
        wide = max(wide, 0.5 / max(min(cases, known), 1))
        variance += wide * (cases / n / n + (cases / n) ** 2 / max(known, 1))
    return growth, variance


def slowly(now: tuple[Kinds, Kinds], then: tuple[Kinds, Kinds]) -> Alike:
    (own, one), (others, other) = (side(a, b) for a, b in zip(now, then, strict=True))
    few = min(sum(cases for _, cases in kinds) for kinds in (*now, *then))
    return Alike(growth=own - others, error=math.sqrt(one + other), labels=few)


def by_true_class(labels: Ints, answer: int) -> Kinds:
    return [(int(row[answer]), int(row.sum())) for row in labels]


def by_given_answer(labels: Ints) -> Kinds:
    return [(int(col.sum() - col[k]), int(col.sum())) for k, col in enumerate(labels.T)]


def wrong_of_class(labels: Ints) -> Kinds:
    return [(int(row.sum() - row[k]), int(row.sum())) for k, row in enumerate(labels)]


@given(tables, tables, st.integers(0, CLASSES - 1))
@settings(max_examples=40)
def test_growth_among_like_cases_is_what_their_kinds_do_not_explain(
    now: Ints, then: Ints, answer: int
) -> None:
    here, there = ((t[[0]].sum(axis=0), t[[1, 2]].sum(axis=0)) for t in (now, then))
    given = summary(now), summary(then), SIDES
    for found, kinds in (
        (by_truth(*given, answer), partial(by_true_class, answer=answer)),
        (by_answer(*given), by_given_answer),
        (wrong_by_truth(*given), wrong_of_class),
    ):
        exact = slowly((kinds(here[0]), kinds(here[1])), (kinds(there[0]), kinds(there[1])))
        assert found.growth == pytest.approx(exact.growth, abs=1e-12)
        assert found.error == pytest.approx(exact.error, abs=1e-12)
        assert found.labels == exact.labels


def test_a_kind_of_which_no_case_came_moves_nothing() -> None:
    then = np.zeros((GROUPS, CLASSES, CLASSES), np.int64)
    then[:, 0, 0] = then[:, 1, 1] = 90
    then[:, 0, 1] = then[:, 1, 0] = 10
    now = np.zeros_like(then)
    now[0, 0, 0], now[0, 0, 1] = 45, 5
    now[1:] = then[1:]
    found = by_truth(summary(now), summary(then), SIDES, 1)
    assert found.growth == pytest.approx(0.0, abs=1e-12)
