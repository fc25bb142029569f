"""How a noun becomes a document and comes back.

In    a frozen dataclass.
Out   JSON text; and the dataclass again.
Law   decode(encode(v), type(v)) == v, whatever finite or infinite numbers are in it.
Why   fields of a newer stanch are passed over, fields of an older one take their defaults. JSON has
      no infinity: a noun that holds one is kept as MessagePack inside a JSON string.
"""

import base64
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


def _plain(value: object) -> object:
    """A mapping that is no dict (a read-only one, say) as a dict."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} cannot be kept")


_json = msgspec.json.Encoder(order="deterministic", enc_hook=_plain)
_pack = msgspec.msgpack.Encoder(order="deterministic", enc_hook=_plain)
_readers: dict[type, msgspec.json.Decoder[Any]] = {}


def encode(value: object) -> str:
    """The noun as a document."""
    made = _json.encode(value)
    if b"null" in made and _has_infinity(msgspec.to_builtins(value, enc_hook=_plain)):
        made = _json.encode(base64.b64encode(_pack.encode(value)).decode())
    return made.decode()


def decode(text: str, kind: type[T]) -> T:
    """The noun that the document holds."""
    if text.startswith('"'):
        packed = base64.b64decode(msgspec.json.decode(text, type=str))
        return msgspec.msgpack.decode(packed, type=kind)
    reader = _readers.get(kind)
    if reader is None:
        reader = msgspec.json.Decoder(kind)
        _readers[kind] = reader
    made = reader.decode(text)
    if not isinstance(made, kind):
        raise TypeError(f"a document of {kind.__name__} held a {type(made).__name__}")
    return made


def micros(at: datetime) -> int:
    """The moment as microseconds since 1970, which both databases sort alike."""
    return (at - _EPOCH) // _MICRO


def moment(number: int) -> datetime:
    """The moment that these microseconds name."""
    return _EPOCH + number * _MICRO


def _has_infinity(value: object) -> bool:
    match value:
        case float():
            return not math.isfinite(value)
        case Mapping():
            return any(_has_infinity(v) for v in value.values())
        case list() | tuple() | set() | frozenset():
            return any(_has_infinity(v) for v in value)
        case _:
            return False
