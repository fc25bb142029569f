"""Canaries: one question is enough, each who asked has their share, and without any it is blind."""

from dataclasses import replace

import numpy as np

from stanch.detect import examples
from stanch.detect.detectors.canaries import DETECTOR
from stanch.detect.summaries.columns import Columns
from stanch.detect.summaries.count import counted
from stanch.detect.window import Window
from stanch.vocabulary.finding import Blind, Finding


def asked(by: list[int]) -> Window:
    """The example's window, in which these principals ask about one canary each."""

    def change(rows: Columns) -> Columns:
        places = [
            np.flatnonzero(rows.principals == who)[by[:k].count(who)] for k, who in enumerate(by)
        ]
        return replace(rows, canaries=np.isin(np.arange(rows.n), places))

    rows = change(examples.columns())
    window = examples.window_of([counted(examples.reference().ready, rows)])
    planted = DETECTOR.quiet_on().baseline
    assert planted is not None
    assert window.baseline is not None
    return replace(window, baseline=replace(window.baseline, prints=planted.prints))


def test_a_single_question_about_a_canary_is_told_and_by_whom() -> None:
    (found,) = DETECTOR.seen_in(asked([4]))
    assert isinstance(found, Finding)
    assert [(s.principal, s.share) for s in found.suspects] == [(examples.NAMES[4], 1.0)]


def test_several_who_asked_have_their_share_each() -> None:
    (found,) = DETECTOR.seen_in(asked([2, 5, 5]))
    assert isinstance(found, Finding)
    told = [(s.principal, round(s.share, 2)) for s in found.suspects]
    assert told == [(examples.NAMES[5], 0.67), (examples.NAMES[2], 0.33)]


def test_where_no_canary_was_stated_it_is_blind() -> None:
    (said,) = DETECTOR.seen_in(examples.window())
    assert isinstance(said, Blind)
    assert said.why == "the baseline holds no canaries (stanch baseline state)"
