"""One writer per folder: a lock the kernel gives back when the process dies, however it dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from stanch.vocabulary.trouble import Busy, InUse

WAIT = 60.0
"""Seconds that somebody else's turn is waited for."""
_LOOK_EVERY = 0.02


class FolderLock:
    """The lock of a folder, held until closed; a shared one keeps out only who wants it alone."""

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.flock(self._file, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(self._file, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            raise InUse(pid, folder) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def close(self) -> None:
        """Gives the lock back."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


@contextmanager
def in_turn(path: Path, wait: float = WAIT) -> Iterator[None]:
    """Holds this file's lock for the block, after whoever holds it now, in whatever process.

    `Busy` when that one does not end: a process may be stopped, or its disk may hang.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end = monotonic() + wait
        while not locked(file):
            if monotonic() > end:
                raise Busy(f"another process holds {path} and does not move", 5)
            sleep(_LOOK_EVERY)
        yield
    finally:
        os.close(file)


def locked(file: int) -> bool:
    """Whether the file's lock is ours now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
