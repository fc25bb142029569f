"""Checking a playbook: what must hold of it before it may run, beyond being well written.

In    a playbook, the acts there are.
Out   every problem, with its step and what to do about it; none when it may run.
Why   the graph is walked here, on a quiet day:
      (1) every step exists, can be reached, and leads to an end of its branch
      (2) steps form loops only by `repeat`, which is bounded; branches do not jump into each other
      (3) every act and argument exists; every condition can be asked
      (4) whatever waits has a time
      (5) what can never be undone comes only after a yes of two people about that very act
      (6) silence never leads to what cannot be undone
      (7) what contains comes after a freeze
"""

from collections.abc import Iterator

from stanch.contain.playbook.check_steps import TWO, Acts, of_step
from stanch.contain.playbook.condition_reading import near
from stanch.contain.playbook.place import Way
from stanch.contain.playbook.problem import Problem
from stanch.contain.playbook.reached import crossings, reached
from stanch.contain.playbook.written import STEPS, Written, read, ways_on
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.playbook import END, Ask, Do, Playbook, follows
from stanch.vocabulary.trouble import BadFile

MOST_STEPS = 500


def problems(book: Playbook, acts: Acts) -> tuple[Problem, ...]:
    """Everything that keeps this playbook from running; empty when it may."""
    links = tuple(_links(book))
    found = [*_whole(book), *links]
    if not links:
        found += [*_reach(book), *(tuple(_loops(book)) or _regions(book))]
    for step in book.steps.values():
        found += [Problem(step=step.id, says=s, at=w) for w, s in of_step(book, step, acts)]
    if not found:
        found += [*_finals(book, acts), *_frozen(book, acts)]
    return tuple(found)


def checked(text: str, file: str, acts: Acts) -> Written:
    """The playbook of this YAML, or BadFile with every problem and where it stands."""
    found = read(text, file)
    wrong = sorted((found.spot(one.way), one.told) for one in problems(found.playbook, acts))
    if wrong:
        (first, says), *more = dict.fromkeys(wrong)
        told = (f"{spot.of(file)}: {also}" for spot, also in more)
        raise BadFile(first.of(file), "\n".join((says, *told)))
    return found


def _links(book: Playbook) -> Iterator[Problem]:
    known = tuple(book.steps)
    if book.start not in book.steps:
        yield Problem(says=f"it starts at {book.start!r}, which is no step.", at=(STEPS,))
    for step in book.steps.values():
        for way, to in ways_on(step):
            if to != END and to not in book.steps:
                says = f"{to!r} is no step. {near(to, known)}"
                yield Problem(step=step.id, says=says, at=way)


def _whole(book: Playbook) -> Iterator[Problem]:
    if not book.title.strip():
        yield Problem(says="it has no title.", at=("title",))
    if len(book.steps) > MOST_STEPS:
        yield Problem(says=f"it has more than {MOST_STEPS} steps.", at=(STEPS,))
    kinds = (*AttackKind, "natural", "fault")
    for number, one in enumerate(book.answers):
        if one not in kinds:
            says = f"{one!r} is nothing to answer. {near(one, kinds)}"
            yield Problem(says=says, at=("answers", str(number)))


def _reach(book: Playbook) -> Iterator[Problem]:
    seen = reached(book, book.start)
    for one in book.steps:
        if one not in seen:
            yield Problem(step=one, says="nothing leads here. Name it in a step, or take it out.")


def _loops(book: Playbook) -> Iterator[Problem]:
    """Steps that come back to themselves; a `repeat` comes back by itself when its body ends."""
    done: set[str] = set()
    for first in book.steps:
        trail: list[str] = []
        on_it: set[str] = set()
        stack: list[tuple[str, Problem | None]] = [(first, _circle("", (), first))]
        while stack:
            here, back = stack.pop()
            if back is None:
                on_it.discard(trail.pop())
                done.add(here)
            elif here in on_it:
                yield back
                return
            elif here not in done:
                trail.append(here)
                on_it.add(here)
                stack.append((here, None))
                ways = ways_on(book.steps[here])
                stack += [(to, _circle(here, way, to)) for way, to in ways if to != END]


def _circle(step: str, way: Way, to: str) -> Problem:
    """What is wrong where this link leads back to a step that led to it."""
    says = f"the steps run in a circle: this leads back to {to!r}. Use `repeat`, which is bounded."
    return Problem(step=step, says=says, at=way)


def _regions(book: Playbook) -> Iterator[Problem]:
    """Branches and bodies that share steps with one another, or with what follows them."""
    for one in crossings(book):
        says = f"the branch of {one.around!r} from {one.first!r} leads into {one.into!r}, "
        says += "which is not its own. Let each branch end."
        yield Problem(step=one.step, says=says, at=one.way)


def _finals(book: Playbook, acts: Acts) -> Iterator[Problem]:
    """Acts that cannot be undone and may be come to without a yes of two people about them."""
    for step in book.steps.values():
        if not isinstance(step, Do) or not acts[step.act].final:
            continue
        asks = {
            s.id
            for s in book.steps.values()
            if isinstance(s, Ask) and step.id in s.about and s.people == TWO
        }
        if _reached_without(book, step.id, asks):
            says = f"{step.act} cannot be undone. Ask two people first: "
            says += f"an `ask` with `people: 2` and `about: [{step.id}]`."
            yield Problem(step=step.id, says=says, at=("do",))
        for ask in (book.steps[a] for a in sorted(asks)):
            if isinstance(ask, Ask) and ask.if_silent:
                says = f"silence would lead to {step.act}. Say no."
                yield Problem(step=ask.id, says=says, at=("if_silent",))


def _reached_without(book: Playbook, target: str, asks: set[str]) -> bool:
    """Whether the target can be come to other than by the yes of one of these questions."""
    seen: set[str] = set()
    stack = [book.start]
    while stack:
        here = stack.pop()
        if here == END or here in seen:
            continue
        if here == target:
            return True
        seen.add(here)
        step = book.steps[here]
        stack += [step.no] if isinstance(step, Ask) and here in asks else follows(step)
    return False


def _frozen(book: Playbook, acts: Acts) -> Iterator[Problem]:
    """Acts that contain and may be come to before anything was kept."""
    seen: set[str] = set()
    stack = [book.start]
    while stack:
        here = stack.pop()
        if here == END or here in seen:
            continue
        seen.add(here)
        step = book.steps[here]
        if isinstance(step, Do):
            if step.act == "freeze":
                continue
            if acts[step.act].contains and not step.evidence_first:
                says = "it changes things before evidence is kept. Begin with `do: freeze`."
                yield Problem(step=here, says=says, at=("do",))
                return
        stack += follows(step)
