"""The playbook editor: YAML on one side, what is wrong with it or its drawing on the other."""

import re
from dataclasses import dataclass

from markupsafe import Markup

from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadFile, BadInput, Stale
from stanch.web.flow import flow
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go

NEW = """\
playbook: my-answer
title: Say in a few words what it answers
says: >-
  What it does at once, what it asks, and what it leaves alone.
answers: []            # extraction, poisoning, natural, fault, ...
steps:
  - do: freeze
    says: Keep everything as it is now.
  - id: tell
    do: notify
    with: {to: $owner, message: See the incident.}
"""
_LINE = re.compile(r":(\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What became of a text: a drawing, or what is wrong and in which line."""

    drawing: Markup | None = None
    steps: int = 0
    wrong: str = ""
    line: int = 0
    written: str = ""
    """The line that is wrong."""


def judged(visit: Visit, text: str) -> Seen:
    """The drawing of what this text states, or its first mistake."""
    try:
        book = visit.console.books.check(text)
    except (BadFile, BadInput) as trouble:
        found = _LINE.search(str(trouble))
        line = int(found[1]) if found else 0
        lines = text.splitlines()
        written = lines[line - 1] if 0 < line <= len(lines) else ""
        return Seen(wrong=str(trouble), line=line, written=written)
    return Seen(drawing=flow(book), steps=len(book.steps))


def edit(visit: Visit) -> Answer:
    """The editor, with the playbook in use or a new one."""
    key = visit.names.get("playbook", "")
    text = visit.console.books.text(key) if key else NEW
    return _desk(visit, text, key, visit.console.books.version(key) if key else 0)


def check(visit: Visit) -> Answer:
    """The editor with what it was given, and what is wrong with it."""
    return _desk(visit, visit.given("text"), visit.given("playbook"), _seen(visit))


def save(visit: Visit) -> Answer:
    """The playbook, in use from now on; the editor again when something is wrong."""
    text, key, seen = visit.given("text"), visit.given("playbook"), _seen(visit)
    told = judged(visit, text)
    if told.wrong:
        return _desk(visit, text, key, seen)
    named = visit.console.books.check(text).id
    known = seen if named == key else visit.console.books.version(named)
    if named != key and known:
        raise BadInput(f"A playbook {named!r} is there already. Edit that one, or change the id.")
    try:
        visit.console.books.put(text, by=visit.caller.name, seen=known)
    except Stale as stale:
        return _desk(visit, text, key, visit.console.books.version(key), str(stale))
    return go(f"/playbooks/{named}")


def aside(visit: Visit) -> Answer:
    """The playbooks, with this one put aside."""
    key = visit.names["playbook"]
    visit.console.books.put_aside(key, by=visit.caller.name)
    return go(f"/playbooks/{key}" if key in visit.console.books else "/playbooks")


def _desk(visit: Visit, text: str, key: str, seen: int, stale: str = "") -> Answer:
    return page(
        visit,
        "playbook_editor.html",
        text=text,
        key=key,
        seen=seen,
        stale=stale,
        told=judged(visit, text),
    )


def _seen(visit: Visit) -> int:
    text = visit.given("seen", "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004  a version
        raise BadInput("The form does not say which version was seen. Load the page again.")
    return int(text)


PAGES = (
    Page(path="/playbooks/new", show=edit, needs=Scope.ADMIN),
    Page(path="/playbooks/check", show=check, needs=Scope.ADMIN, method="POST"),
    Page(path="/playbooks/save", show=save, needs=Scope.ADMIN, method="POST"),
    Page(path="/playbooks/{playbook:str}/edit", show=edit, needs=Scope.ADMIN),
    Page(path="/playbooks/{playbook:str}/aside", show=aside, needs=Scope.ADMIN, method="POST"),
)
