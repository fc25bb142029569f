"""Shifts: what all detectors on one of the alarms' streams share.

In    a window and a stream.
Out   why one cannot tell; how far the shares moved; who accounts for rows that are too many.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stanch.detect.alarms.reading import Reading, Stream
from stanch.detect.alarms.shares import single_excess
from stanch.detect.alarms.streams import table
from stanch.detect.habits.people import LONG
from stanch.detect.habits.shares import FEWEST
from stanch.detect.summaries.arrays import Floats
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.parts import Block, Part
from stanch.detect.window import Window
from stanch.detect.wording import NO_BASELINE
from stanch.vocabulary.finding import Suspect
from stanch.vocabulary.ids import PrincipalId
from stanch.vocabulary.words import counted

MOST_SUSPECTS = 10
LEAST_SHARE = 0.1
"""Of the rows that are too many, what one principal must account for to be a suspect."""
ODDS = 1e4
"""The evidence that it takes, for each principal there is."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Moved:
    """A stream that alarms, with its shares."""

    reading: Reading
    now: Floats
    """(M, B)"""
    then: Floats
    ordered: bool

    @property
    def change(self) -> Floats:
        """(M,) the largest change of any share, of any tail when the bins have an order."""
        gap = self.now - self.then
        if self.ordered:
            gap = np.cumsum(gap, axis=1)
        return np.abs(gap).max(axis=1)

    @property
    def strength(self) -> float:
        """Evidence against chance, as a power of ten."""
        return round(max(self.reading.strength, self.reading.since_start), 2)


def blind(window: Window, enough: int) -> str:
    """Why this window cannot be compared with its baseline; empty when it can."""
    if window.baseline is None or window.now is None:
        return NO_BASELINE
    return f"{counted(window.n, 'answer')}; {enough} needed" if window.n < enough else ""


def unanswered(window: Window, enough: int) -> str:
    """Why answers cannot be compared, also where the baseline's tell none; empty when they can."""
    why, base = blind(window, enough), window.baseline
    if why or base is None:
        return why
    sums = base.golden.sums
    said = sums[Part.PREDICTIONS][:-1].any() or sums[Part.VALUE].any() or sums[Part.SCORES].any()
    return "" if said else "the baseline's answers tell no class, number or score"


def moved(window: Window, stream: Stream) -> Moved | None:
    """The stream with its shares now and then, if it alarms."""
    reading = window.readings.get(stream)
    if reading is None or not reading.alarm or window.baseline is None or window.now is None:
        return None
    here = table(stream, window.now, window.baseline.plan)
    there = table(stream, window.baseline.golden, window.baseline.plan)
    return Moved(
        reading=reading,
        now=here.counts / np.maximum(here.counts.sum(axis=1, keepdims=True), 1),
        then=there.counts / np.maximum(there.counts.sum(axis=1, keepdims=True), 1),
        ordered=here.ordered,
    )


def who_made(ledger: Ledger | None, counts: Floats, usual: float) -> tuple[Suspect, ...]:
    """The principals who account for rows beyond the usual share, if it is a few of them.

    Usual is the baseline's share or the middle principal's in this window, whichever is more: what
    comes to everybody is nobody's doing.
    """
    if ledger is None or not ledger.names:
        return ()
    rows = ledger.block(Block.ROWS)[:, 0]
    long = rows >= LONG
    if long.sum() >= FEWEST:
        usual = max(usual, float(np.median(counts[long] / rows[long])))
    beyond = np.maximum(counts - rows * usual, 0.0)
    whole = max(float(beyond.sum()), 1e-9)
    order = np.argsort(-beyond, kind="stable")[:MOST_SUSPECTS]
    found: list[Suspect] = []
    for i in order:
        share = float(beyond[i]) / whole
        sure = single_excess(int(rows[i]), int(counts[i]), usual) - np.log(ODDS * len(rows))
        if share >= LEAST_SHARE and sure >= 0:
            name = PrincipalId(ledger.names[i])
            sureness = round(min(1.0, 0.5 + float(sure) / 20), 4)
            found.append(Suspect(principal=name, share=round(share, 4), confidence=sureness))
    return tuple(found)


def counts_of(ledger: Ledger | None, block: Block, columns: Sequence[int] = (0,)) -> Floats:
    """(P,) counts of these columns of a block, added up."""
    if ledger is None or not ledger.names:
        return np.zeros(0)
    return (
        ledger.block(block)
        .reshape(len(ledger.names), -1)[:, list(columns)]
        .sum(axis=1)
        .astype(float)
    )
