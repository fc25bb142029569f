"""Playbooks as CACAO 2.0, for other runners and for sharing.

In    a playbook, who shares it and since when, a signature if there is one.
Out   a CACAO document as plain JSON values.
Why   what CACAO can say, it says in its own words, so that others can run it by hand: acts and
      questions are manual commands with an agent, forks are STIX patterns, each branch has its own
      end. What it cannot say (how long a demand holds, what silence means, what is undone) stands
      in an extension of ours. Read back, the document is the very same playbook.

Ids are UUIDv5 of the playbook's and the step's names: the same playbook gives the same document.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from stanch.contain.playbook.condition_reading import parse
from stanch.contain.playbook.period import in_words
from stanch.contain.playbook.stix import pattern
from stanch.vocabulary.playbook import (
    END,
    Ask,
    Decide,
    Do,
    Parallel,
    Playbook,
    Repeat,
    Step,
    Wait,
)

SPACE = uuid5(NAMESPACE_URL, "stanch:playbook")
MANUAL = "manual"
MACHINE = "The response engine"
Document = dict[str, Any]


def named(kind: str, *names: str) -> str:
    """The CACAO id of a thing with these names."""
    return f"{kind}--{uuid5(SPACE, chr(0).join((kind, *names)))}"


EXTENSION = named("extension-definition", "stanch", "1")
IDENTITY = named("identity", "stanch")


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Who shares it, and since when."""

    created: datetime
    modified: datetime
    identity: str = IDENTITY
    """A STIX identity's id."""
    signee: str = "stanch"


def exported(book: Playbook, origin: Origin) -> Document:
    """The CACAO document of this playbook."""
    writer = _Writer(book)
    workflow = writer.workflow()
    return {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": named("playbook", book.id),
        "name": book.title,
        "description": book.says or book.title,
        "playbook_types": ["mitigation"],
        "playbook_activities": ["restrict-access", "eliminate-risk"],
        "created_by": origin.identity,
        "created": stamp(origin.created),
        "modified": stamp(origin.modified),
        "labels": [str(book.id), *book.answers],
        "workflow_start": writer.start,
        "workflow": workflow,
        "agent_definitions": writer.agents,
        "playbook_variables": writer.variables,
        "extension_definitions": {
            EXTENSION: {
                "type": "extension-definition",
                "name": "stanch playbook",
                "description": "What a step of stanch means beyond what CACAO can say.",
                "created_by": origin.identity,
                "schema": "The fields of a step as they stand in stanch's own YAML.",
                "version": "1.0.0",
            }
        },
        "playbook_extensions": {
            EXTENSION: {
                "playbook": str(book.id),
                "version_number": book.version,
                "answers": list(book.answers),
                "order": list(book.steps),
                "start": book.start,
                "says": book.says,
            }
        },
    }


def stamp(at: datetime) -> str:
    """A time as CACAO writes it: UTC, to the millisecond."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


class _Writer:
    """Writes the steps of one playbook."""

    def __init__(self, book: Playbook) -> None:
        self._book = book
        self._made: Document = {}
        self.start = named("start", book.id)
        self.agents: Document = {}
        self.variables: Document = {}

    def workflow(self) -> Document:
        """Every step, and an end for each branch."""
        self._made[self.start] = {
            "type": "start",
            "name": "Start",
            "on_completion": self._to(self._book.start, "start"),
        }
        for step in self._book.steps.values():
            self._write(step)
        return self._made

    def _write(self, step: Step) -> None:
        match step:
            case Do():
                self._act(step, f"{step.act} {_args(step)}".strip(), MACHINE)
            case Ask():
                self._ask(step)
            case Wait():
                self._wait(step)
            case Decide():
                made = self._base(step, "if-condition", step.says or step.condition)
                made |= {
                    "condition": pattern(parse(step.condition)),
                    "on_true": self._to(step.yes, f"{step.id}/yes"),
                    "on_false": self._to(step.no, f"{step.id}/no"),
                }
            case Parallel():
                made = self._base(step, "parallel", step.says or "Side by side")
                made["next_steps"] = [self._to(one, step.id) for one in step.branches]
                made["on_completion"] = self._to(step.next, f"{step.id}/next")
            case Repeat():
                made = self._base(step, "while-condition", step.says or step.condition)
                made["condition"] = pattern(parse(step.condition))
                made["on_true"] = self._to(step.first, f"{step.id}/first")
                made["on_completion"] = self._to(step.next, f"{step.id}/next")

    def _act(self, step: Do, command: str, agent: str) -> None:
        made = self._base(step, "action", step.says or step.act)
        made |= self._by_hand(command, agent)
        made["timeout"] = step.timeout * 1000
        made["on_completion"] = self._to(step.next, f"{step.id}/next")

    def _ask(self, step: Ask) -> None:
        """A question and the fork at its answer."""
        answer = f"__{step.id.replace('-', '_')}_answer__"
        self.variables[answer] = {
            "type": "string",
            "value": "yes" if step.if_silent else "no",
            "constant": False,
            "external": False,
        }
        made = self._base(step, "action", step.says)
        made |= self._by_hand(step.says, f"{step.role.capitalize()}s")
        fork = named("if-condition", self._book.id, step.id, "answer")
        made |= {"timeout": step.within * 1000, "out_args": [answer], "on_completion": fork}
        self._made[fork] = {
            "type": "if-condition",
            "name": f"The answer to: {step.says}",
            "condition": f"[{answer}:value = 'yes']",
            "on_true": self._to(step.yes, f"{step.id}/yes"),
            "on_false": self._to(step.no, f"{step.id}/no"),
            "step_extensions": {EXTENSION: {"part_of": step.id}},
        }

    def _wait(self, step: Wait) -> None:
        says = f"Wait {in_words(step.period)}"
        says += f", or until {step.until}" if step.until else ""
        made = self._base(step, "action", step.says or says)
        made |= self._by_hand(says, MACHINE)
        made["timeout"] = step.period * 1000
        if step.late is None:
            made["on_completion"] = self._to(step.next, f"{step.id}/next")
            return
        fork = named("if-condition", self._book.id, step.id, "late")
        made["on_completion"] = fork
        self._made[fork] = {
            "type": "if-condition",
            "name": f"Whether {step.until}",
            "condition": pattern(parse(step.until)),
            "on_true": self._to(step.next, f"{step.id}/next"),
            "on_false": self._to(step.late, f"{step.id}/late"),
            "step_extensions": {EXTENSION: {"part_of": step.id}},
        }

    def _base(self, step: Step, kind: str, name: str) -> Document:
        fields = msgspec.to_builtins(step)
        made = {
            "type": kind,
            "name": name[:200],
            "step_extensions": {
                EXTENSION: {"step_kind": type(step).__name__.lower(), "fields": fields}
            },
        }
        self._made[step_id(self._book, step)] = made
        return made

    def _by_hand(self, command: str, agent: str) -> Document:
        kind = "organization" if agent == MACHINE else "group"
        key = named(kind, agent)
        self.agents[key] = {"type": kind, "name": agent}
        return {"agent": key, "commands": [{"type": MANUAL, "command": command}]}

    def _to(self, name: str, edge: str) -> str:
        if name != END:
            return step_id(self._book, self._book.steps[name])
        end = named("end", self._book.id, edge)
        self._made[end] = {"type": "end", "name": "End"}
        return end


_KINDS: Mapping[type[Step], str] = {
    Do: "action",
    Ask: "action",
    Wait: "action",
    Decide: "if-condition",
    Parallel: "parallel",
    Repeat: "while-condition",
}


def step_id(book: Playbook, step: Step) -> str:
    """The CACAO id of this step."""
    return named(_KINDS[type(step)], book.id, step.id)


def _args(step: Do) -> str:
    return " ".join(f"{n}={_word(v)}" for n, v in step.args.items())


def _word(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)
