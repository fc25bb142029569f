"""Foreign steps: what another system would do, as questions and acts that can be had here.

In    a step of a CACAO document that is none of ours.
Out   a step of ours that loses nothing of it: forks, branches and repetitions as they are where
      they can be told here, everything else as a question to a person.
Why   nothing foreign runs here: its commands are done by a person, who says so.
"""

from collections.abc import Mapping
from typing import Any

from stanch.contain.playbook.cacao_reading import (
    BY_HAND,
    LONGEST,
    Reading,
    free,
    goes_on,
    listed,
    shown,
    target,
)
from stanch.contain.playbook.condition import said
from stanch.contain.playbook.stix import from_pattern
from stanch.vocabulary.people import Role
from stanch.vocabulary.playbook import END, Ask, Decide, Do, Parallel, Repeat, Step
from stanch.vocabulary.trouble import BadInput
from stanch.vocabulary.words import counted

ROUNDS = 10
_FORKS = ("if-condition", "decision")
OTHERWISE = "default"
_CASES = ("cases", "conditions", "branches")


def foreign(reading: Reading, step: Mapping[str, Any], name: str) -> Step:
    """The step that does what this foreign one says, as far as that can be done here."""
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


def _fork(reading: Reading, step: Mapping[str, Any], name: str) -> Step:
    if step.get("type") == "decision":
        reading.repaired(name, "CACAO has no step of type 'decision'; read as if-condition")
    yes = target(reading, step.get("on_true", step.get("on_success")), name)
    no = target(reading, step.get("on_false", step.get("on_failure")), name)
    if "on_true" not in step and isinstance(step.get("next_steps"), list):
        named = [target(reading, one, name) for one in step["next_steps"]][:2]
        yes, no = (*named, END, END)[:2]
    after = target(reading, step.get("on_completion"), name)
    if after != END:
        reading.joins.append((name, after))
    text = str(step.get("condition", ""))
    try:
        return Decide(
            id=name,
            says=title_of(step),
            condition=said(from_pattern(text)),
            yes=yes,
            no=no,
        )
    except BadInput:
        reading.repaired(name, f"nobody here can tell {text[:120]!r}; a person is asked")
        says = sentences(title_of(step), f"Is it so: {text[:LONGEST]}?")
        return Ask(id=name, says=says, role=Role.RESPONDER, within=BY_HAND, yes=yes, no=no)


def _parallel(reading: Reading, step: Mapping[str, Any], name: str) -> Step:
    firsts = [target(reading, one, name) for one in listed(step.get("next_steps"))]
    firsts = [one for one in dict.fromkeys(firsts) if one != END]
    after = goes_on(reading, step, name)
    if len(firsts) > 1:
        return Parallel(id=name, says=title_of(step), branches=tuple(firsts), next=after)
    reading.repaired(name, "it had fewer than two branches; read as a note before what follows")
    if firsts and after != END:
        reading.joins.append((name, after))
    text = {"text": title_of(step) or name}
    return Do(id=name, act="note", args=text, next=firsts[0] if firsts else after)


def _repeat(reading: Reading, step: Mapping[str, Any], name: str) -> Step:
    first = target(reading, step.get("on_true"), name)
    text = str(step.get("condition", ""))
    try:
        condition, rounds = said(from_pattern(text)), ROUNDS
        reading.repaired(name, f"it had no bound; it is repeated {ROUNDS} times at most")
    except BadInput:
        condition, rounds = "minutes_open >= 0", 1
        reading.repaired(name, f"nobody here can tell {text[:120]!r}; it is done once")
    after = goes_on(reading, step, name)
    return Repeat(
        id=name,
        says=title_of(step),
        condition=condition,
        first=first,
        most=rounds,
        next=after,
    )


def _switch(reading: Reading, step: Mapping[str, Any], name: str) -> Step:
    """A question for each case, one after the other."""
    given = (step[n] for n in _CASES if isinstance(step.get(n), Mapping))
    pairs: list[tuple[str, Any]] = [pair for cases in given for pair in cases.items()]
    if not pairs:
        return _by_hand(reading, step, name)
    after = goes_on(reading, step, name)
    # What holds in no other case is no question: it follows when each of them is answered by no.
    other = next((target(reading, to, name) for case, to in pairs if case == OTHERWISE), after)
    pairs = [pair for pair in pairs if pair[0] != OTHERWISE] or pairs
    reading.repaired(
        name,
        f"its {counted(len(pairs), 'case')} became {counted(len(pairs), 'question')} to a person",
    )
    ids = [name, *(free(reading, f"{name}-case-{n}") for n in range(2, len(pairs) + 1))]
    about = str(step.get("switch") or title_of(step))
    made = [
        Ask(
            id=id_,
            says=sentences(about, f"Is it {case}?"),
            role=Role.RESPONDER,
            within=BY_HAND,
            yes=target(reading, to, name),
            no=no,
        )
        for id_, (case, to), no in zip(ids, pairs, [*ids[1:], other], strict=True)
    ]
    reading.steps.update({one.id: one for one in made[1:]})
    return made[0]


def _by_hand(reading: Reading, step: Mapping[str, Any], name: str) -> Step:
    """What another system would do: asked of a person, who does it and says so."""
    kind = str(step.get("type"))
    commands = [c for c in listed(step.get("commands")) if isinstance(c, Mapping)]
    if kind not in ("action", "playbook-action"):
        reading.repaired(name, f"CACAO has no step of type {kind[:40]!r}; a person is asked")
    elif kind == "action" and not commands:
        reading.repaired(name, "it had no command; a person is asked to do what its name says")
    else:
        reading.repaired(name, "foreign commands do not run here; a person is asked to do it")
    told = [str(c.get("command") or c.get("command_b64") or c) for c in commands]
    if "playbook_id" in step:
        told.append(f"run the playbook {step['playbook_id']}")
    says = sentences(title_of(step) or name, *(f"By hand: {t}" for t in told))[:LONGEST]
    timeout = step.get("timeout")
    within = timeout // 1000 if isinstance(timeout, int) and timeout >= 1000 else BY_HAND  # noqa: PLR2004  milliseconds
    after = goes_on(reading, step, name)
    no = target(reading, step["on_failure"], name) if "on_failure" in step else after
    return Ask(
        id=name,
        says=sentences(says, "Is it done?"),
        role=Role.RESPONDER,
        within=within,
        yes=after,
        no=no,
    )


def title_of(step: Mapping[str, Any]) -> str:
    """The step in words; nothing where it has none."""
    told = (shown(step.get(n)) for n in ("name", "description"))
    return ": ".join(t for t in dict.fromkeys(told) if t)[:LONGEST]


def sentences(*parts: str) -> str:
    """The parts that say something, one sentence after the other."""
    told = (part.strip() for part in parts if part.strip())
    return " ".join(part if part[-1] in ".?!:" else f"{part}." for part in told)
