"""Playbooks: what is done about each kind of incident, drawn, as written, and rehearsed."""

from collections.abc import Sequence

from stanch.engine.ports import Transaction
from stanch.engine.runs.library import shipped
from stanch.engine.runs.rehearsal import Answers, Play
from stanch.vocabulary.casework import IncidentLine
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Scope
from stanch.vocabulary.playbook import Playbook, Step
from stanch.vocabulary.trouble import BadInput
from stanch.web.flow import Marks, Way, flow, ways
from stanch.web.pages import shelf
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit

_CASES = 50


def steps(book: Playbook) -> list[tuple[Step, str, tuple[Way, ...]]]:
    """Each step, what kind it is, and where it leads."""
    return [(step, type(step).__name__.lower(), ways(step)) for step in book.steps.values()]


def listed(visit: Visit) -> Answer:
    """Every playbook in use; what was just put aside can be taken back."""
    kept = visit.console.books
    books = [kept[key].playbook for key in sorted(kept)]
    own = {book.id for book in books if _own(visit, book)}
    return page(visit, "playbooks.html", books=books, own=own, gone=shelf.gone(visit, kept))


def show(visit: Visit) -> Answer:
    """One playbook: drawn, its steps in order, its text, who wrote which version."""
    kept, key = visit.console.books, visit.names["playbook"]
    editions = kept.editions(key)
    used = key in kept or not editions
    book = kept.book(key) if used else editions[0].playbook
    with visit.console.store.look() as tx:
        cases = _cases(tx, book)
    return page(
        visit,
        "playbook.html",
        book=book,
        drawing=flow(book),
        steps=steps(book),
        text=kept.text(key) if used else editions[0].text,
        used=used,
        own=_own(visit, book),
        replaces=key in shipped(),
        editions=editions,
        cases=cases,
    )


def rehearse(visit: Visit) -> Answer:
    """What the playbook would do about an incident; nothing is done."""
    book = visit.console.books.book(visit.names["playbook"])
    key = visit.asked("incident").strip()
    if not key:
        raise BadInput("Choose the incident to rehearse it on.")
    try:
        answers = Answers(visit.asked("answers", Answers.YES))
    except ValueError as error:
        raise BadInput("People answer yes, no, or with silence.") from error
    play = visit.console.rehearsal.play(book, IncidentId(key), answers)
    with visit.console.store.look() as tx:
        case = tx.incidents.get(IncidentId(key))
    return page(
        visit,
        "rehearsal.html",
        book=book,
        case=case,
        play=play,
        answers=tuple(Answers),
        drawing=flow(book, _marks(play)),
    )


def _marks(play: Play) -> Marks:
    return Marks(done=frozenset(one.step for one in play.scenes))


def _own(visit: Visit, book: Playbook) -> bool:
    last = shelf.newest(visit.console.books, book.id)
    return last is not None and not last.aside


def _cases(tx: Transaction, book: Playbook) -> Sequence[IncidentLine]:
    """The latest incidents, those that it is an answer to before the others."""
    lines = tx.incidents.page(Wanted(), limit=_CASES).items

    def other(line: IncidentLine) -> bool:
        verdict = line.incident.verdict
        return str(verdict.attack or verdict.kind) not in book.answers

    return sorted(lines, key=other)


PAGES = (
    Page(path="/playbooks", show=listed),
    Page(path="/playbooks/{playbook:str}", show=show),
    Page(path="/playbooks/{playbook:str}/rehearsal", show=rehearse, needs=Scope.RESPOND),
)
