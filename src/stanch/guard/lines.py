"""An inference as the line of JSON it is sent as, made in one stroke.

In    both bodies of a request whose inputs are plain numbers, and what is known beside them.
Out   the event's JSON, as `Core.line` would write it; None where the bodies are otherwise.
Why   most requests are one row of numbers. Making objects of them only to write them again costs
      more than all else that telling does, so they are checked, and told on as they were written.
"""

import json
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import msgspec

_NONE = msgspec.Raw(b"")
_PEOPLE = 4096
"""Callers whose part of the line is kept ready."""
WIDEST = 32
"""Bytes that a number may take where it is told as it was written."""
_LINE = b'{%b%d","ts":%b%b%.4f,"status":%d,"features":%b,"prediction":%b,"scores":%b}'


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


class Said(NamedTuple):
    """What a request asked and was answered, each as JSON."""

    features: msgspec.Raw
    prediction: bytes
    scores: msgspec.Raw


_ASKED = msgspec.json.Decoder(_Asked).decode
_ANSWERED = msgspec.json.Decoder(_Answered).decode
_NUMBERS = msgspec.json.Decoder(list[float]).decode
_encode = msgspec.json.Encoder().encode


def said(asked: bytes, answered: bytes) -> Said | None:
    """The columns of one row of numbers and its answer; None for every other shape."""
    try:
        given = _ASKED(asked)
        found = _ANSWERED(answered)
        plain = (
            given.messages
            is given.inputs
            is given.instances
            is given.dataframe_records
            is given.dataframe_split
            is _NONE
        )
        if plain and _narrow(given.features) and _narrow(found.scores):
            return Said(given.features, _encode(found.prediction), found.scores)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    return None


def _narrow(row: msgspec.Raw) -> bool:
    """Whether these are numbers, none of them written at a length to fill a disk with."""
    return len(memoryview(row)) <= WIDEST * (len(_NUMBERS(row)) + 1)


class Lines:
    """Writes the events of one guard."""

    def __init__(self, prefix: str, asset: str) -> None:
        self._id = b'"id":' + json.dumps(prefix).encode()[:-1]
        self._asset = json.dumps(asset).encode()
        self._about = lru_cache(_PEOPLE)(self._of)

    def line(
        self,
        made: tuple[int, datetime],
        about: tuple[tuple[str | None, str], str],
        took: tuple[float, int],
        found: Said,
    ) -> bytes:
        """The event: its number and time; who asked which version; milliseconds and status."""
        number, at = made
        features, prediction, scores = found
        told = self._about(*about)
        return _LINE % (self._id, number, _encode(at), told, *took, features, prediction, scores)

    def _of(self, who: tuple[str | None, str], version: str) -> bytes:
        told = {"principal": who[0] or "", "source": who[1], "version": version}
        head = b',"kind":"inference","asset":' + self._asset + b","
        return head + _encode(told)[1:-1] + b',"latency_ms":'
