"""How much memory an Arrow stream asks for, read from its headers before anything is unpacked.

In    the bytes of an Arrow IPC stream.
Out   bytes: for each compressed buffer the length it states for itself, for others their own.
Why   a buffer of a few bytes can state that it unpacks to many gigabytes, and the reader would
      believe it. The numbers lie in the flatbuffers metadata of each message, so this reads just
      the four tables on the way to them. Layout: Arrow columnar format, IPC.
"""

import struct
from dataclasses import dataclass

import pyarrow as pa

_U16 = struct.Struct("<H")
_I32 = struct.Struct("<i")
_U32 = struct.Struct("<I")
_I64 = struct.Struct("<q")
_PAIR = struct.Struct("<qq")
_DICTIONARY, _RECORDS = 2, 3
_HEADER_TYPE, _HEADER = 1, 2
_DATA = 1
_BUFFERS, _COMPRESSION = 2, 3
_FAR_TOO_MUCH = 1 << 62


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    """One flatbuffers table: where its fields lie."""

    data: memoryview
    at: int

    def field(self, number: int) -> int:
        """The place of a field, or 0 when it is absent."""
        vtable = self.at - _I32.unpack_from(self.data, self.at)[0]
        if 4 + 2 * number >= _U16.unpack_from(self.data, vtable)[0]:
            return 0
        offset = _U16.unpack_from(self.data, vtable + 4 + 2 * number)[0]
        return self.at + offset if offset else 0

    def table(self, number: int) -> "_Table | None":
        """The table that a field points to."""
        place = self.field(number)
        if not place:
            return None
        return _Table(data=self.data, at=place + _U32.unpack_from(self.data, place)[0])


def memory_wanted(body: bytes) -> int:
    """Bytes that reading this stream would take."""
    total = 0
    reader = pa.ipc.MessageReader.open_stream(pa.py_buffer(body))
    while True:
        try:
            message = reader.read_next_message()
        except StopIteration:
            return total
        try:
            total += _of_message(memoryview(message.metadata), memoryview(message.body or b""))
        except struct.error as error:
            raise ValueError("a message header is torn") from error


def _of_message(metadata: memoryview, body: memoryview) -> int:
    root = _Table(data=metadata, at=_U32.unpack_from(metadata, 0)[0])
    kind_at = root.field(_HEADER_TYPE)
    kind = metadata[kind_at] if kind_at else 0
    header = root.table(_HEADER)
    if kind == _DICTIONARY and header is not None:
        header = header.table(_DATA)
    if header is None or kind not in {_DICTIONARY, _RECORDS}:
        return len(metadata)
    if not header.field(_COMPRESSION):
        return len(body)
    place = header.field(_BUFFERS)
    if not place:
        return len(body)
    start = place + _U32.unpack_from(metadata, place)[0]
    count = _U32.unpack_from(metadata, start)[0]
    return sum(
        _of_buffer(body, *_PAIR.unpack_from(metadata, start + 4 + 16 * i)) for i in range(count)
    )


def _of_buffer(body: memoryview, offset: int, length: int) -> int:
    if length < _I64.size:
        return max(0, length)
    stated = int(_I64.unpack_from(body, offset)[0]) if offset >= 0 else _FAR_TOO_MUCH
    if stated == -1:
        return length
    return stated if stated >= 0 else _FAR_TOO_MUCH
