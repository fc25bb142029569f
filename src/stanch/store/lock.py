"""One stanch for each data folder: a lock that the system itself lets go of when a process dies.

In    a data folder.
Out   a held lock, or `InUse` with the pid of the one that holds it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stanch.vocabulary.trouble import InUse

_NAME = "stanch.lock"


@contextmanager
def folder_lock(path: Path) -> Iterator[Path]:
    """The lock file, held until the block ends; `InUse` when another process holds it."""
    path.mkdir(parents=True, exist_ok=True)
    name = path / _NAME
    handle = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise InUse(os.pread(handle, 20, 0).decode().strip() or "unknown", path) from held
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield name
    finally:
        # The file stays: removing it would let two processes lock two files of one name.
        os.close(handle)
