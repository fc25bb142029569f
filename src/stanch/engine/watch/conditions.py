"""Conditions: under which of its conditions of operation an asset gave each answer.

In    rows of one asset; the field that tells the condition, and the values its owner named.
Out   the rows of each condition; what tells none, or one that nobody named, is of the other.
Why   a region or a channel has a normal of its own. The field stands beside the inputs, where the
      service or its guard writes and not whoever asks; and the names are the owner's, so nobody
      makes a new one by sending it.
"""

from collections.abc import Callable, Iterator
from functools import cache

import msgspec
import pyarrow as pa

from stanch.engine.ingest.compute import pc
from stanch.vocabulary.asset import OTHER, Conditions


def apart(rows: pa.Table, told: Conditions) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each condition that has any, in the order in which they were named."""
    found = conditions_of(rows, told)
    here = set(found.unique().to_pylist())
    for one in told.every:
        if one in here:
            yield one, rows if len(here) == 1 else rows.filter(pc.equal(found, one))


def conditions_of(rows: pa.Table, told: Conditions) -> pa.Array:
    """The condition of each row."""
    read, named = _reader(told.field), frozenset(told.values)
    said = (OTHER if text is None else read(text) for text in rows["extra"].to_pylist())
    return pa.array([one if one in named else OTHER for one in said], pa.string())


@cache
def _reader(field: str) -> Callable[[str], str]:
    """What reads one field of an object, as people write it, and passes over all others."""
    told = msgspec.defstruct("Told", [("value", object, None)], rename={"value": field})
    decode = msgspec.json.Decoder(told).decode

    def read(text: str) -> str:
        try:
            value: object = decode(text).value  # type: ignore[missing-attribute]  made above
        except (msgspec.MsgspecError, RecursionError):
            return OTHER
        if isinstance(value, str):
            return value
        return msgspec.json.encode(value).decode() if isinstance(value, int | float) else OTHER

    return read
