"""The Arrow schema of events, built from the vocabulary's columns and from nowhere else.

In    `vocabulary.event.COLUMNS`.
Out   `SCHEMA`, and tables brought into its shape.
Why   a word (an asset, a tool) is a plain string here, not an Arrow dictionary: frames are
      compressed and Parquet builds its own dictionaries, so a dictionary saved nothing on disk
      and cost a unification at every merge (decision 0030).
"""

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa

from stanch.vocabulary.event import COLUMNS, REQUIRED, ColumnType

ARROW_TYPES = MappingProxyType(
    {
        ColumnType.TEXT: pa.string(),
        ColumnType.WORD: pa.string(),
        ColumnType.NUMBER: pa.float64(),
        ColumnType.COUNT: pa.int64(),
        ColumnType.TIME: pa.timestamp("us", "UTC"),
        ColumnType.NUMBERS: pa.list_(pa.float64()),
        ColumnType.JSON: pa.string(),
    }
)

SCHEMA: pa.Schema = pa.schema([(column.name, ARROW_TYPES[column.type]) for column in COLUMNS])
"""Every column of an event, in the order of the vocabulary."""

TYPE_OF = MappingProxyType({column.name: column.type for column in COLUMNS})
"""The vocabulary's type of each column."""

LOOSE = frozenset({"prediction", "label", "version"})
"""Text columns in which a sender may also write a number or true and false; its text is kept."""


def gathered(columns: Mapping[str, pa.Array], rows: int) -> pa.Table:
    """What was sent, in the order of `SCHEMA`, with every column that no row may lack."""
    fields = [field for field in SCHEMA if field.name in columns or field.name in REQUIRED]
    arrays = [
        columns[field.name] if field.name in columns else pa.nulls(rows, field.type)
        for field in fields
    ]
    return pa.table(arrays, schema=pa.schema(fields))


def conform(table: pa.Table) -> pa.Table:
    """The table with exactly the columns of `SCHEMA`, in order; what is absent is null."""
    rows = table.num_rows
    given = set(table.column_names)
    return pa.table(
        [
            table.column(field.name) if field.name in given else pa.nulls(rows, field.type)
            for field in SCHEMA
        ],
        schema=SCHEMA,
    )
