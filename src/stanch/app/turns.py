"""Turns: one process at a time does a thing, and one that stands still holds up nobody.

In    a folder and a store that all share, who lives.
Out   a block that one process is in at a time; `Stale` for who comes back too late.
Why   a file's lock is quick, and goes with a process that dies. A machine that is paused, or whose
      disk hangs, keeps it. So the file has a number, which stands in the store: once its holder is
      not among the living any more, who waits raises the number, and the next file is what counts.
      Whoever was passed over finds that in its next commit, within its transaction, and keeps
      nothing of that turn.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Protocol

from stanch.engine.ports import Transaction
from stanch.engine.shares import Split
from stanch.store.lock import locked
from stanch.vocabulary.trouble import Busy, Stale

WAIT = 60.0
"""Seconds that a holder who lives is waited for."""
SURE = 2.0
"""Seconds that one and the same holder is seen before it is passed over."""
_LOOK_EVERY = 0.02
_NUMBER = "turn/"


class Store(Protocol):
    """Where the numbers stand."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction that may write."""
        ...

    def look(self) -> AbstractContextManager[Transaction]:
        """A steady view."""
        ...

    def only_if(self, sure: Callable[[Transaction], None]) -> AbstractContextManager[None]:
        """Has every transaction of this thread that may write ask first, within itself."""
        ...


class Turns:
    """The turns of one process, beside others on the same folder; alone, it is always its turn."""

    def __init__(self, folder: Path, store: Store, split: Split | None) -> None:
        self._folder = folder
        self._store = store
        self._split = split

    @contextmanager
    def held(self, task: str) -> Iterator[None]:
        """The block, while no other process that lives is in one of the same task."""
        if self._split is None:
            yield
            return
        number, file = self._taken(task, self._split)

        def sure(tx: Transaction) -> None:
            now = _number(tx, task)
            if now != number:
                raise Stale(f"turn of {task}", number, now)

        try:
            with self._store.only_if(sure):
                yield
        finally:
            os.close(file)

    def _taken(self, task: str, split: Split) -> tuple[int, int]:
        """The number that counts, and its file, whose lock is ours."""
        end = monotonic() + WAIT
        while True:
            with self._store.look() as tx:
                number = _number(tx, task)
            path = self._file(task, number)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                gone = _waited(file, split, end)
                if not gone:
                    os.ftruncate(file, 0)
                    os.pwrite(file, split.name.encode(), 0)
                    return number, file
                self._pass_over(task, number)
            except BaseException:
                os.close(file)
                raise
            os.close(file)
            path.unlink(missing_ok=True)

    def _pass_over(self, task: str, number: int) -> None:
        """Has the next file count, unless somebody else saw to that."""
        with self._store.begin() as tx:
            if _number(tx, task) == number:
                tx.settings.put(_NUMBER + task, str(number + 1))

    def _file(self, task: str, number: int) -> Path:
        return self._folder / (f"{task}-{number}.lock" if number else f"{task}.lock")


def _waited(file: int, split: Split, end: float) -> str:
    """Who has the lock and is gone; nobody once it is ours. `Busy` where one who lives keeps it."""
    before, since = "", monotonic()
    while not locked(file):
        holder = os.pread(file, 200, 0).decode(errors="replace")
        now, living = monotonic(), split.living()
        if holder != before:
            before, since = holder, now
        if now - since > SURE and split.name in living and holder not in living:
            return holder or "nobody"
        if now > end:
            raise Busy(f"{holder or 'another process'} does not end its turn", 5)
        sleep(_LOOK_EVERY)
    return ""


def _number(tx: Transaction, task: str) -> int:
    return int(tx.settings.get(_NUMBER + task) or 0)
