"""How often somebody innocent may be named is asked for in words, and moves the bar of each."""

from dataclasses import replace

import numpy as np
import pytest

from stanch.detect import examples
from stanch.detect.habits.bar import bar
from stanch.detect.naming import asked_for, names, naming_once_in, people_in, share_of_windows
from stanch.detect.registry import detectors
from stanch.detect.summaries.columns import Columns
from stanch.vocabulary.asset import WrongNames
from stanch.vocabulary.finding import Finding

BY_PRINCIPAL = (
    "evasion_search",
    "extraction",
    "membership_inference",
    "threshold_probing",
    "volume_and_cost",
)


def a_dozen_around_one(rows: Columns) -> Columns:
    """Twelve of one principal's hundred questions lie around one input."""
    mine = np.flatnonzero(rows.principals == examples.ODD_ONE)[:12]
    asked = rows.numbers.copy()
    asked[mine] = asked[mine[0]] + 0.05 * asked[mine]
    return replace(rows, numbers=asked)


def test_once_in_a_thousand_windows_is_what_detectors_do_unasked() -> None:
    assert naming_once_in(detectors(), 1000.0) == dict(detectors())


def test_who_allows_more_wrong_names_has_a_faint_search_named() -> None:
    window = examples.window(a_dozen_around_one)
    seen = {
        n: naming_once_in(detectors(), n)["evasion_search"].seen_in(window) for n in (1000.0, 1.0)
    }
    assert seen[1000.0] == ()
    (found,) = seen[1.0]
    assert isinstance(found, Finding)
    assert [s.principal for s in found.suspects] == [examples.NAMES[examples.ODD_ONE]]


def test_it_is_asked_of_every_detector_of_principals_and_of_no_other() -> None:
    strict, plain = naming_once_in(detectors(), 1e6), detectors()
    assert tuple(name for name in plain if strict[name] != plain[name]) == BY_PRINCIPAL
    assert tuple(name for name, one in plain.items() if names(one)) == BY_PRINCIPAL


def test_each_of_the_innocent_is_named_as_seldom_as_was_asked_however_many_there_are() -> None:
    asked = WrongNames(one_in=50, within_days=7)
    for people in (1, 39, 1000):
        rate = share_of_windows(asked, people, namers=5, versions=2)
        each = 10 ** bar(rate, people, 1, 1, 1) * 2
        windows = 7 * 144
        assert each * windows * 5 * 2 == pytest.approx(1 / 50)


def test_what_is_asked_for_in_a_time_moves_the_bar_of_a_window_by_who_is_in_it() -> None:
    window = examples.window(a_dozen_around_one)
    assert people_in(window) == len(examples.NAMES)
    lax, strict = WrongNames(one_in=1, within_days=0.01), WrongNames(one_in=1000, within_days=30)
    seen = [
        asked_for(detectors(), asked, window, 1)["evasion_search"].seen_in(window)
        for asked in (lax, strict)
    ]
    assert [len(found) for found in seen] == [1, 0]
