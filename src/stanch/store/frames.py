"""Frames: how rows lie in a segment of the spool, so that a torn end is seen and cut.

Format  `STF1`, rows (4 bytes), first row (8), length (8), BLAKE3 of the payload and of the header
        before it (16), then the payload: an Arrow IPC stream, lz4, of the columns that are not
        all null. Integers are little-endian.
Why     every frame says its own schema, so a segment written before a column was added stays
        readable after; leaving out empty columns keeps a frame of one event small.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from blake3 import blake3

_HEAD = struct.Struct("<4sIQQ")
_SUM = 16
HEADER = _HEAD.size + _SUM
MAGIC = b"STF1"
_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
_READING = pa.ipc.IpcReadOptions(use_threads=False)
"""A frame is small: handing its columns to other threads costs more than unpacking them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """Where one frame lies and which rows it holds."""

    first: int
    rows: int
    offset: int
    size: int
    """Header included."""

    @property
    def end(self) -> int:
        """The row after its last."""
        return self.first + self.rows


def pack(rows: pa.Table, first: int) -> tuple[bytes, pa.Buffer]:
    """The rows as one frame: its header, and the payload that follows."""
    kept = [name for name in rows.column_names if rows.column(name).null_count < rows.num_rows]
    batch = rows.select(kept).combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=_OPTIONS) as writer:
        writer.write_table(batch)
    payload = sink.getvalue()
    head = _HEAD.pack(MAGIC, rows.num_rows, first, payload.size)
    return head + _sum(head, payload), payload


def unpack(content: bytes | memoryview) -> pa.Table | None:
    """The rows of one whole frame, or None when its sum does not hold."""
    head, rest = content[: _HEAD.size], content[HEADER:]
    if bytes(content[_HEAD.size : HEADER]) != _sum(bytes(head), rest):
        return None
    return pa.ipc.open_stream(pa.py_buffer(rest), options=_READING).read_all()


def walk(path: Path, since: int = 0) -> Iterator[Frame]:
    """The frames of a segment by their headers alone, up to the first that is not whole."""
    size = path.stat().st_size
    offset = since
    with path.open("rb") as file:
        while offset + HEADER <= size:
            file.seek(offset)
            magic, rows, first, length = _HEAD.unpack(file.read(_HEAD.size))
            if magic != MAGIC or offset + HEADER + length > size:
                return
            yield Frame(first=first, rows=rows, offset=offset, size=HEADER + length)
            offset += HEADER + length


def _sum(head: bytes, payload: bytes | memoryview | pa.Buffer) -> bytes:
    return blake3(head).update(payload).digest(_SUM)
