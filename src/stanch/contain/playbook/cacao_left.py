"""What of a CACAO document is not in the playbook that was made of it, named field by field.

In    the document, what was read of it, the playbook.
Out   a repair for the document, each step and each definition that has more than was carried over.
Why   who takes a playbook from elsewhere must see what it no longer says.
      A document that was ours is held against what the playbook would be as CACAO now.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from stanch.contain.playbook.cacao_by_hand import plain
from stanch.contain.playbook.cacao_out import EXTENSION, Document, Origin, exported, step_id
from stanch.contain.playbook.cacao_reading import AGENTS, ALL, TARGETS, VARIABLES, Reading
from stanch.vocabulary.playbook import Playbook

_TOP = frozenset({"type", "name", "description", "workflow", "workflow_start"})
_MINE = frozenset({"id", "created", "modified", "created_by", "signatures"})
"""What a document of ours has for itself: the playbook is the same without it."""
_LOGINS = "authentication_info_definitions"
_WAYS = frozenset(
    {"on_completion", "on_success", "on_failure", "on_true", "on_false", "next_steps"}
)
"""Links, which count as the document has them now."""
_OUR_WAYS = frozenset({"id", "next", "yes", "no", "late", "first", "branches"})
"""The same links in our extension."""
_BRIEF = 200
Left = Iterator[tuple[str, list[str]]]
"""Where something is left out, and what."""


def named_left(reading: Reading, book: Playbook, own: Mapping[str, str]) -> None:
    """Names whatever is not carried over; `own` are the names of the document's steps."""
    now = _now(reading, book)
    mine = now if _was_ours(reading) else {}
    for where, left in (
        *_top(reading, mine),
        *_definitions(reading, mine),
        *_steps(reading, _as_ours(reading, book, now, own), own),
    ):
        if left:
            reading.repaired(where, f"left out, as nothing here holds it: {'; '.join(left)}")


def _now(reading: Reading, book: Playbook) -> Document:
    """The playbook as CACAO."""
    never = datetime.fromtimestamp(0, UTC)
    identity = str(reading.document.get("created_by"))
    return exported(book, Origin(created=never, modified=never, identity=identity))


def _was_ours(reading: Reading) -> bool:
    given = reading.document.get("playbook_extensions")
    return isinstance(given, Mapping) and isinstance(given.get(EXTENSION), Mapping)


def _brief(name: str, value: Any) -> str:
    return f"{name} {_cut(plain(value))}"


def _cut(text: str) -> str:
    return text if len(text) <= _BRIEF else f"{text[: _BRIEF - 1]}…"


def _same(name: str, value: Any, ours: Mapping[str, Any]) -> bool:
    """Whether we would write the very same there, its links aside."""
    return name in ours and _told(value) == _told(ours[name])


def _told(value: Any) -> str:
    found = json.loads(json.dumps(value, default=str))
    mine = found.get(EXTENSION) if isinstance(found, dict) else None
    fields = mine.get("fields") if isinstance(mine, dict) else None
    if isinstance(fields, dict):
        for link in _OUR_WAYS & set(fields):
            del fields[link]
    return json.dumps(found, sort_keys=True)


def _top(reading: Reading, mine: Document) -> Left:
    carried = _TOP | reading.carried.get(ALL, set()) | (_MINE if mine else set())
    for name, value in reading.document.items():
        defined = name in (AGENTS, TARGETS, VARIABLES) and isinstance(value, Mapping)
        known = name == "spec_version" and value == "cacao-2.0"
        if name in carried or defined or known or _same(name, value, mine):
            continue
        if name == _LOGINS and isinstance(value, Mapping):
            yield str(name), list(map(str, value)) or ["nothing in it"]
        else:
            yield str(name), [_cut(plain(value)) or "nothing in it"]


def _definitions(reading: Reading, mine: Document) -> Left:
    """Agents, targets and variables, less what is told where they are used."""
    for kind in (AGENTS, TARGETS, VARIABLES):
        given, ours = reading.document.get(kind), mine.get(kind, {})
        told = reading.carried.get(f"@{kind}", set())
        for key, value in given.items() if isinstance(given, Mapping) else ():
            if _same(key, value, ours):
                continue
            if kind == VARIABLES:
                yield kind, [] if key in told else [_brief(str(key), value)]
            else:
                carried = reading.carried.get(f"@{key}", set())
                yield f"{kind} {key}", _of_one(value, carried)


def _of_one(value: Any, carried: set[str]) -> list[str]:
    """The fields of a definition that are left; never their values, which may be secrets."""
    if not isinstance(value, Mapping) or not value:
        return ["all of it"]
    return [str(name) for name in value if name not in carried]


def _as_ours(
    reading: Reading, book: Playbook, now: Document, own: Mapping[str, str]
) -> Mapping[str, Document]:
    """For each step of ours in the document, and each part of one, how we would write it now."""
    found: dict[str, Document] = {}
    for key in (one for one, name in own.items() if name in reading.own):
        step = now["workflow"][step_id(book, book.steps[own[key]])]
        found[key] = step
        ahead = str(reading.workflow[key].get("on_completion"))
        if ahead in reading.parts:
            found[ahead] = now["workflow"].get(str(step.get("on_completion")), {})
    if _was_ours(reading):
        plain_ones = {
            "start": {"type": "start", "name": "Start"},
            "end": {"type": "end", "name": "End"},
        }
        for key, step in reading.workflow.items():
            found.setdefault(key, plain_ones.get(str(step.get("type")), {}))
    return found


def _steps(reading: Reading, ours: Mapping[str, Document], own: Mapping[str, str]) -> Left:
    for key, step in reading.workflow.items():
        carried = reading.carried.get(own.get(key, f"@{key}"), set())
        carried = carried | (_WAYS if ours.get(key) else frozenset())
        if step.get("type") == "end":
            carried = carried | {"type"}
        left = (
            _brief(str(field), value)
            for field, value in step.items()
            if field not in carried and not _same(field, value, ours.get(key, {}))
        )
        yield own.get(key, key), list(left)
