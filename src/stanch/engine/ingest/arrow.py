"""An Arrow IPC stream to columns: any order, any subset, any width of number.

In    the plain bytes of a stream, from anybody.
Out   `Decoded` in our schema. A value of a wrong type costs its row, a torn stream the request.
Why   Arrow is the one wire format that passes a million events a second; but a stream is also a
      set of pointers written by a stranger, so its memory is counted before it is read and
      every batch is validated whole.
"""

import pyarrow as pa

from stanch.engine.ingest.casting import Cast, cast_column, extra_of
from stanch.engine.ingest.compute import pc
from stanch.engine.ingest.decoded import Decoded
from stanch.engine.ingest.limits import Limits
from stanch.engine.ingest.schema import TYPE_OF, gathered
from stanch.engine.ingest.weigh import memory_wanted
from stanch.vocabulary.trouble import BadInput, TooLarge


def from_stream(body: bytes, limits: Limits) -> Decoded:
    """The rows of an Arrow IPC stream."""
    try:
        wanted = memory_wanted(body)
        if wanted > limits.unpacked_bytes:
            raise TooLarge(limits.unpacked_bytes)
        return from_table(_read(body, limits), limits)
    except (pa.ArrowException, OSError, ValueError, IndexError, OverflowError) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadInput(f"The body is not a whole Arrow IPC stream: {told[:200]}.") from error


def _read(body: bytes, limits: Limits) -> pa.Table:
    batches = []
    rows = 0
    with pa.ipc.open_stream(body) as reader:
        names = reader.schema.names
        if len(set(names)) != len(names):
            raise BadInput("The Arrow stream has two columns of one name.")
        for batch in reader:
            rows += batch.num_rows
            if rows > limits.rows:
                raise TooLarge(f"{limits.rows} rows, counted in")
            batch.validate(full=True)
            batches.append(batch)
        return pa.Table.from_batches(batches, reader.schema)


def from_table(table: pa.Table, limits: Limits) -> Decoded:
    """A table somebody else made, in our schema; its unknown columns go to `extra`."""
    wrong: dict[int, str] = {}
    columns: dict[str, pa.ChunkedArray | pa.Array] = {}
    for name in table.column_names:
        if name not in TYPE_OF or name == "received":
            continue
        column = _flat(table.column(name), limits)
        if name == "features" and _is_object(column.type):
            cast = cast_column("named", column)
            columns.setdefault("named", cast.values)
        else:
            cast = cast_column(name, column)
            columns[name] = _both(name, cast, columns)
        for row, why in cast.wrong.items():
            wrong.setdefault(row, why)
    unknown = [name for name in table.column_names if name not in TYPE_OF]
    if unknown:
        columns["extra"] = extra_of(table.select(unknown), columns.get("extra"))
    return Decoded(table=gathered(columns, table.num_rows), wrong=wrong)


def _both(name: str, cast: Cast, columns: dict[str, pa.ChunkedArray | pa.Array]) -> pa.Array:
    if name == "named" and name in columns:
        return pc.coalesce(cast.values, columns[name])
    return cast.values


def _is_object(kind: pa.DataType) -> bool:
    return pa.types.is_struct(kind) or pa.types.is_map(kind)


def _flat(column: pa.ChunkedArray, limits: Limits) -> pa.Array:
    """One array without dictionaries or runs, unless writing it out would take too much memory."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        size = 0
        for chunk in column.chunks:
            if _is_text(chunk.dictionary.type):
                lengths = pc.binary_length(chunk.dictionary)
                size += pc.sum(lengths.take(chunk.indices)).as_py() or 0
        if size > limits.unpacked_bytes:
            raise TooLarge(limits.unpacked_bytes)
        column = column.cast(kind.value_type)
    elif pa.types.is_run_end_encoded(kind):
        raise BadInput("Run-end encoded columns are not taken; send plain or dictionary columns.")
    whole = column.combine_chunks()
    return whole if isinstance(whole, pa.Array) else pa.concat_arrays(whole.chunks)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)
