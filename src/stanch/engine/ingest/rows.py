"""JSON and NDJSON to columns: all rows at once when all are well, one by one when one is not.

In    the plain bytes of a request.
Out   `Decoded`: columns, where each row stood, and the rows that could not be read.
Why   a typed decoder reads 400,000 rows a second and a dictionary for each row would halve that;
      so the careful path is taken only by a batch in which some row needs it.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec
import numpy as np
import pyarrow as pa

from stanch.engine.ingest.compute import pc
from stanch.engine.ingest.receipt import Decoded, Rejected
from stanch.engine.ingest.schema import LOOSE, SCHEMA, TYPE_OF, conform
from stanch.engine.ingest.times import times_of
from stanch.vocabulary.event import ColumnType
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


_Row = msgspec.defstruct(
    "_Row",
    [(name, _sent_type(name), None) for name in TYPE_OF],
    forbid_unknown_fields=True,
    gc=False,
)
_ROW = msgspec.json.Decoder(_Row)
_ROWS = msgspec.json.Decoder(list[_Row])
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_PLAIN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
_AT = re.compile(r" - at `\$\.?([^`]*)`$")


def from_json(body: bytes) -> Decoded:
    """The rows of a JSON array, or of one JSON object."""
    if body.lstrip()[:1] == b"{":
        return _one_by_one([body])
    try:
        return _columns(_ROWS.decode(body), None, ())
    except (*_PLAIN, pa.ArrowInvalid):
        return _one_by_one(_elements(body))


def from_lines(body: bytes) -> Decoded:
    """The rows of NDJSON; blank lines do not count."""
    try:
        return _columns(_ROWS.decode_lines(body), None, ())
    except (*_PLAIN, pa.ArrowInvalid):
        return _one_by_one([line for line in body.split(b"\n") if line.strip()])


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
    return _columns(rows, np.asarray(index, dtype=np.int64), tuple(rejected))


def _row(raw: bytes | msgspec.Raw) -> Any:
    try:
        row = _ROW.decode(raw)
    except msgspec.ValidationError:
        row = _row_with_unknown(raw)
    for name in _JSON_NAMES:
        text = getattr(row, name)
        if text is not None:
            bytes(text).decode()
    return row


_JSON_NAMES = tuple(name for name, type_ in TYPE_OF.items() if type_ is ColumnType.JSON)


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
    return _ROW.decode(msgspec.json.encode(fields))


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


def _columns(
    rows: Sequence[Any], index: np.ndarray | None, rejected: tuple[Rejected, ...]
) -> Decoded:
    columns: dict[str, Any] = {}
    wrong: dict[int, str] = {}
    count = len(rows)
    lists = zip(*map(msgspec.structs.astuple, rows), strict=True) if rows else ()
    for name, values in zip(TYPE_OF, lists, strict=False):
        if name == "received" or values.count(None) == count:
            continue
        if name == "ts":
            columns[name], wrong = times_of(values)
        elif name == "features":
            columns |= _features(values)
        elif name == "named" and name in columns:
            columns[name] = _named_too(columns[name], values)
        else:
            columns[name] = _column(name, values)
    table = pa.table(columns) if columns else pa.table({"id": pa.nulls(count, pa.string())})
    return Decoded(table=conform(table), index=index, rejected=rejected, wrong=wrong)


def _column(name: str, values: Sequence[Any]) -> pa.Array:
    if TYPE_OF[name] is ColumnType.JSON:
        return _json_text(values)
    if name in LOOSE:
        values = [
            v if v is None or v.__class__ is str else msgspec.json.encode(v).decode()
            for v in values
        ]
    return pa.array(values, SCHEMA.field(name).type)


def _json_text(values: Sequence[Any]) -> pa.Array:
    """The JSON as it came; a JSON null is no value."""
    texts = [None if raw is None else bytes(raw) for raw in values]
    return pa.array([None if text == b"null" else text for text in texts], pa.string())


def _features(values: Sequence[Any]) -> dict[str, pa.Array]:
    """A list of numbers is `features`; an object is `named`."""
    if dict not in set(map(type, values)):
        return {"features": pa.array(values, SCHEMA.field("features").type)}
    objects = [v if v.__class__ is dict else None for v in values]
    texts = [None if v is None else msgspec.json.encode(v) for v in objects]
    lists = [None if v.__class__ is dict else v for v in values]
    return {
        "features": pa.array(lists, SCHEMA.field("features").type),
        "named": pa.array(texts, pa.string()),
    }


def _named_too(ours: pa.Array, sent: Sequence[Any]) -> pa.Array:
    """A sender's own `named` stands before the object it put into `features`."""
    return pc.coalesce(_json_text(sent), ours)
