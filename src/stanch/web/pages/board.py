"""The board: open incidents by phase. Each card moves by its own form, so keys are enough."""

from stanch.vocabulary.incident import MOVES, Phase
from stanch.vocabulary.listing import Sort, Wanted
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit

MOST = 20


def show(visit: Visit) -> Answer:
    """A lane for each phase, worst first in each."""
    role = visit.caller.role
    lanes = []
    with visit.console.store.look() as tx:
        for phase in Phase:
            if phase is Phase.CLOSED:
                continue
            wanted = Wanted(phase=(phase,), closed=False, sort=Sort.WORST)
            items = [line.incident for line in tx.incidents.page(wanted, limit=MOST).items]
            ways = [m for m in MOVES if m.start is phase and role in m.by]
            lanes.append((phase, tx.incidents.count(wanted), items, ways))
    return page(visit, "board.html", lanes=lanes, most=MOST)


PAGES = (Page(path="/board", show=show),)
