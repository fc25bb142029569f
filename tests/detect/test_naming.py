"""How often somebody innocent may be named is asked for in words, and moves the bar of each."""

from dataclasses import replace

import numpy as np

from stanch.detect import examples
from stanch.detect.registry import detectors, naming_once_in
from stanch.detect.summaries.columns import Columns
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
    assert naming_once_in(1000.0) == dict(detectors())


def test_who_allows_more_wrong_names_has_a_faint_search_named() -> None:
    window = examples.window(a_dozen_around_one)
    seen = {n: naming_once_in(n)["evasion_search"].seen_in(window) for n in (1000.0, 1.0)}
    assert seen[1000.0] == ()
    (found,) = seen[1.0]
    assert isinstance(found, Finding)
    assert [s.principal for s in found.suspects] == [examples.NAMES[examples.ODD_ONE]]


def test_it_is_asked_of_every_detector_of_principals_and_of_no_other() -> None:
    strict, plain = naming_once_in(1e6), detectors()
    assert tuple(name for name in plain if strict[name] != plain[name]) == BY_PRINCIPAL
