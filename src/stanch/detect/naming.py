"""Naming: how often somebody innocent may be named, as a person says it, and what a window may.

In    "at most one in so many of the innocent is named in so many days"; how many are judged in a
      window, by how many detectors, on how many versions at once.
Out   the share of windows in which a detector may name somebody innocent.
Why   the bar of a detector shares a chance of its window among the principals in it. People ask for
      a share of principals in a time.
Math  Each of P principals who are there in all W windows of the time, judged by D detectors on V
      versions, is named by one of them in one window with a chance of at most 1 / (N W D V), so
      ever with 1 / N at most (Bonferroni). A detector's window then has P times that.
"""

from dataclasses import is_dataclass, replace

import numpy as np

from stanch.detect.detector import Detector
from stanch.detect.registry import Detectors
from stanch.detect.summaries.parts import Block
from stanch.detect.window import Window
from stanch.vocabulary.asset import WrongNames

WINDOWS_A_DAY = 144
JUDGED = 10
"""Rows from which every detector of principals judges somebody."""
USUAL = 1000.0
"""Once in so many windows is what detectors do unasked."""


def names(one: Detector[object]) -> bool:
    """Whether the detector says in `Limits.rate` in what share of windows it may name somebody."""
    return _at(one, 1.0) is not None


def _at(one: Detector[object], rate: float) -> Detector[object] | None:
    limits = one.limits
    if is_dataclass(limits) and not isinstance(limits, type) and hasattr(limits, "rate"):
        return replace(one, limits=replace(limits, rate=rate))
    return None


def share_of_windows(asked: WrongNames, people: int, namers: int, versions: int = 1) -> float:
    """In what share of its windows a detector may name somebody innocent."""
    windows = max(asked.within_days * WINDOWS_A_DAY, 1.0)
    share = max(people, 1) / (asked.one_in * windows * max(namers, 1) * max(versions, 1))
    return min(share, 1.0)


def people_in(window: Window) -> int:
    """How many principals are judged in this window, by every detector that judges any."""
    if window.ledger is None or not window.ledger.names:
        return 0
    return int(np.count_nonzero(window.ledger.block(Block.ROWS) >= JUDGED))


def naming_once_in(every: Detectors, windows: float) -> Detectors:
    """The detectors, each of which may name somebody innocent once in so many windows."""
    return {name: _at(one, 1 / windows) or one for name, one in every.items()}


def asked_for(every: Detectors, asked: WrongNames, window: Window, versions: int) -> Detectors:
    """The detectors, which together name in this window no more of the innocent than was asked."""
    namers = sum(names(one) for one in every.values())
    return naming_once_in(every, 1 / share_of_windows(asked, people_in(window), namers, versions))
