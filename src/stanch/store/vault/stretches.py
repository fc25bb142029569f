"""A new file written in long stretches, past the cache of the system where that is possible.

In    an empty file's descriptor; bytes, front to back.
Out   the same bytes in the file: all of them after `settle`, on the disk after the caller's fsync.
Why   copying a gigabyte into the system's cache and from there to the disk takes as much of the
      processor as hashing it, and pushes out what other programs kept there. Stretches go from our
      memory to the disk (O_DIRECT) while others fill: bytes that were copied into one (`add`), or
      pages that somebody filled and that go as they are (`lay`). What is left at the end, which
      need not be a whole number of the disk's blocks, goes the usual way; so does everything where
      a file system knows no other.
"""

import errno
import fcntl
import mmap
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

STRETCH = 4 << 20
PAGE = 4096
"""What goes past the cache begins at a multiple of this, in memory and in the file."""
_UNDER_WAY = 2
_ELSEWHERE = {errno.EINVAL, errno.ENOTSUP}
"""What file systems say that know only the usual way."""
Buffer = bytes | memoryview


class Pages:
    """Memory for stretches, used again and again: fresh memory costs as much as filling it."""

    def __init__(self) -> None:
        self._free: list[memoryview] = []
        self._made = 0

    def take(self) -> memoryview:
        """The memory of one stretch; what was in it before may be there still."""
        if self._free:
            return self._free.pop()
        made = mmap.mmap(-1, STRETCH, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if self._made:  # most items are small, and touch little of the first
            made.madvise(mmap.MADV_HUGEPAGE)
        self._made += 1
        return memoryview(made)

    def give(self, page: memoryview) -> None:
        """Nothing; this memory holds nothing any more that somebody needs."""
        self._free.append(page)


class Stretches:
    """Bytes on their way into one file."""

    def __init__(self, fd: int) -> None:
        self.pages = Pages()
        self._fd = fd
        self._from = 0
        """Where in the file the stretch begins that is filling."""
        self._used = 0
        self._filling: memoryview | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._under_way: deque[tuple[Future[None], memoryview]] = deque()

    def add(self, data: Buffer) -> int:
        """The position at which these bytes will stand."""
        start, rest = self._from + self._used, memoryview(data)
        while rest:
            if self._filling is None:
                self._filling = self.pages.take()
            part = rest[: STRETCH - self._used]
            self._filling[self._used : self._used + len(part)] = part
            self._used += len(part)
            rest = rest[len(part) :]
            if self._used == STRETCH:
                self._send(self._filling, STRETCH)
        return start

    def lay(self, page: memoryview, length: int) -> int:
        """The position at which the first so many bytes of a taken page will stand."""
        if self._filling is not None:
            self._send(self._filling, self._used)
        start = self._from
        self._send(page, length)
        return start

    def settle(self) -> None:
        """Nothing; everything is in the file. Nothing can be added after it."""
        self._wait(0)
        _past_cache(self._fd, wanted=False)
        if self._filling is not None:
            _write(self._fd, self._filling[: self._used], self._from)

    def close(self) -> None:
        """Nothing; nobody writes to the file any more."""
        if self._thread is not None:
            self._thread.shutdown()

    def _send(self, page: memoryview, length: int) -> None:
        """Nothing; the page is on its way, with zeroes up to where the next can begin."""
        self._wait(_UNDER_WAY - 1)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(_UNDER_WAY, "stanch-vault")
            _past_cache(self._fd, wanted=True)
        whole = -(-length // PAGE) * PAGE
        page[length:whole] = bytes(whole - length)
        sent = self._thread.submit(_stretch, self._fd, page[:whole], self._from)
        self._under_way.append((sent, page))
        self._filling, self._from, self._used = None, self._from + whole, 0

    def _wait(self, most: int) -> None:
        """Nothing; at most so many stretches are under way."""
        while len(self._under_way) > most:
            sent, page = self._under_way.popleft()
            sent.result()
            self.pages.give(page)


def _stretch(fd: int, stretch: memoryview, at: int) -> None:
    """Nothing; the stretch is in the file, by whichever way there is."""
    try:
        _write(fd, stretch, at)
    except OSError as error:
        if error.errno not in _ELSEWHERE:
            raise
        _past_cache(fd, wanted=False)
        _write(fd, stretch, at)
    if not fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT:  # the disk begins while more is hashed
        os.posix_fadvise(fd, at, len(stretch), os.POSIX_FADV_DONTNEED)


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
