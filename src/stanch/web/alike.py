"""Alike: findings that say the same with other numbers, told once; whom to call, each person once.

In    findings, newest first, and when each was seen; the parts that an incident calls for.
Out   one line for each thing that was seen, the strongest first; one line for each person.
Why   thirty lines that differ by a number hide the one that differs by what it says.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from stanch.triage.callout import Call
from stanch.vocabulary.finding import Finding

_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """Findings that are alike: the newest of them, how many there are, since when."""

    finding: Finding
    count: int
    last: datetime
    first: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody to call, and all the parts they are called for."""

    name: str
    """Empty when nobody is named for these parts, and the asset has no owner."""
    named: bool
    now: bool
    calls: tuple[Call, ...]


def alike(findings: Iterable[Finding], seen: Mapping[str, datetime]) -> list[Told]:
    """What was seen, each once: what weighs most first."""
    made: dict[object, list[Finding]] = {}
    for one in findings:
        who = frozenset(s.principal for s in one.suspects)
        made.setdefault((one.detector, who, _NUMBERS.sub("#", one.says)), []).append(one)
    ordered = sorted(made.values(), key=lambda all_: -max(one.strength for one in all_))
    return [
        Told(
            finding=all_[0],
            count=len(all_),
            last=max(seen[one.id] for one in all_),
            first=min(seen[one.id] for one in all_),
        )
        for all_ in ordered
    ]


def people(calls: Sequence[Call]) -> list[Person]:
    """Whom to call, each once, in the order of the first part of each."""
    made: dict[tuple[str, bool, bool], list[Call]] = {}
    for one in calls:
        made.setdefault((one.person, one.named, one.now), []).append(one)
    return [
        Person(name=name, named=named, now=now, calls=tuple(all_))
        for (name, named, now), all_ in made.items()
    ]
