"""Playbooks: what is done about each kind of incident, as a list of steps and as written."""

from stanch.contain.playbook.written import written
from stanch.engine.runs.library import shipped
from stanch.vocabulary.playbook import Ask, Decide, Do, Parallel, Playbook, Repeat, Step, Wait
from stanch.vocabulary.trouble import NotFound
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit


def steps(book: Playbook) -> list[tuple[Step, str, list[tuple[str, str]]]]:
    """Each step, what kind it is, and where it leads."""
    return [(step, type(step).__name__.lower(), _ways(step)) for step in book.steps.values()]


def _ways(step: Step) -> list[tuple[str, str]]:
    match step:
        case Ask() | Decide():
            return [("yes", step.yes), ("no", step.no)]
        case Parallel():
            return [*(("at once", b) for b in step.branches), ("then", step.next)]
        case Repeat():
            return [("repeats", step.first), ("then", step.next)]
        case Wait():
            late = [("too late", step.late)] if step.late is not None else []
            return [("then", step.next), *late]
        case Do():
            return [("then", step.next)]


def listed(visit: Visit) -> Answer:
    """Every playbook."""
    return page(visit, "playbooks.html", books=[w.playbook for w in shipped().values()])


def show(visit: Visit) -> Answer:
    """One playbook: its steps in order, and its text."""
    key = visit.names["playbook"]
    books = shipped()
    if key not in books:
        raise NotFound("playbook", key[:100], "playbook")
    book = books[key].playbook
    return page(visit, "playbook.html", book=book, steps=steps(book), text=written(book))


PAGES = (
    Page(path="/playbooks", show=listed),
    Page(path="/playbooks/{playbook:str}", show=show),
)
