"""Checking the steps of a playbook, each alone.

In    a playbook, the acts there are.
Out   every problem of a step: acts, arguments, values, conditions, times, people.
"""

from collections.abc import Iterator, Mapping

from stanch.contain.playbook.acts import STEPS, TAKE_BACK, VARIABLES, WORD, Act, Given, texts
from stanch.contain.playbook.condition_reading import near, parse
from stanch.contain.playbook.place import NAME, Way
from stanch.contain.playbook.reached import reached
from stanch.vocabulary.people import ROLE_SCOPES, Scope
from stanch.vocabulary.playbook import (
    END,
    Argument,
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

MOST_ROUNDS = 1_000
TWO = 2
Acts = Mapping[str, Act]
Wrong = tuple[Way, str]
"""The way to what is wrong within its step, and what is wrong with it."""


def of_step(book: Playbook, step: Step, acts: Acts) -> Iterator[Wrong]:
    """Everything that is wrong with this step."""
    match step:
        case Do():
            yield from _do(step, acts)
            yield from _named(book, step, acts)
        case Ask():
            yield from _ask(book, step)
        case Wait():
            yield from _wait(step)
        case Decide():
            yield from _condition("decide", step.condition)
        case Parallel():
            yield from _parallel(step)
        case Repeat():
            yield from _repeat(step)


def _wait(step: Wait) -> Iterator[Wrong]:
    yield from _condition("until", step.until)
    if step.period <= 0:
        yield ("wait",), "it waits without a time. Add one, like `wait: 10m`."
    if step.late is not None and not step.until:
        yield ("late", NAME), "`late` has a meaning only with `until`."


def _parallel(step: Parallel) -> Iterator[Wrong]:
    if len(step.branches) < TWO or END in step.branches:
        yield ("parallel",), "it needs two branches or more, each with a step."
    for number, one in enumerate(step.branches):
        if one in step.branches[:number]:
            yield ("parallel", str(number)), "two of its branches are the same."


def _repeat(step: Repeat) -> Iterator[Wrong]:
    yield from _condition("while", step.condition)
    if not 1 <= step.most <= MOST_ROUNDS:
        yield ("most",), f"`most` must be from 1 to {MOST_ROUNDS}."
    if step.first == END:
        yield ("repeat",), "it repeats nothing."


def _do(step: Do, acts: Acts) -> Iterator[Wrong]:
    act = acts.get(step.act)
    if act is None:
        yield ("do",), f"there is no act {step.act!r}. {near(step.act, tuple(acts))}"
        return
    wrong = tuple(_arguments(step, act))
    yield from wrong or _values(step, act)
    if step.lasts is not None and act.final:
        yield ("lasts",), f"{act.id} cannot be undone, so it cannot last for a time."
    for name in ("within", "timeout", "attempts"):
        if getattr(step, name) < 1:
            yield (name,), "within, timeout and attempts must be at least 1."


def _arguments(step: Do, act: Act) -> Iterator[Wrong]:
    takes = tuple(sorted(act.takes))
    for name in step.args:
        if name not in act.takes:
            meant = near(name, takes) if takes else "It takes nothing."
            yield ("with", name, NAME), f"{act.id} takes no {name!r}. {meant}"
    strange = set(step.args) - act.takes
    for name in () if strange else sorted(act.needs - set(step.args)):
        yield ("with",), f"{act.id} needs {name!r}. Add it under `with`."
    for name, value in step.args.items():
        for number, text in enumerate(texts(value)):
            for word in (one for one in _words(value, text) if one not in VARIABLES):
                says = f"${word} stands for nothing. {near(word, tuple(VARIABLES))}"
                yield ("with", name, str(number)), says


def _words(value: Argument, text: str) -> list[str]:
    """The words in this text; in a list only one that stands alone, since names hold a `$` too."""
    if isinstance(value, tuple):
        alone = WORD.fullmatch(text)
        return [alone[1]] if alone else []
    return WORD.findall(text)


def _values(step: Do, act: Act) -> Iterator[Wrong]:
    """Values that the act would refuse: the one to change, else each that is wrong alone."""
    whole = _refused(act, step.args)
    if not whole:
        return
    args = step.args
    cures = [n for n in args if not _refused(act, {**args, **_good(act, n)})]
    alone = [n for n in args if _refused(act, {**act.like, n: args[n]})]
    for name in cures[:1] or alone:
        around = args if cures else act.like
        yield _value(act, {**around, name: args[name]}, name)
    if not cures and not alone:
        yield ("with",), whole


def _good(act: Act, name: str) -> Given:
    return {name: act.like[name]} if name in act.like else {}


def _value(act: Act, args: Given, name: str) -> Wrong:
    """What is wrong with the value of this name; of a list, with its first such part."""
    value = args[name]
    for number, one in enumerate(value if isinstance(value, tuple) else ()):
        if says := _refused(act, {**args, name: (one,)}):
            return ("with", name, str(number)), says
    return ("with", name), _refused(act, args)


def _refused(act: Act, args: Given) -> str:
    """Why the act would refuse these; empty where it would not."""
    try:
        act.tries(args)
    except BadInput as error:
        return str(error)
    return ""


def _named(book: Playbook, step: Do, acts: Acts) -> Iterator[Wrong]:
    """Steps that a taking back names and that put nothing in force."""
    if step.act != TAKE_BACK:
        return
    for one, name in ((one, str(step.args[one])) for one in STEPS if one in step.args):
        other = book.steps.get(name)
        if not isinstance(other, Do) or other.act not in acts or not acts[other.act].contains:
            says = f"{name!r} is no step that contains. {near(name, tuple(book.steps))}"
            yield ("with", one), says


def _ask(book: Playbook, step: Ask) -> Iterator[Wrong]:
    if not step.says.strip():
        yield ("ask",), "it asks nothing. Write the question."
    if step.within <= 0:
        yield ("within",), "it waits for people without a time. Add `within: 30m`."
    if Scope.RESPOND not in ROLE_SCOPES[step.role]:
        yield ("of",), f"a {step.role} only looks on, and cannot answer. Name a responder."
    if step.people not in (1, TWO):
        yield ("people",), "`people` is 1 or 2."
    for number, one in enumerate(step.about):
        at = ("about", str(number))
        if not isinstance(book.steps.get(one), Do):
            yield at, f"it is about {one!r}, which is no act of this playbook."
        elif one not in reached(book, step.yes):
            yield at, f"a yes does not lead to {one!r}, which it is about."


def _condition(field: str, text: str) -> Iterator[Wrong]:
    if text:
        try:
            parse(text)
        except BadInput as error:
            yield (field,), str(error)
