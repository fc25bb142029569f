"""Conditions: the small closed language in which playbooks ask what is so.

In    a Condition, as `condition_reading` makes it of `verdict = attack and suspects >= 1`; facts.
Out   its truth, its text, the facts that it asks for.
Why   a playbook decides on its own at night; what it may ask is a list that is checked when it is
      written, not when it runs. Not knowing is false: a comparison with an unknown fact does not
      hold, whichever way round it is put.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from types import MappingProxyType

from stanch.contain.playbook.facts import FACTS, Facts
from stanch.vocabulary.playbook import Argument

SIGNS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Compare:
    """A fact against a value."""

    name: str
    sign: str
    value: str | float


@dataclass(frozen=True, kw_only=True, slots=True)
class OneOf:
    """A fact that is one of several values."""

    name: str
    values: tuple[str | float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Holds:
    """A fact that is true."""

    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Not:
    """The opposite."""

    part: "Condition"


@dataclass(frozen=True, kw_only=True, slots=True)
class Every:
    """All parts."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Some:
    """At least one part."""

    parts: tuple["Condition", ...]


Condition = Compare | OneOf | Holds | Not | Every | Some


def said(condition: Condition) -> str:
    """The condition as text; parsed again it is the same."""
    match condition:
        case Compare():
            return f"{condition.name} {condition.sign} {value_text(condition.value)}"
        case OneOf():
            return f"{condition.name} in ({', '.join(map(value_text, condition.values))})"
        case Holds():
            return condition.name
        case Not():
            return f"not {_inner(condition.part)}"
        case Every():
            return " and ".join(map(_inner, condition.parts))
        case Some():
            return " or ".join(map(_inner, condition.parts))


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether it is so, by these facts; what is not known is not so."""
    match condition:
        case Compare():
            return _compare(condition, facts.get(condition.name))
        case OneOf():
            return facts.get(condition.name) in condition.values
        case Holds():
            return facts.get(condition.name) is True
        case Not():
            return not holds(condition.part, facts)
        case Every():
            return all(holds(part, facts) for part in condition.parts)
        case Some():
            return any(holds(part, facts) for part in condition.parts)


def names(condition: Condition) -> frozenset[str]:
    """Every fact it asks for."""
    match condition:
        case Compare() | OneOf() | Holds():
            return frozenset({condition.name})
        case Not():
            return names(condition.part)
        case Every() | Some():
            return frozenset().union(*map(names, condition.parts))


def value_text(value: str | float) -> str:
    """A value as it is written."""
    return value if isinstance(value, str) else f"{value:g}"


def _inner(part: Condition) -> str:
    return f"({said(part)})" if isinstance(part, Every | Some) else said(part)


def _compare(asked: Compare, fact: Argument | None) -> bool:
    if fact is None:
        return False
    if isinstance(asked.value, str):
        if not isinstance(fact, str):
            return False
        order = FACTS[asked.name].values
        if fact not in order:
            return False
        return SIGNS[asked.sign](order.index(fact), order.index(asked.value))
    return isinstance(fact, int | float) and SIGNS[asked.sign](float(fact), asked.value)
