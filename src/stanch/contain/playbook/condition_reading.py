"""Reading conditions: text like `attack = evasion and (suspects >= 1 or not contained)`.

In    text.
Out   a Condition, or BadInput that names the word and what was probably meant.

    condition   = part { "or" part }          part = piece { "and" piece }
    piece       = "not" piece | "(" condition ")" | name | name sign value
                | name "in" "(" values ")"
    sign        = "=" | "!=" | "<" | "<=" | ">" | ">="
"""

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches

from stanch.contain.playbook.condition import (
    SIGNS,
    Compare,
    Condition,
    Every,
    Holds,
    Not,
    OneOf,
    Some,
    said,
)
from stanch.contain.playbook.facts import FACTS, NUMBER, ORDERED, TRUTH
from stanch.vocabulary.trouble import BadInput

_TOKEN = re.compile(r"\s*(?:([A-Za-z_][A-Za-z0-9_]*)|(\d+(?:\.\d+)?)|(!=|<=|>=|[=<>(),]))")
LONGEST = 1_000
DEEPEST = 20


def parse(text: str) -> Condition:
    """The condition that this text states, or BadInput."""
    if len(text) > LONGEST:
        raise BadInput(f"A condition has at most {LONGEST} characters.")
    reader = _Reader(tuple(_tokens(text)))
    found = reader.some()
    if reader.now:
        raise BadInput(f"{reader.now!r} was not expected after `{said(found)}`.")
    return found


def near(word: str, known: tuple[str, ...]) -> str:
    """The end of a sentence: what was probably meant, else all there is."""
    close = get_close_matches(word, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"Use one of: {', '.join(known)}."


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise BadInput(f"{text[at:].strip()[:1]!r} has no meaning in a condition.")
        yield found[0].strip()
        at = found.end()


class _Reader:
    """One pass over the words of a condition."""

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self._tokens = tokens
        self._at = 0
        self._deep = 0

    @property
    def now(self) -> str:
        """The word that comes next; nothing at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self) -> str:
        """The next word, taken."""
        word = self.now
        self._at += 1
        return word

    def expect(self, word: str, after: str) -> None:
        """Takes this word, or BadInput."""
        if self.take() != word:
            raise BadInput(f"`{word}` is missing after {after}.")

    def some(self) -> Condition:
        """Parts joined by `or`."""
        return self._joined("or", self.every, Some)

    def every(self) -> Condition:
        """Parts joined by `and`."""
        return self._joined("and", self.piece, Every)

    def _joined(
        self, word: str, read: Callable[[], Condition], kind: type[Every] | type[Some]
    ) -> Condition:
        parts = [read()]
        while self.now == word:
            self.take()
            parts.append(read())
        return parts[0] if len(parts) == 1 else kind(parts=tuple(parts))

    def piece(self) -> Condition:
        """One piece: not, brackets, or a question for one fact."""
        self._deep += 1
        if self._deep > DEEPEST:
            raise BadInput("The condition is nested too deeply.")
        try:
            if self.now == "not":
                self.take()
                return Not(part=self.piece())
            if self.now == "(":
                self.take()
                found = self.some()
                self.expect(")", f"`{said(found)}`")
                return found
            return self._question()
        finally:
            self._deep -= 1

    def _question(self) -> Condition:
        name = self.take()
        if name not in FACTS:
            what = repr(name) if name else "The end"
            raise BadInput(f"{what} is no fact to ask for. {near(name, tuple(FACTS))}")
        if self.now == "in":
            self.take()
            return OneOf(name=name, values=self._list(name))
        if self.now in SIGNS:
            sign = self.take()
            value = self._read(name)
            if FACTS[name].values == TRUTH:
                return Holds(name=name) if (value == "true") == (sign == "=") else _opposite(name)
            if sign not in ("=", "!=") and FACTS[name].values != NUMBER and name not in ORDERED:
                raise BadInput(f"{name} has no order; compare it with = or !=.")
            return Compare(name=name, sign=sign, value=value)
        if FACTS[name].values != TRUTH:
            raise BadInput(f"{name} needs a comparison, like `{name} = {_sample(name)}`.")
        return Holds(name=name)

    def _list(self, name: str) -> tuple[str | float, ...]:
        self.expect("(", f"`{name} in`")
        values = [self._read(name)]
        while self.now == ",":
            self.take()
            values.append(self._read(name))
        self.expect(")", f"the values of {name}")
        return tuple(values)

    def _read(self, name: str) -> str | float:
        word, known = self.take(), FACTS[name].values
        if known == NUMBER:
            try:
                return float(word)
            except ValueError:
                raise BadInput(f"{name} is a number; {word!r} is none.") from None
        if word not in known:
            raise BadInput(f"{word!r} is no {name}. {near(word, known)}")
        return str(word)


def _opposite(name: str) -> Condition:
    return Not(part=Holds(name=name))


def _sample(name: str) -> str:
    return "1" if FACTS[name].values == NUMBER else FACTS[name].values[0]
