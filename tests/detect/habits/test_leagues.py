"""Who feels for a threshold through several accounts is seen by what they were told together."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from stanch.detect import examples
from stanch.detect.detectors.threshold_probing import DETECTOR
from stanch.detect.habits.leagues import League, leagues_of
from stanch.detect.habits.people import people
from stanch.detect.summaries.columns import Columns
from stanch.detect.window import Window
from stanch.vocabulary.finding import AttackKind, Finding

Rows = NDArray[np.float64]
GANG = ("new-1", "new-2", "new-3", "new-4")
WAYS, HALVINGS = 24, 5


def pull(rows: Rows) -> Rows:
    found: Rows = rows[:, 0] + 0.5 * rows[:, 1]
    return found


def answered(rows: Rows) -> tuple[NDArray[np.int32], Rows]:
    """What the example's model says."""
    raw = np.exp(np.stack([-2 * pull(rows), np.full(len(rows), 0.2), 2 * pull(rows)], axis=1))
    scores = raw / raw.sum(axis=1, keepdims=True)
    return scores.argmax(axis=1).astype(np.int32), scores


def felt_for(seed: int) -> Rows:
    """Ways between two inputs, halved by turns and a little off the line."""
    dice, every = np.random.default_rng(seed), examples.numbers(4000, seed)
    start = every[pull(every) < -1.0][:WAYS]
    end = every[pull(every) > 1.0][:WAYS]
    low, high = np.zeros(WAYS), np.ones(WAYS)
    asked = list[Rows]()
    for way in np.concatenate([dice.permutation(WAYS) for _ in range(HALVINGS)]):
        at = (low[way] + high[way]) / 2
        row = start[way] + at * (end[way] - start[way]) + dice.normal(0, 0.03, 4)
        asked.append(row)
        side = low if answered(row[None])[0][0] == 0 else high
        side[way] = at
    return np.array(asked)


def window(asked: Mapping[str, Rows]) -> Window:
    """Ordinary people, and these new ones."""

    def change(seen: Columns) -> Columns:
        rows = np.concatenate(list(asked.values()))
        who = np.repeat(np.arange(len(asked)), [len(own) for own in asked.values()])
        numbers, owners = seen.numbers.copy(), seen.principals.copy()
        said, scores = seen.predictions.copy(), seen.scores
        assert scores is not None
        scores, some = scores.copy(), slice(len(rows))
        numbers[some], owners[some] = rows, len(examples.NAMES) + who
        said[some], scores[some] = answered(rows)
        return replace(
            seen,
            numbers=numbers,
            principals=owners,
            names=(*examples.NAMES, *asked),
            predictions=said,
            scores=scores,
        )

    return examples.window(change, n=1500)


def dealt(rows: Rows, cover: int = 1) -> dict[str, Rows]:
    """These rows dealt out among the gang, with so many ordinary ones to each."""
    ordinary = examples.numbers(4000, 55)
    return {
        name: np.concatenate([rows[n::4], ordinary[n::4][: cover * len(rows[n::4])]])
        for n, name in enumerate(GANG)
    }


def leagues(asked: Mapping[str, Rows]) -> tuple[tuple[frozenset[str], League], ...]:
    seen = window(asked)
    assert seen.baseline is not None
    assert seen.ledger is not None
    who = people(seen.ledger, 4, seen.baseline.habits)
    found = leagues_of(seen.baseline, who)
    return tuple((frozenset(who.names[i] for i in one.members), one) for one in found)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_four_accounts_that_halve_ways_by_turns_are_a_league_of_those_four(seed: int) -> None:
    ((members, league),) = leagues(dealt(felt_for(seed)))
    assert members == set(GANG)
    assert league.strength > 5


def test_a_new_customer_who_is_there_as_well_is_no_member() -> None:
    ordinary = {f"customer-{n}": examples.numbers(60, 600 + n) for n in range(6)}
    ((members, _),) = leagues(ordinary | dealt(felt_for(1)))
    assert members == set(GANG)


def test_new_customers_who_ask_about_doubtful_cases_are_no_league() -> None:
    every = examples.numbers(6000, 71)
    doubtful = every[np.abs(pull(every)) < 0.8]
    assert not leagues(dealt(doubtful[:120]))
    assert not leagues(dealt(every[:120]))


def test_services_that_see_the_same_doubtful_cases_one_after_the_other_are_no_league() -> None:
    every, dice = examples.numbers(6000, 81), np.random.default_rng(81)
    cases = every[np.abs(pull(every)) < 0.8][:30]
    assert not leagues({name: cases + 0.05 * dice.normal(size=cases.shape) for name in GANG})


def test_a_league_is_named_in_one_sentence_as_feeling_for_the_threshold() -> None:
    said = DETECTOR.seen_in(window(dealt(felt_for(1))))
    (one,) = (f for f in said if isinstance(f, Finding) and f.topic == "together")
    assert {s.principal for s in one.suspects} == set(GANG)
    assert max(one.points_to, key=lambda k: one.points_to[k]) is AttackKind.THRESHOLD_PROBING
    assert "4 principals together" in one.says
