"""Hunts that several processes or machines answer together.

In    a hunt, the files of the lake and what matches after them, who helps.
Out   what one process would have answered.
Why   a question to years of events is as quick as there are machines to read them. Each reads whole
      files on its own, so a piece whose worker died is simply asked for again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import pyarrow as pa

from stanch.store.hunt import GONE, STAYS, Asker, Hunt, Hunter
from stanch.vocabulary.trouble import CouldNotTell

A = TypeVar("A")
B = TypeVar("B")
_FILES = 8
"""Files of a piece: opening DuckDB costs more than reading one small file."""


class Crew(Protocol):
    """Who helps with large jobs over the lake."""

    def worth(self, files: Sequence[str], /) -> bool:
        """Whether others shall read these files."""
        ...

    def each(self, work: Callable[[A], B], pieces: Sequence[A], /) -> Iterable[B]:
        """What the work makes of each piece, in their order."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Some files of a lake, and what is looked for in them."""

    folder: str
    schema: pa.Schema
    wanted: Hunt
    files: tuple[str, ...]


def counted_apart(crew: Crew, whole: Piece, asker: Asker = STAYS) -> int:
    """How many rows match."""
    return sum(_while_there(asker, crew.each(count_piece, _cut(whole))))


def rows_apart(crew: Crew, whole: Piece, own: pa.Table, asker: Asker = STAYS) -> pa.Table:
    """The newest rows that match, in the files and among our own; newest first."""
    newest = own
    for found in _while_there(asker, crew.each(rows_of_piece, _cut(whole))):
        both = pa.concat_tables([newest, found])
        ordered = both.sort_by([("ts", "descending"), ("id", "ascending")])
        newest = ordered.slice(0, whole.wanted.limit)
    return newest


def _while_there(asker: Asker, found: Iterable[B]) -> Iterator[B]:
    """What is found, until whoever asked is gone: then no further piece begins."""
    for one in found:
        if asker.left:
            raise CouldNotTell(GONE)
        yield one


def count_piece(piece: Piece) -> int:
    """How many rows of the piece match: what a worker does."""
    hunter = Hunter(piece.folder, piece.schema)
    try:
        return hunter.count(piece.wanted, piece.files, piece.schema.empty_table())
    finally:
        hunter.close()


def rows_of_piece(piece: Piece) -> pa.Table:
    """The newest rows of the piece that match: what a worker does."""
    hunter = Hunter(piece.folder, piece.schema)
    try:
        return hunter.rows(piece.wanted, piece.files, piece.schema.empty_table())
    finally:
        hunter.close()


def _cut(whole: Piece) -> list[Piece]:
    return [
        Piece(
            folder=whole.folder,
            schema=whole.schema,
            wanted=whole.wanted,
            files=whole.files[start : start + _FILES],
        )
        for start in range(0, len(whole.files), _FILES)
    ]
