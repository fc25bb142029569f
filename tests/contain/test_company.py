"""Inputs that are too much alike: a search is refused, ordinary inputs are not."""

from dataclasses import replace

import numpy as np
import pytest

from stanch.contain.alike import Likeness, likeness
from stanch.contain.company import Floats, Memory, found_of, learnt
from stanch.contain.diff import changes
from stanch.contain.policy import canonical
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.policy import Filter, Policy
from stanch.vocabulary.trouble import BadInput

WIDE = 12


def _ordinary(rows: int, seed: int) -> Floats:
    """Inputs in very unlike units, far from nought, with one number that never varies."""
    dice = np.random.default_rng(seed)
    found = dice.normal(0.0, 1.0, (rows, WIDE)) * 10.0 ** np.arange(-3, WIDE - 3) + 1e6
    found[:, 0] = 7.0
    return found


def _rule() -> Likeness:
    made = learnt(_ordinary(600, 1))
    assert made is not None
    return made


def _search(around: Floats, tries: int, noise: float, seed: int = 3) -> Floats:
    """What asks about one place over and over."""
    dice = np.random.default_rng(seed)
    spread = _ordinary(600, 1).std(axis=0)
    found: Floats = around + dice.normal(0.0, noise, (tries, WIDE)) * spread
    return found


def test_a_search_is_refused_whoever_asks_and_ordinary_inputs_are_not() -> None:
    tries = _search(_ordinary(1, 9)[0], 100, 0.05)
    rows = np.concatenate([_ordinary(400, 2), tries])
    askers = [*(f"tenant-{n % 20}" for n in range(400)), *(f"sybil-{n}" for n in range(100))]
    found = found_of(_rule(), rows, askers)
    innocent = np.mean([found[f"tenant-{n}"] for n in range(20)])
    assert innocent <= 0.01
    assert np.mean([found[f"sybil-{n}"] for n in range(100)]) >= 0.95


def test_the_same_input_again_is_answered_as_it_was_the_first_time() -> None:
    memory, one = Memory(_rule()), _ordinary(1, 4)
    assert not any(memory.refuses(one) for _ in range(50))
    tries = _search(one[0], 10, 0.05)
    for row in tries:
        memory.refuses(row[None])
    assert not memory.refuses(one)
    assert memory.refuses(tries[-1:])


def test_as_many_as_it_says_must_be_nearer_than_it_says() -> None:
    like = Likeness(times=2, within=0.5, kept=10, units=(1.0,), middles=(0.0,))
    near, far = Memory(like), Memory(like)
    assert [near.refuses([[x]]) for x in (0.0, 0.4, 0.2)] == [False, False, True]
    assert not any(far.refuses([[x]]) for x in (0.0, 1.2, 0.6))


def test_a_search_is_not_forgotten_because_many_ask_in_between() -> None:
    memory, place = Memory(_rule()), _ordinary(1, 4)[0]
    for row in _search(place, 8, 0.05):
        memory.refuses(row[None])
    for row in _ordinary(2000, 5):
        memory.refuses(row[None])
    assert memory.refuses(_search(place, 1, 0.05, seed=8))


def test_a_number_that_is_absurd_hides_nothing_and_breaks_nothing() -> None:
    memory = Memory(_rule())
    for value in (1e308, -1e308, float("nan"), float("inf")):
        row = _ordinary(1, 4)
        row[0, 3] = value
        memory.refuses(row)
    tries = _search(_ordinary(1, 6)[0], 20, 0.05)
    assert sum(memory.refuses(row[None]) for row in tries) >= 15


@pytest.mark.parametrize(
    "rows",
    [_ordinary(50, 1), np.ones((500, 3)), np.full((500, 3), np.nan), np.zeros((0, 0))],
    ids=["few", "all the same", "unknown", "none"],
)
def test_where_rows_do_not_tell_nothing_is_learnt(rows: Floats) -> None:
    assert learnt(rows) is None


def test_a_rule_reads_back_as_itself_and_a_broken_one_is_refused() -> None:
    rule = _rule()
    assert likeness(rule.text) == rule
    asset = AssetId("a")
    with_rule = Policy(asset=asset, filter=Filter(rules=frozenset({rule.text})))
    (change,) = changes(Policy(asset=asset), with_rule)
    assert (change.says, change.stricter) == (rule.says, True)
    (back,) = changes(with_rule, Policy(asset=asset))
    assert (back.says, back.stricter) == (
        "Inputs that are almost the same are answered again.",
        False,
    )
    for broken in ("in alike: {", 'in alike: {"times":3}', replace(rule, within=0.0).text,
                   replace(rule, units=()).text, replace(rule, kept=10**9).text,
                   replace(rule, names=("one",)).text):  # fmt: skip
        with pytest.raises(BadInput, match="alike"):
            canonical(replace(with_rule, filter=Filter(rules=frozenset({broken}))))
