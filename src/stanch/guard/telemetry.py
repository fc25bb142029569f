"""What a guard tells: events in a bounded buffer, and what had to be dropped.

In    one raw exchange for each request, when its answer has left.
Out   batches of events, as the JSON they are sent as; counts of what was dropped.
Why   telling must never slow or fill the service: where the server cannot keep up, the newest
      events are dropped and counted, never waited for.

Small exchanges become JSON a hundred at a time, on the host's own thread. The first one finds its
code and data out of the processor's caches, the others find them there. Another thread, or the same
work request by request, was measured to cost several times as much; and bytes, unlike objects, are
nothing that a collector of garbage walks through. A large exchange, and one that the host's own
function reads, waits for the thread that sends. That thread takes a breath after every few of
those: a thread of Python's that only computes keeps all others waiting for five milliseconds a
turn, and those are the host's answers.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from threading import Condition
from time import sleep
from typing import NamedTuple, Protocol

Event = Mapping[str, object]
LARGEST = 64 * 1024 * 1024
"""Bytes that wait at most."""
SLICE = 16
"""Events that are made between two breaths."""
BREATH = 0.0003
"""Seconds."""
SMALL = 8192
"""Bytes of both bodies that are read on the host's thread at most."""
TOGETHER = 128
"""Small exchanges that are read at a time: a third of a millisecond."""


class Raw(Protocol):
    """A request that is not an event yet."""

    size: int

    def line(self) -> bytes:
        """The event, as JSON."""
        ...


class Bundle(NamedTuple):
    """Events, joined by commas."""

    text: bytes
    many: int


Together = Callable[[Sequence[Raw]], tuple[Bundle, Sequence[Raw]]]
"""Makes events of those it can read together; gives the others back."""


def singly(some: Sequence[Raw]) -> tuple[Bundle, Sequence[Raw]]:
    """None of them: each is read by itself."""
    return Bundle(b"", 0), some


class Buffer:
    """Events on their way to the server."""

    def __init__(self, most: int = 10_000, small: int = SMALL, together: Together = singly) -> None:
        self._most = most
        self._small = small
        self._together = together
        self._fresh: deque[Raw] = deque()
        self._waiting: deque[Raw | Bundle] = deque()
        self._back: deque[Bundle] = deque()
        self._came = self._kept = 0
        """Events that wait and their bytes, counted by the host's thread alone; what follows by
        the one that sends."""
        self._went = self._read = self._backed = 0
        self._wanted = most
        self._ready = Condition()
        self._closed = False
        self.counts: Counter[str] = Counter()

    def offer(self, raw: Raw) -> None:
        """Keep it, or count it as dropped when the buffer is full."""
        many = len(self._fresh) + self._came - self._went + self._backed
        if many >= self._most or self._kept - self._read > LARGEST:
            self.counts["events_dropped"] += 1
        elif raw.size > self._small:
            self._add(raw, 1, raw.size)
        else:
            self._fresh.append(raw)
            if len(self._fresh) >= TOGETHER:
                made = self._made(self._some())
                self._add(made, made.many, len(made.text))
        if many + 1 == self._wanted:
            with self._ready:
                self._ready.notify_all()

    def batch(self, most: int, wait: float) -> list[Bundle]:
        """The next events, after waiting at most so long for so many: these, or a bundle more."""
        self._wanted = min(most, self._most)
        with self._ready:
            self._ready.wait_for(lambda: self._closed or len(self) >= self._wanted, timeout=wait)
        events: list[Bundle] = []
        many = read = 0
        while many < most and (one := self._next()) is not None:
            if not isinstance(one, Bundle):
                one = self._made([one])
                read += 1
                if read % SLICE == 0:
                    sleep(BREATH)
            events.append(one)
            many += one.many
        if many < most:
            events.append(self._made(self._some()))
        return [one for one in events if one.many]

    def give_back(self, events: list[Bundle]) -> None:
        """Put back what could not be sent, in front; what no longer fits is dropped and counted."""
        fit, room = 0, self._most - len(self)
        while fit < len(events) and events[fit].many <= room:
            room -= events[fit].many
            self._backed += events[fit].many
            fit += 1
        self._back.extendleft(reversed(events[:fit]))
        self.counts["events_dropped"] += sum(one.many for one in events[fit:])

    def close(self) -> None:
        """Wake whoever waits for a batch."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    def __len__(self) -> int:
        return len(self._fresh) + self._came - self._went + self._backed

    def _add(self, one: Raw | Bundle, many: int, size: int) -> None:
        self._waiting.append(one)
        self._came += many
        self._kept += size

    def _next(self) -> Raw | Bundle | None:
        """The next of those that wait, taken out."""
        if self._back:
            back = self._back.popleft()
            self._backed -= back.many
            return back
        if not self._waiting:
            return None
        one = self._waiting.popleft()
        bundle = isinstance(one, Bundle)
        self._went += one.many if bundle else 1
        self._read += len(one.text) if bundle else one.size
        return one

    def _some(self) -> list[Raw]:
        """The small ones that come next, taken out; both threads come here."""
        some: list[Raw] = []
        try:
            while len(some) < TOGETHER:
                some.append(self._fresh.popleft())
        except IndexError:
            pass
        return some

    def _made(self, some: Sequence[Raw]) -> Bundle:
        """Their events; what cannot be read costs itself alone."""
        try:
            (text, many), others = self._together(some)
        except Exception:  # noqa: BLE001  border: a strange body never takes the host down
            text, many, others = b"", 0, some
        lines = [text] if many else []
        for one in others:
            try:
                lines.append(one.line())
            except Exception:  # noqa: BLE001  border: one strange body never costs the others
                self.counts["events_unread"] += 1
            else:
                many += 1
        return Bundle(b",".join(lines), many)
