"""Views: queries that people keep under a name, for themselves or for all."""

from stanch.engine.clock import new_id
from stanch.engine.query import parse
from stanch.vocabulary.casework import SavedFilter
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput, NotAllowed
from stanch.web.address import query_of
from stanch.web.door import local
from stanch.web.lists import ALL
from stanch.web.visit import Answer, Page, Visit, go

_LONGEST = 60


def keep(visit: Visit) -> Answer:
    """The list, with its query kept under a name."""
    lines = next((one for one in ALL if one.noun == visit.given("noun")), None)
    name, text = visit.given("name").strip(), visit.given("q").strip()
    if lines is None or not 0 < len(name) <= _LONGEST:
        raise BadInput(f"A view has a name of at most {_LONGEST} characters.")
    kept = SavedFilter(
        id=new_id("flt", visit.at),
        name=name,
        owner=visit.caller.name,
        noun=lines.noun,
        wanted=parse(text, lines.noun, visit.at).wanted,
        shared=bool(visit.given("shared")),
        query=text,
        columns=tuple(c for c in visit.form.get("cols", ()) if c),
    )
    with visit.console.store.begin() as tx:
        tx.filters.add(kept)
    pairs = [("q", text), *(("cols", c) for c in kept.columns)]
    return go(f"/{lines.noun}?{query_of(pairs)}")


def drop(visit: Visit) -> Answer:
    """The list, without this view; only its owner and an admin may."""
    with visit.console.store.begin() as tx:
        one = tx.filters.get(visit.given("view"))
        if one.owner != visit.caller.name and not visit.caller.may(Scope.ADMIN):
            raise NotAllowed("a view of your own", f"one of {one.owner}")
        tx.filters.remove(one.id)
    return go(local(visit.given("back")) or f"/{one.noun}")


PAGES = (
    Page(path="/views", show=keep, method="POST"),
    Page(path="/views/drop", show=drop, method="POST"),
)
