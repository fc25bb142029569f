"""Alike: findings that say the same with other numbers, told once; whom to call, each person once.

In    findings, newest first, and when each was seen; the parts that an incident calls for.
Out   one line for each thing that was seen, the strongest first; one line for each person.
Why   thirty lines that differ by a number, or by one more name in a crowd that grows, hide the one
      that differs by what it says.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from stanch.triage.callout import Call
from stanch.vocabulary.finding import Finding

_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")
_LIST = re.compile(r"@(?:, @)*(?: and # more)?")
"""People as a sentence lists them."""
_NOBODY = r"(?!)"
"""Matches nothing."""


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


@dataclass(kw_only=True, slots=True)
class _Crowd:
    """One thing that was seen of people who became more, or fewer; who were most stand first."""

    who: frozenset[str]
    findings: list[Finding] = field(default_factory=list)

    def grew(self, who: frozenset[str]) -> bool:
        """Whether these are some of its people, or its people and more."""
        return who == self.who or (bool(who & self.who) and (who < self.who or who > self.who))

    def take(self, one: Finding, who: frozenset[str]) -> None:
        """Adds it."""
        if who > self.who:
            self.who = who
            self.findings.insert(0, one)
        else:
            self.findings.append(one)


def _words(one: Finding) -> str:
    """What it says, whoever it names and whatever it counts."""
    names = sorted({s.principal for s in one.suspects}, key=len, reverse=True)
    any_of = rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)" if names else _NOBODY
    return _LIST.sub("@", _NUMBERS.sub("#", re.sub(any_of, "@", one.says)))


def alike(findings: Iterable[Finding], seen: Mapping[str, datetime]) -> list[Told]:
    """What was seen, each once: what weighs most first."""
    made: dict[object, list[_Crowd]] = {}
    for one in findings:
        who = frozenset(s.principal for s in one.suspects)
        same = made.setdefault((one.detector, _words(one)), [])
        crowd = next((c for c in same if c.grew(who)), None)
        if crowd is None:
            crowd = _Crowd(who=who)
            same.append(crowd)
        crowd.take(one, who)
    every = [crowd.findings for same in made.values() for crowd in same]
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


def people(calls: Sequence[Call]) -> list[Person]:
    """Whom to call, each once, in the order of the first part of each."""
    made: dict[tuple[str, bool, bool], list[Call]] = {}
    for one in calls:
        made.setdefault((one.person, one.named, one.now), []).append(one)
    return [
        Person(name=name, named=named, now=now, calls=tuple(all_))
        for (name, named, now), all_ in made.items()
    ]
