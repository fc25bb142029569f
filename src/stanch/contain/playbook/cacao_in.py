"""CACAO documents as playbooks: our own exactly, those of others with a list of what was repaired.

In    a CACAO document as plain JSON values, valid or not.
Out   a playbook that loses no step, and every repair in words.
Why   playbooks in the wild are mostly invalid, and none may run foreign commands here: an act of
      another system becomes a question to a person, who does it by hand and says so.
      Law: imported(exported(p)).playbook == p, with no repair.

(1) the workflow becomes steps under names of their own, whatever their ids were
(2) each step is read: ours from its extension, others from what they say
(3) links are followed; a fork that goes on after its branches has each branch go on there
(4) circles are cut, and what nothing leads to can be chosen by a person at the start
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from stanch.contain.playbook.cacao_check import ID, onward
from stanch.contain.playbook.cacao_out import EXTENSION
from stanch.contain.playbook.condition import said
from stanch.contain.playbook.stix import from_pattern
from stanch.vocabulary.ids import PlaybookId
from stanch.vocabulary.people import Role
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
    follows,
)
from stanch.vocabulary.trouble import BadInput

Document = Mapping[str, Any]
KINDS: Mapping[str, type[Step]] = {
    "do": Do,
    "ask": Ask,
    "wait": Wait,
    "decide": Decide,
    "parallel": Parallel,
    "repeat": Repeat,
}
BY_HAND = 86_400
"""Seconds that a person has for what a foreign step wants, when it says no time."""
ROUNDS = 10
_SKIPPED = ("start", "end")
_FORKS = ("if-condition", "decision")
_CASES = ("cases", "conditions", "branches")
MOST = 500
LONGEST = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """A playbook that came from outside."""

    playbook: Playbook
    repairs: tuple[str, ...] = ()
    """What was not as CACAO wants it, or cannot be done here, and what became of it."""


@dataclass(slots=True)
class _Reading:
    """What is known while one document is read."""

    document: Document
    workflow: dict[str, dict[str, Any]]
    repairs: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    joins: list[tuple[str, str]] = field(default_factory=list)
    """Forks that go on somewhere after their branches."""

    def repaired(self, where: str, says: str) -> None:
        self.repairs.append(f"{where}: {says}")


def imported(document: Document) -> Imported:
    """The playbook of this document."""
    if not isinstance(document, Mapping) or document.get("type", "playbook") != "playbook":
        raise BadInput("This is no CACAO playbook: its type is not `playbook`.")
    reading = _Reading(document, {})
    reading.workflow = _workflow(document.get("workflow"), reading)
    _top(reading)
    for key, step in reading.workflow.items():
        if _kept(step):
            reading.names[key] = _name(key, step, reading)
    if not reading.names:
        raise BadInput("This CACAO playbook has no step that does anything.")
    for key, name in list(reading.names.items()):
        _read(reading, key, name)
    first = _start(reading)
    _join(reading)
    _cut(reading)
    start = _attach(reading, first)
    return Imported(playbook=_book(reading, start), repairs=tuple(reading.repairs))


def _workflow(given: Any, reading: _Reading) -> dict[str, dict[str, Any]]:
    if isinstance(given, list):
        reading.repaired("workflow", "a list of steps was taken as a mapping by their ids")
        given = {str(s.get("id", n)): s for n, s in enumerate(given) if isinstance(s, dict)}
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


def _top(reading: _Reading) -> None:
    document = reading.document
    for name in ("id", "created_by"):
        if not ID.fullmatch(str(document.get(name, ""))):
            reading.repaired(name, f"{str(document.get(name, 'nothing'))[:60]!r} is no CACAO id")
    if document.get("spec_version") != "cacao-2.0":
        reading.repaired("spec_version", "it does not say cacao-2.0; read as if it did")
    for name, one in _variables(document):
        if not isinstance(one.get("value"), str | None):
            reading.repaired(name, "the value of a variable was no text; it was made one")


def _variables(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    given = document.get("playbook_variables")
    for name, one in given.items() if isinstance(given, Mapping) else ():
        yield str(name), one if isinstance(one, Mapping) else {"value": one}


def _ours(step: Mapping[str, Any]) -> Mapping[str, Any]:
    given = step.get("step_extensions")
    found = given.get(EXTENSION) if isinstance(given, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _kept(step: Mapping[str, Any]) -> bool:
    """Whether it is a step of its own: not a start, an end, or a part of one of ours."""
    return step.get("type") not in _SKIPPED and "part_of" not in _ours(step)


def _name(key: str, step: Mapping[str, Any], reading: _Reading) -> str:
    mine = _ours(step).get("fields", {}).get("id")
    if isinstance(mine, str) and mine not in reading.names.values():
        return mine
    if not ID.fullmatch(key):
        reading.repaired(key[:80], "its id is no CACAO id")
    words = re.sub(r"[^a-z0-9]+", "-", str(step.get("name") or key).lower()).strip("-")[:40]
    slug = words if re.match(r"[a-z]", words) and words != "end" else f"step-{words}".strip("-")
    taken = set(reading.names.values())
    return next(s for s in (slug, *(f"{slug}-{n}" for n in range(2, MOST + 2))) if s not in taken)


def _to(reading: _Reading, key: Any, where: str) -> str:
    """The name of the step with this id; END for an end, or where there is none."""
    if not isinstance(key, str) or not key:
        return END
    step = reading.workflow.get(key)
    if step is None:
        reading.repaired(where, f"it leads to {key[:80]!r}, which is not there; its branch ends")
        return END
    if step.get("type") == "end":
        return END
    if step.get("type") == "start" or "part_of" in _ours(step):
        return _to(reading, step.get("on_completion"), where)
    return reading.names[key]


def _onward(reading: _Reading, step: Mapping[str, Any], where: str) -> str:
    """What follows by whatever name it is given."""
    for name in ("on_completion", "on_success"):
        if name in step:
            return _to(reading, step[name], where)
    for name in ("next_step", "next"):
        if name in step:
            reading.repaired(where, f"{name!r} was read as on_completion")
            return _to(reading, step[name], where)
    return END


def _read(reading: _Reading, key: str, name: str) -> None:
    step = reading.workflow[key]
    mine = _ours(step)
    made = _own(reading, step, mine, name) if mine.get("step_kind") in KINDS else None
    reading.steps[name] = made if made is not None else _foreign(reading, step, name)
    delay = step.get("delay")
    if made is None and isinstance(delay, int) and delay > 0:
        waiting = f"{name}-delay"
        reading.steps[waiting] = Wait(id=waiting, period=max(1, delay // 1000), next=name)
        reading.names[key] = waiting
        reading.repaired(name, f"its delay became a step of its own, {waiting!r}")


def _own(
    reading: _Reading, step: Mapping[str, Any], mine: Mapping[str, Any], name: str
) -> Step | None:
    """Our step, with its links as the document has them now."""
    kind = KINDS[str(mine["step_kind"])]
    try:
        made = msgspec.convert({**mine["fields"], "id": name}, kind)
    except (msgspec.ValidationError, KeyError, TypeError) as error:
        reading.repaired(name, f"its extension cannot be read ({error}); taken as a foreign step")
        return None
    fork = reading.workflow.get(str(step.get("on_completion")), {})
    fork = fork if "part_of" in _ours(fork) else {}
    yes, no = (_to(reading, (fork or step).get(n), name) for n in ("on_true", "on_false"))
    after = _to(reading, step.get("on_completion"), name) if not fork else END
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
            firsts = tuple(_to(reading, one, name) for one in step.get("next_steps") or ())
            return replace(made, branches=firsts, next=after)


def _foreign(reading: _Reading, step: Mapping[str, Any], name: str) -> Step:
    kind = str(step.get("type"))
    if any(isinstance(step.get(n), Mapping) for n in _CASES):
        if kind == "decision":
            reading.repaired(name, "CACAO has no step of type 'decision'; read as its cases")
        return _switch(reading, step, name)
    if kind in _FORKS or (kind != "while-condition" and "on_true" in step):
        return _fork(reading, step, name)
    if kind == "parallel":
        return _parallel(reading, step, name)
    if kind == "while-condition":
        return _repeat(reading, step, name)
    return _by_hand(reading, step, name)


def _fork(reading: _Reading, step: Mapping[str, Any], name: str) -> Step:
    if step.get("type") == "decision":
        reading.repaired(name, "CACAO has no step of type 'decision'; read as if-condition")
    yes = _to(reading, step.get("on_true", step.get("on_success")), name)
    no = _to(reading, step.get("on_false", step.get("on_failure")), name)
    if "on_true" not in step and isinstance(step.get("next_steps"), list):
        named = [_to(reading, one, name) for one in step["next_steps"]][:2]
        yes, no = (*named, END, END)[:2]
    after = _to(reading, step.get("on_completion"), name)
    if after != END:
        reading.joins.append((name, after))
    text = str(step.get("condition", ""))
    try:
        return Decide(
            id=name,
            says=_title(step, name),
            condition=said(from_pattern(text)),
            yes=yes,
            no=no,
        )
    except BadInput:
        reading.repaired(name, f"nobody here can tell {text[:120]!r}; a person is asked")
        says = f"{_title(step, name)} Is it so: {text[:LONGEST]}?"
        return Ask(id=name, says=says, role=Role.RESPONDER, within=BY_HAND, yes=yes, no=no)


def _parallel(reading: _Reading, step: Mapping[str, Any], name: str) -> Step:
    firsts = [_to(reading, one, name) for one in step.get("next_steps") or ()]
    firsts = [one for one in dict.fromkeys(firsts) if one != END]
    after = _onward(reading, step, name)
    if len(firsts) > 1:
        return Parallel(id=name, says=_title(step, name), branches=tuple(firsts), next=after)
    reading.repaired(name, "it had fewer than two branches; read as a note before what follows")
    if firsts and after != END:
        reading.joins.append((name, after))
    text = {"text": _title(step, name)}
    return Do(id=name, act="note", args=text, next=firsts[0] if firsts else after)


def _repeat(reading: _Reading, step: Mapping[str, Any], name: str) -> Step:
    first = _to(reading, step.get("on_true"), name)
    text = str(step.get("condition", ""))
    try:
        condition, rounds = said(from_pattern(text)), ROUNDS
        reading.repaired(name, f"it had no bound; it is repeated {ROUNDS} times at most")
    except BadInput:
        condition, rounds = "minutes_open >= 0", 1
        reading.repaired(name, f"nobody here can tell {text[:120]!r}; it is done once")
    after = _onward(reading, step, name)
    return Repeat(
        id=name,
        says=_title(step, name),
        condition=condition,
        first=first,
        most=rounds,
        next=after,
    )


def _switch(reading: _Reading, step: Mapping[str, Any], name: str) -> Step:
    """A question for each case, one after the other."""
    given = (step[n] for n in _CASES if isinstance(step.get(n), Mapping))
    pairs: list[tuple[str, Any]] = [pair for cases in given for pair in cases.items()]
    if not pairs:
        return _by_hand(reading, step, name)
    after = _onward(reading, step, name)
    reading.repaired(name, f"its {len(pairs)} cases became questions to a person")
    ids = [name, *(f"{name}-case-{n}" for n in range(2, len(pairs) + 1))]
    about = step.get("switch") or _title(step, name)
    made = [
        Ask(
            id=id_,
            says=f"{about} Is it {case}?",
            role=Role.RESPONDER,
            within=BY_HAND,
            yes=_to(reading, to, name),
            no=no,
        )
        for id_, (case, to), no in zip(ids, pairs, [*ids[1:], after], strict=True)
    ]
    reading.steps.update({one.id: one for one in made[1:]})
    return made[0]


def _by_hand(reading: _Reading, step: Mapping[str, Any], name: str) -> Step:
    """What another system would do: asked of a person, who does it and says so."""
    kind = str(step.get("type"))
    commands = [c for c in step.get("commands") or () if isinstance(c, Mapping)]
    if kind not in ("action", "playbook-action"):
        reading.repaired(name, f"CACAO has no step of type {kind[:40]!r}; a person is asked")
    elif kind == "action" and not commands:
        reading.repaired(name, "it had no command; a person is asked to do what its name says")
    else:
        reading.repaired(name, "foreign commands do not run here; a person is asked to do it")
    told = [str(c.get("command") or c.get("command_b64") or c) for c in commands]
    if "playbook_id" in step:
        told.append(f"run the playbook {step['playbook_id']}")
    says = " ".join([_title(step, name), *(f"By hand: {t}" for t in told)])[:LONGEST]
    timeout = step.get("timeout")
    within = timeout // 1000 if isinstance(timeout, int) and timeout >= 1000 else BY_HAND  # noqa: PLR2004  milliseconds
    after = _onward(reading, step, name)
    no = _to(reading, step["on_failure"], name) if "on_failure" in step else after
    return Ask(
        id=name, says=f"{says} Is it done?", role=Role.RESPONDER, within=within, yes=after, no=no
    )


def _title(step: Mapping[str, Any], name: str) -> str:
    told = (str(step.get(n) or "").strip() for n in ("name", "description"))
    return ": ".join(t for t in dict.fromkeys(told) if t)[:LONGEST] or name


def _start(reading: _Reading) -> str:
    given = reading.document.get("workflow_start")
    first = reading.workflow.get(str(given))
    if first is None:
        reading.repaired("workflow_start", "it names no step; the first step begins")
        named = {n for s in reading.workflow.values() for n in onward(s)}
        return next(
            (n for k, n in reading.names.items() if k not in named),
            next(iter(reading.names.values())),
        )
    if first.get("type") != "start":
        reading.repaired("workflow_start", "it names a step that is no start")
        return reading.names[str(given)]
    found = _onward(reading, first, "start")
    return found or next(iter(reading.names.values()))


def _join(reading: _Reading) -> None:
    """(3) has the branches of a fork go on where the fork goes on, innermost forks first."""
    sizes = {name: len(_level(reading, name, set())) for name, _ in reading.joins}
    for name, after in sorted(reading.joins, key=lambda join: sizes[join[0]]):
        for one in sorted(_level(reading, name, {after})):
            reading.steps[one] = _ends_at(reading.steps[one], after)


def _level(reading: _Reading, first: str, stop: set[str]) -> set[str]:
    """What follows on the same level: not inside branches or bodies, not past `stop`."""
    seen: set[str] = set()
    stack = [first]
    while stack:
        here = stack.pop()
        if here == END or here in seen or here in stop:
            continue
        seen.add(here)
        step = reading.steps[here]
        stack += [step.next] if isinstance(step, Parallel | Repeat) else follows(step)
    return seen


def _ends_at(step: Step, after: str) -> Step:
    match step:
        case Do() | Parallel() | Repeat():
            return replace(step, next=step.next or after)
        case Wait():
            late = step.late if step.late is None else step.late or after
            return replace(step, next=step.next or after, late=late)
        case Ask() | Decide():
            return replace(step, yes=step.yes or after, no=step.no or after)


def _cut(reading: _Reading) -> None:
    """(4) ends a branch where it would come back to where it was."""
    done: set[str] = set()
    trail: list[str] = []

    def visit(here: str) -> None:
        trail.append(here)
        for to in follows(reading.steps[here]):
            if to in trail:
                reading.repaired(here, f"it came back to {to!r}; its branch ends there")
                reading.steps[here] = _without(reading.steps[here], to)
            elif to != END and to not in done:
                visit(to)
        trail.pop()
        done.add(here)

    for name in list(reading.steps):
        if name not in done:
            visit(name)


def _without(step: Step, gone: str) -> Step:
    given = {
        n: getattr(step, n) for n in ("next", "yes", "no", "late", "first") if hasattr(step, n)
    }
    links = {n: END for n, to in given.items() if to == gone}
    if isinstance(step, Parallel):
        left = tuple(b for b in step.branches if b != gone)
        return replace(step, branches=left, next=links.get("next", step.next))
    return replace(step, **links)  # pyrefly: ignore[bad-argument-type]  each is a link of this step


def _attach(reading: _Reading, start: str) -> str:
    """(4) the first step, from which now every step can be come to."""
    while lost := [n for n in reading.steps if n not in _all_from(reading, start)]:
        heads = [n for n in lost if all(n not in follows(reading.steps[m]) for m in lost)]
        head = (heads or lost)[0]
        way = f"to-{head}"
        says = f"Nothing led to {head!r}. Go there instead of {start!r}?"
        reading.steps[way] = Ask(
            id=way, says=says, role=Role.RESPONDER, within=BY_HAND, yes=head, no=start
        )
        reading.repaired(head, "nothing led here; a person is asked whether to go there")
        start = way
    return start


def _all_from(reading: _Reading, start: str) -> set[str]:
    seen: set[str] = set()
    stack = [start]
    while stack:
        here = stack.pop()
        if here != END and here not in seen:
            seen.add(here)
            stack += follows(reading.steps[here])
    return seen


def _book(reading: _Reading, start: str) -> Playbook:
    document = reading.document
    given = document.get("playbook_extensions")
    mine = given.get(EXTENSION, {}) if isinstance(given, Mapping) else {}
    order = [n for n in mine.get("order", ()) if n in reading.steps]
    order += [n for n in reading.steps if n not in order]
    title = str(document.get("name") or "A playbook from outside")
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60]
    return Playbook(
        id=PlaybookId(str(mine.get("playbook") or words or "imported")),
        title=title,
        says=str(mine["says"] if "says" in mine else document.get("description") or ""),
        answers=tuple(map(str, mine.get("answers", ()))),
        version=int(mine.get("version_number", 1)),
        start=start,
        steps={n: reading.steps[n] for n in order},
    )
