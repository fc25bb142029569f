"""Attempts to log in: after a few wrong ones, each next one waits longer.

In    an account's name and the address it came from; monotonic seconds, so that a clock that
      jumps neither opens nor locks the door.
Out   nothing, or `Busy` with the seconds to wait; each that was refused is told on.
Why   the same answer for names that exist and names that do not; memory is bounded, and a flood of
      made-up names pushes out its own entries first, since those of real attacks are touched again.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from stanch.vocabulary.trouble import Busy

_FREE_BY_NAME = 5
_FREE_BY_SOURCE = 20
_LONGEST_S = 900.0
_MEMORY = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wrong:
    times: int
    until: float


def _nobody(_name: str, _source: str) -> None:
    """Nobody is told."""


class Attempts:
    """Counts wrong attempts by account and by source."""

    def __init__(
        self, seconds: Callable[[], float], tell: Callable[[str, str], object] = _nobody
    ) -> None:
        """No attempts yet; `tell` hears the account and the source of each that is refused."""
        self._seconds = seconds
        self._tell = tell
        self._wrong: OrderedDict[tuple[str, str], _Wrong] = OrderedDict()
        self._lock = threading.Lock()

    def allow(self, name: str, source: str) -> None:
        """Nothing, or `Busy` while this account or this source has to wait."""
        now = self._seconds()
        with self._lock:
            waits = [w.until - now for k in _keys(name, source) if (w := self._wrong.get(k))]
        longest = max(waits, default=0.0)
        if longest > 0:
            self._tell(name, source)
            raise Busy("wrong attempts to log in", max(1, round(longest)))

    def failed(self, name: str, source: str) -> None:
        """Remembers a wrong attempt, and how long the next one waits."""
        now = self._seconds()
        self._tell(name, source)
        with self._lock:
            for key in _keys(name, source):
                kept = self._wrong.pop(key, None)
                fresh = kept is None or now - kept.until > _LONGEST_S
                times = 1 if kept is None or fresh else kept.times + 1
                free = _FREE_BY_NAME if key[0] == "name" else _FREE_BY_SOURCE
                wait = min(_LONGEST_S, 2.0 ** min(times - free, 20)) if times >= free else 0.0
                self._wrong[key] = _Wrong(times=times, until=now + wait)
            while len(self._wrong) > _MEMORY:
                self._wrong.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Forgets the account's wrong attempts; those of the source stay."""
        with self._lock:
            self._wrong.pop(("name", name.casefold()), None)


def _keys(name: str, source: str) -> tuple[tuple[str, str], ...]:
    return (("name", name.casefold()[:200]), ("source", source[:200]))
