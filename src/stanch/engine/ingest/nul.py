"""NUL, the one character that a database may refuse: told as the sign of what cannot be shown.

In    decoded columns.
Out   the same, with U+FFFD in place of each NUL in a word or a text.
Why   PostgreSQL keeps no text with a NUL in it. A principal of such a name would be counted, and
      what was counted could never be kept: nobody would be watched any more. To refuse the row
      instead would hide whoever sends it.
"""

import numpy as np
import pyarrow as pa

from stanch.engine.ingest.compute import pc
from stanch.engine.ingest.schema import TYPE_OF
from stanch.vocabulary.event import ColumnType

_SAID = "\N{REPLACEMENT CHARACTER}"
_WORDS = frozenset({ColumnType.WORD, ColumnType.TEXT})
_REFUSED = frozenset({"id", "asset"})
"""A row in which these have a NUL is refused for it."""


def replaced(table: pa.Table) -> pa.Table:
    """The table without a NUL in its words and texts; the same one when it has none."""
    for place, name in enumerate(table.column_names):
        if TYPE_OF[name] in _WORDS and name not in _REFUSED:
            column = table.column(place)
            if any(map(_has_nul, column.chunks)):
                clean = pc.replace_substring(column, "\0", _SAID)
                table = table.set_column(place, table.schema.field(place), clean)
    return table


def _has_nul(chunk: pa.Array) -> bool:
    """Whether a byte of the chunk is zero, seen in one pass."""
    _, offsets, data = chunk.buffers()
    if data is None or not len(chunk):
        return False
    ends = np.frombuffer(offsets, dtype=np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    content = np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]]
    return bool(len(content)) and not content.min()
