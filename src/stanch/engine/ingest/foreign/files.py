"""A file on disk to batches of our rows, told apart by what is in it, never by its name.

In    a path; what the file cannot say about itself; somebody to tell how far it is.
Out   `Decoded` batches for `Intake.take_rows`, a bounded number of rows at a time. The index of a
      row counts from the start of the file.
Why   logs of other systems come as gigabytes; none of it is held at once.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from stanch.engine.ingest.arrow import from_table
from stanch.engine.ingest.foreign import azureml, databricks, kserve, sagemaker
from stanch.engine.ingest.foreign.shape import Fields, Options
from stanch.engine.ingest.limits import MIB, Limits
from stanch.engine.ingest.receipt import Decoded, Rejected
from stanch.engine.ingest.rows import from_json, from_lines
from stanch.vocabulary.trouble import BadFile, NotFound

Progress = Callable[[int], None]
"""Hears how many rows are done."""

_FORMATS = (kserve, sagemaker, azureml, databricks)
_LOOK = 64 * 1024
_WHOLE = 256 * MIB
"""A JSON array is read whole, so it may not be larger."""
_LINE = 16 * MIB


class _Reader(Protocol):
    def row(self, row: dict[str, Any]) -> Iterator[Fields]: ...
    def rest(self) -> Iterator[Fields]: ...


def read_file(
    path: Path, options: Options, limits: Limits, progress: Progress
) -> Iterator[Decoded]:
    """The rows of a file, batch by batch."""
    if not path.is_file():
        raise NotFound("file", str(path), "asset")
    done = 0
    try:
        for batch in _batches(path, options, limits):
            yield _moved(batch, done)
            done += batch.table.num_rows + len(batch.rejected)
            progress(done)
    except (pa.ArrowException, UnicodeDecodeError, msgspec.DecodeError) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadFile(path.name, f"it cannot be read past row {done}: {told[:200]}") from error


def _batches(path: Path, options: Options, limits: Limits) -> Iterator[Decoded]:
    with path.open("rb") as file:
        start = file.read(_LOOK)
    if start.startswith(b"PAR1"):
        with pa.parquet.ParquetFile(path) as parquet:
            yield from _tables(parquet.iter_batches(options.batch_rows), options, limits)
    elif start.startswith(b"ARROW1"):
        with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as feather:
            parts = (feather.get_batch(i) for i in range(feather.num_record_batches))
            yield from _tables(parts, options, limits)
    elif start.startswith(b"\xff\xff\xff\xff"):
        with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as stream:
            yield from _tables(stream, options, limits)
    elif start.lstrip()[:1] in {b"[", b"{"}:
        yield from _json(path, options, array=start.lstrip()[:1] == b"[")
    elif b"," in start.split(b"\n", 1)[0]:
        with pa.csv.open_csv(path) as rows:
            yield from _tables(rows, options, limits)
    else:
        known = "Parquet, Arrow, JSON, NDJSON or CSV"
        raise BadFile(path.name, f"it is not {known}; look at its first line")


def _tables(
    batches: Iterable[pa.RecordBatch], options: Options, limits: Limits
) -> Iterator[Decoded]:
    for batch in batches:
        batch.validate(full=True)
        names = [options.rename.get(name, name) for name in batch.schema.names]
        table = pa.Table.from_batches([batch]).rename_columns(names)
        found = _format_of(dict.fromkeys(names, ""))
        if found is not None:
            rows = (_plain(row) for row in table.to_pylist())
            yield _encoded(itertools.chain.from_iterable(map(found(options).row, rows)))
        else:
            yield from_table(_completed(table, options), limits)


def _completed(table: pa.Table, options: Options) -> pa.Table:
    """The table with the asset and kind that the file did not say."""
    for name, value in (("asset", options.asset), ("kind", options.kind)):
        if value and name not in table.column_names:
            table = table.append_column(name, pa.repeat(pa.scalar(value), table.num_rows))
    return table


def _json(path: Path, options: Options, *, array: bool) -> Iterator[Decoded]:
    if array:
        if path.stat().st_size > _WHOLE:
            raise BadFile(path.name, "a JSON array is read whole; write one object a line instead")
        content = path.read_bytes()
        ours = from_json(content)
        first = msgspec.json.decode(content, type=list[msgspec.Raw])[:1]
        yield from _lines([[bytes(r) for r in _raws(content)]] if _foreign(first) else [], options)
        if not _foreign(first):
            yield _filled(ours, options)
        return
    with path.open("rb") as file:
        chunks = iter(lambda: list(itertools.islice(_limited(file, path), options.batch_rows)), [])
        yield from _lines(chunks, options)


def _raws(content: bytes) -> list[msgspec.Raw]:
    return msgspec.json.decode(content, type=list[msgspec.Raw])


def _foreign(first: list[msgspec.Raw]) -> bool:
    return bool(first) and _reader_for(bytes(first[0])) is not None


def _limited(file: Any, path: Path) -> Iterator[bytes]:
    while line := file.readline(_LINE + 1):
        if len(line) > _LINE:
            raise BadFile(path.name, f"it has a line of over {_LINE} bytes")
        if line.strip():
            yield line


def _lines(chunks: Iterable[list[bytes]], options: Options) -> Iterator[Decoded]:
    reader: _Reader | None = None
    known = False
    for lines in chunks:
        if not known:
            found = _reader_for(lines[0])
            reader, known = (found(options) if found else None), True
        if reader is None:
            yield _filled(from_lines(b"\n".join(lines)), options)
        else:
            yield _turned(reader, lines)
    if reader is not None:
        yield _encoded(reader.rest())


def _turned(reader: _Reader, lines: list[bytes]) -> Decoded:
    """Foreign lines through their reader; a line that it cannot turn is rejected."""
    rows: list[Fields] = []
    rejected: list[Rejected] = []
    for place, line in enumerate(lines):
        try:
            rows.extend(reader.row(msgspec.json.decode(line, type=dict[str, Any])))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            rejected.append(Rejected(index=place, why=f"The row is not JSON: {error}."))
        except (KeyError, AttributeError, TypeError, IndexError):
            rejected.append(Rejected(index=place, why="The row is not of the shape of its file."))
    batch = _encoded(rows)
    return replace(batch, rejected=(*rejected, *batch.rejected))


def _encoded(rows: Iterable[Fields]) -> Decoded:
    """Rows by name to columns, through the same door as JSON from the wire."""
    plain = [{k: v for k, v in row.items() if v is not None} for row in rows]
    return from_json(msgspec.json.encode(plain, enc_hook=str))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """The row with times that say their zone; a table's times without one are UTC."""
    return {
        k: v.replace(tzinfo=UTC) if isinstance(v, datetime) and v.tzinfo is None else v
        for k, v in row.items()
    }


def _filled(batch: Decoded, options: Options) -> Decoded:
    """The batch with the asset and kind of rows that name none."""
    table = batch.table
    for name, value in (("asset", options.asset), ("kind", options.kind)):
        place = table.schema.get_field_index(name)
        if value and table.column(name).null_count:
            filled = table.column(name).fill_null(value)
            table = table.set_column(place, table.schema.field(place), filled)
    return replace(batch, table=table)


def _moved(batch: Decoded, by: int) -> Decoded:
    """The batch with indexes that count from the start of the file."""
    index = np.arange(batch.table.num_rows) if batch.index is None else batch.index
    rejected = tuple(replace(r, index=r.index + by) for r in batch.rejected)
    return replace(batch, index=index + by, rejected=rejected)


def _reader_for(line: bytes) -> Callable[[Options], _Reader] | None:
    try:
        row = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return _format_of(row)


def _format_of(row: dict[str, Any]) -> Callable[[Options], _Reader] | None:
    return next((form.Reader for form in _FORMATS if form.recognises(row)), None)
