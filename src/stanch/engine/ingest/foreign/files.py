"""A file on disk to batches of our rows, told apart by what is in it, never by its name.

In    a path; what the file cannot say about itself; somebody to tell how far it is.
Out   `Decoded` batches for `Intake.take_rows`, a bounded number of rows at a time. The index of a
      row is its row (or line that is not blank) in the file, also where a line makes several
      events; of two halves that meet it is the second's, of a half left alone the last line's.
Why   logs of other systems come as gigabytes; none of it is held at once.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from stanch.engine.ingest.arrow import from_table
from stanch.engine.ingest.decoded import Decoded
from stanch.engine.ingest.foreign import azureml, databricks, kserve, sagemaker
from stanch.engine.ingest.foreign.shape import Fields, Options
from stanch.engine.ingest.limits import MIB, Limits
from stanch.engine.ingest.rows import from_json, from_lines
from stanch.vocabulary.receipt import Rejected
from stanch.vocabulary.trouble import BadFile, NoSuchFile

Progress = Callable[[int], None]
"""Hears how many bytes of the file are done."""

_FORMATS = (kserve, sagemaker, azureml, databricks)
_LOOK = 64 * 1024
_WHOLE = 256 * MIB
"""A JSON array is read whole, so it may not be larger."""
_LINE = 16 * MIB


class _Reader(Protocol):
    def row(self, row: dict[str, Any]) -> Iterator[Fields]: ...
    def rest(self) -> Iterator[Fields]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """One batch, the rows of the file it was made of, and the bytes done with it."""

    batch: Decoded
    rows: int
    bytes: int


def read_file(
    path: Path, options: Options, limits: Limits, progress: Progress
) -> Iterator[Decoded]:
    """The rows of a file, batch by batch."""
    if not path.is_file():
        raise NoSuchFile("file", path)
    done = 0
    try:
        for part in _parts(path, options, limits):
            yield _moved(part.batch, done)
            done += part.rows
            progress(part.bytes)
    except (pa.ArrowException, UnicodeDecodeError, msgspec.DecodeError) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadFile(path.name, f"it cannot be read past row {done}: {told[:200]}") from error


def _parts(path: Path, options: Options, limits: Limits) -> Iterator[_Part]:
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(_LOOK)
    if start.startswith(b"PAR1"):
        with pa.parquet.ParquetFile(path) as parquet:
            rows = max(1, parquet.metadata.num_rows)
            parts = parquet.iter_batches(options.batch_rows)
            yield from _tables(parts, options, limits, lambda done: size * done // rows)
    elif start.startswith(b"ARROW1"):
        with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as feather:
            parts = (feather.get_batch(i) for i in range(feather.num_record_batches))
            yield from _tables(parts, options, limits, lambda _: source.tell())
    elif start.startswith(b"\xff\xff\xff\xff"):
        with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as stream:
            yield from _tables(stream, options, limits, lambda _: source.tell())
    elif start.lstrip()[:1] in {b"[", b"{"}:
        yield from _json(path, options, array=start.lstrip()[:1] == b"[")
    elif b"," in start.split(b"\n", 1)[0]:
        with pa.OSFile(str(path)) as source, pa.csv.open_csv(source) as rows_read:
            yield from _tables(rows_read, options, limits, lambda _: min(size, source.tell()))
    else:
        known = "Parquet, Arrow, JSON, NDJSON or CSV"
        raise BadFile(path.name, f"it is not {known}; look at its first line")


def _tables(
    batches: Iterable[pa.RecordBatch],
    options: Options,
    limits: Limits,
    bytes_at: Callable[[int], int],
) -> Iterator[_Part]:
    done = 0
    for batch in batches:
        batch.validate(full=True)
        names = [options.rename.get(name, name) for name in batch.schema.names]
        table = pa.Table.from_batches([batch]).rename_columns(names)
        found = _format_of(dict.fromkeys(names, ""))
        if found is not None:
            decoded = _turned(found(options), [_plain(row) for row in table.to_pylist()])
        else:
            decoded = _filled(from_table(table, limits), options)
        done += batch.num_rows
        yield _Part(batch=decoded, rows=batch.num_rows, bytes=bytes_at(done))


def _json(path: Path, options: Options, *, array: bool) -> Iterator[_Part]:
    size = path.stat().st_size
    if array:
        if size > _WHOLE:
            raise BadFile(path.name, "a JSON array is read whole; write one object a line instead")
        content = path.read_bytes()
        reader = _reader_for(bytes(next(iter(_raws(content)), b"{}")), options)
        if reader is None:
            batch = _filled(from_json(content), options)
            rows = batch.table.num_rows + len(batch.rejected)
            yield _Part(batch=batch, rows=rows, bytes=size)
        else:
            yield from _lines([[bytes(r) for r in _raws(content)]], options, lambda: size)
        return
    with path.open("rb") as file:
        chunks = iter(lambda: list(itertools.islice(_limited(file, path), options.batch_rows)), [])
        yield from _lines(chunks, options, file.tell)


def _raws(content: bytes) -> Sequence[msgspec.Raw]:
    """The elements of the array; none when it is not JSON, so that the plain reader says why."""
    try:
        return msgspec.json.decode(content, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return ()


def _limited(file: Any, path: Path) -> Iterator[bytes]:
    while line := file.readline(_LINE + 1):
        if len(line) > _LINE:
            raise BadFile(path.name, f"it has a line of over {_LINE} bytes")
        if line.strip():
            yield line


def _lines(
    chunks: Iterable[list[bytes]], options: Options, bytes_at: Callable[[], int]
) -> Iterator[_Part]:
    reader: _Reader | None = None
    known = False
    for lines in chunks:
        if not known:
            reader, known = _reader_for(lines[0], options), True
        if reader is None:
            batch = _filled(from_lines(b"\n".join(lines)), options)
        else:
            batch = _turned(reader, lines)
        yield _Part(batch=batch, rows=len(lines), bytes=bytes_at())
    if reader is not None:
        rest = list(reader.rest())
        yield _Part(batch=_encoded(rest, [-1] * len(rest)), rows=0, bytes=bytes_at())


class _Renamed:
    """Rows in our own shape under names of their own."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def row(self, row: dict[str, Any]) -> Iterator[Fields]:
        """The row under our names, with what the file does not say."""
        ours = {self._options.rename.get(name, name): value for name, value in row.items()}
        given = {"asset": self._options.asset, "kind": self._options.kind}
        yield {name: value for name, value in given.items() if value} | ours

    def rest(self) -> Iterator[Fields]:
        """Nothing: each row is whole."""
        return iter(())


def _turned(reader: _Reader, lines: Sequence[bytes | dict[str, Any]]) -> Decoded:
    """Foreign rows through their reader; one that it cannot turn is rejected."""
    rows: list[Fields] = []
    places: list[int] = []
    rejected: list[Rejected] = []
    for place, line in enumerate(lines):
        try:
            row = msgspec.json.decode(line, type=dict[str, Any]) if type(line) is bytes else line
            made = list(reader.row(cast("dict[str, Any]", row)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            rejected.append(Rejected(index=place, why=f"The row is not JSON: {error}."))
        except (KeyError, AttributeError, TypeError, IndexError):
            rejected.append(Rejected(index=place, why="The row is not of the shape of its file."))
        else:
            rows += made
            places += [place] * len(made)
    batch = _encoded(rows, places)
    return replace(batch, rejected=(*rejected, *batch.rejected))


def _encoded(rows: Iterable[Fields], places: Sequence[int]) -> Decoded:
    """Rows by name to columns, through the same door as JSON from the wire."""
    plain = [{k: v for k, v in row.items() if v is not None} for row in rows]
    batch = from_json(msgspec.json.encode(plain, enc_hook=str))
    origin = np.asarray(places, dtype=np.int64)
    rejected = tuple(replace(r, index=int(origin[r.index])) for r in batch.rejected)
    index = origin if batch.index is None else origin[batch.index]
    return replace(batch, index=index, rejected=rejected)


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


def _reader_for(line: bytes, options: Options) -> _Reader | None:
    """Who reads rows like this one; None when they are in our own shape and names."""
    row: dict[str, Any] = {}
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        row = msgspec.json.decode(line, type=dict[str, Any])
    found = _format_of(row)
    if found is not None:
        return found(options)
    return _Renamed(options) if options.rename else None


def _format_of(row: dict[str, Any]) -> Callable[[Options], _Reader] | None:
    return next((form.Reader for form in _FORMATS if form.recognises(row)), None)
