"""Branches of an imported playbook: each has its own steps, and ends.

In    the steps as they were linked; every one can be come to.
Out   the same steps, where no branch leads into another one or out to what follows.
Why   others let branches meet at a step. Here they end, and what they met at follows them.
"""

from dataclasses import replace

from stanch.contain.playbook.cacao_graph import ends_at, level, without
from stanch.contain.playbook.cacao_reading import Reading
from stanch.contain.playbook.check_steps import TWO
from stanch.contain.playbook.reached import Crossing, crossings, reached
from stanch.vocabulary.ids import PlaybookId
from stanch.vocabulary.playbook import END, Decide, Do, Parallel, Playbook, Repeat


def apart(reading: Reading, start: str) -> None:
    """Has each branch end where it leads into what is not its own."""
    emptied(reading)
    while found := next(crossings(_book(reading, start)), None):
        around = reading.steps[found.around]
        if isinstance(around, Parallel) and around.next == END and not found.outside:
            says = f"its branches meet at {found.into!r}, which follows when they have ended"
            reading.repaired(found.around, says)
            reading.steps[found.around] = replace(around, next=found.into)
        elif found.step == found.around:
            _straightened(reading, found)
        else:
            says = f"it led out of its branch to {found.into!r}; its branch ends there"
            reading.repaired(found.step, says)
            reading.steps[found.step] = without(reading.steps[found.step], found.into)
        emptied(reading)


def emptied(reading: Reading) -> None:
    """Has what lost its branches or its body be a note before what follows."""
    for name, step in list(reading.steps.items()):
        if isinstance(step, Repeat) and step.first == END:
            says = f"nothing is left to repeat while {step.condition}; read as a note"
            reading.repaired(name, says)
            _noted(reading, step, step.next)
        if isinstance(step, Parallel) and len(step.branches) < TWO:
            reading.repaired(name, "fewer than two branches are left; read as a note")
            _sequence(reading, step)


def _noted(reading: Reading, step: Repeat | Parallel, to: str) -> None:
    text = {"text": step.says or step.id}
    reading.steps[step.id] = Do(id=step.id, act="note", args=text, next=to)


def _sequence(reading: Reading, step: Parallel) -> None:
    """Has its one branch come before what follows."""
    first = next(iter(step.branches), step.next)
    after = reached(_book(reading, first), step.next)
    if first in after:
        _noted(reading, step, step.next)
        return
    for one in sorted(level(reading, first, {step.next}) - after) if after else ():
        reading.steps[one] = ends_at(reading.steps[one], step.next)
    _noted(reading, step, first)


def _book(reading: Reading, start: str) -> Playbook:
    return Playbook(id=PlaybookId(""), title="", start=start, steps=reading.steps)


def _straightened(reading: Reading, found: Crossing) -> None:
    """Has a step that also follows otherwise be no branch."""
    around, into = reading.steps[found.around], found.into
    if isinstance(around, Repeat):
        reading.repaired(around.id, f"{into!r} also follows otherwise; it is gone to once")
        reading.steps[around.id] = Decide(
            id=around.id, says=around.says, condition=around.condition, yes=into, no=around.next
        )
    if isinstance(around, Parallel):
        reading.repaired(around.id, f"{into!r} also follows otherwise; it is no branch of this")
        left = tuple(one for one in around.branches if one != into)
        reading.steps[around.id] = replace(around, branches=left)
