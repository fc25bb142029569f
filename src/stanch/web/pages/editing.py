"""Editing: what every editor of YAML in the console does alike.

The text stands on one side; on the other, what is wrong with it and in which line, or how it is
read. Whoever comes second is told, and keeps what they wrote.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput, Stale
from stanch.web.address import segment
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go

_LINE = re.compile(r":(\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What is being written."""

    text: str
    key: str = ""
    """The id of what it began with; empty is new."""
    seen: str = "0"
    """Which version of that was seen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """What is wrong, and where."""

    says: str
    line: int = 0
    written: str = ""
    """The line that is wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What stands beside a draft that came back."""

    stale: str = ""
    """That somebody was first."""
    wrong: Mistake | None = None


Desk = Callable[[Visit, Draft, Told], Answer]
"""Makes the page with the editor on it: the draft, and what is wrong with it or how it is read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Papers:
    """One kind of text that people edit."""

    noun: str
    place: str
    """Where its pages are."""
    template: str
    home: str = ""
    """Where who leaves a new one goes, when not to its pages."""
    desk: Desk
    named: Callable[[Visit, str], str]
    """The id that a text states; `BadInput` when it is not good."""
    version: Callable[[Visit, str], str]
    """The version in force of the one with this id."""
    taken: Callable[[Visit, str], bool]
    """Whether the id is somebody's already."""
    put: Callable[[Visit, Draft], object]
    """Puts it into use; `Stale` when the version seen is not in force any more."""


def draft_of(visit: Visit) -> Draft:
    """What the form holds."""
    text = visit.given("text")
    return Draft(text=text, key=visit.given("key"), seen=visit.given("seen", "0"))


def mistake_in(text: str, trouble: BadInput) -> Mistake:
    """The trouble, with the line that it names."""
    says, lines = str(trouble), text.splitlines()
    found = _LINE.search(says)
    line = int(found[1]) if found else 0
    return Mistake(says=says, line=line, written=lines[line - 1] if 0 < line <= len(lines) else "")


def sheet(visit: Visit, papers: Papers, draft: Draft, told: Told) -> Callable[..., Answer]:
    """What makes the page with the editor on it, given what stands beside the draft."""
    begun = f"{papers.place}/{segment(draft.key)}" if draft.key else ""
    return partial(
        page,
        visit,
        papers.template,
        noun=papers.noun,
        place=papers.place,
        back=begun or papers.home or papers.place,
        draft=draft,
        stale=told.stale,
        wrong=told.wrong,
    )


def number(seen: str) -> int:
    """The version that a form says was seen."""
    if not (seen.isascii() and seen.isdecimal() and len(seen) < 10):  # noqa: PLR2004  a version
        raise BadInput("The form does not say which version was seen. Load the page again.")
    return int(seen)


def ways(papers: Papers) -> tuple[Page, ...]:
    """The pages of an editor that are alike: what was written is checked, or put into use."""

    def check(visit: Visit) -> Answer:
        return papers.desk(visit, draft_of(visit), Told())

    here, admin = papers.place, Scope.ADMIN
    return (
        Page(path=f"{here}/check", show=check, needs=admin, method="POST"),
        Page(path=f"{here}/save", show=_saving(papers), needs=admin, method="POST"),
    )


def _saving(papers: Papers) -> Callable[[Visit], Answer]:
    def save(visit: Visit) -> Answer:
        draft = draft_of(visit)
        try:
            named = _put(papers, visit, draft)
        except BadInput as trouble:
            return papers.desk(visit, draft, Told(wrong=mistake_in(draft.text, trouble)))
        except Stale as stale:
            seen = papers.version(visit, papers.named(visit, draft.text))
            return papers.desk(visit, replace(draft, seen=seen), Told(stale=str(stale)))
        return go("/".join(filter(None, (papers.place, segment(named)))))

    return save


def _put(papers: Papers, visit: Visit, draft: Draft) -> str:
    """The id of what was put into use; a new one must not be somebody's already."""
    named = papers.named(visit, draft.text)
    if named == draft.key:
        papers.put(visit, draft)
        return named
    if papers.taken(visit, named):
        says = f"A {papers.noun} {named!r} is there already."
        raise BadInput(f"{says} Edit that one, or change the id.")
    papers.put(visit, replace(draft, seen=papers.version(visit, named)))
    return named
