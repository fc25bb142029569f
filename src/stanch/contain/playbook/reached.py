"""Where the links of a playbook lead, and where branches cross.

In    a playbook.
Out   every step that can be come to from one; every branch that leads into what is not its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from stanch.contain.playbook.place import Way
from stanch.contain.playbook.written import ways_on
from stanch.vocabulary.playbook import END, Parallel, Playbook, Repeat, Step, follows


@dataclass(frozen=True, kw_only=True, slots=True)
class Crossing:
    """A branch that leads into a step which is not its own."""

    around: str
    """The step that the branch belongs to."""
    first: str
    """The branch, by its first step."""
    step: str
    """The step that leads there, and by which of its fields."""
    way: Way
    into: str
    outside: bool
    """Whether that step also follows without the branches; else it is in another branch."""


def reached(book: Playbook, first: str) -> set[str]:
    """Every step that can be come to from this one, itself among them."""
    seen: set[str] = set()
    stack = [first]
    while stack:
        here = stack.pop()
        if here != END and here not in seen and here in book.steps:
            seen.add(here)
            stack += follows(book.steps[here])
    return seen


def crossings(book: Playbook) -> Iterator[Crossing]:
    """Branches and bodies that share steps with one another, or with what follows them."""
    for step in book.steps.values():
        if isinstance(step, Parallel | Repeat):
            yield from _crossings(book, step)


def _crossings(book: Playbook, around: Parallel | Repeat) -> Iterator[Crossing]:
    outside = _without(book, around)
    firsts = {to: way for way, to in ways_on(around) if way != ("next",) and to != END}
    parts = {one: reached(book, one) for one in firsts}
    for first, part in parts.items():
        others = outside.union(*(p for one, p in parts.items() if one != first))
        way_out = _way_out(book, part, part & others)
        if way_out is None and first in outside:
            way_out = around.id, firsts[first], first
        if way_out is not None:
            step, way, into = way_out
            yield Crossing(
                around=around.id,
                first=first,
                step=step,
                way=way,
                into=into,
                outside=into in outside,
            )


def _way_out(book: Playbook, part: set[str], shared: set[str]) -> tuple[str, Way, str] | None:
    """The step of a branch that leads out of it, its field, and where that leads to."""
    for one in (name for name in book.steps if name in part - shared):
        for way, to in ways_on(book.steps[one]):
            if to in shared:
                return one, way, to
    return None


def _without(book: Playbook, around: Step) -> set[str]:
    """What can be reached without entering the inside of this step."""
    seen: set[str] = set()
    stack = [book.start]
    while stack:
        here = stack.pop()
        if here in seen or here == END:
            continue
        seen.add(here)
        step = book.steps[here]
        if here == around.id and isinstance(step, Parallel | Repeat):
            stack.append(step.next)
        else:
            stack += follows(step)
    return seen
