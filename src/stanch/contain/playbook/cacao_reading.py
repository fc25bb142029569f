"""What is known while one CACAO document is read: its steps, their names here, every repair.

In    the document's own ids and links.
Out   the names that steps have here, and where links lead to.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from stanch.contain.playbook.cacao_check import ID
from stanch.contain.playbook.cacao_out import EXTENSION
from stanch.vocabulary.playbook import END, Step

Document = Mapping[str, Any]
BY_HAND = 86_400
"""Seconds that a person has for what a foreign step wants, when it says no time."""
MOST = 500
LONGEST = 500
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_SKIPPED = ("start", "end")


@dataclass(slots=True)
class Reading:
    """What is known while one document is read."""

    document: Document
    workflow: dict[str, dict[str, Any]]
    repairs: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """What each step of the document is led to by."""
    taken: set[str] = field(default_factory=set)
    """Names that are given; a step that is made on the way takes the place of none."""
    steps: dict[str, Step] = field(default_factory=dict)
    joins: list[tuple[str, str]] = field(default_factory=list)
    """Forks that go on somewhere after their branches."""

    def repaired(self, where: str, says: str) -> None:
        """Keeps what was not as it should be, and what became of it."""
        told = shown(f"{where}: {says}")
        if told not in self.repairs:
            self.repairs.append(told)


def shown(value: object) -> str:
    """Text from elsewhere in one line, without characters that nobody sees."""
    text = "" if value is None else str(value)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def listed(value: object) -> list[Any]:
    """What should be a list; nothing where it is none."""
    return value if isinstance(value, list) else []


def ours(step: Mapping[str, Any]) -> Mapping[str, Any]:
    """What our own extension says of the step; nothing for a foreign one."""
    given = step.get("step_extensions")
    found = given.get(EXTENSION) if isinstance(given, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def kept(step: Mapping[str, Any]) -> bool:
    """Whether it is a step of its own: not a start, an end, or a part of one of ours."""
    return step.get("type") not in _SKIPPED and "part_of" not in ours(step)


def name_of(key: str, step: Mapping[str, Any], reading: Reading) -> str:
    """The step's name here: its own where it has one, else made of its title."""
    fields = ours(step).get("fields")
    mine = fields.get("id") if isinstance(fields, Mapping) else None
    named = isinstance(mine, str) and _NAME.fullmatch(mine) and mine != "end"
    if named and mine not in reading.taken:
        return free(reading, mine)
    if not ID.fullmatch(key):
        reading.repaired(key[:80], "its id is no CACAO id")
    words = re.sub(r"[^a-z0-9]+", "-", str(step.get("name") or key).lower()).strip("-")[:40]
    slug = words if re.match(r"[a-z]", words) and words != "end" else f"step-{words}".strip("-")
    return free(reading, slug)


def free(reading: Reading, wanted: str) -> str:
    """The name, now taken; with a number where it was taken before."""
    more = (f"{wanted}-{n}" for n in count(2))
    name = next(one for one in chain([wanted], more) if one not in reading.taken)
    reading.taken.add(name)
    return name


def target(reading: Reading, key: Any, where: str) -> str:
    """The name of the step with this id; END for an end, or where there is none."""
    if not isinstance(key, str) or not key:
        return END
    step = reading.workflow.get(key)
    if step is None:
        reading.repaired(where, f"it leads to {key[:80]!r}, which is not there; its branch ends")
        return END
    if step.get("type") == "end":
        return END
    if step.get("type") == "start" or "part_of" in ours(step):
        return target(reading, step.get("on_completion"), where)
    return reading.names[key]


def goes_on(reading: Reading, step: Mapping[str, Any], where: str) -> str:
    """What follows by whatever name it is given."""
    for name in ("on_completion", "on_success"):
        if name in step:
            return target(reading, step[name], where)
    for name in ("next_step", "next"):
        if name in step:
            reading.repaired(where, f"{name!r} was read as on_completion")
            return target(reading, step[name], where)
    return END
