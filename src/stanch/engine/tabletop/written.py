"""Scenarios as YAML, the way people write them.

In    YAML text and the name of its file; the playbooks there are.
Out   a `Scenario`, or `BadFile` with `file:line` and what to write instead.
Why   people are judged by it in the middle of a workday: what is wrong with it is told before.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stanch.contain.playbook.written import Written as Book
from stanch.engine.fields import Here
from stanch.learn.tabletop.scenario import (
    BEST,
    LONGEST_PLAY,
    Channel,
    Choice,
    Inject,
    Kind,
    Point,
    Scenario,
    faults,
)
from stanch.prepare.yaml_text import documents
from stanch.triage.taxonomy.atlas import packaged
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import Level, VerdictKind
from stanch.vocabulary.people import Duty
from stanch.vocabulary.playbook import Do, Playbook
from stanch.vocabulary.trouble import BadFile, BadInput

LARGEST = 100_000
"""Characters of one scenario."""
SYSTEM = "tabletop."
"""What the made-up system's name begins with, so that no real asset is ever meant."""
_WHOLE = ("tabletop", "title", "says", "learns", "about", "playbook", "system", "severity")
_INJECT = ("id", "at", "title", "channel", "shows", "asks", "question", "minutes", "good")
_LEVELS: Mapping[str, Level] = {one.name.lower(): one for one in Level}
_ABOUT = frozenset({*AttackKind, VerdictKind.NATURAL, VerdictKind.FAULT})
_SHORT = 160


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A scenario as it stands in a file."""

    scenario: Scenario
    text: str
    file: str


def acts_of(book: Playbook) -> frozenset[str]:
    """Every act that the playbook may do."""
    return frozenset(step.act for step in book.steps.values() if isinstance(step, Do))


def read(text: str, file: str, books: Mapping[str, Book]) -> Written:
    """The scenario of this text, checked as a whole."""
    if len(text) > LARGEST:
        raise BadFile(file, f"It has {len(text)} characters; {LARGEST} are taken.")
    found = list(documents(text, file))
    if len(found) != 1:
        raise BadFile(file, f"It has {len(found)} documents. Write one scenario in each file.")
    top = Here(found[0], file)
    scenario, lines = _scenario(top, books)
    acts = acts_of(books[scenario.playbook].playbook)
    for inject, fault in faults(scenario, acts):
        raise BadFile(f"{file}:{lines.get(inject, top.node.line)}", fault)
    return Written(scenario=scenario, text=text, file=file)


def _scenario(top: Here, books: Mapping[str, Book]) -> tuple[Scenario, Mapping[str, int]]:
    given = top.pairs((*_WHOLE, "injects"), ("atlas",))
    about, book = given["about"], given["playbook"]
    if about.text() not in _ABOUT:
        raise about.wrong(f"It is about one of: {', '.join(sorted(_ABOUT))}.")
    if book.text() not in books:
        raise book.wrong(f"There is no playbook {book.text()[:64]!r}. See `stanch playbook list`.")
    level = given["severity"]
    if level.text() not in _LEVELS:
        raise level.wrong(f"Write one of: {', '.join(_LEVELS)}.")
    injects = given["injects"].items()
    made = Scenario(
        id=given["tabletop"].name(),
        title=given["title"].text(_SHORT),
        says=given["says"].text(),
        learns=tuple(one.text(_SHORT) for one in given["learns"].items()),
        about=about.text(),
        playbook=book.text(),
        system=SYSTEM + given["system"].name(),
        severity=_LEVELS[level.text()],
        injects=tuple(_inject(one) for one in injects),
        atlas=tuple(_technique(one) for one in given.items("atlas")),
    )
    return made, {i.id: h.node.line for i, h in zip(made.injects, injects, strict=True)}


def _technique(here: Here) -> str:
    try:
        return packaged().current(here.text(40))
    except BadInput as unknown:
        raise here.wrong(str(unknown)) from None


def _inject(here: Here) -> Inject:
    given = here.pairs(_INJECT, ("choose", "points", "critical"))
    choices = tuple(_choice(one) for one in given.items("choose"))
    points = tuple(_point(one) for one in given.items("points"))
    kind = Kind.CHOICE if choices else (Kind.POINTS if points else Kind.FREE)
    critical = given.find("critical")
    return Inject(
        id=given["id"].name(),
        at=given["at"].whole(0, LONGEST_PLAY),
        title=given["title"].text(_SHORT),
        channel=given["channel"].one_of(Channel),
        shows=given["shows"].text(),
        asks=given["asks"].one_of(Duty),
        question=given["question"].text(),
        minutes=given["minutes"].whole(1, 120),
        kind=kind,
        choices=choices,
        points=points,
        good=given["good"].text(),
        critical=critical.truth() if critical is not None else False,
    )


def _choice(here: Here) -> Choice:
    given = here.pairs(("id", "says", "worth", "because"), ("acts",))
    return Choice(
        id=given["id"].name(),
        says=given["says"].text(400),
        worth=given["worth"].whole(0, BEST),
        because=given["because"].text(600),
        acts=tuple(one.name() for one in given.items("acts")),
    )


def _point(here: Here) -> Point:
    given = here.pairs(("id", "says", "words"))
    return Point(
        id=given["id"].name(),
        says=given["says"].text(200),
        words=tuple(one.text(80) for one in given["words"].items()),
    )
