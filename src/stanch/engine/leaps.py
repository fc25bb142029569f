"""Leaps: a clock that was set by hours is not time that went by.

In    the machine's clock, and the seconds since it started, which nobody can set.
Out   the time as it would be without the leap, until somebody has taken it in; how long it is.
Why   what is bounded lasts as long as was said, and not as long as a clock says that was wrong for
      a moment. Seconds that a machine slept are time that went by.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from stanch.engine.clock import Clock
from stanch.engine.ports import Transaction

LEAP = timedelta(minutes=1)
"""A clock that is corrected by less is followed."""


class Leaps:
    """Watches one clock."""

    def __init__(self, clock: Clock, elapsed: Callable[[], float] | None = None) -> None:
        """Without `elapsed` the clock is believed whatever it says."""
        self._clock, self._elapsed = clock, elapsed
        self._taken = clock(), elapsed() if elapsed else 0.0

    def now(self) -> datetime:
        """The time, as if the clock had not leapt."""
        at = self._clock()
        if self._elapsed is None:
            return at
        ahead = self._ahead(at, self._elapsed())
        if abs(ahead) > LEAP:
            return at - ahead
        return at

    def leapt(self) -> timedelta:
        """How far it leapt ahead, or back (below nought), since this was taken in."""
        if self._elapsed is None:
            return timedelta()
        at, gone = self._clock(), self._elapsed()
        ahead = self._ahead(at, gone)
        if abs(ahead) > LEAP:
            return ahead
        self._taken = at, gone
        return timedelta()

    def over(self) -> None:
        """It is taken in: from here on the clock is believed."""
        self._taken = self._clock(), self._elapsed() if self._elapsed else 0.0

    def _ahead(self, at: datetime, gone: float) -> timedelta:
        before, then = self._taken
        return (at - before) - timedelta(seconds=gone - then)


IT_WAS_SET = "the clock was set {}, so what has an end keeps the time that it had left"
_KEPT = "_leapt"
"""The setting that holds the last leap; the underscore hides it from lists."""
_ALIKE, _TOGETHER = timedelta(seconds=5), timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Leapt:
    """How far a clock leapt, and what it showed then."""

    by: timedelta
    at: datetime


def seen_already(tx: Transaction, by: timedelta, at: datetime) -> bool:
    """Whether another process of this machine took in this leap; if not, this one does."""
    text = tx.settings.get(_KEPT)
    last = msgspec.json.decode(text, type=Leapt) if text else None
    if last is not None and abs(last.by - by) < _ALIKE and abs(last.at - at) < _TOGETHER:
        return True
    tx.settings.put(_KEPT, msgspec.json.encode(Leapt(by=by, at=at)).decode())
    return False


def by_so_much(by: timedelta) -> str:
    """In which direction and how far, in words."""
    minutes = round(abs(by).total_seconds() / 60)
    return f"{'ahead' if by > timedelta() else 'back'} by {minutes} min"
