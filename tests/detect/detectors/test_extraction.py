"""A crowd that copies a model is named without the old customer who stands beside it by chance."""

from dataclasses import replace

import numpy as np

from stanch.detect import examples
from stanch.detect.detectors.extraction import DETECTOR
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.dice import normals
from stanch.vocabulary.finding import Finding

HANDS = tuple(f"reader-{n}" for n in range(10))
OLD = examples.NAMES[3]


def hands_and_one_old_customer(rows: Columns) -> Columns:
    """Ten newcomers ask five times each for what does not occur; so does an old customer twice of
    five times, once as they do and once the other way round.
    """
    asked, who = rows.numbers.copy(), rows.principals.copy()
    theirs = np.arange(50)
    who[theirs] = len(rows.names) + theirs % len(HANDS)
    old = np.flatnonzero(who == rows.names.index(OLD))
    who[old[5:]] = rows.names.index(OLD) + 1
    asked[theirs, :3] = [2.0, -2.0, 2.0]
    asked[theirs] += 0.2 * np.random.default_rng(6).normal(size=(len(theirs), 4))
    asked[old[:2], :3] = [[2.0, -2.0, 2.0], [-2.0, 2.0, -2.0]]
    return replace(rows, numbers=asked, principals=who, names=(*rows.names, *HANDS))


def test_an_old_customer_who_asks_two_odd_things_is_none_of_a_crowd_of_newcomers() -> None:
    window = examples.window(hands_and_one_old_customer, n=500)
    said = [f for f in DETECTOR.seen_in(window) if isinstance(f, Finding)]
    named = {s.principal for f in said for s in f.suspects}
    assert named == {*HANDS}


def a_little_of_everything(rows: Columns) -> Columns:
    """Every second question of one principal is a little wide and a little off the centre."""
    mine = np.flatnonzero(rows.principals == examples.ODD_ONE)[::2]
    asked = rows.numbers.copy()
    asked[mine] += normals(5, asked[mine].size).reshape(-1, 4) + np.array([0, 0, 0, 2.0])
    return replace(rows, numbers=asked)


def test_signs_that_are_no_proof_each_are_one_together_and_are_told_by_name() -> None:
    (found,) = DETECTOR.seen_in(examples.window(a_little_of_everything, n=600))
    assert isinstance(found, Finding)
    assert [s.principal for s in found.suspects] == [examples.NAMES[examples.ODD_ONE]]
    assert "signs at once, each rarer than one in ten, came to 3 over 26 answers" in found.says
    assert "Among them: inputs that do not occur together, the centre of the inputs" in found.says
