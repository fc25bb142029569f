"""Events on their way: a bounded queue, and one thread that sends it.

In    events as lines of JSON, from any thread.
Out   each on the server's disk once; counts of what was kept, refused and dropped.
Why   whoever tells must not wait for the network, and must be able to ask whether all arrived.

A batch is sent again until the server answers for it; an id counts once there, so nothing doubles.
Where the server cannot be reached or says that it is busy, the queue waits and grows; where it is
full, the newest events are dropped, counted and said in the log. A process that forks begins an
empty queue in the child: what waited is the parent's to send.
"""

import atexit
import logging
import os
import weakref
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition, Thread

from stanch.vocabulary.receipt import Receipt
from stanch.vocabulary.trouble import Busy, NoSpace, Refused, TooLarge, Trouble, Unreachable
from stanch.vocabulary.words import counted

LONGEST_PAUSE = 5.0
_FIRST_PAUSE = 0.1
_GROWS = 1.5
_REASONS = 10
_LARGEST = 4_000_000
"""Bytes of a request, unless one event alone has more."""
_LAST = 2.0
_log = logging.getLogger("stanch.sdk")
Send = Callable[[bytes], Receipt]
"""Posts lines of JSON."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What became of all that was told so far."""

    accepted: int
    """On the server's disk for the first time."""
    duplicate: int
    """There already, by their ids."""
    refused: int
    """Not taken by the server; `why` says why of the first."""
    dropped: int
    """Never sent, for too many waited."""
    why: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether everything is on the server's disk."""
        return not self.refused and not self.dropped


class Outbox:
    """Lines that wait, and the thread that sends them."""

    def __init__(
        self, send: Send, where: str, *, most: int = 50_000, batch: int = 1000, every: float = 0.25
    ) -> None:
        self._send, self._where = send, where
        self._most, self._batch, self._every = most, batch, every
        self.begin()
        _all.add(self)

    def begin(self) -> None:
        """An empty queue of this process."""
        self._moved = Condition()
        self._waiting: deque[bytes] = deque()
        self._in_hand = 0
        self._counts: Counter[str] = Counter()
        self._why: list[str] = []
        self._trouble = "nothing was tried yet"
        self._said: set[str] = set()
        self._hurried = self._closed = self._gone = False
        self._thread: Thread | None = None

    def put(self, line: bytes, patience: float = 0.0) -> bool:
        """Whether there was room, now or within so many seconds."""
        with self._moved:
            room = self._moved.wait_for(self._room, patience) and not self._closed
            if room:
                self._waiting.append(line)
                self._wake()
            else:
                self._drop(1, "it is closed" if self._closed else f"{self._most} wait already")
        return room

    def flush(self, within: float) -> Kept:
        """What became of everything, once nothing waits; `Unreachable` when some still does."""
        with self._moved:
            self._hurried = True
            self._moved.notify_all()
            done = self._moved.wait_for(lambda: not len(self), within)
            self._hurried = False
            if not done:
                left = counted(len(self), "event")
                why = f"{left} not sent within {within:g} s ({self._trouble})"
                raise Unreachable(self._where, why)
            return self.kept

    def close(self, within: float) -> bool:
        """Whether everything went out in time; what did not is dropped."""
        with self._moved:
            self._closed = True
            self._moved.notify_all()
            done = self._moved.wait_for(lambda: not len(self), within)
            self._gone = True
            self._moved.notify_all()
            if not done:
                self._drop(len(self), f"it closed after {within:g} s ({self._trouble})")
                self._waiting.clear()
        return done

    @property
    def kept(self) -> Kept:
        """What became of it so far."""
        with self._moved:
            names = ("accepted", "duplicate", "refused", "dropped")
            return Kept(**{name: self._counts[name] for name in names}, why=tuple(self._why))

    def __len__(self) -> int:
        return len(self._waiting) + self._in_hand

    def _room(self) -> bool:
        return self._closed or len(self) < self._most

    def _drop(self, many: int, why: str) -> None:
        self._counts["dropped"] += many
        self._say("Events are dropped", why)

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._run, name="stanch-sdk", daemon=True)
            self._thread.start()
        elif len(self._waiting) in {1, self._batch}:
            self._moved.notify_all()

    def _run(self) -> None:
        pause, size = _FIRST_PAUSE, self._batch
        while lines := self._next(size):
            try:
                receipt = self._send(b"\n".join(lines))
            except TooLarge as large:
                size = max(1, len(lines) // 2)
                self._end(back=lines) if len(lines) > 1 else self._end(refused=(str(large),))
            except (Unreachable, Busy, NoSpace, Refused) as trouble:
                self._trouble = str(trouble)
                self._end(back=lines)
                self._say("Events wait", self._trouble)
                self._rest(trouble.retry_after if isinstance(trouble, Busy) else pause)
                pause = min(LONGEST_PAUSE, pause * _GROWS)
            except Trouble as trouble:
                self._end(refused=(str(trouble),) * len(lines))
            else:
                self._end(receipt)
                pause, size = _FIRST_PAUSE, min(self._batch, size * 2)
                self._said.clear()

    def _next(self, size: int) -> list[bytes]:
        """The lines to send next, after waiting a moment for more; none at the end."""
        with self._moved:
            self._moved.wait_for(lambda: self._waiting or self._closed)
            self._moved.wait_for(lambda: self._due(size), self._every)
            lines: list[bytes] = []
            room = _LARGEST
            while self._waiting and len(lines) < size and not self._gone:
                room -= len(self._waiting[0])
                if lines and room < 0:
                    break
                lines.append(self._waiting.popleft())
            self._in_hand = len(lines)
            return lines

    def _due(self, size: int) -> bool:
        return self._hurried or self._closed or len(self._waiting) >= size

    def _end(
        self,
        receipt: Receipt | None = None,
        *,
        back: Sequence[bytes] = (),
        refused: Sequence[str] = (),
    ) -> None:
        """What was in hand is done with, or goes back in front."""
        with self._moved:
            if receipt is not None:
                self._counts["accepted"] += receipt.accepted
                self._counts["duplicate"] += receipt.duplicate
                refused = [one.why for one in receipt.rejected]
            if refused:
                self._counts["refused"] += len(refused)
                self._why.extend(refused[: _REASONS - len(self._why)])
                self._say("Events are refused", refused[0])
            if not self._gone:
                self._waiting.extendleft(reversed(back))
            self._in_hand = 0
            self._moved.notify_all()

    def _rest(self, seconds: float) -> None:
        with self._moved:
            self._moved.wait_for(lambda: self._gone, seconds)

    def _say(self, what: str, why: str) -> None:
        """In the log, once until something went well again."""
        if what not in self._said:
            self._said.add(what)
            _log.warning("%s: %s", what, why)


_all: "weakref.WeakSet[Outbox]" = weakref.WeakSet()


def _at_end() -> None:
    """What waits when the interpreter ends gets a moment."""
    for one in list(_all):
        one.close(_LAST)


def _in_child() -> None:
    for one in list(_all):
        one.begin()


atexit.register(_at_end)
os.register_at_fork(after_in_child=_in_child)
