"""The board: open incidents by phase. Each card moves by its own form, so keys are enough."""

from dataclasses import dataclass

from stanch.vocabulary.incident import MOVES, Incident, Move, Need, Phase
from stanch.vocabulary.listing import Sort, Wanted
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit

MOST = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """One phase: how many incidents are in it, the worst of them, and where each can go."""

    phase: Phase
    count: int
    items: tuple[Incident, ...]
    ways: tuple[Move, ...]

    @property
    def needs(self) -> tuple[Need, ...]:
        """What one of the ways asks for, each once."""
        return tuple(dict.fromkeys(n for way in self.ways for n in (*way.needs, *way.any_of)))


def show(visit: Visit) -> Answer:
    """A lane for each phase, worst first in each."""
    role = visit.caller.role
    lanes = []
    with visit.console.store.look() as tx:
        for phase in Phase:
            if phase is Phase.CLOSED:
                continue
            wanted = Wanted(phase=(phase,), closed=False, sort=Sort.WORST)
            lines = tx.incidents.page(wanted, limit=MOST).items
            lanes.append(
                Lane(
                    phase=phase,
                    count=tx.incidents.count(wanted),
                    items=tuple(line.incident for line in lines),
                    ways=tuple(m for m in MOVES if m.start is phase and role in m.by),
                )
            )
    return page(visit, "board.html", lanes=lanes, most=MOST)


PAGES = (Page(path="/board", show=show),)
