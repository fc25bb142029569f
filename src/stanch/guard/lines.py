"""Inferences as the lines of JSON they are sent as, made many at a time.

In    exchanges whose inputs and scores are plain numbers, and what is known beside them.
Out   their events' JSON, as `Core.line` would write it; those that are otherwise, given back.
Why   most requests are one row of numbers. Making objects of them only to write them again costs
      more than all else that telling does, so they are checked, and told on as they were written.

Each body is read by itself: read as one text, a body could be made to end in another's. Only values
that were found whole are joined to be checked.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from stanch.guard.heard import Heard, whole

_NONE = msgspec.Raw(b"")
WIDEST = 32
"""Bytes that numbers may take on average where they are told as they were written."""


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
    numbers: Iterator[int]
    began: float
    """The time of day, in seconds, at which the clock that only goes forward stood at nought."""


_Row = tuple[Heard, msgspec.Raw, _Answered]
"""What one exchange says."""
_ASKED = msgspec.json.Decoder(_Asked).decode
_ANSWERED = msgspec.json.Decoder(_Answered).decode
_NUMBERS = msgspec.json.Decoder(list[list[float]]).decode
_encode = msgspec.json.Encoder().encode
_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def lines(many: Iterable[Heard], common: Common) -> tuple[bytes, int, list[Heard]]:
    """The events, joined by commas; how many they are; the exchanges of any other shape."""
    rows: list[_Row] = []
    others: list[Heard] = []
    for one in many:
        try:
            given = _ASKED(whole(one.asked))
            said = _ANSWERED(whole(one.answered))
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


def _numeric(rows: Sequence[_Row], others: list[Heard]) -> Sequence[_Row]:
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


def _event(row: _Row, common: Common) -> _Event:
    of, features, said = row
    principal, source = of.who
    return _Event(
        f"{common.prefix}{next(common.numbers)}",
        datetime.fromtimestamp(common.began + of.ended, UTC),
        common.asset,
        principal or "",
        source,
        of.decision.version,
        1000 * (of.ended - of.started),
        of.status,
        features,
        said.prediction,
        said.scores,
    )
