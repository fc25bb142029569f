"""Where the bytes of an item come from: a file or memory, read by position.

In    a path or bytes.
Out   `Source`: its size, and any stretch of it.
Why   a layout looks at headers and ends before the bytes are read once from front to back, so
      an item must be readable by position; a pipe is first kept in a spool file (vault.py).
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from stanch.vocabulary.trouble import BadFile, Conflict


class Source(Protocol):
    """Bytes that can be read by position."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """The bytes there; fewer only at the end."""
        ...

    def fill(self, offset: int, room: memoryview) -> None:
        """Nothing; the room is full of the bytes there, or `Conflict` when there are fewer now."""
        ...

    def settled(self) -> None:
        """Nothing, or `Conflict` when the bytes changed since they were opened."""
        ...


class InMemory:
    """Bytes at hand."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        """The bytes there; fewer only at the end."""
        return self._data[offset : offset + length]

    def fill(self, offset: int, room: memoryview) -> None:
        """Nothing; the room is full of the bytes there."""
        room[:] = self._data[offset : offset + len(room)]

    def settled(self) -> None:
        """Nothing: bytes at hand cannot change."""


class OnDisk:
    """A regular file, open for reading."""

    def __init__(self, path: Path, fd: int) -> None:
        self._path = path
        self._fd = fd
        self._stat = os.fstat(fd)
        if not stat.S_ISREG(self._stat.st_mode):
            raise BadFile(path, "not a regular file. Give a file; add a folder file by file.")
        self.size = self._stat.st_size

    def read(self, offset: int, length: int) -> bytes:
        """The bytes there; fewer only at the end."""
        parts: list[bytes] = []
        length = min(
            length, self.size - offset
        )  # a log that grows meanwhile must not go on forever
        while length > 0 and (part := os.pread(self._fd, length, offset)):
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def fill(self, offset: int, room: memoryview) -> None:
        """Nothing; the room is full of the bytes there, or `Conflict` when there are fewer now."""
        while room:
            got = os.preadv(self._fd, [room], offset)
            if not got:
                raise self._changed()
            room, offset = room[got:], offset + got

    def settled(self) -> None:
        """Nothing, or `Conflict` when somebody wrote to the file while it was read."""
        now = os.fstat(self._fd)
        if (now.st_size, now.st_mtime_ns) != (self._stat.st_size, self._stat.st_mtime_ns):
            raise self._changed()

    def _changed(self) -> Conflict:
        return Conflict(f"{self._path} changed while it was read. Nothing was kept; try again.")


@contextmanager
def open_source(path: Path) -> Iterator[OnDisk]:
    """The file as a source; `BadFile` when it cannot be opened or is not a regular file."""
    try:  # O_NONBLOCK: opening a named pipe must not wait for its writer
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise BadFile(path, f"cannot be read ({error.strerror}).") from error
    try:
        yield OnDisk(path, fd)
    finally:
        os.close(fd)
