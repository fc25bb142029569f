"""JSON that every reader reads alike: no name twice in an object, no NaN, UTF-8 only.

In    the bytes of a body.
Out   its value; UNREADABLE where two readers could disagree, or nobody could read it.
Why   some servers take the first of two equal names and some the last; a guard that looked at the
      other one has looked at nothing.

A fast decoder says nothing of repeated names, but there are never fewer colons in a text than names
in it: where the value has as many names as the text has colons, none was repeated. Only where that
does not show it (a colon in a string, a name that stands twice) is the text read again, slowly.
"""

import json
from typing import Any

import msgspec

UNREADABLE: Any = object()
_FAST = msgspec.json.Decoder()


def strictly(body: bytes) -> Any:
    """The value, or UNREADABLE."""
    try:
        value = _FAST.decode(body)
        if _names(value, body) == body.count(b":"):
            return value
    except (ValueError, RecursionError):
        pass
    return slowly(body)


def slowly(body: bytes) -> Any:
    """The same, by a decoder that is shown every name."""
    try:
        return _DECODER.decode(body.decode())
    except (ValueError, RecursionError):
        return UNREADABLE


def _names(value: Any, body: bytes) -> int:
    """How many names the value has; never more than the text."""
    if type(value) is dict and body.count(b"{") == 1:
        return len(value)
    return _walked(value)


def _walked(value: Any) -> int:
    if type(value) is dict:
        return len(value) + sum(map(_walked, value.values()))
    if type(value) is list:
        return sum([_walked(one) for one in value if type(one) in _NESTS])
    return 0


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _never(_: str) -> None:
    raise ValueError("not a number of JSON")


_NESTS = frozenset({dict, list})
_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_never)
