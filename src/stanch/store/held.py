"""Held tails: the rows of a spool that are not in the lake yet, kept in memory between questions.

In    a spool, and the position from which its rows are wanted.
Out   those rows in the lake's shape.
Why   rows of a spool never change, so only what came since the last question has to be read and
      unpacked. What the watch asks several times a second, and the freeze before every
      containment, must not read minutes of rows each time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

MOST = 64 * 1024 * 1024
"""Bytes of rows that are held of one spool; longer tails are read anew."""
PIECES = 64
"""Pieces that a tail may be in before they are made one."""


class Source(Protocol):
    """Rows by position."""

    @property
    def name(self) -> str:
        """Which spool this is."""
        ...

    @property
    def start(self) -> int:
        """The first position that can be read."""
        ...

    @property
    def end(self) -> int:
        """The position after the last row."""
        ...

    def read(self, after: int, limit: int) -> pa.Table:
        """Rows from a position on."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Held:
    """Rows from this position on."""

    first: int
    rows: pa.Table

    @property
    def end(self) -> int:
        return self.first + int(self.rows.num_rows)


class HeldTails:
    """The tails of the spools of one lake; any thread may ask."""

    def __init__(self, shaped: Callable[[pa.Table], pa.Table]) -> None:
        self._shaped = shaped
        self._held: dict[str, _Held] = {}

    def rows(self, spool: Source, position: int) -> pa.Table:
        """Every row of the spool from this position on."""
        end, held = spool.end, self._held.get(spool.name)
        if held is None or not held.first <= position <= held.end <= end:
            found = self._shaped(spool.read(position, max(1, end - position)))
        elif held.end == end:
            found = held.rows.slice(position - held.first)
        else:
            more = self._shaped(spool.read(held.end, end - held.end))
            found = pa.concat_tables([held.rows.slice(position - held.first), more])
        if found.num_rows and found["id"].num_chunks > PIECES:
            found = found.combine_chunks()
        # Rows that were dropped while they were read are missing: whoever asked will look again.
        if spool.start <= position and found.nbytes <= MOST:
            self._held[spool.name] = _Held(first=position, rows=found)
        else:
            self._held.pop(spool.name, None)
        return found
