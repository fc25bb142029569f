"""Tails: the spool of another process, read while it is written, or after its writer died.

In    the folder of a spool that this process does not write.
Out   its rows from any position on, as far as they are on disk for certain.
Why   what a dead process acknowledged must be counted by the living; and several processes split
      the counting by assets, so each reads the rows of all.

A frame may be in the file before its writer made it last; so this process makes the file last too
before it shows the frame. Nothing is written here.
"""

import os
import threading
from contextlib import suppress
from pathlib import Path

import msgspec
import pyarrow as pa

from stanch.store.frames import walk
from stanch.store.segments import Sealed, Segment, frames_of, name_of
from stanch.store.spool import read_frames


class Tail:
    """A spool as others see it. Any thread; never the writer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._list: list[Segment] = []
        self._one = threading.Lock()
        self.name = name_of(folder)

    @property
    def start(self) -> int:
        """The first position that can be read."""
        known = self._look()
        return known[0].first if known else self._past()

    @property
    def end(self) -> int:
        """The position after the last row that is on disk for certain."""
        known = self._look()
        return known[-1].end if known else self._past()

    def read(self, after: int, limit: int) -> pa.Table:
        """Up to `limit` rows from position `after` on, whole frames, at least one if there is."""
        while True:
            known = self._look()
            try:
                return read_frames(frames_of(known, after), after, limit)
            except FileNotFoundError:
                # Its writer dropped a segment between the look and the read.
                if not known or after >= self._look()[0].first:
                    raise

    def rolled(self, position: int) -> None:
        """Nothing: its writer drops what nobody needs."""

    def _look(self) -> list[Segment]:
        """The segments as they are now."""
        with self._one:
            paths = sorted(self._folder.glob("*.seg"))
            known = {one.path: one for one in self._list}
            self._list = [known.get(p) or Segment(path=p, first=int(p.stem)) for p in paths]
            for one in self._list[-2:]:
                with suppress(FileNotFoundError):
                    _grow(one)
            for one in self._list[:-2]:
                if not one.frames:
                    with suppress(FileNotFoundError):
                        _grow(one)
            return [one for one in self._list if one.frames]

    def _past(self) -> int:
        sums = sorted(self._folder.glob("*.sum"))
        sealed = (msgspec.json.decode(path.read_bytes(), type=Sealed) for path in sums[-1:])
        return max((one.first + one.rows for one in sealed), default=0)


def _grow(segment: Segment) -> None:
    """Adds the frames that came since the last look."""
    if segment.path.stat().st_size <= segment.size:
        return
    with segment.path.open("rb") as file:
        os.fsync(file.fileno())
    segment.frames += list(walk(segment.path, segment.size))
