"""What a guard tells: events in a bounded buffer, and what had to be dropped.

In    one raw exchange for each request, when its answer has left.
Out   batches of events, each as the JSON it is sent as; counts of what was dropped.
Why   telling must never slow or fill the service: where the server cannot keep up, the newest
      events are dropped and counted, never waited for.

Small exchanges become lines of JSON a few at a time, on the host's own thread. The first one finds
its code and data out of the processor's caches, the others find them there. Another thread, or the
same work request by request, was measured to cost several times as much; and bytes, unlike objects,
are nothing that a collector of garbage walks through. A large exchange, and one that the host's own
function reads, waits for the thread that sends. That thread takes a breath after every few of
those: a thread of Python's that only computes keeps all others waiting for five milliseconds a
turn, and those are the host's answers.
"""

from collections import Counter, deque
from collections.abc import Mapping
from threading import Condition
from time import sleep
from typing import Protocol

Event = Mapping[str, object]
LARGEST = 64 * 1024 * 1024
"""Bytes of bodies that wait to be read at most."""
SLICE = 16
"""Events that are made between two breaths."""
BREATH = 0.0003
"""Seconds."""
SMALL = 8192
"""Bytes of both bodies that are read on the host's thread at most."""
TOGETHER = 64
"""Small exchanges that are read at a time: a quarter of a millisecond."""


class Raw(Protocol):
    """A request that is not an event yet."""

    size: int

    def line(self) -> bytes:
        """The event, as JSON."""
        ...


class Buffer:
    """Events on their way to the server."""

    def __init__(self, most: int = 10_000, small: int = SMALL) -> None:
        self._most = most
        self._small = small
        self._fresh: deque[Raw] = deque()
        self._waiting: deque[Raw | bytes] = deque()
        self._back: deque[bytes] = deque()
        self._kept = 0
        """Bytes that came, counted by the host's thread alone; `_read` by the one that sends."""
        self._read = 0
        self._wanted = most
        self._ready = Condition()
        self._closed = False
        self.counts: Counter[str] = Counter()

    def offer(self, raw: Raw) -> None:
        """Keep it, or count it as dropped when the buffer is full."""
        many = len(self)
        if many >= self._most or self._kept - self._read > LARGEST:
            self.counts["events_dropped"] += 1
            return
        self._kept += raw.size
        if raw.size > self._small:
            self._waiting.append(raw)
        else:
            self._fresh.append(raw)
            if len(self._fresh) >= TOGETHER:
                lines, size = self._lines(TOGETHER)
                self._kept += sum(map(len, lines)) - size
                self._waiting.extend(lines)
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
            one = self._waiting.popleft()
            if isinstance(one, bytes):
                self._read += len(one)
                events.append(one)
                continue
            self._read += one.size
            events.extend(self._line(one))
            made += 1
            if made % SLICE == 0:
                sleep(BREATH)
        lines, size = self._lines(min(TOGETHER, most - len(events)))
        self._read += size
        return events + lines

    def _lines(self, most: int) -> tuple[list[bytes], int]:
        """What the small ones that wait become, and the bytes of bodies that were read for it."""
        made: list[bytes] = []
        size = 0
        for _ in range(most):
            try:  # both threads come here
                one = self._fresh.popleft()
            except IndexError:
                break
            size += one.size
            made.extend(self._line(one))
        return made, size

    def _line(self, raw: Raw) -> tuple[bytes, ...]:
        """The event, or nothing."""
        try:
            return (raw.line(),)
        except Exception:  # noqa: BLE001  border: one strange body never costs the others
            self.counts["events_unread"] += 1
            return ()

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
        return len(self._fresh) + len(self._waiting) + len(self._back)
