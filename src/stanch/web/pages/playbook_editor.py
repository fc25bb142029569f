"""The playbook editor: YAML on one side, what is wrong with it or its drawing on the other."""

from dataclasses import replace

from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput, NotFound
from stanch.web.flow import flow
from stanch.web.pages import editing
from stanch.web.pages.editing import Draft, Papers, Told, mistake_in, number
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


def desk(visit: Visit, draft: Draft, told: Told) -> Answer:
    """The editor: the draft, beside its drawing or its first mistake."""
    book = None
    try:
        book = visit.console.books.check(draft.text)
    except BadInput as trouble:
        told = replace(told, wrong=told.wrong or mistake_in(draft.text, trouble))
    drawing = flow(book) if book is not None else None
    return editing.sheet(visit, _PAPERS, draft, told)(book=book, drawing=drawing)


def edit(visit: Visit) -> Answer:
    """The editor, with the playbook in use or a new one."""
    key = visit.names.get("playbook", "")
    if not key:
        return desk(visit, Draft(text=NEW), Told())
    books = visit.console.books
    draft = Draft(text=books.text(key), key=key, seen=str(books.version(key)))
    return desk(visit, draft, Told())


def aside(visit: Visit) -> Answer:
    """The playbooks, with this one put aside."""
    key = visit.names["playbook"]
    visit.console.books.put_aside(key, by=visit.caller.name)
    return go(f"/playbooks/{key}" if key in visit.console.books else "/playbooks")


def restore(visit: Visit) -> Answer:
    """The playbook, as one of its versions had it."""
    key, wanted, books = visit.names["playbook"], visit.given("version"), visit.console.books
    found = [e for e in books.editions(key) if str(e.version) == wanted]
    if not found:
        raise NotFound("version of this playbook", wanted[:20], "playbook")
    books.put(found[0].text, by=visit.caller.name, seen=books.version(key))
    return go(f"/playbooks/{key}")


def _put(visit: Visit, draft: Draft) -> object:
    return visit.console.books.put(draft.text, by=visit.caller.name, seen=number(draft.seen))


_PAPERS = Papers(
    noun="playbook",
    place="/playbooks",
    template="playbook_editor.html",
    desk=desk,
    named=lambda visit, text: visit.console.books.check(text).id,
    version=lambda visit, key: str(visit.console.books.version(key)),
    taken=lambda visit, key: visit.console.books.version(key) > 0,
    put=_put,
)
PAGES = (
    Page(path="/playbooks/new", show=edit, needs=Scope.ADMIN),
    Page(path="/playbooks/{playbook:str}/edit", show=edit, needs=Scope.ADMIN),
    *editing.ways(_PAPERS),
    Page(path="/playbooks/{playbook:str}/aside", show=aside, needs=Scope.ADMIN, method="POST"),
    Page(path="/playbooks/{playbook:str}/restore", show=restore, needs=Scope.ADMIN, method="POST"),
)
