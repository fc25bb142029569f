"""Choices: a word that must be one of several.

In    the word, and the words there are.
Out   what it names; or a sentence that lists them, with the one that was perhaps meant.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from enum import Enum, IntEnum
from typing import TypeVar

from stanch.vocabulary.trouble import BadInput

E = TypeVar("E", bound=Enum)
_LONGEST = 60


def one_of(kind: type[E], text: str, what: str) -> E:
    """The member that the word names, or `BadInput` with the words there are."""
    for member in kind:
        if text in names_of(member):
            return member
    raise BadInput(no_such(text, what, words_of(kind)))


def no_such(text: str, what: str, words: Iterable[str]) -> str:
    """That this is none of these words, and which one was perhaps meant."""
    known = list(words)
    near = get_close_matches(text[:_LONGEST].lower(), known, 1)
    hint = f" Did you mean {near[0]}?" if near else ""
    article = "an" if what[:1] in "aeiou" else "a"
    said = f"{text[:_LONGEST]!r} is not {article} {what}.{hint}"
    return f"{said} There is: {', '.join(known)}." if known else said


def names_of(member: Enum) -> tuple[str, ...]:
    """The spellings of a member; of a number, its word too, in any case."""
    if isinstance(member, IntEnum):
        return str(member.value), member.name.lower(), member.name, member.name.capitalize()
    return (str(member.value),)


def words_of(kind: type[Enum]) -> list[str]:
    """The members as people write them."""
    return [m.name.lower() if isinstance(m, IntEnum) else str(m.value) for m in kind]
