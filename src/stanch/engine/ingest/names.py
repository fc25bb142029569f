"""Names at the door: whoever did it is kept under the one form of the name (`vocabulary/naming`).

In    decoded columns.
Out   the same, with each principal in its one form, and none where a name is blank.
Why   what is counted apart, refused together and looked for by a third spelling is never found.
"""

import numpy as np
import pyarrow as pa

from stanch.engine.ingest.compute import pc
from stanch.vocabulary.naming import LONGEST, named

_WHO = ("principal", "by")
_FIRST, _LAST = ord("!"), ord("~")
"""The ASCII signs that show and are no blank."""


def in_one_form(table: pa.Table) -> pa.Table:
    """The table with its names in their one form; the same one when they are."""
    for name in _WHO:
        if name in table.column_names:
            place = table.column_names.index(name)
            column = table.column(place)
            if not all(map(_plain, column.chunks)):
                table = table.set_column(place, table.schema.field(place), _formed(column))
    return table


def _formed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Each different name is looked at once."""
    words = column.combine_chunks().dictionary_encode()
    forms = [named(text) or None for text in words.dictionary.to_pylist()]
    return pa.chunked_array([pc.take(pa.array(forms, pa.string()), words.indices)])


def _plain(chunk: pa.Array) -> bool:
    """Whether every name is short ASCII that begins and ends with a sign that shows."""
    _, offsets, data = chunk.buffers()
    if data is None or not len(chunk):
        return chunk.null_count == len(chunk)
    ends = np.frombuffer(offsets, dtype=np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    content = np.frombuffer(data, dtype=np.uint8)
    sizes = np.diff(ends)
    there = np.flatnonzero(sizes)
    if len(there) < len(chunk) - chunk.null_count or (len(sizes) and sizes.max() > LONGEST):
        return False
    if not len(there):
        return True
    outer = np.concatenate([content[ends[:-1][there]], content[ends[1:][there] - 1]])
    whole = content[ends[0] : ends[-1]]
    return bool(outer.min() >= _FIRST and outer.max() <= _LAST and whole.max() <= _LAST)
