"""The spool: rows appended to segments, on disk before anybody is told so, each id once.

In    tables of events with an `id` column, from many threads.
Out   how many were new; rows from any position on; sealed segments with their digests.
Why   the sender forgets an event once we answer, so the answer waits for fsync. One fsync serves
      every batch that is waiting then (group commit).

Layout  FOLDER/lock        one writer at a time; holds its pid
        FOLDER/key         the secret of the id index, 0600
        FOLDER/<first>.seg frames (store/frames.py); <first> is the number of its first row
        FOLDER/<first>.ids the hashes of a sealed segment's ids; outlives the segment
        FOLDER/<first>.sum its digest, rows and bytes, as JSON
A position is the number of rows ever kept before it: it only grows and never names two rows.
"""

import errno
import os
import shutil
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa

from stanch.store.frames import Frame, pack
from stanch.store.frames import unpack as unpack_frame
from stanch.store.lock import FolderLock
from stanch.store.pressure import Pressure
from stanch.store.seen import Seen, hashes_of
from stanch.store.segments import Sealed, Segment, Segments
from stanch.vocabulary.trouble import NoSpace, Tampered, Trouble

MIB = 1024 * 1024
LAKE = "lake"
"""The reader that every spool has: rows it passed are in the lake."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, kw_only=True, slots=True)
class SpoolLimits:
    """When a segment is sealed and when a sender is told to wait."""

    segment_bytes: int = 64 * MIB
    backlog_bytes: int = 2048 * MIB
    """Rows kept and not yet rolled up."""
    waiting_bytes: int = 512 * MIB
    """Batches in memory, waiting for the disk."""
    group_rows: int = 100_000
    """Rows that one fsync serves at the most."""
    seal_after: float = 600.0
    """Seconds after which a segment is sealed even when few rows came."""
    reserve_bytes: int = 256 * MIB
    """Free bytes of the disk that events leave to everything else, or a twentieth of a small one:
    whoever floods us with events must not keep people from stopping them."""
    remembered_ids: int = 23_000_000
    """At least so many of the latest ids are known; each takes about 11 bytes of memory."""


@dataclass(slots=True)
class _Waiting:
    """One batch on its way to the disk."""

    rows: pa.Table
    hashes: np.ndarray
    size: int
    done: threading.Event = field(default_factory=threading.Event)
    accepted: int = 0
    trouble: Exception | None = None


class Spool:
    """An open spool. Appends from any thread; reads from any thread at the same time."""

    def __init__(self, folder: Path, limits: SpoolLimits, readers: tuple[str, ...] = ()) -> None:
        self._limits = limits
        self._folder = folder
        self._lock = FolderLock(folder)
        try:
            self._segments = Segments(folder)
            self._seen = Seen.knowing(limits.remembered_ids)
            self._segments.fill(self._seen)
        except BaseException:
            self._lock.close()
            raise
        self._queue: list[_Waiting] = []
        self._queue_lock = threading.Lock()
        self._write_lock = threading.Lock()
        self.pressure = Pressure()
        self._passed = dict.fromkeys((LAKE, *readers), self._segments.start)

    @classmethod
    def open(
        cls, folder: Path, limits: SpoolLimits | None = None, *, readers: tuple[str, ...] = ()
    ) -> Self:
        """The spool of this folder, repaired if the last run was cut off.

        No segment is dropped before the lake and each of these readers has passed it.
        """
        return cls(folder, limits or SpoolLimits(), readers)

    @property
    def name(self) -> str:
        """Which spool this is: two folders never have one name."""
        return self._segments.name

    @property
    def end(self) -> int:
        """The position after the last row that is on disk."""
        return self._segments.end

    @property
    def start(self) -> int:
        """The first position that can still be read."""
        return self._segments.start

    @property
    def backlog_rows(self) -> int:
        """Rows on disk that are not rolled up yet."""
        return self.end - self._passed[LAKE]

    def room(self) -> None:
        """Nothing, or `NoSpace` when what is free is kept for everything else."""
        disk = shutil.disk_usage(self._folder)
        reserve = min(self._limits.reserve_bytes, disk.total // 20)
        if disk.free < reserve:
            least = f"the last {reserve / MIB:.0f} MiB are for incidents and their evidence"
            raise NoSpace(f"{self._folder} for events: {least}")

    def append(self, rows: pa.Table) -> int:
        """How many of the rows are new; when it answers they are on disk."""
        hashes = hashes_of(rows.column("id"), self._segments.key)
        item = _Waiting(rows=rows, hashes=hashes, size=rows.nbytes)
        self.room()
        with self._queue_lock:
            self._admit(item.size)
            self._queue.append(item)
        while not item.done.is_set():
            with self._write_lock:
                if not item.done.is_set():
                    self._write(self._group())
        if item.trouble is not None:
            raise item.trouble
        return item.accepted

    def read(self, after: int, limit: int) -> pa.Table:
        """Up to `limit` rows from position `after` on, whole frames, at least one if there is.

        Where rows before `start` are asked for, it begins at `start`.
        """
        while True:
            try:
                return self._read(after, limit)
            except FileNotFoundError:
                # A segment was dropped between the look and the read; the next look knows it.
                if after >= self.start:
                    raise

    def _read(self, after: int, limit: int) -> pa.Table:
        return read_frames(self._segments.frames(after), after, limit)

    def rolled(self, position: int) -> None:
        """Notes that all rows before a position are in the lake, and drops what nobody needs."""
        self.pressure.drained(max(0, position - self._passed[LAKE]))
        self.passed(LAKE, position)

    def passed(self, reader: str, position: int) -> None:
        """Notes how far a reader has come for good, and drops what nobody needs."""
        with self._write_lock:
            self._passed[reader] = max(self._passed.get(reader, 0), position)
            self._segments.drop(self._needed, self._seen.horizon)

    @property
    def _needed(self) -> int:
        """The first position that the lake or some reader has not passed."""
        return min(self._passed.values())

    def seal(self) -> Sealed | None:
        """Closes the segment being written, if it has rows; later rows go to a new one."""
        with self._write_lock:
            return self._segments.seal()

    def seal_old(self) -> Sealed | None:
        """Closes the segment being written once it is older than `seal_after`."""
        if self._segments.active_seconds < self._limits.seal_after:
            return None
        return self.seal()

    def sealed(self) -> list[Sealed]:
        """The segments that are closed, oldest first, with their digests."""
        return self._segments.sealed()

    def close(self) -> None:
        """Lets the folder go."""
        with self._write_lock:
            self._segments.close()
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _admit(self, size: int) -> None:
        waiting = sum(item.size for item in self._queue)
        if self._queue and waiting + size > self._limits.waiting_bytes:
            raise self.pressure.busy_disk(len(self._queue))
        backlog = self._segments.bytes_from(self._needed)
        if backlog > self._limits.backlog_bytes:
            over = 1 - self._limits.backlog_bytes / 2 / backlog
            raise self.pressure.busy_backlog(backlog, round((self.end - self._needed) * over))

    def _group(self) -> list[_Waiting]:
        with self._queue_lock:
            taken, rows = 0, 0
            for item in self._queue:
                rows += item.rows.num_rows
                if taken and rows > self._limits.group_rows:
                    break
                taken += 1
            group, self._queue = self._queue[:taken], self._queue[taken:]
            return group

    def _write(self, group: list[_Waiting]) -> None:
        """One frame and one fsync for the group; ids count as seen only after that."""
        try:
            hashes = np.concatenate([item.hashes for item in group])
            fresh = self._seen.new(hashes)
            if fresh.any():
                rows = pa.concat_tables([item.rows for item in group], promote_options="default")
                kept = rows if fresh.all() else rows.filter(pa.array(fresh))
                self._keep(kept, hashes[fresh])
            start = 0
            for item in group:
                stop = start + len(item.hashes)
                item.accepted = int(fresh[start:stop].sum())
                start = stop
        except Exception as trouble:  # noqa: BLE001  every waiting thread must hear of it
            for item in group:
                item.trouble = trouble
        finally:
            for item in group:
                item.done.set()

    def _keep(self, rows: pa.Table, hashes: np.ndarray) -> None:
        started = time.perf_counter()
        try:
            self._segments.append(pack(rows, self.end), rows.num_rows, hashes)
        except OSError as error:
            if error.errno in _FULL:
                raise NoSpace(self._folder) from error
            raise Trouble(f"the spool cannot write: {error.strerror or error}") from error
        self.pressure.synced(time.perf_counter() - started)
        self._seen.add(hashes)
        if self._segments.active_bytes >= self._limits.segment_bytes:
            self._segments.seal_quietly()


def read_frames(frames: Iterable[tuple[Segment, Frame]], after: int, limit: int) -> pa.Table:
    """Up to `limit` rows of these frames from position `after` on, at least one frame's."""
    parts: list[pa.Table] = []
    rows = 0
    for segment, frame in frames:
        if parts and rows + frame.rows > limit:
            break
        table = _frame_rows(segment, frame)
        skipped = max(0, after - frame.first)
        parts.append(table.slice(skipped) if skipped else table)
        rows += table.num_rows - skipped
    if not parts:
        return pa.table({"id": pa.array([], pa.string())})
    return pa.concat_tables(parts, promote_options="default")


def _frame_rows(segment: Segment, frame: Frame) -> pa.Table:
    with segment.path.open("rb") as file:
        content = os.pread(file.fileno(), frame.size, frame.offset)
    table = unpack_frame(content)
    if table is None:
        raise Tampered(f"{segment.path.name} has changed at byte {frame.offset}")
    return table
