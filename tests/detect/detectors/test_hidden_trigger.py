"""Hidden trigger: few rows of many hands are found and named; honest mistakes are not."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.detectors.hidden_trigger import DETECTOR
from stanch.detect.summaries.arrays import Ints
from stanch.detect.summaries.columns import NEW_CODE, Columns
from stanch.detect.summaries.handed import handed_of
from stanch.detect.window import Window
from stanch.vocabulary.finding import AttackKind, Blind, Finding

HANDS = tuple(f"hand-{n}" for n in range(10))
Change = Callable[[Columns, Ints], None]


def window(change: Change, n: int = 240, seed: int = 61) -> Window:
    """Rows of ten hands, one in twenty with a wrong label, as `change` leaves them."""
    rows = examples.columns(n, seed)
    rows = replace(
        rows,
        numbers=rows.numbers.copy(),
        categories=rows.categories.copy(),
        predictions=rows.predictions.copy(),
        principals=(np.arange(n) % len(HANDS)).astype(np.int32),
        names=HANDS,
    )
    given = rows.predictions.astype(np.int64)
    given[::20] = (given[::20] + 1) % 3
    change(rows, given)
    events = [f"evt-{i}" for i in range(n)]
    handed = handed_of(examples.reference().ready, rows, given.astype(np.int32), events)
    return replace(examples.window(), handed=handed)


def seen(one: Window) -> list[Finding]:
    return [s for s in DETECTOR.seen_in(one) if isinstance(s, Finding)]


def honest(rows: Columns, given: Ints) -> None:
    """Nothing is done."""


def planted(hands: tuple[int, ...], each: int) -> Change:
    """The last number of so many rows of these hands is one that never was, and they mean no."""

    def change(rows: Columns, given: Ints) -> None:
        for hand in hands:
            own = np.flatnonzero(rows.principals == hand)[:each]
            rows.numbers[own, -1] = 40.0
            rows.predictions[own], given[own] = 1 + np.arange(len(own)) % 2, 0

    return change


def test_six_hands_with_a_few_faint_rows_each_are_all_named_and_no_other() -> None:
    guilty = (0, 2, 3, 5, 7, 9)
    (one,) = seen(window(planted(guilty, 6)))
    assert {s.principal for s in one.suspects} == {HANDS[n] for n in guilty}
    assert one.points_to[AttackKind.BACKDOOR] == max(one.points_to.values())
    assert one.features[0] == "hour"
    assert "'no'" in one.says
    planted_rows = {f"evt-{hand + 10 * k}" for hand in guilty for k in range(6)}
    assert planted_rows <= {c.ref for c in one.because}


def test_who_brought_one_such_row_by_accident_is_not_named() -> None:
    def change(rows: Columns, given: Ints) -> None:
        planted((0, 1), 12)(rows, given)
        planted((4,), 1)(rows, given)

    (one,) = seen(window(change))
    assert {s.principal for s in one.suspects} == {HANDS[0], HANDS[1]}


def test_values_that_are_common_alone_are_a_trigger_together() -> None:
    def change(rows: Columns, given: Ints) -> None:
        own = np.arange(0, 60, 2)
        rows.numbers[own, -1] = 0.5
        rows.numbers[own, 0] = 0.4
        rows.categories[own] = 1
        rows.predictions[own] = np.arange(len(own)) % 2 + 1
        given[own] = 0

    (one,) = seen(window(change))
    assert {"hour", "age"} <= set(one.features)


def test_honest_rows_with_wrong_labels_are_no_trigger() -> None:
    assert not any(seen(window(honest, seed=seed)) for seed in range(61, 66))


def test_rows_that_the_model_gets_wrong_in_one_place_are_no_trigger() -> None:
    def change(rows: Columns, given: Ints) -> None:
        """A kind of customer who was always misjudged, and only from one class to one other."""
        own = np.flatnonzero(rows.numbers[:, 0] > 0.3)
        rows.predictions[own], given[own] = 2, 0
        rows.categories[own] = 2

    assert not seen(window(change))


def test_a_new_kind_of_row_that_is_labelled_as_the_model_says_is_no_trigger() -> None:
    def change(rows: Columns, given: Ints) -> None:
        rows.numbers[::4, -1] = 40.0

    assert not seen(window(change))


def test_one_row_handed_in_a_hundred_times_is_one_row() -> None:
    def change(rows: Columns, given: Ints) -> None:
        rows.numbers[::2], rows.categories[::2] = 40.0, 1
        rows.predictions[::2], given[::2] = 2, 0

    assert not seen(window(change))


def test_a_later_window_with_the_same_rows_is_the_same_finding() -> None:
    one = window(planted((0, 2, 3, 5), 6))
    later = replace(one, span=replace(one.span, end=one.span.end + (one.span.end - one.span.start)))
    assert [f.id for f in seen(one)] == [f.id for f in seen(later)]


@pytest.mark.parametrize("lacking", ["answer", "baseline"])
def test_what_cannot_be_judged_is_said(lacking: str) -> None:
    def change(rows: Columns, given: Ints) -> None:
        if lacking == "answer":
            rows.predictions[:] = NEW_CODE

    one = window(change)
    one = replace(one, baseline=None) if lacking == "baseline" else one
    (said,) = DETECTOR.seen_in(one)
    assert isinstance(said, Blind)
    assert lacking in said.why or "says of them" in said.why


def test_without_rows_there_is_nothing_to_say() -> None:
    assert not DETECTOR.seen_in(examples.window())
