"""Wanting: what each list can be asked, and how words become what is wanted.

In    the name of a list, and for each of its fields the words that were written.
Out   a `Wanted`; or `BadInput` that names the fields and the values there are.
Why   a filter means the same in a link, on the command line, in the console and under a name; a
      value that does not exist is told, since nothing found would look like nothing there.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from stanch.vocabulary.approval import Answer
from stanch.vocabulary.asset import AssetKind
from stanch.vocabulary.choice import no_such, one_of
from stanch.vocabulary.clock import ClockState
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Lifecycle
from stanch.vocabulary.incident import Level, Phase, VerdictKind
from stanch.vocabulary.listing import Sort, Wanted
from stanch.vocabulary.naming import named
from stanch.vocabulary.run import RunState
from stanch.vocabulary.trouble import BadInput

FIELDS: Mapping[str, tuple[str, ...]] = {
    "assets": ("kind", "owner", "text"),
    "incidents": (
        *("asset", "phase", "severity", "verdict", "attack", "lifecycle", "principal", "owner"),
        *("since", "until", "changed_since", "text", "exercise", "closed", "sort"),
    ),
    "findings": (
        *("asset", "incident", "detector", "attack", "lifecycle", "principal"),
        *("since", "until", "text"),
    ),
    "approvals": ("asset", "incident", "kind", "state", "since", "until"),
    "evidence": ("incident", "kind", "owner", "since", "until", "text"),
    "clocks": ("incident", "kind", "state", "since", "until"),
    "runs": ("asset", "incident", "kind", "state", "since", "until"),
}
"""What each list that has filters can be asked."""
MOMENTS = ("since", "until", "changed_since")
TRUTHS = ("exercise", "closed")
_EVERYWHERE: Mapping[str, type[Enum]] = {
    "phase": Phase,
    "severity": Level,
    "verdict": VerdictKind,
    "attack": AttackKind,
    "lifecycle": Lifecycle,
    "sort": Sort,
}
_OF_A_LIST: Mapping[tuple[str, str], type[Enum]] = {
    ("assets", "kind"): AssetKind,
    ("events", "kind"): EventKind,
    ("approvals", "state"): Answer,
    ("clocks", "state"): ClockState,
    ("runs", "state"): RunState,
}
_WORDS = {"attack": "kind of attack", "lifecycle": "phase of the life cycle", "sort": "order"}
_MANY = frozenset(f.name for f in fields(Wanted) if str(f.type).startswith("tuple"))
_AGO = re.compile(r"([0-9]{1,6})(s|min|m|h|d|w)")
_TRUTH = {"true": True, "false": False, "1": True, "0": False}
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_TIMES = "a day (2026-11-21) or a moment (2026-11-21T08:00Z)"


def wanted_of(given: Mapping[str, Sequence[str]], noun: str) -> Wanted:
    """What these words want of this list, each field with what was written for it."""
    made: dict[str, Any] = {}
    for name, texts in given.items():
        values = tuple(value_of(noun, name, text) for text in texts)
        made[name] = values if name in _MANY else values[-1]
    return Wanted(**made)


def value_of(noun: str, name: str, text: str) -> object:
    """What one word means in this field."""
    if (kind := choices(noun, name)) is not None:
        found = one_of(kind, text, word_of(noun, name))
        return found if name in _EVERYWHERE else found.value
    if name in TRUTHS:
        return _truth(name, text)
    if name == "principal":
        return named(text)
    return moment(text) if name in MOMENTS else text


def choices(noun: str, name: str) -> type[Enum] | None:
    """The closed set that the values of this field are of; none where any text may be meant."""
    return _EVERYWHERE.get(name) or _OF_A_LIST.get((noun, name))


def word_of(noun: str, name: str) -> str:
    """How the values of this field are called in a sentence."""
    if (noun, name) in _OF_A_LIST:
        return f"{name} of {noun}"
    return _WORDS.get(name, name)


def _truth(name: str, text: str) -> bool:
    if text.lower() not in _TRUTH:
        raise BadInput(f"{name} is true or false, not {text[:60]!r}.")
    return _TRUTH[text.lower()]


def moment(text: str) -> datetime:
    """The moment with its zone; a day alone begins in UTC."""
    try:
        read = datetime.fromisoformat(text.upper())
    except ValueError:
        raise BadInput(f"{text[:60]!r} is no time. Write {_TIMES}.") from None
    if read.tzinfo is None and len(text) > len("2026-11-21"):
        raise BadInput(f"{text[:60]!r} needs a zone. Add Z for UTC.")
    try:
        return read.replace(tzinfo=read.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        raise BadInput(f"{text[:60]!r} is out of reach. Write {_TIMES}.") from None


def ago(text: str) -> timedelta | None:
    """How long ago, from 30s, 5m, 24h, 7d or 2w; nothing where it says no such thing."""
    found = _AGO.fullmatch(text.strip())
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else None


def before(now: datetime, text: str) -> datetime | None:
    """The moment that is so long ago now; nothing where the text says no such thing."""
    span = ago(text)
    if span is None:
        return None
    try:
        return now - span
    except OverflowError:
        raise BadInput(f"{text[:60]!r} is longer ago than there are years.") from None


def faults(wanted: Wanted, noun: str) -> Iterator[str]:
    """What cannot be wanted of this list: a field that it has not, a value that is not there."""
    takes = FIELDS[noun]
    for one in (wanted, *wanted.any_of):
        for name in said_by(one):
            if name == "any_of" and one is wanted:
                continue
            if name not in takes:
                yield no_such(name, f"filter of {noun}", sorted(takes))
            elif isinstance(given := getattr(one, name), datetime):
                if given.utcoffset() is None:
                    yield f"{name} needs a zone. Add Z for UTC."
            else:
                yield from _strange(noun, name, given)


def _strange(noun: str, name: str, given: object) -> Iterator[str]:
    kind = _OF_A_LIST.get((noun, name))
    known = [str(member.value) for member in kind] if kind is not None else []
    for value in given if isinstance(given, tuple) and known else ():
        if value not in known:
            yield no_such(str(value), word_of(noun, name), known)


def said_by(wanted: Wanted) -> Iterable[str]:
    """The fields that ask something."""
    nothing = Wanted()
    return [f.name for f in fields(Wanted) if getattr(wanted, f.name) != getattr(nothing, f.name)]
