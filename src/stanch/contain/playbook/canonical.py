"""Canonical JSON (RFC 8785): one text for one value, so that a signature over it means the value.

In    what JSON can say: text, numbers, truth, nothing, lists, mappings with text keys.
Out   its bytes: no blanks, keys by their UTF-16 units, numbers as ECMAScript writes them.
Why   a playbook that was only reformatted on its way must still verify; one that was changed must
      not. Numbers that JSON cannot say, and texts with half a surrogate pair, are refused.
"""

import json
import math
from collections.abc import Mapping, Sequence

from stanch.vocabulary.trouble import BadInput

EXACT = 2**53
JSON = dict[str, "JSON"] | list["JSON"] | str | int | float | bool | None
_SMALLEST, _LARGEST = -7, 21
"""Exponents between which ECMAScript writes a number without one."""


def parsed(content: bytes) -> JSON:
    """The one value that this JSON has for every reader; BadInput where readers may differ.

    Of a name that stands twice in a mapping some take the first and some the last, so a signature
    over it would hold for two meanings.
    """
    try:
        return json.loads(content, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"It is no JSON: {error}.") from error


def _once(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadInput(
            f"{twice[:64]!r} stands twice in one mapping, so readers differ on what holds."
        )
    return found


def _no_number(word: str) -> JSON:
    raise BadInput(f"JSON has no number {word}.")


def canonical(value: object) -> bytes:
    """The bytes of this value."""
    try:
        return _text(value).encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadInput("A text holds half of a surrogate pair.") from error


def _text(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    match value:
        case str():
            found = _string(value)
        case int():
            found = _whole(value)
        case float():
            found = _number(value)
        case Mapping():
            found = _mapping(value)
        case Sequence():
            found = f"[{','.join(map(_text, value))}]"
        case _:
            raise BadInput(f"JSON cannot say a {type(value).__name__}.")
    return found


def _whole(value: int) -> str:
    if abs(value) > EXACT:
        raise BadInput(f"{value} is too large for a JSON number that others read exactly.")
    return str(value)


def _mapping(value: Mapping[object, object]) -> str:
    pairs: list[tuple[str, object]] = []
    for name, one in value.items():
        if not isinstance(name, str):
            raise BadInput("A key must be a text.")
        pairs.append((str(name), one))
    pairs.sort(key=lambda pair: pair[0].encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(f"{_string(n)}:{_text(v)}" for n, v in pairs) + "}"


def _string(text: str) -> str:
    return json.dumps(str(text), ensure_ascii=False)


def _number(value: float) -> str:
    """The shortest digits that give the number back, laid out as ECMAScript does."""
    if not math.isfinite(value):
        raise BadInput(f"JSON has no number {value}.")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, power = f"{abs(value)!r}".partition("e")
    whole, _, part = mantissa.partition(".")
    part = "" if part == "0" else part
    digits = (whole + part).lstrip("0")
    point = len(whole) + int(power or 0) - (len(whole + part) - len(digits))
    if whole == "0":
        point = int(power or 0) - (len(part) - len(part.lstrip("0")))
    digits = digits.rstrip("0") or "0"
    return sign + _laid_out(digits, point)


def _laid_out(digits: str, point: int) -> str:
    """These digits with the decimal point after the first `point` of them."""
    many = len(digits)
    if many <= point <= _LARGEST:
        return digits + "0" * (point - many)
    if 0 < point <= _LARGEST:
        return f"{digits[:point]}.{digits[point:]}"
    if _SMALLEST < point - 1 < 0 or point == 0:
        return f"0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if many > 1 else ""
    return f"{digits[0]}{rest}e{'+' if point > 0 else '-'}{abs(point - 1)}"
