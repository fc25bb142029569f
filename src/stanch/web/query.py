"""What the query bar says back: a query in words, narrowed, widened, and what it has chosen.

In    a query, or what is wanted. Out   text that means it; a value taken in or out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from stanch.engine.query import IS, OR, Query, bare, grouped, tokens, values_in
from stanch.vocabulary.incident import Level
from stanch.vocabulary.listing import Sort, Wanted
from stanch.vocabulary.trouble import BadInput

_MANY = frozenset(f.name for f in fields(Wanted) if str(f.type).startswith("tuple"))
_NOTHING = Wanted()
_PARTED = re.compile(r'[\s,"]')
_LIKE = re.compile(r'[:"]')
"""What a word would be read by as something else."""


def plain(text: str) -> bool:
    """Whether a query bar reads it as the words that stand in it, and as nothing else."""
    try:
        groups = grouped(tokens(text))
    except BadInput:
        return False
    return groups == [text.split()] and not any(
        '"' in word or (name.isalpha() and value)
        for word in groups[0]
        for name, _, value in (word.partition(":"),)
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


def written(
    wanted: Wanted, known: Mapping[str, str], moving: Mapping[str, str] | None = None
) -> str:
    """What one would type for it; times as moments, but for those that are so long `moving`."""
    groups = [list(_words_of(one, known, {})) for one in wanted.any_of]
    own = list(_words_of(wanted, known, moving or {}))
    return _said([[*own, *group] for group in groups] or [own])


def _words_of(wanted: Wanted, known: Mapping[str, str], moving: Mapping[str, str]) -> Iterator[str]:
    for word, (part, value) in IS.items():
        if getattr(wanted, part) is value:
            yield f"is:{word}"
    for name, part in known.items():
        value = getattr(wanted, part)
        if part in moving:
            yield f"{name}:{moving[part]}"
        elif isinstance(value, tuple) and value:
            yield _field(name, map(_plain, value))
        elif isinstance(value, datetime):
            yield f"{name}:{value.isoformat()}"
        elif value is Sort.WORST:
            yield f"{name}:{value}"
    yield from (_quoted(w) if w in OR or _LIKE.search(w) else w for w in wanted.text.split())


def toggled(text: str, name: str, value: str) -> str:
    """The query with this value of this field taken in, or out when it was in.

    Of a query with alternatives every one is narrowed to the value; those that exclude it go.
    """
    words = tokens(text) if text.count('"') % 2 == 0 else text.split()
    groups = grouped(words)
    if len(groups) == 1:
        return _said([_turned(groups[0], name, value)])
    if all(_values(group, name) == [value] for group in groups):
        return _said([_others(group, name) for group in groups])
    fitting = [g for g in groups if value in (_values(g, name) or [value])]
    return _said([[*_others(g, name), _field(name, [value])] for g in fitting])


def _turned(words: list[str], name: str, value: str) -> list[str]:
    values = _values(words, name)
    after = [v for v in values if v != value] if value in values else [*values, value]
    return [*_others(words, name), *([_field(name, after)] if after else [])]


def _others(words: list[str], name: str) -> list[str]:
    return [w for w in words if not bare(w).startswith(f"{name}:")]


def _values(words: list[str], name: str) -> list[str]:
    return [v for w in words if bare(w).startswith(f"{name}:") for v in values_in(w)]


def _field(name: str, values: Iterable[str]) -> str:
    """The field as one types it."""
    return f"{name}:{','.join(map(valued, values))}"


def valued(text: str) -> str:
    """The value as it stands in a query: with blanks, commas or such marks, in quotation marks."""
    return _quoted(text) if _PARTED.search(text) else text


def _quoted(value: str) -> str:
    return '"{}"'.format(value.replace('"', '""'))


def _said(groups: list[list[str]]) -> str:
    return " OR ".join(" ".join(group) for group in groups)


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
