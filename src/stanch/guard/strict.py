"""JSON that every reader reads alike: no name twice in an object, no NaN, UTF-8 only.

In    the bytes of a body.
Out   its value; UNREADABLE where two readers could disagree, or nobody could read it.
Why   some servers take the first of two equal names and some the last; a guard that looked at the
      other one has looked at nothing. It is slower than the telemetry's decoder, and runs only
      where a policy depends on what a body says.
"""

import json
from typing import Any

UNREADABLE: Any = object()


def strictly(body: bytes) -> Any:
    """The value, or UNREADABLE."""
    try:
        return _DECODER.decode(body.decode())
    except (ValueError, RecursionError):
        return UNREADABLE


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _never(_: str) -> None:
    raise ValueError("not a number of JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_never)
