"""JSON and NDJSON to columns: all rows at once when all are well, one by one when one is not.

In    the plain bytes of a request.
Out   `Decoded`: columns, where each row stood, and the rows that could not be read.
Why   a decoder made for just the fields that a sender uses is twice as fast as one for all of
      them, and a dictionary for each row would be slower still; so the careful path is taken only
      by a batch in which some row needs it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import msgspec
import numpy as np
import pyarrow as pa

from stanch.engine.ingest.columns import Sent, decoded_of
from stanch.engine.ingest.decoded import Decoded
from stanch.engine.ingest.scan.quick import quickly
from stanch.engine.ingest.schema import LOOSE, TYPE_OF
from stanch.vocabulary.event import ColumnType
from stanch.vocabulary.receipt import Rejected
from stanch.vocabulary.trouble import BadInput

_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_SENT = {
    ColumnType.TEXT: str | None,
    ColumnType.WORD: str | None,
    ColumnType.NUMBER: float | None,
    ColumnType.COUNT: _Int64 | None,
    ColumnType.TIME: str | float | None,
    ColumnType.NUMBERS: list[float | None] | None,
    ColumnType.JSON: msgspec.Raw,
}


def _sent_type(name: str) -> Any:
    if name == "features":
        return list[float | None] | dict[str, msgspec.Raw] | None
    if name == "received":
        return msgspec.Raw
    return str | int | float | bool | None if name in LOOSE else _SENT[TYPE_OF[name]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shape:
    """A set of fields, and the decoder of rows that have no others."""

    names: tuple[str, ...]
    row: msgspec.json.Decoder[Any]
    rows: msgspec.json.Decoder[list[Any]]


def _shape(names: tuple[str, ...]) -> _Shape:
    fields = [(name, _sent_type(name), None) for name in names]
    row = msgspec.defstruct("_Row", fields, forbid_unknown_fields=True, gc=False)
    of_all: Any = list[row]  # type: ignore[valid-type]  # made here, so no checker can see it
    return _Shape(names=names, row=msgspec.json.Decoder(row), rows=msgspec.json.Decoder(of_all))


_ALL = _shape(tuple(TYPE_OF))
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_PLAIN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
_NAN = re.compile(rb'"(?:[^"\\\n]|\\.)*"|(-?Infinity|NaN)')
_AT = re.compile(r" - at `\$\.?([^`]*)`$")


def from_json(body: bytes) -> Decoded:
    """The rows of a JSON array, or of one JSON object."""
    if body.lstrip()[:1] == b"{":
        return _one_by_one([_without_nan(body)])
    found = quickly(body, lines=False)
    if found is not None:
        return found
    try:
        return _SHAPES.columns(lambda shape: shape.rows.decode(body))
    except (*_PLAIN, pa.ArrowInvalid):
        plain = _without_nan(body)
        return from_json(plain) if plain is not body else _one_by_one(_elements(body))


def from_lines(body: bytes) -> Decoded:
    """The rows of NDJSON; blank lines do not count."""
    found = quickly(body, lines=True)
    if found is not None:
        return found
    try:
        return _SHAPES.columns(lambda shape: shape.row.decode_lines(body))
    except (*_PLAIN, pa.ArrowInvalid):
        plain = _without_nan(body)
        if plain is not body:
            return from_lines(plain)
        return _one_by_one([line for line in body.split(b"\n") if line.strip()])


class _Shapes:
    """The shapes that came last; they only save time and change no result."""

    def __init__(self) -> None:
        self._recent: tuple[_Shape, ...] = ()

    def columns(self, decode: Callable[[_Shape], list[Any]]) -> Decoded:
        """The rows as columns, decoded by the first shape that has all of their fields."""
        for shape in (*self._recent, _ALL):
            try:
                rows = decode(shape)
            except msgspec.ValidationError as error:
                if shape is _ALL or "unknown field" not in str(error):
                    raise
            else:
                sent = Sent(names=shape.names, rows=rows)
                if len(rows) >= _WORTH:
                    self._remember(_learnt(sent.present()) if shape is _ALL else shape)
                return decoded_of(sent)
        raise AssertionError

    def _remember(self, shape: _Shape) -> None:
        if self._recent[:1] != (shape,):
            self._recent = (shape, *(s for s in self._recent if s is not shape))[:_REMEMBERED]


_WORTH = 100
"""Rows from which on a batch is worth a shape of its own."""
_REMEMBERED = 4
_SHAPES = _Shapes()
_learnt = lru_cache(maxsize=64)(_shape)


def _without_nan(body: bytes) -> bytes:
    """The text with `NaN` and `Infinity`, which are no JSON but which Python writes, as null."""
    if b"NaN" not in body and b"Infinity" not in body:
        return body
    plain = _NAN.sub(_null_or_same, body)
    return body if plain == body else plain


def _null_or_same(found: re.Match[bytes]) -> bytes:
    return b"null" if found[1] else found[0]


def _elements(body: bytes) -> Sequence[bytes | msgspec.Raw]:
    """The elements of the array, unread; a torn array costs the request, with the place."""
    try:
        return _RAWS.decode(body)
    except RecursionError:
        return list(_split(body))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The body is not a JSON array of events: {error}.") from error


def _split(body: bytes) -> Iterable[bytes]:
    """The elements of an array too deep for the decoder, found by counting brackets."""
    depth = 0
    start = 0
    for token in _TOKEN.finditer(body):
        sign = token.group()
        if sign in {b"[", b"{"}:
            depth += 1
            if depth == 1:
                start = token.end()
        elif sign in {b"]", b"}"}:
            depth -= 1
        if (depth == 0) or (depth == 1 and sign == b","):
            if body[start : token.start()].strip():
                yield body[start : token.start()]
            start = token.end()
    if depth:
        raise BadInput("The body is not a JSON array of events: it ends before its end.")


def _one_by_one(raws: Sequence[bytes | msgspec.Raw]) -> Decoded:
    """Every row for itself: what is unknown goes to `extra`, what is wrong is rejected."""
    rows: list[Any] = []
    index: list[int] = []
    rejected: list[Rejected] = []
    for place, raw in enumerate(raws):
        try:
            row = _row(raw)
        except (*_PLAIN, BadInput) as error:
            rejected.append(Rejected(index=place, why=_why(error)))
        else:
            rows.append(row)
            index.append(place)
    return decoded_of(
        Sent(names=_ALL.names, rows=rows), np.asarray(index, dtype=np.int64), tuple(rejected)
    )


def _row(raw: bytes | msgspec.Raw) -> Any:
    bytes(raw).decode()  # what stays as it came is not looked at by the decoder
    try:
        return _ALL.row.decode(raw)
    except msgspec.ValidationError:
        return _row_with_unknown(raw)


def _row_with_unknown(raw: bytes | msgspec.Raw) -> Any:
    try:
        fields = _FIELDS.decode(raw)
    except msgspec.ValidationError as error:
        raise BadInput("A row is a JSON object; this is something else.") from error
    unknown = {name: fields.pop(name) for name in tuple(fields) if name not in TYPE_OF}
    if unknown:
        sent = fields.get("extra")
        if sent is not None and bytes(sent).lstrip()[:1] == b"{":
            unknown |= _FIELDS.decode(sent)
        elif sent is not None:
            unknown["extra"] = sent
        fields["extra"] = msgspec.Raw(msgspec.json.encode(unknown))
    return _ALL.row.decode(msgspec.json.encode(fields))


def _why(error: Exception) -> str:
    """One sentence for one bad row."""
    match error:
        case BadInput():
            return str(error)
        case UnicodeDecodeError():
            return "The row is not valid UTF-8."
        case RecursionError():
            return "The row is nested too deep."
        case msgspec.ValidationError():
            text = str(error)
            at = _AT.search(text)
            told = _AT.sub("", text).replace("`", "")
            return f"{at.group(1) if at and at.group(1) else 'row'}: {told}."
        case _:
            return f"The row is not JSON: {error}."
