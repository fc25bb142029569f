"""The files of a spool: which there are, where each frame lies, and what a crash left behind.

In    packed frames, one writer.
Out   frames from any position on; sealed segments with digests; the ids of the horizon.
Why   after kill -9 the last segment may end in half a frame. Nobody was told that its rows are
      kept, so it is cut off; every whole frame before it stays.
"""

import bisect
import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from stanch.store.frames import Frame, unpack, walk
from stanch.store.seen import KEY_WORDS, Seen, hashes_of
from stanch.vocabulary.ids import Digest


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """A segment that no row is added to any more."""

    first: int
    rows: int
    bytes: int
    digest: Digest


@dataclass(slots=True)
class Segment:
    """One file and the frames known in it."""

    path: Path
    first: int
    frames: list[Frame] = field(default_factory=list)
    sealed: bool = False

    @property
    def end(self) -> int:
        """The position after its last row."""
        return self.frames[-1].end if self.frames else self.first

    @property
    def size(self) -> int:
        """Bytes of whole frames."""
        return self.frames[-1].offset + self.frames[-1].size if self.frames else 0


class Segments:
    """The segments of a folder. One writer; readers see what is on disk for certain."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.key = _key(folder / "key")
        self._list = [self._opened(path) for path in sorted(folder.glob("*.seg"))]
        self._file = -1
        self._active_ids: list[np.ndarray] = []
        if self._list and not self._list[-1].sealed:
            _cut(self._list[-1])
            self._file = os.open(self._list[-1].path, os.O_WRONLY | os.O_CLOEXEC)
        self._began = time.monotonic()
        self._kept_end = max((s.first + s.rows for s in self.sealed()), default=0)

    @property
    def name(self) -> str:
        """A name that follows from the folder's secret and does not tell it."""
        return _named(self.key)

    @property
    def start(self) -> int:
        """The first position that can be read."""
        return self._list[0].first if self._list else self.end

    @property
    def end(self) -> int:
        """The position after the last row."""
        return self._list[-1].end if self._list else self._kept_end

    @property
    def active_bytes(self) -> int:
        """The size of the segment being written."""
        return self._list[-1].size if self._file >= 0 else 0

    @property
    def active_seconds(self) -> float:
        """How long this process has been writing the segment; 0 without one."""
        return time.monotonic() - self._began if self._file >= 0 else 0.0

    def bytes_from(self, position: int) -> int:
        """Bytes of the segments with rows from a position on."""
        return sum(s.size for s in tuple(self._list) if s.end > position)

    def append(self, frame: tuple[bytes, pa.Buffer], rows: int, hashes: np.ndarray) -> None:
        """Puts one frame on disk; when that fails nothing of it is left."""
        if self._file < 0:
            self._begin()
        segment = self._list[-1]
        offset = segment.size
        try:
            _write_all(self._file, frame, offset)
            os.fdatasync(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, offset)
                os.fdatasync(self._file)
            raise
        self._active_ids.append(hashes)
        size = sum(map(len, frame))
        segment.frames.append(Frame(first=segment.end, rows=rows, offset=offset, size=size))

    def frames(self, after: int) -> Iterator[tuple[Segment, Frame]]:
        """The frames that hold rows from a position on."""
        return frames_of(tuple(self._list), after)

    def seal(self) -> Sealed | None:
        """Closes the active segment: its ids and its digest are written beside it."""
        if self._file < 0 or not self._list[-1].frames:
            return None
        segment = self._list[-1]
        ids = np.concatenate(self._active_ids) if self._active_ids else self._ids_of(segment)
        _put(segment.path.with_suffix(".ids"), ids.tobytes())
        with segment.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        sealed = Sealed(
            first=segment.first,
            rows=segment.end - segment.first,
            bytes=segment.size,
            digest=Digest(f"sha256:{digest}"),
        )
        _put(segment.path.with_suffix(".sum"), msgspec.json.encode(sealed))
        os.close(self._file)
        self._file = -1
        self._active_ids = []
        self._kept_end = segment.end
        segment.sealed = True
        return sealed

    def seal_quietly(self) -> None:
        """Seals if the disk lets us; if not, the segment just grows on."""
        with contextlib.suppress(OSError):
            self.seal()

    def sealed(self) -> list[Sealed]:
        """The sealed segments that are remembered, oldest first."""
        found = sorted(self._folder.glob("*.sum"))
        return [msgspec.json.decode(path.read_bytes(), type=Sealed) for path in found]

    def drop(self, before: int, horizon: int) -> None:
        """Removes sealed segments that end before a position, and ids past the horizon."""
        while self._list and self._list[0].sealed and self._list[0].end <= before:
            # First out of the list, so that a reader who finds no file sees why.
            self._list.pop(0).path.unlink(missing_ok=True)
        kept = 0
        for sealed in reversed(self.sealed()):
            path = self._folder / f"{sealed.first:020d}.ids"
            past = sealed.first + sealed.rows <= before
            if kept >= horizon and past and not path.with_suffix(".seg").exists():
                path.unlink(missing_ok=True)
                path.with_suffix(".sum").unlink(missing_ok=True)
            kept += sealed.rows

    def fill(self, seen: Seen) -> None:
        """Tells the index every id of the horizon, oldest first."""
        held = {segment.first: segment for segment in self._list}
        stored = {int(path.stem): path for path in self._folder.glob("*.ids")}
        for first in sorted(held.keys() | stored.keys()):
            segment = held.get(first)
            if segment is None or (segment.sealed and first in stored):
                seen.add(np.frombuffer(stored[first].read_bytes(), dtype=np.uint64))
                continue
            ids = self._ids_of(segment)
            seen.add(ids)
            if not segment.sealed:
                self._active_ids = [ids]

    def close(self) -> None:
        """Closes the file being written; it stays active for the next run."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _begin(self) -> None:
        path = self._folder / f"{self.end:020d}.seg"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        _sync_folder(self._folder)
        self._list.append(Segment(path=path, first=self.end))
        self._began = time.monotonic()
        self._active_ids = []

    def _opened(self, path: Path) -> Segment:
        frames = list(walk(path))
        sealed = path.with_suffix(".sum").exists()
        return Segment(path=path, first=int(path.stem), frames=frames, sealed=sealed)

    def _ids_of(self, segment: Segment) -> np.ndarray:
        with segment.path.open("rb") as file:
            tables = [
                unpack(os.pread(file.fileno(), frame.size, frame.offset))
                for frame in segment.frames
            ]
        found = [hashes_of(t.column("id"), self.key) for t in tables if t is not None]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.uint64)


def _cut(segment: Segment) -> None:
    """Cuts the segment after its last whole frame; what is cut is kept aside if it held frames."""
    whole: list[Frame] = []
    with segment.path.open("r+b") as file:
        for frame in segment.frames:
            if unpack(os.pread(file.fileno(), frame.size, frame.offset)) is None:
                break
            whole.append(frame)
        damaged = len(segment.frames) - len(whole)
        segment.frames = whole
        if damaged > 1:
            file.seek(segment.size)
            _put(segment.path.with_suffix(".damaged"), file.read())
        file.truncate(segment.size)
        os.fsync(file.fileno())


def _key(path: Path) -> np.ndarray:
    """The secret of the id index, made on first use."""
    if not path.exists():
        _put(path, secrets.token_bytes(KEY_WORDS * 8))
    return np.frombuffer(path.read_bytes(), dtype=np.uint64)


def frames_of(segments: Sequence[Segment], after: int) -> Iterator[tuple[Segment, Frame]]:
    """The frames of these segments that hold rows from a position on."""
    begin = max(0, bisect.bisect_right([s.first for s in segments], after) - 1)
    for segment in segments[begin:]:
        known = tuple(segment.frames)
        place = bisect.bisect_right([f.end for f in known], after)
        for frame in known[place:]:
            yield segment, frame


def name_of(folder: Path) -> str:
    """The name of a folder's spool, as its writer says it."""
    return _named(np.frombuffer((folder / "key").read_bytes(), dtype=np.uint64))


def _named(key: np.ndarray) -> str:
    return hashlib.sha256(b"spool name" + key.tobytes()).hexdigest()[:16]


def _put(path: Path, content: bytes) -> None:
    """Writes a small file whole or not at all."""
    fresh = path.with_suffix(path.suffix + ".new")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _write_all(file: int, parts: tuple[bytes, pa.Buffer], offset: int) -> None:
    """Writes the parts one after the other, without a copy that holds both."""
    head, rest = map(memoryview, parts)
    while head or rest:
        written = os.pwritev(file, [head, rest], offset)
        offset += written
        head, rest = head[written:], rest[max(0, written - len(head)) :]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
