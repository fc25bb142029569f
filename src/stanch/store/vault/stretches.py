"""A new file written in long stretches, past the cache of the system where that is possible.

In    an empty file's descriptor; bytes, front to back.
Out   the same bytes in the file: all of them after `settle`, on the disk after the caller's fsync.
Why   copying a gigabyte into the system's cache and from there to the disk takes as much of the
      processor as hashing it, and pushes out what other programs kept there. Stretches go from our
      memory to the disk (O_DIRECT), one while the next one fills. What is left at the end, which
      need not be a whole number of the disk's blocks, goes the usual way; so does everything where
      a file system knows no other.
"""

import errno
import fcntl
import mmap
import os
from concurrent.futures import Future, ThreadPoolExecutor

STRETCH = 4 << 20
_ELSEWHERE = {errno.EINVAL, errno.ENOTSUP}
"""What file systems say that know only the usual way."""


class Stretches:
    """Bytes on their way into one file."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._at = 0
        self._filling: mmap.mmap | None = None
        self._spare: mmap.mmap | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._under_way: Future[None] | None = None

    def add(self, data: bytes) -> int:
        """The position at which these bytes will stand."""
        start, rest = self._at, memoryview(data)
        while rest:
            if self._filling is None:  # pages of its own: the disk takes no other address
                self._filling = mmap.mmap(-1, STRETCH)
            used = self._at % STRETCH
            part = rest[: STRETCH - used]
            self._filling[used : used + len(part)] = part
            self._at += len(part)
            rest = rest[len(part) :]
            if self._at % STRETCH == 0:
                self._send(self._filling)
        return start

    def settle(self) -> None:
        """Nothing; everything is in the file. Nothing can be added after it."""
        self._wait()
        _past_cache(self._fd, wanted=False)
        left = self._at % STRETCH
        if left and self._filling is not None:
            _write(self._fd, memoryview(self._filling)[:left], self._at - left)

    def close(self) -> None:
        """Nothing; nobody writes to the file any more."""
        if self._thread is not None:
            self._thread.shutdown()

    def _send(self, stretch: mmap.mmap) -> None:
        self._wait()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "stanch-vault")
            _past_cache(self._fd, wanted=True)
            self._spare = mmap.mmap(-1, STRETCH)
        self._under_way = self._thread.submit(_stretch, self._fd, stretch, self._at - STRETCH)
        self._filling, self._spare = self._spare, stretch

    def _wait(self) -> None:
        if self._under_way is not None:
            self._under_way.result()


def _stretch(fd: int, stretch: mmap.mmap, at: int) -> None:
    """Nothing; the stretch is in the file, by whichever way there is."""
    try:
        _write(fd, memoryview(stretch), at)
    except OSError as error:
        if error.errno not in _ELSEWHERE:
            raise
        _past_cache(fd, wanted=False)
        _write(fd, memoryview(stretch), at)
    if not fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT:  # the disk begins while more is hashed
        os.posix_fadvise(fd, at, STRETCH, os.POSIX_FADV_DONTNEED)


def _write(fd: int, rest: memoryview, at: int) -> None:
    while rest:
        done = os.pwrite(fd, rest, at)
        rest, at = rest[done:], at + done


def _past_cache(fd: int, *, wanted: bool) -> None:
    """Nothing; writes go past the cache or not, as far as this file system lets us choose."""
    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    direct = flags | os.O_DIRECT if wanted else flags & ~os.O_DIRECT
    try:
        fcntl.fcntl(fd, fcntl.F_SETFL, direct)
    except OSError as error:
        if error.errno not in _ELSEWHERE:
            raise
