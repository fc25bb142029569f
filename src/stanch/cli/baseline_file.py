"""A file of answers for a baseline: all its rows, or an even draw where they do not fit a request.

In    a file of any known format; what its rows are of; our names for its columns.
Out   one Arrow stream, how many rows are in it, and how many the file has.
How   a row is drawn by the hash of its id, and a late label with the answer that it is of, so that
      who asks again sends the same rows. An eighth less is drawn each time they are too many.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from stanch.engine.ingest.decoded import Decoded
from stanch.engine.ingest.foreign.files import read_file
from stanch.engine.ingest.foreign.shape import Options
from stanch.engine.ingest.limits import MIB, Limits
from stanch.vocabulary.trouble import BadFile
from stanch.vocabulary.words import counted

ROOM = 28 * MIB
"""Bytes of rows in one request; a server takes a little more."""
ALL = 2**32


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """What is sent of a file."""

    body: bytes
    rows: int
    of: int
    """How many rows the file has."""


def sent_of(path: Path, asset: str, names: Mapping[str, str], room: int = ROOM) -> Sent:
    """The rows of the file, or as many as there is room for, drawn evenly."""
    kept: list[pa.Table] = []
    bar, seen = ALL, 0
    for table in _good(path, asset, names):
        seen += table.num_rows
        kept.append(_under(table, bar))
        while sum(one.nbytes for one in kept) > room:
            bar -= bar // 8
            kept = [_under(one, bar) for one in kept]
    if not seen:
        raise BadFile(path, "has no rows")
    rows = pa.concat_tables(kept, promote_options="default")
    return Sent(body=_stream(rows), rows=rows.num_rows, of=seen)


def _good(path: Path, asset: str, names: Mapping[str, str]) -> Iterator[pa.Table]:
    """The rows, batch by batch; a file with rows that are no events is none of a baseline."""
    bad: list[str] = []
    options = Options(asset=asset, kind="inference", rename=names)
    for part in read_file(path, options, Limits(), _still):
        bad += _why_not(part)
        if not bad:
            yield part.table
    if bad:
        raise BadFile(path, f"{counted(len(bad), 'row')} cannot be read as events; {bad[0]}")


def _why_not(part: Decoded) -> Iterator[str]:
    found = {one.index: one.why for one in part.rejected}
    found |= {part.place(row): why for row, why in part.wrong.items()}
    for row in sorted(found):
        yield f"row {row}: {found[row]}"


def _under(table: pa.Table, bar: int) -> pa.Table:
    if bar == ALL:
        return table
    ids = table["id"].to_pylist()
    answers = table["of"].to_pylist() if "of" in table.column_names else [None] * len(ids)
    drawn = np.array([_hash(of or own) < bar for of, own in zip(answers, ids, strict=True)], bool)
    return table.filter(pa.array(drawn))


def _hash(key: str | None) -> int:
    plain = hashlib.md5((key or "").encode(), usedforsecurity=False).digest()
    return int.from_bytes(plain[:4], "big")


def _stream(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _still(_done: int) -> None:
    """Progress that nobody watches."""
