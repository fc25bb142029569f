"""An act by hand: what it would change, whom it hits, whose yes it needs; then it is done or asked.

Works without a script: the first form shows, the second does, and it does only what was shown.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from stanch.contain.action import Action
from stanch.engine.by_hand import Wanted, takes_many
from stanch.engine.filling import plainly
from stanch.engine.runs.deeds import Shown
from stanch.engine.runs.library import actions
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.names import in_line
from stanch.vocabulary.people import Scope
from stanch.vocabulary.playbook import Argument
from stanch.vocabulary.trouble import BadInput, NotFound, Trouble
from stanch.web.pages.incident import case_of
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go

USUAL_HOURS = "24"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """One argument, as the form asks for it."""

    name: str
    value: str
    needed: bool
    many: bool
    choices: tuple[str, ...] = ()


def show(visit: Visit) -> Answer:
    """The form of one act, and below it what it would change."""
    with visit.console.store.look() as tx:
        case = case_of(visit, tx)
    every = sorted(actions().values(), key=lambda a: (a.rank, a.title))
    act = visit.asked("act")
    if act and act not in actions():
        raise NotFound("action", act[:100], "playbook list")
    shown, problem = None, ""
    if act and "why" in visit.query:
        try:
            shown = _shown(visit, case.incident.id)
        except Trouble as trouble:
            problem = str(trouble)
    return page(
        visit,
        "act.html",
        status=422 if problem else 200,
        case=case,
        tab="actions",
        every=every,
        action=actions().get(act),
        asks=_asks(actions()[act], visit, case.incident) if act else (),
        why=visit.asked("why"),
        hours=visit.asked("hours", USUAL_HOURS),
        shown=shown,
        problem=problem,
    )


def do(visit: Visit) -> Answer:
    """The runs of the incident, with the one that does it or waits for a yes."""
    key = IncidentId(visit.names["incident"])
    act = visit.given("act")
    wanted = _wanted(key, act, {k: v[-1] for k, v in visit.form.items()})
    visit.console.by_hand.do(wanted, visit.given("digest"), visit.caller)
    return go(f"/incidents/{key}/runs")


def _shown(visit: Visit, key: IncidentId) -> Shown:
    wanted = _wanted(key, visit.asked("act"), {k: v[-1] for k, v in visit.query.items()})
    return visit.console.by_hand.show(wanted, visit.caller)


def _wanted(key: IncidentId, act: str, given: Mapping[str, str]) -> Wanted:
    if act not in actions():
        raise NotFound("action", act[:100], "playbook list")
    args: dict[str, Argument] = {}
    for one in fields(actions()[act].args):
        text = given.get(f"arg.{one.name}", "").strip()
        if text:
            args[one.name] = text
    return Wanted(
        incident=key,
        act=act,
        args=args,
        why=given.get("why", "").strip(),
        lasts=_lasts(given.get("hours", "")),
    )


def _lasts(text: str) -> int | None:
    if not text.strip():
        return None
    try:
        return round(3600 * float(text))
    except (ValueError, OverflowError):
        raise BadInput("Say for how many hours it holds, or leave it empty.") from None


def _asks(action: Action[Any], visit: Visit, incident: Incident) -> tuple[Ask, ...]:
    suspects = in_line(plainly(s.principal) for s in incident.suspects[:20])
    made = []
    for one in fields(action.args):
        usual = suspects if one.name == "principals" and one.default is MISSING else ""
        if one.default not in (MISSING, None, ()):
            usual = str(one.default)
        choices = tuple(str(v) for v in one.type) if isinstance(one.type, type(Scope)) else ()
        made.append(
            Ask(
                name=one.name,
                value=visit.asked(f"arg.{one.name}", usual),
                needed=one.default is MISSING,
                many=takes_many(one),
                choices=choices,
            )
        )
    return tuple(made)


_HERE = "/incidents/{incident:str}/act"
PAGES = (
    Page(path=_HERE, show=show, needs=Scope.RESPOND),
    Page(path=_HERE, show=do, needs=Scope.RESPOND, method="POST"),
)
