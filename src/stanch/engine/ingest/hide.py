"""Personal data hashed at the door: who did it stays countable and is no longer readable.

In    rows, and for chosen text columns a secret key.
Out   the same rows with `h:` and 32 hexadecimal digits of HMAC-SHA256 in those columns.
Why   the same person always gets the same hash, so detectors still see one principal; without
      the key nobody can go back, or try out names.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

import pyarrow as pa

PREFIX = "h:"
_DIGITS = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Hide:
    """Which columns are hashed, and with what key."""

    columns: tuple[str, ...]
    key: bytes = field(repr=False)

    def text(self, value: str) -> str:
        """The hash that stands for a value; a value that looks hashed is hashed like any other."""
        return PREFIX + hmac.new(self.key, value.encode(), hashlib.sha256).hexdigest()[:_DIGITS]

    def rows(self, table: pa.Table) -> pa.Table:
        """The rows with those columns hashed, each distinct value once."""
        for name in set(self.columns) & set(table.column_names):
            words = table.column(name).combine_chunks().dictionary_encode()
            hashed = pa.array([self.text(v) for v in words.dictionary.to_pylist()], pa.string())
            place = table.schema.get_field_index(name)
            table = table.set_column(place, table.schema.field(name), hashed.take(words.indices))
        return table
