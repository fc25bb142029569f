"""What a guard tells: events in a bounded buffer, and what had to be dropped.

In    one event for each request. Out   batches; counts of what was kept, sent and dropped.
Why   telling must never slow or fill the service: where the server cannot keep up, the newest
      events are dropped and counted, never waited for.
"""

from collections import Counter, deque
from collections.abc import Mapping
from threading import Condition

Event = Mapping[str, object]


class Buffer:
    """Events on their way to the server."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._events: deque[Event] = deque()
        self._ready = Condition()
        self._closed = False
        self.counts: Counter[str] = Counter()

    def offer(self, event: Event) -> None:
        """Keep the event, or count it as dropped when the buffer is full."""
        if len(self._events) >= self._most:
            self.counts["events_dropped"] += 1
            return
        self._events.append(event)

    def batch(self, most: int, wait: float) -> list[Event]:
        """The next events, at most so many, after waiting at most so long for a full batch."""
        with self._ready:
            self._ready.wait_for(lambda: self._closed or len(self._events) >= most, timeout=wait)
        return [self._events.popleft() for _ in range(min(most, len(self._events)))]

    def give_back(self, events: list[Event]) -> None:
        """Put back what could not be sent, in front; what no longer fits is dropped and counted."""
        room = max(0, self._most - len(self._events))
        self._events.extendleft(reversed(events[:room]))
        self.counts["events_dropped"] += len(events) - len(events[:room])

    def close(self) -> None:
        """Wake whoever waits for a batch."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    def __len__(self) -> int:
        return len(self._events)
