"""People: a ledger as one line of numbers for each principal, ready to be compared.

In    a window's ledger and its baseline.
Out   `People`: who has enough rows, their blocks; `Ground`: what the baseline says of all rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stanch.detect.habits.shares import FEWEST
from stanch.detect.summaries.arrays import Flags, Floats, Ints
from stanch.detect.summaries.ledger import PLACES, Ledger
from stanch.detect.summaries.parts import (
    AMPLITUDE,
    BLOCK_WAVES,
    MAIN_AXES,
    MANIFOLD_BINS,
    SAMPLED,
    Block,
    Part,
    Peak,
)
from stanch.detect.summaries.sample import FLAGGED, FLAGS
from stanch.detect.summaries.sketch import SMALL
from stanch.detect.window import Baseline, Window
from stanch.detect.wording import NO_BASELINE
from stanch.vocabulary.words import counted

LONG = 10
"""Rows of a principal in the baseline from which it tells of a habit."""
FEW_PEERS = 3
"""Principals known from the baseline whose middle tells what everybody does now."""
BY_CHANCE = 2.0
"""So many times more than usual may the middle one of few people vary by chance."""
WAVE_POWER = 8 / 15
"""The mean square of a wave drawn with two parabolas."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class People:
    """Some principals of a ledger, line by line."""

    names: tuple[str, ...]
    rows: Ints
    ledger: Ledger
    places: Ints
    """Their lines in the ledger."""
    known: Flags
    """(P,) who of them was there in the baseline."""

    def count(self, block: Block) -> Floats:
        """(P,) a count that is one number."""
        lines = self.ledger.table[self.places]
        return lines[:, PLACES[block].start].astype(float)

    def waves(self) -> Floats:
        """(P, 64) mean waves."""
        sums = self.ledger.block(Block.WAVES)[self.places]
        return sums / (np.maximum(self.rows, 1)[:, None] * AMPLITUDE)

    def moments(self) -> Floats:
        """(P, 2, 10) first and second moments along the main axes."""
        return (
            self.ledger.block(Block.MOMENTS)[self.places] / np.maximum(self.rows, 1)[:, None, None]
        )

    def confident(self) -> Floats:
        """(P,) rows whose margin is in the highest sixteenth."""
        return self.ledger.block(Block.MARGIN)[self.places][:, -1].astype(float)

    def fresh(self, counts: Floats, *, surely: bool = False) -> Floats:
        """(P,) the counts, less what repeats of one input may have put into them.

        `surely`: less the most that repeats may be, so that who sends one odd input again and again
        is not taken for somebody with several.
        """
        return np.clip(counts - self.repeats(most=surely), 0.0, self.trials())

    def different(self, block: Block) -> Floats:
        """(P,) at least so many different inputs have this property; exact up to 64 of them."""
        surely = self.fresh(self.count(block), surely=True)
        if block not in FLAGGED:
            return surely
        bit = np.uint8(1 << FLAGGED.index(block))
        drawn = self.ledger.keys[self.places] > 0
        flags = self.ledger.cards[self.places, :, FLAGS] & bit
        return np.maximum(surely, ((flags > 0) & drawn).sum(axis=1))

    def trials(self) -> Floats:
        """(P,) rows less repeats of one input: asking again is not asking more."""
        return np.maximum(self.rows - self.repeats(), 1.0)

    def weight(self) -> Floats:
        """(P,) rows that a mean over these rows is worth, when all repeats are of one input."""
        repeats = self.repeats()
        return self.rows**2 / ((repeats + 1) ** 2 + np.maximum(self.rows - repeats - 1, 0))

    def repeats(self, *, most: bool = False) -> Floats:
        """(P,) rows that ask an input again: exact up to 63 different inputs.

        Beyond, the fewest (or `most`) that the sketch of inputs allows within one and a half of its
        standard errors: sqrt(m (e^t - t - 1)) of m registers while they count linearly (t = n / m),
        then 6.5 %. Where it shows no repeats there is no more than none.
        """
        drawn = (self.ledger.keys[self.places] > 0).sum(axis=1)
        about = np.array(self.ledger.different_inputs(), np.float64)[self.places]
        shown = self.rows - np.maximum(about, SAMPLED)
        error = self._error()
        told = shown + 1.5 * np.minimum(shown, error) if most else shown - 1.5 * error
        again = np.maximum(np.where(drawn < SAMPLED, self.rows - drawn, told), 0.0)
        return np.minimum(again, np.maximum(self.rows - 1.0, 0.0))

    def _error(self) -> Floats:
        """(P,) the standard error of a sketch with as many different things as there are rows."""
        filled = np.minimum(self.rows / SMALL, 2.5)
        linear = np.sqrt(SMALL * (np.exp(filled) - filled - 1))
        return linear * np.maximum(self.rows / (2.5 * SMALL), 1.0)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Ground:
    """The mean vectors of all rows of the baseline."""

    waves: Floats
    """(64,)"""
    waves_chance: float
    """The variance of one row, over all waves."""
    axes: Floats
    """(10,) means along the main axes."""
    width: Floats
    """(10,) variances along them; 0 where nothing varies."""
    off: float
    """The share of rows held out that lie off the manifold."""
    outside: float
    """The share of new rows of the same kind that lie outside the range seen so far."""
    strayed: float
    """The share of them, at most, of which several numbers do (Markov: numbers hang together)."""


def people(ledger: Ledger, enough: int, habits: Ledger | None = None) -> People:
    """The principals with at least so many rows; `habits` tells who was there before."""
    rows = ledger.block(Block.ROWS)[:, 0]
    places = np.flatnonzero(rows >= enough)
    names = tuple(ledger.names[i] for i in places)
    before = frozenset(habits.names) if habits is not None else frozenset()
    return People(
        names=names,
        rows=rows[places],
        ledger=ledger,
        places=places,
        known=np.array([name in before for name in names], np.bool_),
    )


def ground(baseline: Baseline) -> Ground:
    """What the golden summary says of all rows."""
    sums = baseline.golden.sums
    rows = max(baseline.golden.n, 1)
    waves = sums[Part.WAVES][:BLOCK_WAVES] / (rows * AMPLITUDE)
    first, second = sums[Part.MOMENTS] / rows
    grades = sums[Part.MANIFOLD]
    different = min(baseline.golden.different(Peak.INPUTS), rows)
    outside = 2 * len(baseline.plan.numbers) / (different + 1)
    return Ground(
        waves=waves,
        waves_chance=max(BLOCK_WAVES * WAVE_POWER - float((waves * waves).sum()), 1e-9),
        axes=first,
        width=np.maximum(second - first * first, 0.0).reshape(MAIN_AXES),
        outside=min(outside, 1.0),
        strayed=min(outside / baseline.plan.straying, 1.0),
        off=float(grades[MANIFOLD_BINS - 1] / max(int(grades.sum()), 1)),
    )


def peers(who: People, values: Floats) -> Floats | None:
    """The middle of the window's own principals, coordinate by coordinate; None when too few.

    A change that comes to all, like a drift or a wrong unit, moves the middle too and accuses
    nobody. The middle is that of the principals who were there in the baseline: twenty new keys
    that copy a model are no custom of the place. Half of those known would have to be attackers to
    hide behind it; `joint_structure` sees them then.
    """
    if who.known.sum() >= FEW_PEERS:
        return np.median(values[who.known], axis=0)
    return np.median(values, axis=0) if len(who.names) >= FEWEST else None


def looser(who: People, ratio: Floats, shape: float = 0.5) -> float:
    """How many times more than usual people vary now, at least once.

    When the world or a unit changes, people do not all move alike: who asks about other things
    moves farther. `ratio` says of each how far it is, squared, for what is usual; it is of mean one
    and, as gamma variables of this shape, of median (1 - 1 / 9 shape)^3. Those who tell are those
    of `peers`, and half of them would have to be attackers to move their middle.
    """
    middle = peers(who, ratio)
    if middle is None:
        return 1.0
    more = float(middle) / max(1 - 1 / (9 * shape), 0.1) ** 3
    return more if more > BY_CHANCE else 1.0


def unable(window: Window, enough: int, *, needs: Callable[[Baseline], str] | None = None) -> str:
    """Why principals cannot be compared in this window; empty when they can."""
    base = window.baseline
    if base is None or window.ledger is None:
        return NO_BASELINE
    if base.habits is None or not window.ledger.n:
        return "the baseline knows no principals" if base.habits is None else "no answers"
    known = len(people(base.habits, LONG).names)
    if known < FEWEST:
        return (
            f"the baseline knows {counted(known, 'principal')} with {LONG} answers; {FEWEST} needed"
        )
    if not window.ledger.names:
        return f"none of the {window.ledger.n} answers names its principal"
    most = int(window.ledger.block(Block.ROWS).max())
    if most < enough:
        return f"the busiest principal asked {counted(most, 'time')}; {enough} needed"
    return needs(base) if needs is not None else ""
