"""Conditions in words: as people say them, in questions and in what is told of a run."""

from collections.abc import Mapping
from types import MappingProxyType

from stanch.contain.playbook.condition import (
    Compare,
    Condition,
    Every,
    Holds,
    Not,
    OneOf,
    Some,
    value_text,
)
from stanch.contain.playbook.condition_reading import parse
from stanch.contain.playbook.facts import FACTS
from stanch.vocabulary.trouble import BadInput

_COUNTED: Mapping[str, str] = MappingProxyType(
    {
        "=": "{}",
        "!=": "not {}",
        "<": "fewer than {}",
        "<=": "at most {}",
        ">": "more than {}",
        ">=": "{} or more",
    }
)


def in_words(condition: Condition) -> str:
    """The condition as people say it: `suspects >= 1` is `people ... behind it: 1 or more`."""
    match condition:
        case Compare():
            value = value_text(condition.value).replace("_", " ")
            return f"{FACTS[condition.name].says}: {_COUNTED[condition.sign].format(value)}"
        case OneOf():
            any_ = " or ".join(value_text(one).replace("_", " ") for one in condition.values)
            return f"{FACTS[condition.name].says}: {any_}"
        case Holds():
            return FACTS[condition.name].says
        case Not():
            return f"it is not so that {in_words(condition.part)}"
        case Every():
            return ", and ".join(map(in_words, condition.parts))
        case Some():
            return ", or ".join(map(in_words, condition.parts))


def text_in_words(text: str) -> str:
    """The condition of this text as people say it; what is none stays as it is."""
    try:
        return in_words(parse(text))
    except BadInput:
        return text


def awaited(text: str) -> str:
    """What a run waits for, as people say it: a condition, or what is said in words already."""
    words = text_in_words(text)
    return words if words == text else f"this: {words}"


def answered(text: str, *, yes: bool) -> str:
    """The condition of this text as a question, and its answer."""
    words = text_in_words(text)
    question = words[:1].upper() + words[1:] if ":" in words else f"Is it so that {words}"
    return f"{question}? {'Yes' if yes else 'No'}."
