"""Leaves: what an entry looks like as bytes, in one spelling only.

In    an Entry of the vocabulary.
Out   canonical JSON (RFC 8785): keys sorted by UTF-16, no spaces, the shortest numbers; and back.
Why   the hash of an entry must be the same wherever and whenever it is written down.
"""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from stanch.vocabulary.ids import IncidentId, parse_digest
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput

LARGEST = 65_535
"""The most bytes of one entry; a tile of entries counts them in 16 bits."""

_fast = msgspec.json.Encoder(order="sorted").encode
_PLAIN = (str, bool, int, type(None))
_SAFE_INTEGER = 2**53
_SMALL, _LARGE = 1e-4, 1e15
_LARGEST_PLAIN, _SMALLEST_PLAIN = 21, -7


def encode(entry: Entry) -> bytes:
    """The leaf of this entry."""
    if entry.at.utcoffset() is None:
        raise BadInput("An entry needs a time with a zone. Add Z for UTC.")
    at = entry.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    value: dict[str, Any] = {
        "about": entry.about,
        "actor": entry.actor,
        "at": at + "Z",
        "deed": entry.deed.value,
    }
    if entry.digest:
        value["digest"] = entry.digest
    if entry.incident:
        value["incident"] = entry.incident
    if entry.facts:
        value["facts"] = dict(entry.facts)
    leaf = canonical(value)
    if len(leaf) > LARGEST:
        raise BadInput(f"The entry is {len(leaf)} bytes long; {LARGEST} at most. Put it in a file.")
    return leaf


def decode(leaf: bytes) -> Entry:
    """The entry of this leaf."""
    value = json.loads(leaf)
    return Entry(
        at=datetime.fromisoformat(value["at"]),
        deed=Deed(value["deed"]),
        actor=value["actor"],
        about=value["about"],
        digest=parse_digest(value["digest"]) if "digest" in value else None,
        incident=IncidentId(value["incident"]) if "incident" in value else None,
        facts=value.get("facts", {}),
    )


def canonical(value: Mapping[str, Any]) -> bytes:
    """The JSON object in its canonical spelling."""
    try:
        text = _fast(value)
        # Sorting by UTF-8 and by UTF-16 agree below the astral planes; numbers may not agree.
        if text.isascii() and _plain(value):
            return text
        return _slow(value).encode()
    except (UnicodeEncodeError, TypeError, msgspec.MsgspecError) as broken:
        raise BadInput(f"This cannot be written down: {broken}.") from broken


def _plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_plain, value.values()))
    if isinstance(value, float):  # where every shortest spelling is the same one
        return _SMALL < abs(value) < _LARGE and not value.is_integer()
    return isinstance(value, _PLAIN)


def _slow(value: Any) -> str:
    match value:
        case dict():
            pairs = sorted(value.items(), key=lambda pair: pair[0].encode("utf-16-be"))
            return "{" + ",".join(f"{_slow(k)}:{_slow(v)}" for k, v in pairs) + "}"
        case list() | tuple():
            return "[" + ",".join(map(_slow, value)) + "]"
        case float():
            return _number(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """The number as ECMAScript writes it, which is what RFC 8785 asks for."""
    if not math.isfinite(value):
        raise BadInput(f"{value} is not a number that JSON can hold.")
    if value == int(value) and abs(value) < _SAFE_INTEGER:
        return str(int(value))
    mantissa, _, power = f"{value!r}".partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, part = mantissa.lstrip("-").partition(".")
    part = "" if part == "0" else part
    digits = (whole + part).lstrip("0")
    exponent = int(power or 0) + len(whole) - (len(whole + part) - len((whole + part).lstrip("0")))
    return sign + _laid_out(digits.rstrip("0"), exponent)


def _laid_out(digits: str, point: int) -> str:
    count = len(digits)
    if count <= point <= _LARGEST_PLAIN:
        return digits + "0" * (point - count)
    if 0 < point <= _LARGEST_PLAIN:
        return f"{digits[:point]}.{digits[point:]}"
    if _SMALLEST_PLAIN < point - 1 < 0 or point == 0:
        return "0." + "0" * -point + digits
    head = digits[0] + ("." + digits[1:] if count > 1 else "")
    return f"{head}e{point - 1:+d}"
