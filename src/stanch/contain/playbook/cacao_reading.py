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
ALL, AGENTS, TARGETS = "@", "agent_definitions", "target_definitions"
VARIABLES = "playbook_variables"
BY_HAND = 86_400
"""Seconds that a person has for what a foreign step wants, when it says no time."""
MOST = 500
LONGEST = 2_000
"""Characters of what a step says."""
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
    parts: set[str] = field(default_factory=set)
    """Forks that are a part of one of our own steps: their answers, and whether they are late."""
    own: set[str] = field(default_factory=set)
    """The names of the steps that were read from our own extension."""
    carried: dict[str, set[str]] = field(default_factory=dict)
    """The fields that are in the playbook: for each step by its name here; for the document under
    `@`; for what has no name here, an `@` before its id."""

    def repaired(self, where: str, says: str) -> None:
        """Keeps what was not as it should be, and what became of it."""
        told = shown(f"{where}: {says}")
        if told not in self.repairs:
            self.repairs.append(told)

    def carries(self, where: str, *fields: str) -> None:
        """Keeps that these fields are in the playbook."""
        self.carried.setdefault(where, set()).update(fields)

    def in_full(self, where: str, text: str) -> str:
        """The text in one line; cut, and said to be so, where nobody would read it to its end."""
        found = shown(text)
        if len(found) > LONGEST:
            self.repaired(where, f"its text was cut after {LONGEST} characters")
        return found[:LONGEST]


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


def parts_of(workflow: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The forks that our own steps lead to and are made of."""
    asked = (s for s in workflow.values() if ours(s).get("step_kind") in ("ask", "wait"))
    named = (str(step.get("on_completion")) for step in asked)
    return {key for key in named if key in workflow and "part_of" in ours(workflow[key])}


def kept(key: str, step: Mapping[str, Any], reading: Reading) -> bool:
    """Whether it is a step of its own: not a start, an end, or a part of one of ours."""
    return step.get("type") not in _SKIPPED and key not in reading.parts


def name_of(key: str, step: Mapping[str, Any], reading: Reading) -> str:
    """The step's name here: its own where it has one, else made of its title."""
    fields = ours(step).get("fields")
    mine = fields.get("id") if isinstance(fields, Mapping) else None
    named = isinstance(mine, str) and _NAME.fullmatch(mine) and mine != "end"
    if named and mine not in reading.taken:
        return free(reading, mine)
    if not ID.fullmatch(key):
        reading.repaired(key[:80], "its id is no CACAO id")
    words = re.sub(
        r"[^a-z0-9]+",
        "-",
        str(step.get("name") or (step.get("type") if ID.fullmatch(key) else key)).lower(),
    ).strip("-")[:40]
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
    if isinstance(key, list) and len(key) == 1:
        key = key[0]
    if key is None or key == "":
        return END
    step = reading.workflow.get(key) if isinstance(key, str) else None
    if step is None:
        told = repr(key)[:80]
        reading.repaired(where, f"it leads to {told}, which is not there; its branch ends")
        return END
    if step.get("type") == "end":
        return END
    if step.get("type") == "start" or key in reading.parts:
        return target(reading, step.get("on_completion"), where)
    return reading.names[key]


def led(reading: Reading, step: Mapping[str, Any], field_: str, where: str) -> str:
    """The name of the step that this field leads to."""
    if field_ in step:
        reading.carries(where, field_)
    return target(reading, step.get(field_), where)


def goes_on(reading: Reading, step: Mapping[str, Any], where: str) -> str:
    """What follows by whatever name it is given."""
    for name in ("on_completion", "on_success"):
        if name in step:
            return led(reading, step, name, where)
    for name in ("next_step", "next"):
        if name in step:
            reading.repaired(where, f"{name!r} was read as on_completion")
            return led(reading, step, name, where)
    return END
