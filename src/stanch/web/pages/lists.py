"""The lists as pages and as CSV, and what is done to many incidents at once."""

from collections.abc import Callable
from typing import Any

from stanch.engine.cases import Step
from stanch.vocabulary.casework import SavedFilter
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.incident import Phase
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput, Trouble
from stanch.web import query as asking
from stanch.web.address import query_of
from stanch.web.door import local
from stanch.web.listing import Lines, as_csv, shown
from stanch.web.lists import ALL
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go


def _list(lines: Lines[Any]) -> Callable[[Visit], Answer]:
    def show(visit: Visit) -> Answer:
        text = visit.asked("q", lines.start)
        try:
            found, problem = shown(visit, lines), ""
        except BadInput as bad:
            found, problem = None, str(bad)
        status = 422 if problem else 200
        return page(
            visit,
            "list.html",
            status=status,
            lines=lines,
            list=found,
            text=text,
            problem=problem,
            kept=kept_views(visit, lines),
        )

    return show


def kept_views(visit: Visit, lines: Lines[Any]) -> list[tuple[SavedFilter, str]]:
    """The views of this list that the visitor kept or others share, each with its link."""
    with visit.console.store.look() as tx:
        found = [one for one in tx.filters.of(visit.caller.name) if one.noun == lines.noun]
    made = []
    for one in found:
        text = one.query or asking.written(one.wanted, lines.known, one.moving)
        pairs = [("q", text), *(("cols", c) for c in one.columns)]
        made.append((one, f"/{lines.noun}?{query_of(pairs)}"))
    return made


def _csv(lines: Lines[Any]) -> Callable[[Visit], Answer]:
    return lambda visit: as_csv(visit, lines)


def bulk(visit: Visit) -> Answer:
    """The list again, after each picked incident was changed; what was refused is told."""
    picked = [one.rpartition(" ") for one in visit.form.get("pick", ())]
    if not picked:
        raise BadInput("No row was picked. Pick rows with their boxes, or with the key x.")
    refused: list[str] = []
    for key, _, version in picked:
        try:
            _change(visit, IncidentId(key), int(version) if version.isdecimal() else 0)
        except Trouble as trouble:
            refused.append(f"{key}: {trouble}")
    if refused:
        done = len(picked) - len(refused)
        raise BadInput(f"{done} of {len(picked)} were changed. " + " ".join(refused[:10]))
    return go(local(visit.given("back")) or "/incidents")


def _change(visit: Visit, key: IncidentId, seen: int) -> None:
    cases, caller = visit.console.cases, visit.caller
    if visit.given("do") == "close":
        step = Step(to=Phase.CLOSED, seen=seen, why=visit.given("why"))
        cases.move(key, step, caller)
    else:
        cases.assign(key, caller.name, seen, caller)


PAGES = (
    *(Page(path=f"/{one.noun}", show=_list(one)) for one in ALL),
    *(Page(path=f"/{one.noun}.csv", show=_csv(one)) for one in ALL),
    Page(path="/incidents/bulk", show=bulk, needs=Scope.RESPOND, method="POST"),
)
