"""What a guard tells: events in a bounded buffer, and what had to be dropped.

In    one raw exchange for each request.
Out   batches of events, each as the JSON it is sent as; counts of what was dropped.
Why   bodies are read on the thread that sends, so a request pays for keeping them alone. Telling
      must never slow or fill the service: where the server cannot keep up, the newest
      events are dropped and counted, never waited for.

The thread that sends takes a breath after every few events. A thread of Python's that only
computes keeps all others waiting for five milliseconds a turn, and those are the host's answers.
"""

from collections import Counter, deque
from collections.abc import Mapping
from threading import Condition
from time import sleep
from typing import Protocol

import msgspec

Event = Mapping[str, object]
LARGEST = 64 * 1024 * 1024
"""Bytes of bodies that wait to be read at most."""
SLICE = 16
"""Events that are made between two breaths."""
BREATH = 0.0003
"""Seconds."""
_encode = msgspec.json.Encoder().encode


class Raw(Protocol):
    """A request that is not an event yet: the thread that sends makes it one, not the request."""

    size: int

    def event(self) -> Event:
        """The event."""
        ...


class Buffer:
    """Events on their way to the server."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._waiting: deque[Raw] = deque()
        self._back: deque[bytes] = deque()
        self._kept = 0
        self._read = 0
        self._wanted = most
        self._ready = Condition()
        self._closed = False
        self.counts: Counter[str] = Counter()

    def offer(self, raw: Raw) -> None:
        """Keep it, or count it as dropped when the buffer is full."""
        waiting = self._waiting
        many = len(waiting) + len(self._back)
        if many >= self._most or self._kept - self._read > LARGEST:
            self.counts["events_dropped"] += 1
            return
        self._kept += raw.size
        waiting.append(raw)
        if many + 1 == self._wanted:
            with self._ready:
                self._ready.notify_all()

    def batch(self, most: int, wait: float) -> list[bytes]:
        """The next events, at most so many, after waiting at most so long for a full batch."""
        self._wanted = min(most, self._most)
        with self._ready:
            self._ready.wait_for(lambda: self._closed or len(self) >= self._wanted, timeout=wait)
        events = [self._back.popleft() for _ in range(min(most, len(self._back)))]
        made = 0
        while self._waiting and len(events) < most:
            raw = self._waiting.popleft()
            self._read += raw.size
            try:
                events.append(_encode(raw.event()))
            except Exception:  # noqa: BLE001  border: one strange body never costs the others
                self.counts["events_unread"] += 1
            made += 1
            if made % SLICE == 0:
                sleep(BREATH)
        return events

    def give_back(self, events: list[bytes]) -> None:
        """Put back what could not be sent, in front; what no longer fits is dropped and counted."""
        room = max(0, self._most - len(self))
        self._back.extendleft(reversed(events[:room]))
        self.counts["events_dropped"] += len(events) - len(events[:room])

    def close(self) -> None:
        """Wake whoever waits for a batch."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._back)
