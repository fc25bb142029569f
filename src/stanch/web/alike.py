"""Alike: findings that say the same with other numbers, told once; whom to call, each person once.

In    findings, newest first, and when each was seen; the parts that an incident calls for.
Out   one line for each thing that was seen, the strongest first; one line for each person.
Why   thirty lines that differ by a number, or by one more name in a crowd that grows, hide the one
      that differs by what it says.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from stanch.triage.callout import Call
from stanch.triage.looks import Look, told_once
from stanch.vocabulary.finding import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """Findings that are alike: the newest of those that name most, how many, since when."""

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
    every = told_once(findings, lambda one: look_at(one, one.detector))
    ordered = sorted(every, key=lambda all_: -max(one.strength for one in all_))
    return [
        Told(
            finding=all_[0],
            count=len(all_),
            last=max(seen[one.id] for one in all_),
            first=min(seen[one.id] for one in all_),
        )
        for all_ in ordered
    ]


def folded(findings: Sequence[Finding]) -> list[tuple[Finding, ...]]:
    """The findings of a list; with one of a crowd the other looks at it. What names nobody stands
    alone: the same shift on another day is another shift.
    """
    return told_once(findings, _in_a_list)


def _in_a_list(one: Finding) -> Look:
    alone = () if one.suspects else (one.id,)
    return look_at(one, one.detector, one.asset, one.version, one.condition, *alone)


def look_at(one: Finding, *of: str) -> Look:
    """What it said, of whom."""
    return Look(of=of, says=one.says, who=frozenset(s.principal for s in one.suspects))


def people(calls: Sequence[Call]) -> list[Person]:
    """Whom to call, each once, in the order of the first part of each."""
    made: dict[tuple[str, bool, bool], list[Call]] = {}
    for one in calls:
        made.setdefault((one.person, one.named, one.now), []).append(one)
    return [
        Person(name=name, named=named, now=now, calls=tuple(all_))
        for (name, named, now), all_ in made.items()
    ]
