"""Who asks close to the boundary feels for it, searches, or copies: how the inputs lie tells."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from stanch.detect import examples
from stanch.detect.detectors.threshold_probing import DETECTOR
from stanch.detect.registry import detectors
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.parts import Block
from stanch.detect.window import Window
from stanch.vocabulary.finding import AttackKind, Finding

ROWS = 30
ASKED = ("extraction", "evasion_search", "threshold_probing", "membership_inference")
Rows = NDArray[np.float64]


def asked_where_two_classes_are_level(rows: Rows, answers: NDArray[np.int32]) -> Window:
    """A window in which one principal asks these inputs, all close to the boundary."""

    def near(seen: Columns) -> Columns:
        mine = np.flatnonzero(seen.principals == examples.ODD_ONE)[: len(rows)]
        asked, said, scores = seen.numbers.copy(), seen.predictions.copy(), seen.scores
        assert scores is not None
        scores, who = scores.copy(), seen.principals.copy()
        who[who == examples.ODD_ONE] = 0
        who[mine] = examples.ODD_ONE
        asked[mine], said[mine], scores[mine] = rows, answers, [0.02, 0.49, 0.49]
        return replace(seen, numbers=asked, predictions=said, scores=scores, principals=who)

    return examples.window(near, n=2 * ROWS * len(examples.NAMES))


def found(window: Window, name: str = DETECTOR.id) -> Finding:
    """What is said of one who asks so."""
    (one,) = (f for f in detectors()[name].seen_in(window) if isinstance(f, Finding))
    assert [s.principal for s in one.suspects] == [examples.NAMES[examples.ODD_ONE]]
    return one


def kind(one: Finding) -> AttackKind:
    """What it speaks for most."""
    return max(one.points_to, key=lambda k: one.points_to[k])


def spread(width: float) -> Window:
    rows = np.random.default_rng(5).normal(0, width, (ROWS, 4))
    return asked_where_two_classes_are_level(rows, np.ones(ROWS, np.int32))


def halved(ways: int) -> Window:
    """Ways between two inputs, each halved ten times towards where the answer changes."""
    dice = np.random.default_rng(7)
    rows: list[Rows] = []
    said: list[int] = []
    for _ in range(ways):
        start, end, edge = dice.normal(0, 2, 4), dice.normal(0, 2, 4), dice.uniform(0.3, 0.7)
        low, high = 0.0, 1.0
        for _ in range(10):
            middle = (low + high) / 2
            rows.append(start + middle * (end - start))
            said.append(1 + (middle > edge))
            low, high = (low, middle) if middle > edge else (middle, high)
    return asked_where_two_classes_are_level(np.array(rows), np.array(said, np.int32))


def test_far_apart_along_the_whole_boundary_is_how_a_copy_is_made() -> None:
    one = found(spread(8.0))
    assert kind(one) is AttackKind.EXTRACTION
    assert "lie far from each other" in one.says


def test_like_inputs_at_one_place_of_the_boundary_are_a_search() -> None:
    one = found(spread(0.2))
    assert kind(one) is AttackKind.EVASION
    assert "lie around one place" in one.says


@pytest.mark.parametrize("name", ["threshold_probing", "evasion_search"])
def test_several_ways_halved_across_the_boundary_feel_for_the_threshold(name: str) -> None:
    assert kind(found(halved(3), name)) is AttackKind.THRESHOLD_PROBING


@pytest.mark.parametrize("name", ["threshold_probing", "evasion_search"])
def test_one_way_halved_may_be_either_and_speaks_for_neither_much(name: str) -> None:
    told = found(halved(1), name).points_to
    assert max(told.values()) < max(found(halved(3), name).points_to.values())
    assert {AttackKind.EVASION, AttackKind.THRESHOLD_PROBING} <= told.keys()


def test_another_shape_of_the_same_principal_is_another_sight() -> None:
    assert found(halved(1)).id != found(halved(3)).id


def test_who_halves_ways_is_as_odd_as_a_copier_and_makes_no_copy() -> None:
    one = found(halved(3), "extraction")
    assert kind(one) is AttackKind.THRESHOLD_PROBING
    assert one.points_to[AttackKind.EXTRACTION] < 0.5


ANSWERS: dict[str, Callable[[int], NDArray[np.int32]]] = {
    "many": lambda n: (np.arange(n) % 3).astype(np.int32),
    "one": lambda n: np.full(n, 2, np.int32),
}


@pytest.mark.parametrize(("answers", "backdoor"), [("many", False), ("one", True)])
def test_inputs_where_nobody_asks_that_all_get_one_answer_may_carry_a_trigger(
    answers: str, *, backdoor: bool
) -> None:
    def asked(rows: Columns) -> Columns:
        mine = np.flatnonzero(rows.principals == examples.ODD_ONE)
        numbers, said = rows.numbers.copy(), rows.predictions.copy()
        numbers[mine] = 6 + 3 * np.random.default_rng(5).random((len(mine), 4))
        said[mine] = ANSWERS[answers](len(mine))
        return replace(rows, numbers=numbers, predictions=said)

    one = found(examples.window(asked), "evasion_search")
    assert (AttackKind.BACKDOOR in one.points_to) is backdoor
    assert kind(one) is AttackKind.EXTRACTION


def test_a_version_with_another_boundary_accuses_nobody_though_few_asked_it_ten_times() -> None:
    def doubtful(rows: Columns) -> Columns:
        scores = np.full((rows.n, 3), [0.02, 0.49, 0.49])
        who = np.where(np.arange(rows.n) < 24, np.arange(rows.n) % 2, rows.principals)
        return replace(rows, scores=scores, principals=who.astype(np.int32))

    window = examples.window(doubtful, n=104)
    assert window.ledger is not None
    assert sum(window.ledger.block(Block.ROWS)[:, 0] >= 10) == 2
    said = [f for one in ASKED for f in detectors()[one].seen_in(window) if isinstance(f, Finding)]
    assert not [f.says for f in said if f.suspects]
