"""One test for each known way round the detectors that look at principals."""

from dataclasses import replace

import numpy as np

from stanch.detect import examples
from stanch.detect.registry import detectors
from stanch.detect.summaries.columns import Columns
from stanch.detect.window import Window
from stanch.vocabulary.finding import Finding

ODD = examples.ODD_ONE
ATTACKER = examples.NAMES[ODD]


def suspects(name: str, window: Window) -> set[str]:
    said = detectors()[name].seen_in(window)
    return {s.principal for f in said if isinstance(f, Finding) for s in f.suspects}


def shuffled(rows: Columns, which: np.ndarray) -> Columns:
    """These rows with each column shuffled on its own."""
    asked = rows.numbers.copy()
    for column in range(asked.shape[1]):
        asked[which, column] = np.roll(asked[which, column], 5 * column)
    return replace(rows, numbers=asked)


def around(rows: Columns, which: np.ndarray, noise: float) -> Columns:
    """These rows all close to the first of them."""
    asked = rows.numbers.copy()
    own = asked[which] - asked[which].mean(axis=0)
    asked[which] = asked[which[0]] + noise * own
    return replace(rows, numbers=asked)


def test_extraction_under_half_cover_is_named() -> None:
    window = examples.window(lambda r: shuffled(r, np.flatnonzero(r.principals == ODD)[::2]))
    assert suspects("extraction", window) == {ATTACKER}


def test_extraction_that_asks_each_input_twice_is_named() -> None:
    def twice(rows: Columns) -> Columns:
        rows = shuffled(rows, np.flatnonzero(rows.principals == ODD))
        mine = np.flatnonzero(rows.principals == ODD)
        asked = rows.numbers.copy()
        half = len(mine) // 2
        asked[mine[half : 2 * half]] = asked[mine[:half]]
        return replace(rows, numbers=asked)

    assert suspects("extraction", examples.window(twice)) == {ATTACKER}


def test_extraction_spread_over_six_hands_is_named_in_each() -> None:
    hands = np.arange(6)
    window = examples.window(lambda r: shuffled(r, np.flatnonzero(np.isin(r.principals, hands))))
    assert suspects("extraction", window) == {examples.NAMES[h] for h in hands}


def test_a_search_under_half_cover_is_named() -> None:
    window = examples.window(lambda r: around(r, np.flatnonzero(r.principals == ODD)[::2], 0.02))
    assert suspects("evasion_search", window) == {ATTACKER}


def test_a_search_padded_with_one_repeated_input_is_named() -> None:
    def padded(rows: Columns) -> Columns:
        mine = np.flatnonzero(rows.principals == ODD)
        rows = around(rows, mine[::2], 0.02)
        asked = rows.numbers.copy()
        asked[mine[1::2]] = asked[mine[1]]
        return replace(rows, numbers=asked)

    assert ATTACKER in suspects("evasion_search", examples.window(padded))


def test_a_health_check_that_repeats_one_input_is_no_search() -> None:
    def checking(rows: Columns) -> Columns:
        mine = np.flatnonzero(rows.principals == ODD)[::2]
        asked = rows.numbers.copy()
        asked[mine] = asked[mine[0]]
        return replace(rows, numbers=asked)

    assert suspects("evasion_search", examples.window(checking)) == set()


def test_membership_tests_that_repeat_one_record_do_not_count_twice_but_many_records_do() -> None:
    def canaries(rows: Columns) -> Columns:
        mine = np.flatnonzero(rows.principals == ODD)[::3]
        hits = np.zeros(rows.n, np.bool_) if rows.hits is None else rows.hits.copy()
        hits[mine] = True
        return replace(rows, hits=hits)

    assert suspects("membership_inference", examples.window(canaries)) == {ATTACKER}


def test_probing_without_scores_shows_in_flips() -> None:
    def staircase(rows: Columns) -> Columns:
        mine = np.flatnonzero(rows.principals == ODD)
        rows = around(rows, mine, 0.02)
        said = rows.predictions.copy()
        said[mine] = 1 + np.arange(len(mine)) % 2
        return replace(rows, predictions=said)

    assert suspects("threshold_probing", examples.window(staircase)) == {ATTACKER}


def test_one_dear_principal_among_cheap_ones_is_named_though_the_answers_are_as_many() -> None:
    assert suspects("volume_and_cost", detectors()["volume_and_cost"].fires_on()) == {ATTACKER}
