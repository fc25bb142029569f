"""Decoded rows to Arrow columns: only the columns that somebody sent, each in one go.

In    rows as the decoder made them, and the names of their fields.
Out   `Decoded` in our schema.
Why   most of a batch's time went into columns that nobody sent and into lists in lists; columns
      that nobody sent are not made, and numbers go through one flat array.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from stanch.engine.ingest.compute import pc
from stanch.engine.ingest.decoded import Decoded
from stanch.engine.ingest.schema import LOOSE, SCHEMA, TYPE_OF, gathered
from stanch.engine.ingest.times import times_of
from stanch.vocabulary.event import ColumnType
from stanch.vocabulary.receipt import Rejected

_NO_TEXT = frozenset({str, type(None)})
_PACKED = np.dtype([("tag", "u1"), ("value", ">f8")])
"""A number in MessagePack."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """Rows of one decoder: structs with these fields, in this order."""

    names: tuple[str, ...]
    rows: Sequence[Any]

    def columns(self) -> dict[str, tuple[Any, ...]]:
        """The values of each field that some row has."""
        if not self.rows:
            return {}
        count = len(self.rows)
        lists = zip(*map(msgspec.structs.astuple, self.rows), strict=True)
        found = zip(self.names, lists, strict=True)
        return {
            name: values
            for name, values in found
            if values[0] is not None or values.count(None) < count
        }

    def present(self) -> tuple[str, ...]:
        """The fields that some row has."""
        return tuple(self.columns())


def decoded_of(
    sent: Sent, index: np.ndarray | None = None, rejected: tuple[Rejected, ...] = ()
) -> Decoded:
    """The rows as columns; a time that cannot be read is told with its row."""
    columns: dict[str, Any] = {}
    wrong: dict[int, str] = {}
    for name, values in sent.columns().items():
        if name == "received":
            continue
        if name == "ts":
            columns[name], wrong = times_of(values)
        elif name == "features":
            columns |= _features(values)
        elif name == "named" and name in columns:
            # A sender's own `named` stands before the object it put into `features`.
            columns[name] = pc.coalesce(_json_text(values), columns[name])
        else:
            columns[name] = _column(name, values)
    table = gathered(columns, len(sent.rows))
    return Decoded(table=table, index=index, rejected=rejected, wrong=wrong)


_TEXT = pa.string()


def _column(name: str, values: Sequence[Any]) -> pa.Array:
    match TYPE_OF[name]:
        case ColumnType.JSON:
            return _json_text(values)
        case ColumnType.NUMBERS:
            return _numbers(values)
        case _ if name in LOOSE and not _NO_TEXT.issuperset(map(type, values)):
            return pa.array([_text(v) for v in values], _TEXT)
        case _:
            return pa.array(values, SCHEMA.field(name).type)


def _text(value: Any) -> str | None:
    return value if value is None or value.__class__ is str else msgspec.json.encode(value).decode()


def _json_text(values: Sequence[Any]) -> pa.Array:
    """The JSON as it came; a JSON null is no value."""
    if None in values:
        texts = [None if raw is None else bytes(raw) for raw in values]
    else:
        texts = list(map(bytes, values))
    if b"null" in texts:
        texts = [None if text == b"null" else text for text in texts]
    return pa.array(texts, _TEXT)


def _numbers(values: Sequence[Any]) -> pa.Array:
    """Lists of numbers through one flat array, in which only a missing number can be NaN."""
    lists = [() if v is None else v for v in values] if None in values else values
    ends = np.zeros(len(values) + 1, dtype=np.int32)
    np.cumsum(np.fromiter(map(len, lists), np.int32, len(lists)), out=ends[1:])
    flat = _flat(list(chain.from_iterable(lists)))
    missing = np.isnan(flat)
    inner = pa.array(flat, mask=missing) if missing.any() else pa.array(flat)
    mask = pa.array([v is None for v in values]) if lists is not values else None
    return pa.ListArray.from_arrays(pa.array(ends), inner, mask=mask)


def _flat(numbers: list[float | None]) -> np.ndarray:
    """The numbers in one array, through MessagePack, which takes half the time of numpy's loop.

    Each number takes nine bytes there and None a single one, so the length tells of any None.
    """
    packed = msgspec.msgpack.encode(numbers)
    head = len(packed) - _PACKED.itemsize * len(numbers)
    if head < 0:
        return np.fromiter(numbers, np.float64, len(numbers))
    return np.frombuffer(packed, _PACKED, len(numbers), head)["value"].astype(np.float64)


def _features(values: Sequence[Any]) -> dict[str, pa.Array]:
    """A list of numbers is `features`; an object is `named`."""
    if dict not in set(map(type, values)):
        return {"features": _numbers(values)}
    objects = [v if v.__class__ is dict else None for v in values]
    texts = [None if v is None else msgspec.json.encode(v) for v in objects]
    lists = [None if v.__class__ is dict else v for v in values]
    return {"features": _numbers(lists), "named": pa.array(texts, _TEXT)}
