"""Wide rows: what a database has no room for is read from the files of the lake, piece by piece.

In    the ids of the rows in their order; the files and the rows that may hold them.
Out   the rows, in that order; `TooMuchAtOnce` where they are more than is held together.
Why   a database unpacks whole groups of rows before it knows which it needs, several at a time. Of
      rows with ten thousand inputs that is more than it may take, be they ever so few.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import pyarrow as pa
import pyarrow.dataset as pads

from stanch.vocabulary.trouble import CouldNotTell, TooMuchAtOnce

MOST_BYTES = 512 * 1024 * 1024
_AT_ONCE = 256


class Asker(Protocol):
    """Who waits for the answer."""

    @property
    def left(self) -> bool:
        """Whether they are gone."""
        ...


class Pieces(Protocol):
    """Rows of the lake, as they lie there."""

    @property
    def files(self) -> Sequence[str]:
        """Parquet files."""
        ...

    @property
    def tail(self) -> pa.Table:
        """The rows that are in no file yet."""
        ...


def wide_rows(
    ids: pa.ChunkedArray, pieces: Pieces, asker: Asker, most: int = MOST_BYTES
) -> pa.Table:
    """The rows with these ids."""
    wanted = ids.combine_chunks()
    kept: list[pa.Table] = []
    size, schema = 0, pieces.tail.schema
    for batch in _batches(wanted, pieces):
        if asker.left:
            raise CouldNotTell("whoever asked left")
        size += batch.nbytes
        if size > most:
            raise TooMuchAtOnce
        kept.append(pa.Table.from_batches([batch]).select(schema.names).cast(schema))
    rows = pa.concat_tables([schema.empty_table(), *kept]).combine_chunks()
    places = {key: place for place, key in enumerate(rows["id"].to_pylist())}
    return rows.take([places[key] for key in wanted.to_pylist() if key in places])


def _batches(wanted: pa.Array, pieces: Pieces) -> Iterator[pa.RecordBatch]:
    named = pads.field("id").isin(wanted)
    yield from pieces.tail.filter(named).to_batches()
    for file in pieces.files:
        found = pads.dataset(file).to_batches(
            filter=named, batch_size=_AT_ONCE, batch_readahead=1, use_threads=False
        )
        yield from (batch for batch in found if batch.num_rows)
