"""Who did what to the incident, and who was told: both as the evidence log itself has them."""

from collections.abc import Sequence

from stanch.engine.desk import Logged
from stanch.vocabulary.clock import ClockState
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.record import Deed
from stanch.vocabulary.trouble import NotFound
from stanch.web.pages.incident import TELLING, case_of
from stanch.web.paper import page
from stanch.web.told import sentence, told
from stanch.web.visit import Answer, Page, Visit

PAGE = 50


def audit(visit: Visit) -> Answer:
    """Every entry of the log that speaks of the incident, newest first."""
    visit.console.desk.settle()
    with visit.console.store.look() as tx:
        case = case_of(visit, tx)
        total = tx.mentions.count(case.incident.id)
    lines, onward = _lines(visit, case.incident.id)
    return page(
        visit,
        "incident_audit.html",
        case=case,
        tab="audit",
        lines=[told(one) for one in lines],
        total=total,
        next=onward,
    )


def communications(visit: Visit) -> Answer:
    """Who was asked and told, when and about what; and what must still be told to whom."""
    visit.console.desk.settle()
    with visit.console.store.look() as tx:
        case = case_of(visit, tx)
        of = (case.incident.id,)
        owed = Wanted(incident=of, state=(ClockState.RUNNING.value,))
        clocks = tx.clocks.page(owed, limit=20).items
    lines, onward = _lines(visit, case.incident.id, TELLING)
    return page(
        visit,
        "incident_communications.html",
        case=case,
        tab="communications",
        lines=[told(one) for one in lines],
        clocks=clocks,
        next=onward,
    )


def _lines(
    visit: Visit, thing: str, deeds: Sequence[Deed] = ()
) -> tuple[tuple[Logged, ...], int | None]:
    """The entries of this page, and before which place the next one begins."""
    before = visit.asked("before")
    start = int(before) if before.isdecimal() and len(before) < 16 else None  # noqa: PLR2004  a place
    found = visit.console.custody.history(thing, deeds=deeds, before=start, limit=PAGE + 1)
    return found[:PAGE], found[PAGE - 1].index if len(found) > PAGE else None


def entry(visit: Visit) -> Answer:
    """One entry: what it says, its bytes, and its proof, checked as an outsider would."""
    place = visit.names["place"]
    if not (place.isdecimal() and len(place) < 16):  # noqa: PLR2004  a place
        raise NotFound("log entry", place[:40], "evidence list")
    one = visit.console.custody.entry(int(place))
    return page(visit, "entry.html", one=one, says=sentence(one.entry))


_HERE = "/incidents/{incident:str}"
PAGES = (
    Page(path=f"{_HERE}/audit", show=audit),
    Page(path=f"{_HERE}/communications", show=communications),
    Page(path="/log/{place:str}", show=entry),
)
