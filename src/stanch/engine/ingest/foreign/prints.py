"""A file of rows to their fingerprints, where the rows are; nothing is sent.

In    a CSV, Parquet or JSON-lines file of training rows or canaries; or a text of canary words.
Out   `Fingerprints`, under a salt of their own.
Why   a training set holds people, and does not leave its place to be watched for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

from stanch.detect.summaries.arrays import Hashes
from stanch.detect.summaries.fingerprints import (
    WORD,
    Fingerprints,
    Known,
    fingerprints_of,
    keys_of,
    numbers_known,
    values_known,
    word_keys,
    word_of,
)
from stanch.vocabulary.trouble import BadFile, BadInput

_ROWS = 65_536
"""Rows that are held at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """How the file is to be read."""

    known: Known
    salt: bytes
    without: tuple[str, ...] = ()
    """Columns that the model never sees: a label, an id."""
    by_place: bool = False
    """Whether columns go by their place, because events come without names: f0, f1, ..."""
    words: bool = False
    """Whether each line is one canary word, for a language model."""


def printed(path: Path, wanted: Wanted) -> Fingerprints:
    """The fingerprints of the rows in this file."""
    if not path.is_file():
        raise BadFile(path, "There is no such file.")
    try:
        found = _of_words(path, wanted) if wanted.words else _of_rows(path, wanted)
    except (OSError, UnicodeDecodeError, pa.ArrowInvalid) as error:
        raise BadFile(path, f"cannot be read as rows ({error})") from error
    if not found.keys.size:
        raise BadFile(path, "has no rows")
    return found


def _of_words(path: Path, wanted: Wanted) -> Fingerprints:
    if wanted.known is not Known.CANARIES:
        raise BadInput("Only canaries can be words: say --canaries with --words.")
    lines = path.read_text("utf-8").splitlines()
    words = [word_of(line) for line in lines if line.strip()]
    keys = [word_keys(words, wanted.salt)] if words else []
    return fingerprints_of(wanted.known, (WORD,), wanted.salt, keys)


def _of_rows(path: Path, wanted: Wanted) -> Fingerprints:
    columns: Sequence[str] = ()
    keys: list[Hashes] = []
    for batch in _batches(path):
        columns = _columns(path, batch.schema.names, wanted)
        values = dict(_values(batch, columns, wanted))
        keys.append(keys_of(values, tuple(values), wanted.salt))
        columns = tuple(values)
    return fingerprints_of(wanted.known, columns or (WORD,), wanted.salt, keys)


def _columns(path: Path, names: Sequence[str], wanted: Wanted) -> list[str]:
    unknown = [name for name in wanted.without if name not in names]
    if unknown:
        raise BadInput(
            f"{path} has no column {', '.join(unknown)}; it has {', '.join(names[:20])}."
        )
    if len(set(names)) != len(names):
        raise BadFile(path, "names a column twice")
    kept = [name for name in names if name not in wanted.without]
    if not kept:
        raise BadInput("No column is left.")
    return kept


def _values(
    batch: pa.RecordBatch, columns: Sequence[str], wanted: Wanted
) -> Iterator[tuple[str, Hashes]]:
    for place, name in enumerate(columns):
        yield f"f{place}" if wanted.by_place else name, _column(batch.column(name), wanted.salt)


def _column(column: pa.Array, salt: bytes) -> Hashes:
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return numbers_known(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    coded = column.dictionary_encode()
    kinds = values_known([*coded.dictionary.to_pylist(), None], salt)
    at = coded.indices.fill_null(len(coded.dictionary)).to_numpy(zero_copy_only=False)
    return np.asarray(kinds[at.astype(np.int64)], np.uint64)


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    """The rows, a bounded piece at a time; texts of a CSV stay what they are."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PAR1":
        with pa.parquet.ParquetFile(path) as parquet:
            yield from parquet.iter_batches(batch_size=_ROWS)
    elif start.lstrip()[:1] == b"{":
        yield from pa.json.read_json(path).to_batches(max_chunksize=_ROWS)
    else:
        yield from _lines(path)


def _lines(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(path)) as source, pa.csv.open_csv(source) as looked:
        types: Mapping[str, pa.DataType] = dict.fromkeys(looked.schema.names, pa.string())
    how = pa.csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""])
    with (
        pa.OSFile(str(path)) as source,
        pa.csv.open_csv(source, convert_options=how) as reader,
    ):
        yield from reader
