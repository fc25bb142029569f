"""The playbook editor: YAML on one side, what is wrong with it or its drawing on the other."""

from dataclasses import replace

from stanch.vocabulary.trouble import BadInput
from stanch.web.flow import flow
from stanch.web.pages import editing, shelf
from stanch.web.pages.editing import Draft, Told, mistake_in
from stanch.web.pages.shelf import Kept
from stanch.web.visit import Answer, Visit

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
    return editing.sheet(visit, _KEPT.papers, draft, told)(book=book, drawing=drawing)


_KEPT = Kept(
    noun="playbook",
    start=NEW,
    desk=desk,
    shelf=lambda visit: visit.console.books,
    named=lambda visit, text: visit.console.books.check(text).id,
)
PAGES = shelf.ways(_KEPT)
