"""The query bar: words become what is wanted.

In    text like `severity:high asset:fraud-scorer is:open "key 91" OR phase:detected`, and the names
      that this list knows.
Out   a `Wanted`, perhaps with alternatives; `BadInput` that names what is not known.
Why   one line that can be typed, shared as a link and saved says more than a wall of menus.

    field:a,b     any of these values        since:2h until:2026-11-20   a span of time
    "two words"   both must occur            OR                          the alternatives
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from stanch.vocabulary.incident import Level
from stanch.vocabulary.listing import Sort, Wanted
from stanch.vocabulary.trouble import BadInput

MOST = 8
"""Alternatives of one query."""
_LONGEST = 2000
_AGO = re.compile(r"(\d{1,6})(s|min|m|h|d|w)")
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_TIMES = ("since", "until", "changed")
_MANY = frozenset(f.name for f in fields(Wanted) if str(f.type).startswith("tuple"))
_OR = frozenset({"OR", "|"})
_NOTHING = Wanted()
_IS: Mapping[str, tuple[str, bool]] = {
    "open": ("closed", False),
    "closed": ("closed", True),
    "exercise": ("exercise", True),
    "real": ("exercise", False),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What was typed, and what it means."""

    text: str
    wanted: Wanted


def parse(text: str, known: Mapping[str, str], now: datetime) -> Query:
    """The query; `known` says which field of `Wanted` each name means."""
    if len(text) > _LONGEST:
        raise BadInput(f"A query has at most {_LONGEST} characters.")
    groups = _groups(_words(text))
    if len(groups) > MOST:
        raise BadInput(f"A query has at most {MOST} alternatives; this one has {len(groups)}.")
    made = [_wanted(group, known, now) for group in groups]
    if len(made) == 1:
        return Query(text=text, wanted=made[0])
    sort = next((w.sort for w in made if w.sort is not Sort.USUAL), Sort.USUAL)
    each = tuple(replace(w, sort=Sort.USUAL) for w in made)
    return Query(text=text, wanted=Wanted(any_of=each, sort=sort))


def _words(text: str) -> list[str]:
    reader = shlex.shlex(text, posix=True, punctuation_chars=False)
    reader.whitespace_split = True
    reader.commenters = reader.escape = ""
    reader.quotes = '"'
    try:
        return list(reader)
    except ValueError:
        raise BadInput('A quotation mark is not closed. Add a " at the end of the words.') from None


def _groups(tokens: Sequence[str]) -> list[list[str]]:
    groups: list[list[str]] = [[]]
    for token in tokens:
        if token in _OR:
            groups.append([])
        else:
            groups[-1].append(token)
    full = [group for group in groups if group]
    return full or [[]]


def _wanted(tokens: Sequence[str], known: Mapping[str, str], now: datetime) -> Wanted:
    made: dict[str, Any] = {}
    words: list[str] = []
    for token in tokens:
        name, colon, value = token.partition(":")
        if not colon or not value or not name.isalpha():
            words.append(token)
            continue
        for part, found in _meant(name.lower(), value, known, now):
            before = made.get(part)
            joined = isinstance(before, tuple) and isinstance(found, tuple)
            made[part] = (*before, *found) if joined else found
    if words:
        made["text"] = " ".join(words)
    try:
        return msgspec.convert(made, Wanted, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(f"The query cannot be read: {error}.") from error


def _meant(
    name: str, value: str, known: Mapping[str, str], now: datetime
) -> Iterator[tuple[str, object]]:
    if name in _TIMES and (part := known.get(name)):
        yield part, _moment(value, now)
    elif name == "is" and value in _IS and _IS[value][0] in known.values():
        yield _IS[value]
    elif name == "sort" and "sort" in known:
        yield "sort", value
    elif name in known:
        yield known[name], tuple(_value(known[name], v) for v in value.split(",") if v)
    else:
        names = ", ".join(sorted(known))
        raise BadInput(f"{name[:40]!r} is no field of this list. It knows: {names}.")


def _value(part: str, value: str) -> object:
    if part != "severity":
        return value
    try:
        return int(Level[value.upper()])
    except KeyError:
        raise BadInput(f"{value[:40]!r} is no severity. Say low, medium or high.") from None


def _moment(text: str, now: datetime) -> datetime:
    if found := _AGO.fullmatch(text):
        return now - timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text[:40]!r} is no time. Say 2h, 3d or 2026-11-20T14:00Z.") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def plain(text: str) -> bool:
    """Whether a query bar reads it as the words that stand in it, and as nothing else."""
    try:
        groups = _groups(_words(text))
    except BadInput:
        return False
    return groups == [text.split()] and not any(
        name.isalpha() and value for name, _, value in (w.partition(":") for w in groups[0])
    )


def within(base: Wanted, typed: Wanted) -> Wanted:
    """What is typed, of what a page is about; said at once where both can be, since a list finds
    that sooner than an alternative.
    """
    said = {f.name: getattr(typed, f.name) for f in fields(Wanted) if _says(typed, f.name)}
    if typed.any_of or any(_says(base, name) for name in said):
        return replace(base, any_of=typed.any_of or (typed,), sort=typed.sort)
    return replace(base, **said)


def _says(wanted: Wanted, part: str) -> bool:
    return bool(getattr(wanted, part) != getattr(_NOTHING, part))


def written(wanted: Wanted, known: Mapping[str, str]) -> str:
    """What one would type for it; times as moments."""
    groups = [list(_words_of(one, known)) for one in wanted.any_of]
    if not groups:
        return _said([list(_words_of(wanted, known))])
    return _said([[*_words_of(wanted, known), *group] for group in groups])


def _words_of(wanted: Wanted, known: Mapping[str, str]) -> Iterator[str]:
    for word, (part, value) in _IS.items():
        if getattr(wanted, part) is value:
            yield f"is:{word}"
    for name, part in known.items():
        value = getattr(wanted, part)
        if isinstance(value, tuple) and value:
            yield f"{name}:{','.join(map(_plain, value))}"
        elif isinstance(value, datetime):
            yield f"{name}:{value.isoformat()}"
        elif value is Sort.WORST:
            yield f"{name}:{value}"
    yield from wanted.text.split()


def toggled(text: str, name: str, value: str) -> str:
    """The query with this value of this field taken in, or out when it was in.

    Of a query with alternatives every one is narrowed to the value; those that exclude it go.
    """
    words = _words(text) if text.count('"') % 2 == 0 else text.split()
    groups = _groups(words)
    if len(groups) == 1:
        return _said([_turned(groups[0], name, value)])
    if all(_values(group, name) == [value] for group in groups):
        return _said([_others(group, name) for group in groups])
    fitting = [g for g in groups if value in (_values(g, name) or [value])]
    return _said([[*_others(g, name), f"{name}:{value}"] for g in fitting])


def _turned(words: list[str], name: str, value: str) -> list[str]:
    values = _values(words, name)
    after = [v for v in values if v != value] if value in values else [*values, value]
    return [*_others(words, name), *([f"{name}:{','.join(after)}"] if after else [])]


def _others(words: list[str], name: str) -> list[str]:
    return [w for w in words if not w.startswith(f"{name}:")]


def _values(words: list[str], name: str) -> list[str]:
    return [v for w in words if w.startswith(f"{name}:") for v in w.split(":", 1)[1].split(",")]


def _said(groups: list[list[str]]) -> str:
    quoted = ([f'"{w}"' if " " in w or w in _OR else w for w in group] for group in groups)
    return " OR ".join(" ".join(group) for group in quoted)


def chosen(query: Query, part: str) -> frozenset[str]:
    """The values of this field that every alternative of the query names."""
    if part not in _MANY:
        return frozenset()
    of = query.wanted.any_of or (query.wanted,)
    named = ([_plain(v) for v in getattr(one, part)] for one in of)
    return frozenset.intersection(*map(frozenset, named))


def _plain(value: object) -> str:
    return value.name.lower() if isinstance(value, Level) else str(value)


def without(wanted: Wanted, part: str) -> Wanted:
    """What is wanted when this field asks nothing: for counting its other values."""
    nothing: dict[str, Any] = {part: ()}
    return replace(wanted, **nothing)
