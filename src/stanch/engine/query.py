"""The query bar: words become what is wanted.

In    text like `severity:high asset:fraud-scorer is:open "key 91" OR phase:detected`, and the list
      that it is typed over.
Out   a `Wanted`, perhaps with alternatives; `BadInput` that names what is not known.
Why   one line that can be typed, shared as a link and saved says more than a wall of menus.

    field:a,b     any of these values        since:2h until:2026-11-20   a span of time
    "two words"   both must occur            OR                          the alternatives
    "a ""b"" c"   a quotation mark within quotation marks is written twice
    "http://x"    words, where its name before the colon is no field
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from stanch.engine.wanting import MOMENTS, TRUTHS, before, moment, value_of
from stanch.vocabulary.choice import no_such
from stanch.vocabulary.listing import Sort, Wanted
from stanch.vocabulary.trouble import BadInput

MOST = 8
"""Alternatives of one query."""
OR = frozenset({"OR", "|"})
IS: Mapping[str, tuple[str, bool]] = {
    "open": ("closed", False),
    "closed": ("closed", True),
    "exercise": ("exercise", True),
    "real": ("exercise", False),
}
KNOWN: Mapping[str, Mapping[str, str]] = {
    "incidents": {
        **{n: n for n in ("asset", "phase", "severity", "verdict", "attack", "lifecycle")},
        **{n: n for n in ("principal", "since", "until", "exercise", "closed", "sort")},
        "commander": "owner",
        "changed": "changed_since",
    },
    "findings": {
        n: n
        for n in (
            *("asset", "incident", "detector", "attack", "lifecycle", "principal"),
            *("since", "until"),
        )
    },
    "assets": {"kind": "kind", "owner": "owner"},
    "approvals": {
        **{n: n for n in ("asset", "incident", "state", "since", "until")},
        "action": "kind",
    },
    "evidence": {**{n: n for n in ("incident", "kind", "since", "until")}, "by": "owner"},
    "clocks": {**{n: n for n in ("incident", "state", "since", "until")}, "law": "kind"},
    "runs": {
        **{n: n for n in ("asset", "incident", "state", "since", "until")},
        "playbook": "kind",
        "changed": "changed_since",
    },
    "events": {n: n for n in ("asset", "kind", "principal", "since", "until")},
}
"""For each list the names that its query bar takes, and the field of `Wanted` that each means."""
_LONGEST = 2000
_TOKEN = re.compile(r'(?:[^\s"]|"[^"]*")+')
_PART = re.compile(r'(?:[^,"]|"[^"]*")+')
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What was typed, and what it means."""

    text: str
    wanted: Wanted


def parse(text: str, noun: str, now: datetime) -> Query:
    """The query, as it is meant over this list."""
    if len(text) > _LONGEST:
        raise BadInput(f"A query has at most {_LONGEST} characters.")
    groups = grouped(tokens(text))
    if len(groups) > MOST:
        raise BadInput(f"A query has at most {MOST} alternatives; this one has {len(groups)}.")
    made = [_wanted(group, noun, now) for group in groups]
    if len(made) == 1:
        return Query(text=text, wanted=made[0])
    sort = next((w.sort for w in made if w.sort is not Sort.USUAL), Sort.USUAL)
    each = tuple(replace(w, sort=Sort.USUAL) for w in made)
    return Query(text=text, wanted=Wanted(any_of=each, sort=sort))


def tokens(text: str) -> list[str]:
    """The words as they stand there, each with its quotation marks."""
    if text.count('"') % 2:
        raise BadInput('A quotation mark is not closed. Add a " at the end of the words.')
    return _TOKEN.findall(text)


def grouped(words: Sequence[str]) -> list[list[str]]:
    """The alternatives; where nothing stands, one that wants all."""
    groups: list[list[str]] = [[]]
    for word in words:
        if word in OR:
            groups.append([])
        else:
            groups[-1].append(word)
    full = [group for group in groups if group]
    return full or [[]]


def bare(token: str) -> str:
    """The same without its quotation marks; one that is written twice within them stands."""
    return _QUOTED.sub(lambda found: found[1].replace('""', '"'), token)


def values_in(token: str) -> list[str]:
    """The values of `field:a,"b c"`; a comma in quotation marks parts nothing."""
    if token.startswith('"'):
        return [part for part in bare(token).partition(":")[2].split(",") if part]
    return [bare(part) for part in _PART.findall(token.partition(":")[2])]


def _wanted(words: Sequence[str], noun: str, now: datetime) -> Wanted:
    made: dict[str, Any] = {}
    said: list[str] = []
    for token in words:
        name, colon, value = bare(token).partition(":")
        field = bool(colon and value and name.isalpha())
        if not field or (token.startswith('"') and not _known(name.lower(), noun)):
            said += filter(None, [bare(token)])
            continue
        for part, found in _meant(name.lower(), token, noun, now):
            earlier = made.get(part)
            joined = isinstance(earlier, tuple) and isinstance(found, tuple)
            made[part] = (*earlier, *found) if joined else found
    return Wanted(**made, text=" ".join(said)) if said else Wanted(**made)


def _known(name: str, noun: str) -> bool:
    return name in KNOWN[noun] or name == "is"


def _meant(name: str, token: str, noun: str, now: datetime) -> Iterator[tuple[str, object]]:
    known, values = KNOWN[noun], values_in(token)
    if name == "is":
        yield from (_is(value, noun) for value in values)
    elif name not in known:
        said = no_such(name, f"field of {noun}", sorted({*known, "is"}))
        raise BadInput(f"{said} In quotation marks it is searched for as words.")
    elif known[name] in MOMENTS:
        text = bare(token).partition(":")[2]
        yield known[name], before(now, text) or _moment(text)
    elif known[name] in (*TRUTHS, "sort"):
        yield known[name], value_of(noun, known[name], values[-1]) if values else None
    else:
        yield known[name], tuple(value_of(noun, known[name], value) for value in values)


def _is(value: str, noun: str) -> tuple[str, bool]:
    there = [word for word, (part, _) in IS.items() if part in KNOWN[noun].values()]
    if value not in there:
        raise BadInput(no_such(value, f"word for what {noun} are", there))
    return IS[value]


def _moment(text: str) -> datetime:
    """A moment; without a zone in UTC, as the page shows it."""
    try:
        return moment(text)
    except BadInput:
        read = _plainly(text)
    if read is None:
        raise BadInput(f"{text[:40]!r} is no time. Say 2h, 3d or 2026-11-20T14:00Z.")
    return read


def _plainly(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.upper()).replace(tzinfo=UTC)
    except ValueError:
        return None
