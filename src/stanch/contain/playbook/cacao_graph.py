"""The graph of an imported playbook: where it begins, branches that join, circles, lost steps.

In    the steps as they were read, with the links that the document has.
Out   the same steps, linked so that the playbook can run: each branch ends, nothing runs in a
      circle, and every step can be come to.
"""

from dataclasses import replace

from stanch.contain.playbook.cacao_check import onward
from stanch.contain.playbook.cacao_reading import BY_HAND, Reading, free, goes_on
from stanch.vocabulary.people import Role
from stanch.vocabulary.playbook import (
    END,
    Ask,
    Decide,
    Do,
    Parallel,
    Repeat,
    Step,
    Wait,
    follows,
)


def start_of(reading: Reading) -> str:
    """The name of the first step."""
    given = reading.document.get("workflow_start")
    first = reading.workflow.get(str(given))
    if first is None:
        reading.repaired("workflow_start", "it names no step; the first step begins")
        named = {n for s in reading.workflow.values() for n in onward(s)}
        return next(
            (n for k, n in reading.names.items() if k not in named),
            next(iter(reading.names.values())),
        )
    reading.carries(f"@{given}", "type")
    if first.get("type") != "start":
        reading.repaired("workflow_start", "it names a step that is no start")
        return reading.names[str(given)]
    found = goes_on(reading, first, f"@{given}")
    return found or next(iter(reading.names.values()))


def joined(reading: Reading) -> None:
    """(3) has the branches of a fork go on where the fork goes on, innermost forks first."""
    sizes = {name: len(level(reading, name, set())) for name, _ in reading.joins}
    for name, after in sorted(reading.joins, key=lambda join: sizes[join[0]]):
        for one in sorted(level(reading, name, {after})):
            reading.steps[one] = ends_at(reading.steps[one], after)


def level(reading: Reading, first: str, stop: set[str]) -> set[str]:
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


def ends_at(step: Step, after: str) -> Step:
    """The step, which goes on there wherever it ended."""
    match step:
        case Do() | Parallel() | Repeat():
            return replace(step, next=step.next or after)
        case Wait():
            late = step.late if step.late is None else step.late or after
            return replace(step, next=step.next or after, late=late)
        case Ask() | Decide():
            return replace(step, yes=step.yes or after, no=step.no or after)


def cut(reading: Reading, start: str) -> None:
    """(4) ends a branch where it would come back to where it was."""
    done: set[str] = set()
    trail: list[str] = []

    def visit(here: str) -> None:
        trail.append(here)
        for to in follows(reading.steps[here]):
            if to in trail:
                reading.repaired(here, f"it came back to {to!r}; its branch ends there")
                reading.steps[here] = without(reading.steps[here], to)
            elif to != END and to not in done:
                visit(to)
        trail.pop()
        done.add(here)

    for name in (start, *reading.steps):
        if name not in done:
            visit(name)


def without(step: Step, gone: str) -> Step:
    """The step with every link to that one ended."""
    given = {
        n: getattr(step, n) for n in ("next", "yes", "no", "late", "first") if hasattr(step, n)
    }
    links = {n: END for n, to in given.items() if to == gone}
    if isinstance(step, Parallel):
        left = tuple(b for b in step.branches if b != gone)
        return replace(step, branches=left, next=links.get("next", step.next))
    return replace(step, **links)  # pyrefly: ignore[bad-argument-type]  each is a link of this step


def attached(reading: Reading, start: str) -> str:
    """(4) the first step, from which now every step can be come to."""
    while lost := _lost(reading, start):
        heads = [n for n in lost if all(n not in follows(reading.steps[m]) for m in lost)]
        head = (heads or lost)[0]
        way = free(reading, f"to-{head}")
        says = f"Nothing led to {head!r}. Go there instead of {start!r}?"
        reading.steps[way] = Ask(
            id=way, says=says, role=Role.RESPONDER, within=BY_HAND, yes=head, no=start
        )
        reading.repaired(head, "nothing led here; a person is asked whether to go there")
        start = way
    return start


def _lost(reading: Reading, start: str) -> list[str]:
    """The steps that nothing leads to from here."""
    near = _all_from(reading, start)
    return [name for name in reading.steps if name not in near]


def _all_from(reading: Reading, start: str) -> set[str]:
    seen: set[str] = set()
    stack = [start]
    while stack:
        here = stack.pop()
        if here != END and here not in seen:
            seen.add(here)
            stack += follows(reading.steps[here])
    return seen
