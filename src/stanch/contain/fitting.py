"""Fitting: arguments as people and playbooks write them, made into what an act takes.

In    the act, what it takes, what was given.
Out   its typed arguments, or BadInput in the words of whoever wrote them.
Why   at night somebody types `yes`, or a word that is none of the few there are. What fits is
      taken; what does not is told with what would.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar, get_type_hints

import msgspec

from stanch.vocabulary.trouble import BadInput

A = TypeVar("A")

_MISFIT = re.compile(r"Expected `([^`]+)`, got `([^`]+)` - at `\$\.([^`]+)`")
_TYPES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "yes or no",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_YES = {"yes": True, "on": True, "no": False, "off": False}


def fitted(act: str, kind: type[A], given: Mapping[str, object]) -> A:
    """What the act takes, made of what was given."""
    hints = get_type_hints(kind)
    found = {name: _read(act, name, hints.get(name), value) for name, value in given.items()}
    try:
        return msgspec.convert(found, kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(f"{act}: {_misfit(str(error))}.") from error


def answer(text: str) -> str:
    """A fallback answer as it is given; callers read JSON, so it has to be some."""
    try:
        msgspec.json.decode(text or "null")
    except msgspec.DecodeError as error:
        said = '\'{"prediction": "review"}\''
        raise BadInput(f"A fallback is JSON, like {said}, not {text[:60]!r}.") from error
    return text


def _read(act: str, name: str, hint: Any, value: object) -> object:
    """The value; a word for yes or no as what it says, one of a few only if it is one of them."""
    if hint is bool and isinstance(value, str):
        return _YES.get(value.strip().lower(), value)
    if _has_blank(value):
        raise BadInput(f"{act}: a name in {name} is blank. Blank is nobody's name: leave it out.")
    few = list(map(str, hint)) if isinstance(hint, type) and issubclass(hint, StrEnum) else []
    if few and str(value) not in few:
        raise BadInput(f"{act}: {name} is {', '.join(few[:-1])} or {few[-1]}, not {str(value)!r}.")
    return value


def _has_blank(value: object) -> bool:
    """Whether one of a list is a blank text."""
    match value:
        case [*several]:
            return any(isinstance(one, str) and not one.strip() for one in several)
        case _:
            return False


def _misfit(error: str) -> str:
    """What does not fit, in words for who wrote it."""
    found = _MISFIT.fullmatch(error)
    if found is None:
        return error
    expected, got = (_TYPES.get(found[n].partition(" | ")[0], found[n]) for n in (1, 2))
    return f"{found[3]} is {expected}, not {got}"
