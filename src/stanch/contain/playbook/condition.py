"""Conditions: the small closed language in which playbooks ask what is so.

In    text like `verdict = attack and (suspects >= 1 or severity >= high) and not contained`.
Out   a Condition, or BadInput that names the word and what was probably meant; its truth.
Why   a playbook decides on its own at night; what it may ask is a list that is checked when it is
      written, not when it runs. Not knowing is false: a comparison with an unknown fact does not
      hold, whichever way round it is put.

    condition   = part { "or" part }          part = piece { "and" piece }
    piece       = "not" piece | "(" condition ")" | name | name sign value
                | name "in" "(" values ")"
    sign        = "=" | "!=" | "<" | "<=" | ">" | ">="
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from operator import eq, ge, gt, le, lt, ne
from types import MappingProxyType

from stanch.vocabulary.asset import AssetKind
from stanch.vocabulary.finding import AttackKind, Lifecycle
from stanch.vocabulary.incident import Level, Phase, VerdictKind
from stanch.vocabulary.playbook import Argument
from stanch.vocabulary.trouble import BadInput

Facts = Mapping[str, Argument]
TRUTH = ("true", "false")
NUMBER = ("number",)
_LEVELS = tuple(level.name.lower() for level in Level)

SAID: Mapping[str, str] = MappingProxyType(
    {
        "verdict": "the verdict",
        "attack": "the kind of attack",
        "severity": "the severity",
        "phase": "the phase",
        "lifecycle": "the part of the model's life",
        "asset_kind": "the kind of asset",
        "confidence": "how sure the verdict is",
        "suspects": "people or keys that are surely behind it",
        "named": "people or keys that may be behind it, surely or not",
        "at_large": "suspects who are not refused yet",
        "suspect_confidence": "how sure the surest suspect is",
        "suspect_share": "the suspects' share of what was odd",
        "networks": "addresses they came from",
        "data_owners": "people who answer for the data it learnt from",
        "downstream": "people who answer for what is made from it or served by it",
        "sharing": "people who answer for other models of the same data",
        "criticality": "how much depends on the asset, from 1 to 4",
        "datasets": "datasets it was trained on",
        "siblings": "assets that share its data, its parent or its endpoint",
        "decisions": "decisions that may be wrong",
        "minutes_open": "minutes since the incident opened",
        "minutes_left": "minutes left to contain it",
        "contained": "it is contained: proved, and no version under suspicion answers",
        "proved": "a guard has shown all that was done",
        "quiet": "nothing new was seen for five minutes",
        "business_hours": "people are at work",
        "good_version": "a version is known that served well before",
        "suspect_version": "it is known which version is the suspect one",
        "fallback": "the asset has a fallback answer",
        "personal_data": "the asset holds personal data",
        "exercise": "this is an exercise",
        "reported_by_person": "a person reported it",
    }
)
"""Each fact as people say it."""

NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "verdict": tuple(VerdictKind),
        "attack": tuple(AttackKind),
        "severity": _LEVELS,
        "phase": tuple(Phase),
        "lifecycle": tuple(Lifecycle),
        "asset_kind": tuple(AssetKind),
        "confidence": NUMBER,
        "suspects": NUMBER,
        "named": NUMBER,
        "at_large": NUMBER,
        "suspect_confidence": NUMBER,
        "suspect_share": NUMBER,
        "networks": NUMBER,
        "data_owners": NUMBER,
        "downstream": NUMBER,
        "sharing": NUMBER,
        "criticality": NUMBER,
        "datasets": NUMBER,
        "siblings": NUMBER,
        "decisions": NUMBER,
        "minutes_open": NUMBER,
        "minutes_left": NUMBER,
        "contained": TRUTH,
        "proved": TRUTH,
        "quiet": TRUTH,
        "business_hours": TRUTH,
        "good_version": TRUTH,
        "suspect_version": TRUTH,
        "fallback": TRUTH,
        "personal_data": TRUTH,
        "exercise": TRUTH,
        "reported_by_person": TRUTH,
    }
)
"""Every fact that can be asked for, with its values."""

ORDERED = frozenset({"severity", "phase"})
"""Words that come in an order, so that they can be compared."""

_SIGNS: Mapping[str, Callable[[float, float], bool]] = MappingProxyType(
    {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
)
_TOKEN = re.compile(r"\s*(?:([A-Za-z_][A-Za-z0-9_]*)|(\d+(?:\.\d+)?)|(!=|<=|>=|[=<>(),]))")
_WORDS = ("and", "or", "not", "in")
LONGEST = 1_000


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


def parse(text: str) -> Condition:
    """The condition that this text states, or BadInput."""
    if len(text) > LONGEST:
        raise BadInput(f"A condition has at most {LONGEST} characters.")
    reader = _Reader(tuple(_tokens(text)))
    found = reader.some()
    if reader.now:
        raise BadInput(f"{reader.now!r} was not expected after `{said(found)}`.")
    return found


def said(condition: Condition) -> str:
    """The condition as text; parsed again it is the same."""
    match condition:
        case Compare():
            return f"{condition.name} {condition.sign} {_value(condition.value)}"
        case OneOf():
            return f"{condition.name} in ({', '.join(map(_value, condition.values))})"
        case Holds():
            return condition.name
        case Not():
            return f"not {_inner(condition.part)}"
        case Every():
            return " and ".join(map(_inner, condition.parts))
        case Some():
            return " or ".join(map(_inner, condition.parts))


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
            value = _value(condition.value).replace("_", " ")
            return f"{SAID[condition.name]}: {_COUNTED[condition.sign].format(value)}"
        case OneOf():
            any_ = " or ".join(_value(one).replace("_", " ") for one in condition.values)
            return f"{SAID[condition.name]}: {any_}"
        case Holds():
            return SAID[condition.name]
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


def near(word: str, known: tuple[str, ...]) -> str:
    """The end of a sentence: what was probably meant, else all there is."""
    close = get_close_matches(word, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"Use one of: {', '.join(known)}."


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _inner(part: Condition) -> str:
    return f"({said(part)})" if isinstance(part, Every | Some) else said(part)


def _compare(asked: Compare, fact: Argument | None) -> bool:
    if fact is None:
        return False
    if isinstance(asked.value, str):
        if not isinstance(fact, str):
            return False
        order = NAMES[asked.name]
        if fact not in order:
            return False
        return _SIGNS[asked.sign](order.index(fact), order.index(asked.value))
    return isinstance(fact, int | float) and _SIGNS[asked.sign](float(fact), asked.value)


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
        if self._deep > 20:  # noqa: PLR2004  deeper is not written by people
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
        if name not in NAMES:
            what = repr(name) if name else "The end"
            raise BadInput(f"{what} is no fact to ask for. {near(name, tuple(NAMES))}")
        if self.now == "in":
            self.take()
            return OneOf(name=name, values=self._list(name))
        if self.now in _SIGNS:
            sign = self.take()
            value = self._read(name)
            if NAMES[name] == TRUTH:
                return Holds(name=name) if (value == "true") == (sign == "=") else _opposite(name)
            if sign not in ("=", "!=") and NAMES[name] != NUMBER and name not in ORDERED:
                raise BadInput(f"{name} has no order; compare it with = or !=.")
            return Compare(name=name, sign=sign, value=value)
        if NAMES[name] != TRUTH:
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
        word, known = self.take(), NAMES[name]
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
    return "1" if NAMES[name] == NUMBER else NAMES[name][0]
