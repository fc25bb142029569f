"""The queue before the log: those who append together share one commit, and so one sync.

In    what threads want appended, each waiting for its own.
Out   one of them at a time who leads: takes all that wait, commits it, wakes them and the next.
Why   each waits on a lock of its own and the lead is handed to one who waits. Around one lock for
      all, who is done comes back first and commits alone, while the others wait for their turn
      to hear that they are done.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field


def _taken() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(kw_only=True, slots=True, eq=False)
class Asked:
    """What one thread wants to have appended."""

    leaves: list[bytes]
    source: str
    upto: int | None
    got: range | None = None
    failed: BaseException | None = None
    wake: threading.Lock = field(default_factory=_taken)
    """Let go once: when this is answered, or when it shall lead."""


class Queue:
    """Those who wait for the next commit, and whether somebody leads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Asked] = []
        self._led = False

    def leads(self, one: Asked) -> bool:
        """True when this one has to commit for all; False once it was answered."""
        with self._lock:
            self._waiting.append(one)
            if not self._led:
                self._led = True
                return True
        try:
            one.wake.acquire()
        except BaseException:
            self._leave(one)
            raise
        return one.got is None and one.failed is None

    def take(self) -> list[Asked]:
        """All who wait."""
        with self._lock:
            taken, self._waiting = self._waiting, list[Asked]()
            return taken

    def hand_on(self, done: Sequence[Asked]) -> None:
        """Wake who is answered, and let the first of those who wait now lead."""
        with self._lock:
            self._pass_on()
        for one in done:
            one.wake.release()

    def _pass_on(self) -> None:
        self._led = bool(self._waiting)
        if self._waiting:
            self._waiting[0].wake.release()

    def _leave(self, one: Asked) -> None:
        """Nobody waits for this any more; should it lead, another does."""
        with self._lock:
            if one in self._waiting:
                self._waiting.remove(one)
                if one.wake.acquire(blocking=False):
                    self._pass_on()
