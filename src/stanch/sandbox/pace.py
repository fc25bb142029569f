"""Pace: how fast somebody asks, and that everybody can be told to stop.

In    requests a second; a flag.
Out   yes for each request that is due; no once it is over.
Why   real clients pause; an attack that takes a second in a test takes minutes in life.
"""

import threading

from stanch.engine.clock import monotonic


class Pace:
    """So many a second, until told to stop."""

    def __init__(self, per_second: float, stop: threading.Event | None = None) -> None:
        self._gap = 1.0 / per_second if per_second > 0 else 0.0
        self._due = monotonic()
        self._stop = stop or threading.Event()

    def next(self) -> bool:
        """Waits until the next is due; false when it is over."""
        if self._gap:
            self._due = max(self._due + self._gap, monotonic() - 1.0)
            return not self._stop.wait(max(0.0, self._due - monotonic()))
        return not self._stop.is_set()


def unhurried(stop: threading.Event | None = None) -> Pace:
    """As fast as the other side answers."""
    return Pace(0.0, stop)
