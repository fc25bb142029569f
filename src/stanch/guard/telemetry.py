"""What a guard tells: events in a bounded buffer, and what had to be dropped.

In    one raw exchange for each request, when its answer has left.
Out   batches of events, as the JSON they are sent as; counts of what was dropped.
Why   telling must never slow or fill the service: where the server cannot keep up, the newest
      events are dropped and counted, never waited for.

Small exchanges become bytes a hundred at a time, on the host's own thread: as they are, where the
server reads them, else as JSON. The first one finds its code and data out of the processor's
caches, the others find them there. Another thread, or the same work request by request, was
measured to cost several times as much; and bytes, unlike objects, are nothing that a collector of
garbage walks through. A large exchange, and one that the host's own
function reads, waits for the thread that sends. That thread takes a breath after every few of
those: a thread of Python's that only computes keeps all others waiting for five milliseconds a
turn, and those are the host's answers.
"""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import repeat, starmap
from threading import Condition
from time import sleep
from typing import NamedTuple, Protocol

from stanch.guard.lines import Bare

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
MANY = 4 * TOGETHER
"""Where so many go out at once, the few that came last are left to be read together with the next
ones, on the host's thread: they go out a batch later, and cost a fifth."""


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


class Packed(Bundle):
    """Events whose bodies somebody else reads."""


class Makes(Protocol):
    """Who makes events of what was heard."""

    def together(self, some: Sequence[Raw | Bare]) -> tuple[Bundle, Sequence[Raw]]:
        """The events of those that can be read together; the others."""
        ...

    def alone(self, one: Bare, /) -> Raw:
        """What is read by itself."""
        ...

    def unread(self, error: Exception, /) -> None:
        """Say that something could not be read."""
        ...


class Unread:
    """Nobody: what is heard is told of by none."""

    def together(self, some: Sequence[Raw | Bare]) -> tuple[Bundle, Sequence[Raw]]:
        """Whatever can be read by itself."""
        return Bundle(b"", 0), [one for one in some if not isinstance(one, tuple)]

    def alone(self, one: Bare, /) -> Raw:
        """Nothing."""
        raise LookupError(one)

    def unread(self, error: Exception, /) -> None:
        """Nobody is there to say it."""


_UNREAD = Unread()


class Buffer:
    """Events on their way to the server."""

    def __init__(self, most: int = 10_000, small: int = SMALL, makes: Makes = _UNREAD) -> None:
        self._makes = makes
        self._most = most
        self.small = small
        self.fresh: deque[Raw | Bare] = deque()
        """Small ones that nobody has read; whoever listens adds to them while there are fewer than
        `calm` and both bodies have `small` bytes at most: most are kept without a call."""
        self._waiting: deque[Raw | Bundle] = deque()
        self._back: deque[Bundle] = deque()
        self._came = self._kept = 0
        """Events that wait and their bytes, counted by the host's thread alone; what follows by
        the one that sends."""
        self._went = self._read = self._backed = 0
        self._wanted = most
        self.calm = -1
        """Fewer fresh ones than this, and nothing is to be done."""
        self._ready = Condition()
        self._closed = False
        self.counts: Counter[str] = Counter()

    def hear(self, one: Bare) -> None:
        """Keep an exchange that is to be told of."""
        if len(one[0]) + len(one[1]) > self.small:
            self.offer(self._makes.alone(one))
        else:
            self._keep(one)

    def offer(self, raw: Raw) -> None:
        """Keep what is read by itself."""
        if raw.size <= self.small:
            self._keep(raw)
        elif self._room():
            self._add(raw, 1, raw.size)
            self._tell()

    def _keep(self, one: Raw | Bare) -> None:
        if not self._room():
            return
        fresh = self.fresh
        fresh.append(one)
        if len(fresh) >= TOGETHER:
            for made in self._made(self._some()):
                self._add(made, made.many, len(made.text))
        self._tell()
        rest = len(self) - len(fresh)
        self.calm = min(TOGETHER - 1, self._wanted - rest - 1, self._most - rest)

    def _room(self) -> bool:
        """Whether there is room for one more; else it is counted as dropped."""
        if len(self) < self._most and self._kept - self._read <= LARGEST:
            return True
        self.counts["events_dropped"] += 1
        return False

    def _tell(self) -> None:
        """Wake who waits for so many."""
        if len(self) == self._wanted:
            with self._ready:
                self._ready.notify_all()

    def batch(self, most: int, wait: float) -> list[Bundle]:
        """The next events, after waiting at most so long for so many: these, or a bundle more.

        Where many go out, fewer than are read together may stay for the next batch.
        """
        self._wanted, self.calm = min(most, self._most), -1
        with self._ready:
            self._ready.wait_for(lambda: self._closed or len(self) >= self._wanted, timeout=wait)
        events: list[Bundle] = []
        many = read = 0
        while many < most and (one := self._next()) is not None:
            if isinstance(one, Bundle):
                made = [one]
            else:
                made = self._made([one])
                read += 1
                if read % SLICE == 0:
                    sleep(BREATH)
            events.extend(made)
            many += sum(one.many for one in made)
        if many < min(most, MANY) or (many < most and self._closed):
            events.extend(self._made(self._some()))
        return events

    def give_back(self, events: list[Bundle]) -> None:
        """Put back what could not be sent, in front; what no longer fits is dropped and counted."""
        fit, room, self.calm = 0, self._most - len(self), -1
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
        return len(self.fresh) + self._came - self._went + self._backed

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

    def _some(self) -> list[Raw | Bare]:
        """The small ones that come next, taken out; both threads come here."""
        some: list[Raw | Bare] = []
        with suppress(IndexError):
            some.extend(starmap(self.fresh.popleft, repeat((), TOGETHER)))
        return some

    def _made(self, some: Sequence[Raw | Bare]) -> list[Bundle]:
        """Their events; what cannot be read costs itself alone."""
        try:
            made, others = self._makes.together(some)
        except Exception as error:  # noqa: BLE001  border: a strange body never takes the host down
            self.counts["batches_read_one_by_one"] += 1
            self._makes.unread(error)
            each = [self._makes.alone(one) if isinstance(one, tuple) else one for one in some]
            made, others = Bundle(b"", 0), each
        lines = []
        for one in others:
            try:
                lines.append(one.line())
            except Exception as error:  # noqa: BLE001  border: a strange body never costs the others
                self.counts["events_unread"] += 1
                self._makes.unread(error)
        return [one for one in (made, Bundle(b",".join(lines), len(lines))) if one.many]
