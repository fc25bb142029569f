"""Conditions as STIX patterns, which is how CACAO writes them, and back.

In    a Condition. Out   a pattern like `[x-stanch:suspects >= 1 AND x-stanch:contained = true]`.
Why   another runner can read what ours asks. STIX knows no order of words and no `not` before
      brackets: comparisons of words become lists, and `not` is moved inwards. Read back, a pattern
      means the same; the very words are kept in our extension.
"""

import re

from stanch.contain.playbook.condition import Compare, Condition, Every, Holds, Not, OneOf, Some
from stanch.contain.playbook.condition_reading import parse
from stanch.contain.playbook.facts import FACTS, NUMBER, ORDERED, TRUTH
from stanch.vocabulary.trouble import BadInput

OBJECT = "x-stanch"
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_PATTERN = re.compile(r"\[(.*)\]", re.DOTALL)
_PIECE = re.compile(rf"{OBJECT}:([a-z_]+)\s*")


def pattern(condition: Condition) -> str:
    """The STIX pattern of this condition."""
    return f"[{_said(condition, yes=True)}]"


def from_pattern(text: str) -> Condition:
    """The condition that a pattern about our own facts states, or BadInput."""
    found = _PATTERN.fullmatch(text.strip())
    if found is None or f"{OBJECT}:" not in text:
        raise BadInput("The condition is about nothing that is known here.")
    plain = _PIECE.sub(r"\1 ", found[1])
    if ":" in plain:
        raise BadInput("The condition asks for what is not known here.")
    plain = re.sub(r"\b(AND|OR|IN)\b", lambda m: m[0].lower(), plain)
    return parse(re.sub(r"'([a-z_]+)'", r"\1", plain))


def _said(condition: Condition, *, yes: bool) -> str:
    match condition:
        case Holds():
            return f"{OBJECT}:{condition.name} = {'true' if yes else 'false'}"
        case Not():
            return _said(condition.part, yes=not yes)
        case Every() | Some():
            word = " AND " if isinstance(condition, Every) is yes else " OR "
            return f"({word.join(_said(p, yes=yes) for p in condition.parts)})"
        case OneOf():
            return _one_of(condition.name, condition.values, yes=yes)
        case Compare():
            return _compare(condition, yes=yes)


def _compare(asked: Compare, *, yes: bool) -> str:
    sign = asked.sign if yes else _OPPOSITE[asked.sign]
    if asked.name in ORDERED and sign not in ("=", "!="):
        order = FACTS[asked.name].values
        at = order.index(str(asked.value))
        first = {"<": (0, at), "<=": (0, at + 1), ">": (at + 1, None), ">=": (at, None)}[sign]
        return _one_of(asked.name, tuple(order[slice(*first)]), yes=True)
    return f"{OBJECT}:{asked.name} {sign} {_value(asked.name, asked.value)}"


def _one_of(name: str, values: tuple[str | float, ...], *, yes: bool) -> str:
    if not values:  # beyond the last word of an order: never so
        first = _value(name, FACTS[name].values[0])
        return f"({OBJECT}:{name} = {first} AND {OBJECT}:{name} != {first})"
    said = ", ".join(_value(name, v) for v in values)
    if yes:
        return f"{OBJECT}:{name} IN ({said})"
    return f"({' AND '.join(f'{OBJECT}:{name} != {_value(name, v)}' for v in values)})"


def _value(name: str, value: str | float) -> str:
    return f"{value:g}" if FACTS[name].values in (NUMBER, TRUTH) else f"'{value}'"
