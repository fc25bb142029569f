"""One column of somebody's table to the type that our schema wants.

In    a column's name and its Arrow array, of any type.
Out   the array in our type, and for each value that does not fit its row and why.
Why   senders have float32, fixed-size lists, nanoseconds and structs; a cast that fails for one
      row must not fail for the batch.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from stanch.engine.ingest.compute import pc
from stanch.engine.ingest.schema import ARROW_TYPES, LOOSE, TYPE_OF
from stanch.engine.ingest.times import STAMP, numbers_to_times, times_of
from stanch.vocabulary.event import ColumnType

_JSON = msgspec.json.Encoder(enc_hook=str)
_INT64 = 2.0**63
is_ = pa.types


@dataclass(frozen=True, kw_only=True, slots=True)
class Cast:
    """A column in our type; rows that did not fit are null in it."""

    values: pa.Array
    wrong: dict[int, str] = field(default_factory=dict)


def cast_column(name: str, array: pa.Array) -> Cast:  # noqa: PLR0911  one return for each type
    """The array as the column of this name."""
    if is_.is_null(array.type):
        return Cast(values=pa.nulls(len(array), ARROW_TYPES[TYPE_OF[name]]))
    match TYPE_OF[name]:
        case ColumnType.TEXT | ColumnType.WORD:
            return _text(name, array)
        case ColumnType.NUMBER:
            return _number(name, array)
        case ColumnType.COUNT:
            return _count(name, array)
        case ColumnType.TIME:
            return _time(name, array)
        case ColumnType.NUMBERS:
            return _numbers(name, array)
        case _:
            return Cast(values=_json(array))


def extra_of(unknown: pa.Table, sent: pa.Array | None) -> pa.Array:
    """The unknown columns of each row as one JSON object, together with the `extra` it had."""
    texts = []
    had = sent.to_pylist() if sent is not None else [None] * unknown.num_rows
    for row, before in zip(unknown.to_pylist(), had, strict=True):
        fields: dict[str, Any] = {k: v for k, v in row.items() if v is not None}
        if before is not None:
            known = msgspec.json.decode(before)
            fields |= known if isinstance(known, dict) else {"extra": known}
        texts.append(_JSON.encode(fields).decode() if fields else None)
    return pa.array(texts, pa.string())


def _unfit(name: str, array: pa.Array, wanted: str) -> Cast:
    """No value of this column fits: every row that has one is wrong."""
    rows = np.flatnonzero(array.is_valid().to_numpy(zero_copy_only=False)).tolist()
    told = f"{name}: expected {wanted}, got {array.type}."
    values = pa.nulls(len(array), ARROW_TYPES[TYPE_OF[name]])
    return Cast(values=values, wrong=dict.fromkeys(rows, told))


def _is_text(kind: pa.DataType) -> bool:
    return is_.is_string(kind) or is_.is_large_string(kind) or is_.is_string_view(kind)


def _is_number(kind: pa.DataType) -> bool:
    return is_.is_integer(kind) or is_.is_floating(kind) or is_.is_decimal(kind)


def _text(name: str, array: pa.Array) -> Cast:
    if _is_text(array.type):
        return Cast(values=array.cast(pa.string()))
    if name in LOOSE and (is_.is_integer(array.type) or is_.is_boolean(array.type)):
        return Cast(values=array.cast(pa.string()))
    if name in LOOSE and is_.is_floating(array.type):
        numbers = array.cast(pa.float64()).to_pylist()
        texts = [None if v is None else _float_text(v) for v in numbers]
        return Cast(values=pa.array(texts, pa.string()))
    return _unfit(name, array, "text")


def _float_text(value: float) -> str:
    text = msgspec.json.encode(value).decode()
    return text if text != "null" else str(value)


def _number(name: str, array: pa.Array) -> Cast:
    if not _is_number(array.type):
        return _unfit(name, array, "a number")
    return Cast(values=array.cast(pa.float64(), safe=False))


def _count(name: str, array: pa.Array) -> Cast:
    if not _is_number(array.type):
        return _unfit(name, array, "a whole number")
    try:
        return Cast(values=array.cast(pa.int64()))
    except pa.ArrowInvalid:
        numbers = array.cast(pa.float64(), safe=False)
        plain = pc.fill_null(numbers, 0.0).to_numpy(zero_copy_only=False)
        bad = ~(np.isfinite(plain) & (np.trunc(plain) == plain) & (np.abs(plain) < _INT64))
        told = f"{name}: expected a whole number of 64 bits."
        whole = np.where(bad, 0, plain).astype(np.int64)
        mask = bad | array.is_null().to_numpy(zero_copy_only=False)
        return Cast(
            values=pa.array(whole, mask=mask),
            wrong=dict.fromkeys(np.flatnonzero(bad).tolist(), told),
        )


def _time(name: str, array: pa.Array) -> Cast:
    kind = array.type
    if is_.is_timestamp(kind):
        if kind.tz is None:
            return _unfit(name, array, "a time with a time zone")
        return Cast(values=array.cast(STAMP, safe=False))
    if _is_text(kind):
        values, wrong = times_of(array.to_pylist())
        return Cast(values=values, wrong=wrong)
    if not _is_number(kind):
        return _unfit(name, array, "a time")
    numbers = array.cast(pa.float64(), safe=False)
    plain = pc.fill_null(numbers, 0.0).to_numpy(zero_copy_only=False)
    micros, good = numbers_to_times(plain)
    mask = ~good | array.is_null().to_numpy(zero_copy_only=False)
    told = f"{name} is not a time that can be stored."
    return Cast(
        values=pa.array(micros, mask=mask).cast(STAMP),
        wrong=dict.fromkeys(np.flatnonzero(~good).tolist(), told),
    )


def _numbers(name: str, array: pa.Array) -> Cast:
    kind = array.type
    lists = (
        is_.is_list(kind)
        or is_.is_large_list(kind)
        or is_.is_fixed_size_list(kind)
        or is_.is_list_view(kind)
        or is_.is_large_list_view(kind)
    )
    if not lists or not (_is_number(kind.value_type) or is_.is_null(kind.value_type)):
        return _unfit(name, array, "a list of numbers")
    return Cast(values=array.cast(pa.list_(pa.float64()), safe=False))


def _json(array: pa.Array) -> pa.Array:
    """Text that is JSON as it stands; other text as a JSON string; anything else written out."""
    if _is_text(array.type):
        words = array.cast(pa.string()).dictionary_encode()
        looked_at = [_json_of(v) for v in words.dictionary.to_pylist()]
        return pa.array(looked_at, pa.string()).take(words.indices)
    values = array.to_pylist()
    if is_.is_map(array.type):
        values = [None if v is None else {str(k): item for k, item in v} for v in values]
    return pa.array([None if v is None else _JSON.encode(v) for v in values], pa.string())


def _json_of(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return _JSON.encode(text).decode()
    return None if text.strip() == "null" else text
