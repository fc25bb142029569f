"""CACAO documents as playbooks: our own exactly, those of others with a list of what was repaired.

In    a CACAO document as plain JSON values, valid or not.
Out   a playbook that loses no step, and every repair in words.
Why   playbooks in the wild are mostly invalid, and none may run foreign commands here: an act of
      another system becomes a question to a person, who does it by hand and says so.
      Law: imported(exported(p)).playbook == p, with no repair.

(1) the workflow becomes steps under names of their own, whatever their ids were
(2) each step is read: ours from its extension, others from what they say
(3) links are followed; a fork that goes on after its branches has each branch go on there
(4) circles are cut, branches are kept apart, and what nothing leads to can be chosen at the start
(5) whatever of the document is not in the playbook is named
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from stanch.contain.playbook.cacao_branches import apart
from stanch.contain.playbook.cacao_check import ID
from stanch.contain.playbook.cacao_foreign import foreign
from stanch.contain.playbook.cacao_graph import attached, cut, joined, start_of
from stanch.contain.playbook.cacao_left import named_left
from stanch.contain.playbook.cacao_out import EXTENSION
from stanch.contain.playbook.cacao_reading import (
    ALL,
    MOST,
    Document,
    Reading,
    free,
    kept,
    listed,
    name_of,
    ours,
    parts_of,
    shown,
    target,
)
from stanch.contain.playbook.period import sayable
from stanch.vocabulary.ids import PlaybookId
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
from stanch.vocabulary.trouble import BadInput

KINDS: Mapping[str, type[Step]] = {
    "do": Do,
    "ask": Ask,
    "wait": Wait,
    "decide": Decide,
    "parallel": Parallel,
    "repeat": Repeat,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """A playbook that came from outside."""

    playbook: Playbook
    repairs: tuple[str, ...] = ()
    """What was not as CACAO wants it, or cannot be done here, and what became of it."""


def imported(document: Document) -> Imported:
    """The playbook of this document."""
    if not isinstance(document, Mapping) or document.get("type", "playbook") != "playbook":
        raise BadInput("This is no CACAO playbook: its type is not `playbook`.")
    reading = Reading(document, {})
    reading.workflow = _workflow(document.get("workflow"), reading)
    _top(reading)
    reading.parts = parts_of(reading.workflow)
    for key, step in reading.workflow.items():
        if kept(key, step, reading):
            reading.names[key] = name_of(key, step, reading)
    if not reading.names:
        raise BadInput("This CACAO playbook has no step that does anything.")
    own = dict(reading.names)
    for key, name in own.items():
        if _delay(reading.workflow[key]):
            reading.names[key] = free(reading, f"{name}-delay")
    for key, name in own.items():
        _read(reading, key, name)
    first = start_of(reading)
    joined(reading)
    cut(reading, first)
    start = attached(reading, first)
    apart(reading, start)
    book = _book(reading, start)
    named_left(reading, book, own)
    return Imported(playbook=book, repairs=tuple(reading.repairs))


def _workflow(given: Any, reading: Reading) -> dict[str, dict[str, Any]]:
    if isinstance(given, list):
        reading.repaired("workflow", "a list of steps was taken as a mapping by their ids")
        given = dict(_by_id(given, reading))
    if not isinstance(given, Mapping) or len(given) > MOST:
        raise BadInput(f"A CACAO playbook has a workflow, of {MOST} steps at most.")
    found = {}
    for key, step in given.items():
        if isinstance(step, Mapping):
            found[str(key)] = dict(step)
        else:
            reading.repaired(str(key), "it is no mapping and says nothing; kept as an empty step")
            found[str(key)] = {"type": "action", "name": str(key), "description": str(step)}
    return found


def _by_id(given: list[Any], reading: Reading) -> Iterator[tuple[str, Any]]:
    """The steps of a list by their ids; one that stands twice is a step of its own."""
    taken: set[str] = set()
    for number, step in enumerate(given):
        key = str(step.get("id", number)) if isinstance(step, Mapping) else str(number)
        if key in taken:
            reading.repaired(key, "its id stands twice; the later one is a step of its own")
            key = f"{key} ({number})"
        taken.add(key)
        yield key, step


def _top(reading: Reading) -> None:
    document = reading.document
    for name in ("id", "created_by"):
        if not ID.fullmatch(str(document.get(name, ""))):
            reading.repaired(name, f"{str(document.get(name, 'nothing'))[:60]!r} is no CACAO id")
    if document.get("spec_version") != "cacao-2.0":
        reading.repaired("spec_version", "it does not say cacao-2.0; read as if it did")
    _worth(reading)
    for name, one in _variables(document):
        if not isinstance(one.get("value"), str | None):
            reading.repaired(name, "the value of a variable was no text; it is read as one")


def _worth(reading: Reading) -> None:
    """Says what its author says of it, which nobody here can vouch for."""
    document = reading.document
    if document.get("revoked"):
        reading.carries(ALL, "revoked")
        reading.repaired("revoked", "its author took it back; ask why before you use it")
    if "valid_until" in document:
        reading.carries(ALL, "valid_until")
        reading.repaired("valid_until", f"its author stands for it until {document['valid_until']}")


def _variables(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    given = document.get("playbook_variables")
    for name, one in given.items() if isinstance(given, Mapping) else ():
        yield str(name), one if isinstance(one, Mapping) else {"value": one}


def _read(reading: Reading, key: str, name: str) -> None:
    step = reading.workflow[key]
    mine = ours(step)
    known = str(mine.get("step_kind")) in KINDS
    made = _own(reading, step, mine, name) if known else None
    reading.steps[name] = made if made is not None else foreign(reading, step, name)
    if made is not None:
        reading.own.add(name)
    if delay := _delay(step):
        waiting = reading.names[key]
        reading.steps[waiting] = Wait(id=waiting, period=delay, next=name)
        if delay * 1000 == step["delay"]:
            reading.carries(name, "delay")
        reading.repaired(name, f"its delay became a step of its own, {waiting!r}")


def _delay(step: Mapping[str, Any]) -> int:
    """The seconds that a step of others waits for before it is done."""
    given = step.get("delay")
    foreign_one = str(ours(step).get("step_kind")) not in KINDS
    number = given if isinstance(given, int) and not isinstance(given, bool) else 0
    return sayable(max(1, number // 1000)) if foreign_one and number > 0 else 0


def _own(
    reading: Reading, step: Mapping[str, Any], mine: Mapping[str, Any], name: str
) -> Step | None:
    """Our step, with its links as the document has them now."""
    kind = KINDS[str(mine["step_kind"])]
    try:
        made = msgspec.convert({**mine["fields"], "id": name}, kind)
    except (msgspec.ValidationError, KeyError, TypeError) as error:
        reading.repaired(name, f"its extension cannot be read ({error}); taken as a foreign step")
        return None
    ahead = str(step.get("on_completion"))
    fork = reading.workflow[ahead] if ahead in reading.parts else {}
    yes, no = (target(reading, (fork or step).get(n), name) for n in ("on_true", "on_false"))
    after = target(reading, step.get("on_completion"), name) if not fork else END
    match made:
        case Do():
            return replace(made, next=after)
        case Wait():
            return replace(made, next=yes, late=no) if fork else replace(made, next=after)
        case Ask() | Decide():
            return replace(made, yes=yes, no=no)
        case Repeat():
            return replace(made, first=yes, next=after)
        case Parallel():
            firsts = tuple(target(reading, one, name) for one in listed(step.get("next_steps")))
            return replace(made, branches=firsts, next=after)


def _book(reading: Reading, start: str) -> Playbook:
    document = reading.document
    given = document.get("playbook_extensions")
    mine = given.get(EXTENSION) if isinstance(given, Mapping) else None
    mine = mine if isinstance(mine, Mapping) else {}
    order = dict.fromkeys(n for n in map(str, listed(mine.get("order"))) if n in reading.steps)
    order |= dict.fromkeys(reading.steps)
    version = mine.get("version_number")
    title = shown(document.get("name")) or "A playbook from outside"
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60]
    return Playbook(
        id=PlaybookId(str(mine.get("playbook") or words or "imported")),
        title=title,
        says=str(mine["says"]) if "says" in mine else shown(document.get("description")),
        answers=tuple(map(str, listed(mine.get("answers")))),
        version=version if isinstance(version, int) else 1,
        start=start,
        steps={n: reading.steps[n] for n in order},
    )
