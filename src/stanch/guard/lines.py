"""Inferences as the lines of JSON they are sent as, made many at a time.

In    rows: what was asked and answered, and what is known beside it.
Out   their events' JSON; of rows whose inputs and scores are plain numbers, all by one call.
Why   most requests are one row of numbers. Making objects of them only to write them again costs
      more than all else that telling does, so they are checked, and told on as they were written.

Each body is read by itself: read as one text, a body could be made to end in another's. Only values
that were found whole are joined to be checked.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from stanch.guard.extract import Found, automatic, decoded, quickly

_NONE = msgspec.Raw(b"")
WIDEST = 32
"""Bytes that numbers may take on average where they are told as they were written."""


Bare = tuple[bytes, bytes, str, str, str, float, float, int]
"""A row without its number, in the order of its fields: nothing is quicker to make."""


class Row(msgspec.Struct, array_like=True, gc=False):
    """One exchange; its two times are of the guard's clock that only goes forward."""

    asked: bytes
    answered: bytes
    principal: str
    source: str
    version: str
    started: float
    ended: float
    status: int
    number: int = 0


class _Asked(msgspec.Struct, gc=False):
    features: msgspec.Raw
    messages: msgspec.Raw = _NONE
    inputs: msgspec.Raw = _NONE
    instances: msgspec.Raw = _NONE
    dataframe_records: msgspec.Raw = _NONE
    dataframe_split: msgspec.Raw = _NONE


class _Answered(msgspec.Struct, gc=False):
    prediction: str
    scores: msgspec.Raw


class _Event(msgspec.Struct, gc=False):
    id: str
    ts: datetime
    asset: str
    principal: str
    source: str
    version: str
    latency_ms: float
    status: int
    features: msgspec.Raw
    prediction: str
    scores: msgspec.Raw
    kind: str = "inference"


class Common(NamedTuple):
    """What the events of one guard have in common."""

    asset: str
    prefix: str
    """Of their ids; each row's number follows."""
    began: float
    """The time of day, in seconds, at which the clock that only goes forward stood at nought."""


_Read = tuple[Row, msgspec.Raw, _Answered]
"""What one exchange says."""
_ASKED = msgspec.json.Decoder(_Asked).decode
_ANSWERED = msgspec.json.Decoder(_Answered).decode
_NUMBERS = msgspec.json.Decoder(list[list[float]]).decode
_encode = msgspec.json.Encoder().encode
_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def lines(many: Iterable[Row], common: Common) -> tuple[bytes, int, list[Row]]:
    """The events, joined by commas; how many they are; the exchanges of any other shape."""
    rows: list[_Read] = []
    others: list[Row] = []
    for one in many:
        try:
            given = _ASKED(one.asked)
            said = _ANSWERED(one.answered)
        except _BROKEN:
            others.append(one)
            continue
        plain = (
            given.messages
            is given.inputs
            is given.instances
            is given.dataframe_records
            is given.dataframe_split
            is _NONE
        )
        if plain:
            rows.append((one, given.features, said))
        else:
            others.append(one)
    good = _numeric(rows, others)
    if not good:
        return b"", 0, others
    return _encode([_event(row, common) for row in good])[1:-1], len(good), others


def line(row: Row, common: Common) -> bytes:
    """The event of an exchange of whatever shape."""
    return written(common, row.number, row.ended, {**facts(row), **said(row.asked, row.answered)})


def written(common: Common, number: int, at: float, more: Found) -> bytes:
    """One event as JSON."""
    event = {
        "id": f"{common.prefix}{number}",
        "ts": datetime.fromtimestamp(common.began + at, UTC),
        "kind": "inference",
        "asset": common.asset,
        **more,
    }
    return _encode(event)


def facts(row: Row) -> Found:
    """What is known beside the bodies."""
    return {
        "principal": row.principal,
        "source": row.source,
        "version": row.version,
        "latency_ms": 1000 * (row.ended - row.started),
        "status": row.status,
    }


def said(asked: bytes, answered: bytes) -> Found:
    """What the bodies say, by the first of the known shapes that fits."""
    if not asked:
        return {}
    found = quickly(asked, answered)
    return (automatic(decoded(asked), decoded(answered)) if found is None else found) or {}


def _numeric(rows: Sequence[_Read], others: list[Row]) -> Sequence[_Read]:
    """The rows that are numbers, and not written at a length to fill a disk with."""
    joined = b",".join([row[1] for row in rows] + [row[2].scores for row in rows])
    try:
        found = sum(map(len, _NUMBERS(b"[%b]" % joined)))
    except _BROKEN:
        found = -1
    if found >= 0 and len(joined) <= WIDEST * (found + 2 * len(rows)):
        return rows
    if len(rows) == 1:
        others.append(rows[0][0])
        return ()
    half = len(rows) // 2
    return [*_numeric(rows[:half], others), *_numeric(rows[half:], others)]


def _event(row: _Read, common: Common) -> _Event:
    of, features, said = row
    return _Event(
        f"{common.prefix}{of.number}",
        datetime.fromtimestamp(common.began + of.ended, UTC),
        common.asset,
        of.principal,
        of.source,
        of.version,
        1000 * (of.ended - of.started),
        of.status,
        features,
        said.prediction,
        said.scores,
    )
