"""Foreign steps: what another system would do, as questions and acts that can be had here.

In    a step of a CACAO document that is none of ours.
Out   a step of ours that loses nothing of it: forks, branches and repetitions as they are where
      they can be told here, everything else as a question to a person.
Why   nothing foreign runs here: its commands are done by a person, who says so.
"""

from collections.abc import Mapping
from typing import Any

from stanch.contain.playbook.cacao_by_hand import by_hand, sentences, title_of
from stanch.contain.playbook.cacao_reading import (
    BY_HAND,
    Reading,
    free,
    goes_on,
    led,
    listed,
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
    reading.carries(name, "type")
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
    return by_hand(reading, step, name)


def _fork(reading: Reading, step: Mapping[str, Any], name: str) -> Step:
    if step.get("type") == "decision":
        reading.repaired(name, "CACAO has no step of type 'decision'; read as if-condition")
    yes = led(reading, step, "on_true" if "on_true" in step else "on_success", name)
    no = led(reading, step, "on_false" if "on_false" in step else "on_failure", name)
    if "on_true" not in step and isinstance(step.get("next_steps"), list):
        named = [target(reading, one, name) for one in step["next_steps"]]
        yes, no = (*named, END, END)[:2]
        reading.repaired(name, f"the first two of its next_steps, of {len(named)}, were taken")
        reading.carries(name, "next_steps")
    after = led(reading, step, "on_completion", name)
    if after != END:
        reading.joins.append((name, after))
    text = _condition(reading, step, name)
    try:
        return Decide(
            id=name,
            says=title_of(reading, step, name),
            condition=said(from_pattern(text)),
            yes=yes,
            no=no,
        )
    except BadInput:
        reading.repaired(name, f"nobody here can tell {text!r}; a person is asked")
        says = sentences(title_of(reading, step, name), f"Is it so: {text}?")
        return Ask(id=name, says=says, role=Role.RESPONDER, within=BY_HAND, yes=yes, no=no)


def _condition(reading: Reading, step: Mapping[str, Any], name: str) -> str:
    reading.carries(name, "condition")
    return reading.in_full(name, str(step.get("condition", "")))


def _parallel(reading: Reading, step: Mapping[str, Any], name: str) -> Step:
    given = [target(reading, one, name) for one in listed(step.get("next_steps"))]
    firsts = [one for one in dict.fromkeys(given) if one != END]
    if isinstance(step.get("next_steps"), list):
        reading.carries(name, "next_steps")
    if len(firsts) < len(given):
        reading.repaired(name, "a branch that does nothing, or stands twice, was left out")
    after, says = goes_on(reading, step, name), title_of(reading, step, name)
    if len(firsts) > 1:
        return Parallel(id=name, says=says, branches=tuple(firsts), next=after)
    reading.repaired(name, "it had fewer than two branches; read as a note before what follows")
    if firsts and after != END:
        reading.joins.append((name, after))
    text = {"text": says or name}
    return Do(id=name, act="note", args=text, next=firsts[0] if firsts else after)


def _repeat(reading: Reading, step: Mapping[str, Any], name: str) -> Step:
    first = led(reading, step, "on_true", name)
    text = _condition(reading, step, name)
    if first == END:
        reading.repaired(name, "it repeated nothing; a person is asked")
        return by_hand(reading, step, name)
    try:
        condition, rounds = said(from_pattern(text)), ROUNDS
        reading.repaired(name, f"it had no bound; it is repeated {ROUNDS} times at most")
    except BadInput:
        condition, rounds = "minutes_open >= 0", 1
        says = f"nobody here can tell {text!r}; it is done once"
        reading.repaired(name, says)
    after = goes_on(reading, step, name)
    return Repeat(
        id=name,
        says=title_of(reading, step, name),
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
        return by_hand(reading, step, name)
    reading.carries(name, "switch", *(n for n in _CASES if isinstance(step.get(n), Mapping)))
    after = goes_on(reading, step, name)
    # What holds in no other case is no question: it follows when each of them is answered by no.
    other = next((target(reading, to, name) for case, to in pairs if case == OTHERWISE), after)
    pairs = [pair for pair in pairs if pair[0] != OTHERWISE] or pairs
    reading.repaired(
        name,
        f"its {counted(len(pairs), 'case')} became {counted(len(pairs), 'question')} to a person",
    )
    ids = [name, *(free(reading, f"{name}-case-{n}") for n in range(2, len(pairs) + 1))]
    title = title_of(reading, step, name)
    about = sentences(title, reading.in_full(name, str(step.get("switch") or "")))
    made = [
        Ask(
            id=id_,
            says=sentences(about, f"Is it {reading.in_full(name, str(case))}?"),
            role=Role.RESPONDER,
            within=BY_HAND,
            yes=target(reading, to, name),
            no=no,
        )
        for id_, (case, to), no in zip(ids, pairs, [*ids[1:], other], strict=True)
    ]
    reading.steps.update({one.id: one for one in made[1:]})
    return made[0]
