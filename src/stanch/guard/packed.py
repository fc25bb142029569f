"""Exchanges as they are sent to a server that reads the bodies itself.

In    rows of one guard; on the other side, the bytes that came.
Out   bytes, the bodies in them as they went over the wire; the JSON array of their events.
Why   to read bodies was most of what telling cost the host, and it can be done anywhere. Bodies
      that are large, or that the host's own function reads, are still read beside the host.

What the server does not need it drops before anything is kept: an event holds the same either way.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from stanch.guard.lines import Common, Row, line, lines
from stanch.vocabulary.trouble import BadInput

_Name = Annotated[str, msgspec.Meta(max_length=1000)]


class Pack(msgspec.Struct, array_like=True):
    """Exchanges, and what their events have in common."""

    asset: _Name
    prefix: _Name
    began: float
    rows: Annotated[list[Row], msgspec.Meta(max_length=1000)]


pack = msgspec.msgpack.Encoder().encode
_READ = msgspec.msgpack.Decoder(Pack).decode
_READ_ALL = msgspec.msgpack.Decoder(list[Pack | bytes]).decode


def pieces(packs: Sequence[bytes], text: bytes) -> list[bytes]:
    """One body in pieces: packs, and beside them events that are JSON already, joined by commas."""
    told = [*packs, msgspec.msgpack.encode(text)] if text else packs
    return [b"\xdc" + len(told).to_bytes(2), *told]


def events(body: bytes) -> bytes:
    """The JSON array of every event in it."""
    try:
        told = _READ_ALL(body)
        found = [one if isinstance(one, bytes) else _texts(one) for one in told]
    except (msgspec.MsgspecError, ValueError, OverflowError, OSError, RecursionError) as error:
        raise BadInput(f"These are not exchanges as a guard sends them: {error}") from error
    return b"[%b]" % b",".join([one for one in found if one])


def texts(one: bytes) -> bytes:
    """The events of one pack, joined by commas."""
    return _texts(_READ(one))


def _texts(one: Pack) -> bytes:
    common = Common(one.asset, one.prefix, one.began)
    text, many, others = lines(numbered(one.rows), common)
    return b",".join([*([text] if many else []), *(line(row, common) for row in others)])


def numbered(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows, each with its place."""
    for number, row in enumerate(rows):
        row.number = number
    return rows
