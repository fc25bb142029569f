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

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stanch.contain.playbook.acts import STEPS, TAKE_BACK, VARIABLES, WORD, Act
from stanch.contain.playbook.condition_reading import near, parse
from stanch.contain.playbook.written import Written, read
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.people import ROLE_SCOPES, Scope
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
from stanch.vocabulary.trouble import BadFile, BadInput

MOST_ROUNDS = 1_000
MOST_STEPS = 500
TWO = 2
Acts = Mapping[str, Act]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is wrong, and at which step; the empty step is the whole playbook."""

    step: str
    says: str
    head: str = ""
    """The field above the steps that it stands in."""


def problems(book: Playbook, acts: Acts) -> tuple[Problem, ...]:
    """Everything that keeps this playbook from running; empty when it may."""
    links = tuple(_links(book))
    if links:
        return links
    found = [*_whole(book), *_reach(book), *_loops(book), *_regions(book)]
    for step in book.steps.values():
        found += [Problem(step=step.id, says=says) for says in _step(book, step, acts)]
    if not found:
        found += [*_finals(book, acts), *_frozen(book, acts)]
    return tuple(found)


def checked(text: str, file: str, acts: Acts) -> Written:
    """The playbook of this YAML, or BadFile with the line of the first problem."""
    found = read(text, file)
    for problem in problems(found.playbook, acts):
        line = found.lines.get(problem.step) or found.heads.get(problem.head, 1)
        raise BadFile(f"{file}:{line}", f"{problem.step}: {problem.says}".removeprefix(": "))
    return found


def _links(book: Playbook) -> Iterator[Problem]:
    known = tuple(book.steps)
    if book.start not in book.steps:
        yield Problem(step="", says=f"it starts at {book.start!r}, which is no step.")
    for step in book.steps.values():
        for to in follows(step):
            if to != END and to not in book.steps:
                yield Problem(step=step.id, says=f"{to!r} is no step. {near(to, known)}")


def _whole(book: Playbook) -> Iterator[Problem]:
    if not book.title.strip():
        yield Problem(step="", says="it has no title.", head="title")
    if len(book.steps) > MOST_STEPS:
        yield Problem(step="", says=f"it has more than {MOST_STEPS} steps.", head="steps")
    kinds = (*AttackKind, "natural", "fault")
    for one in book.answers:
        if one not in kinds:
            says = f"{one!r} is nothing to answer. {near(one, kinds)}"
            yield Problem(step="", says=says, head="answers")


def _reach(book: Playbook) -> Iterator[Problem]:
    seen = _from(book, book.start)
    for one in book.steps:
        if one not in seen:
            yield Problem(step=one, says="nothing leads here. Name it in a step, or take it out.")


def _loops(book: Playbook) -> Iterator[Problem]:
    """Steps that come back to themselves; a `repeat` comes back by itself when its body ends."""
    done: set[str] = set()
    for first in book.steps:
        trail: list[str] = []
        on_it: set[str] = set()
        stack = [(first, False)]
        while stack:
            here, left = stack.pop()
            if left:
                on_it.discard(trail.pop())
                done.add(here)
            elif here in on_it:
                says = "the steps run in a circle through here. Use `repeat`, which is bounded."
                yield Problem(step=here, says=says)
                return
            elif here not in done:
                trail.append(here)
                on_it.add(here)
                stack.append((here, True))
                stack += [(to, False) for to in follows(book.steps[here]) if to != END]


def _regions(book: Playbook) -> Iterator[Problem]:
    """Branches and bodies that share steps with one another, or with what follows them."""
    for step in book.steps.values():
        if not isinstance(step, Parallel | Repeat):
            continue
        firsts = dict.fromkeys(step.branches) if isinstance(step, Parallel) else (step.first,)
        parts = [_from(book, one) for one in firsts]
        outside = _without(book, step)
        taken: set[str] = set()
        for first, part in zip(firsts, parts, strict=True):
            shared = sorted(part & (taken | outside))
            if shared:
                says = f"the branch from {first!r} leads into {shared[0]!r}, which is not its own."
                yield Problem(step=step.id, says=f"{says} Let each branch end.")
            taken |= part


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


def _from(book: Playbook, first: str) -> set[str]:
    seen: set[str] = set()
    stack = [first]
    while stack:
        here = stack.pop()
        if here != END and here not in seen:
            seen.add(here)
            stack += follows(book.steps[here])
    return seen


def _step(book: Playbook, step: Step, acts: Acts) -> Iterator[str]:
    match step:
        case Do():
            yield from _do(step, acts)
            yield from _named(book, step, acts)
        case Ask():
            yield from _ask(book, step)
        case Wait():
            yield from _wait(step)
        case Decide():
            yield from _condition(step.condition)
        case Parallel():
            yield from _parallel(step)
        case Repeat():
            yield from _repeat(step)


def _wait(step: Wait) -> Iterator[str]:
    yield from _condition(step.until)
    if step.period <= 0:
        yield "it waits without a time. Add one, like `wait: 10m`."
    if step.late is not None and not step.until:
        yield "`late` has a meaning only with `until`."


def _parallel(step: Parallel) -> Iterator[str]:
    if len(step.branches) < TWO or END in step.branches:
        yield "it needs two branches or more, each with a step."
    if len(set(step.branches)) < len(step.branches):
        yield "two of its branches are the same."


def _repeat(step: Repeat) -> Iterator[str]:
    yield from _condition(step.condition)
    if not 1 <= step.most <= MOST_ROUNDS:
        yield f"`most` must be from 1 to {MOST_ROUNDS}."
    if step.first == END:
        yield "it repeats nothing."


def _do(step: Do, acts: Acts) -> Iterator[str]:
    act = acts.get(step.act)
    if act is None:
        yield f"there is no act {step.act!r}. {near(step.act, tuple(acts))}"
        return
    wrong = tuple(_arguments(step, act))
    yield from wrong or _values(step, act)
    if step.lasts is not None and act.final:
        yield f"{act.id} cannot be undone, so it cannot last for a time."
    if min(step.within, step.timeout, step.attempts) < 1:
        yield "within, timeout and attempts must be at least 1."


def _arguments(step: Do, act: Act) -> Iterator[str]:
    takes = tuple(sorted(act.takes))
    for name in step.args:
        if name not in act.takes:
            meant = near(name, takes) if takes else "It takes nothing."
            yield f"{act.id} takes no {name!r}. {meant}"
    for name in sorted(act.needs - set(step.args)):
        yield f"{act.id} needs {name!r}. Add it under `with`."
    for value in step.args.values():
        for word in WORD.findall(value) if isinstance(value, str) else ():
            if word not in VARIABLES:
                yield f"${word} stands for nothing. {near(word, tuple(VARIABLES))}"


def _values(step: Do, act: Act) -> Iterator[str]:
    """Values that the act would refuse."""
    try:
        act.tries(step.args)
    except BadInput as error:
        yield str(error)


def _named(book: Playbook, step: Do, acts: Acts) -> Iterator[str]:
    """Steps that a taking back names and that put nothing in force."""
    if step.act != TAKE_BACK:
        return
    for name in (str(step.args[one]) for one in STEPS if one in step.args):
        other = book.steps.get(name)
        if not isinstance(other, Do) or other.act not in acts or not acts[other.act].contains:
            yield f"{name!r} is no step that contains. {near(name, tuple(book.steps))}"


def _ask(book: Playbook, step: Ask) -> Iterator[str]:
    if not step.says.strip():
        yield "it asks nothing. Write the question."
    if step.within <= 0:
        yield "it waits for people without a time. Add `within: 30m`."
    if Scope.RESPOND not in ROLE_SCOPES[step.role]:
        yield f"a {step.role} only looks on, and cannot answer. Name a responder."
    if step.people not in (1, TWO):
        yield "`people` is 1 or 2."
    for one in step.about:
        target = book.steps.get(one)
        if not isinstance(target, Do):
            yield f"it is about {one!r}, which is no act of this playbook."
        elif one not in _from_or_end(book, step.yes):
            yield f"a yes does not lead to {one!r}, which it is about."


def _from_or_end(book: Playbook, first: str) -> set[str]:
    return _from(book, first) if first != END else set()


def _condition(text: str) -> Iterator[str]:
    if text:
        try:
            parse(text)
        except BadInput as error:
            yield str(error)


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
            yield Problem(
                step=step.id, says=f"{says}an `ask` with `people: 2` and `about: [{step.id}]`."
            )
        for ask in (book.steps[a] for a in sorted(asks)):
            if isinstance(ask, Ask) and ask.if_silent:
                yield Problem(step=ask.id, says=f"silence would lead to {step.act}. Say no.")


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
                yield Problem(step=here, says=says)
                return
        stack += follows(step)
