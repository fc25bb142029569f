"""The tour's door: onto an incident that is there, or how to get one to look at."""

from stanch.engine.ports import Transaction
from stanch.vocabulary.incident import Incident, VerdictKind
from stanch.vocabulary.listing import Wanted
from stanch.web.paper import page
from stanch.web.tour import place
from stanch.web.visit import Answer, Page, Visit, go


def show(visit: Visit) -> Answer:
    """The first place of the tour; without an incident, how to see one happen."""
    with visit.console.store.look() as tx:
        found = _telling(tx)
    if found is not None:
        return go(place(1, found.id))
    board = visit.console.drills.board()
    return page(visit, "tour.html", live=board.live, running=board.running)


def _telling(tx: Transaction) -> Incident | None:
    """The latest attack, for it shows most; else the latest incident of any kind."""
    attacks = tx.incidents.page(Wanted(verdict=(VerdictKind.ATTACK,)), limit=1).items
    lines = attacks or tx.incidents.page(Wanted(), limit=1).items
    return lines[0].incident if lines else None


PAGES = (Page(path="/tour", show=show),)
