"""torch files (and any zip): members lie one after another, each behind a header of its own.

In    a source.
Out   where each member's bytes lie; None when it is another format; `Hostile` when the
      directory lies.
Why   torch.save stores each tensor uncompressed as a member, so members are tensors. Only
      positions are read; nothing is unpacked, and nothing is ever unpickled.
"""

import struct
from collections.abc import Iterator

from stanch.store.vault.source import Source
from stanch.store.vault.spans import MAX_HEADER, MAX_PARTS, Hostile, Named

FORMAT = "torch zip"
_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_WIDE = 0xFFFFFFFF


def tensors(source: Source) -> list[Named] | None:
    """Where each member's bytes lie, by the central directory."""
    if source.read(0, 4) != b"PK\x03\x04":
        return None
    count, length, start = _directory(source)
    if count > MAX_PARTS or length > MAX_HEADER or start + length > source.size:
        raise Hostile("a directory past all bounds")
    return [
        _member(source, name, at, packed)
        for name, at, packed in _entries(source.read(start, length), count)
    ]


def _directory(source: Source) -> tuple[int, int, int]:
    """Members, bytes and start of the central directory."""
    tail_at = max(0, source.size - 65_536 - _END.size)
    tail = source.read(tail_at, source.size - tail_at)
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or len(tail) < found + _END.size:
        raise Hostile("no end of the directory")
    _, _, _, _, count, length, start, _ = _END.unpack_from(tail, found)
    if _WIDE not in (length, start) and count != _WIDE >> 16:
        return count, length, start
    return _directory64(source, tail_at + found - _LOCATOR.size)


def _directory64(source: Source, locator_at: int) -> tuple[int, int, int]:
    locator = source.read(max(0, locator_at), _LOCATOR.size)
    if locator_at < 0 or len(locator) < _LOCATOR.size or locator[:4] != b"PK\x06\x07":
        raise Hostile("no end of the wide directory")
    end = source.read(_LOCATOR.unpack(locator)[2], _END64.size)
    if len(end) < _END64.size or end[:4] != b"PK\x06\x06":
        raise Hostile("no wide directory")
    fields = _END64.unpack(end)
    return fields[7], fields[8], fields[9]


def _entries(directory: bytes, count: int) -> Iterator[tuple[str, int, int]]:
    """Name, position of the local header and stored bytes of each member."""
    at = 0
    for _ in range(count):
        if directory[at : at + 4] != b"PK\x01\x02" or at + _ENTRY.size > len(directory):
            raise Hostile("a directory that stops short")
        fields = _ENTRY.unpack_from(directory, at)
        packed, unpacked, name_length, extra_length, comment = fields[8:13]
        local = fields[16]
        name_at = at + _ENTRY.size
        extra_at = name_at + name_length
        extra = directory[extra_at : extra_at + extra_length]
        wide = _wide(extra, [unpacked == _WIDE, packed == _WIDE, local == _WIDE])
        name = directory[name_at:extra_at].decode("utf-8", "replace")
        yield name, local if wide[2] is None else wide[2], packed if wide[1] is None else wide[1]
        at = extra_at + extra_length + comment


def _wide(extra: bytes, wanted: list[bool]) -> list[int | None]:
    """The 64-bit numbers that stand in the extra field, for those wanted."""
    found: list[int | None] = [None] * len(wanted)
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            numbers = extra[at + 4 : at + 4 + length]
            for n, want in enumerate(wanted):
                if want and len(numbers) >= 8:  # noqa: PLR2004  one 64-bit number
                    found[n] = int.from_bytes(numbers[:8], "little")
                    numbers = numbers[8:]
            break
        at += 4 + length
    return found


def _member(source: Source, name: str, at: int, packed: int) -> Named:
    local = source.read(at, _LOCAL.size) if at < source.size else b""
    if len(local) < _LOCAL.size or local[:4] != b"PK\x03\x04":
        raise Hostile(f"member {name[:64]!r} has no header")
    fields = _LOCAL.unpack(local)
    start = at + _LOCAL.size + fields[9] + fields[10]
    if start + packed > source.size:
        raise Hostile(f"member {name[:64]!r} lies past the end")
    return Named(name=name, start=start, end=start + packed)
