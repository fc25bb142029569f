"""Back-pressure from measurements: how fast the disk syncs, how fast rows drain to the lake."""

import time

from stanch.vocabulary.trouble import Busy

_NEWEST = 0.2
"""The weight of the newest measurement in the running mean."""
_SLOWEST = 1000.0
"""Rows per second assumed before a drain was measured."""
_LONGEST = 300


class Pressure:
    """Running means of what was measured, and the refusals that follow from them."""

    def __init__(self) -> None:
        self.sync_seconds = 0.005
        self.drain_rate = 0.0
        self._drained_at = time.monotonic()

    def synced(self, seconds: float) -> None:
        """Notes how long one write and fsync took."""
        self.sync_seconds += _NEWEST * (seconds - self.sync_seconds)

    def drained(self, rows: int) -> None:
        """Notes that rows reached the lake."""
        now = time.monotonic()
        seconds, self._drained_at = max(1e-3, now - self._drained_at), now
        if rows:
            self.drain_rate += (_NEWEST if self.drain_rate else 1.0) * (
                rows / seconds - self.drain_rate
            )

    def busy_disk(self, batches: int) -> Busy:
        """Too many batches wait for the disk."""
        wait = min(_LONGEST, max(1, round(batches * self.sync_seconds)))
        return Busy(f"{batches} batches wait for the disk", wait)

    def busy_backlog(self, size: int, rows: int) -> Busy:
        """Too much waits for the roll-up; the wait is what that many rows take to drain."""
        wait = min(_LONGEST, max(1, round(rows / (self.drain_rate or _SLOWEST))))
        return Busy(f"{size >> 20} MiB of events wait to be rolled up", wait)
