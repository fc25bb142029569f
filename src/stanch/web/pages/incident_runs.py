"""Playbooks at work on an incident: where each is, whom it waits for, what people wish of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stanch.engine.ports import Transaction
from stanch.engine.runs.handing_over import kept_for
from stanch.engine.runs.library import act_title, answer_to, kept
from stanch.vocabulary.ids import IncidentId, RunId
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Scope
from stanch.vocabulary.playbook import Playbook
from stanch.vocabulary.record import Deed
from stanch.vocabulary.run import OVER, WISHED, Run, Wish
from stanch.vocabulary.trouble import BadInput, NotFound
from stanch.web.flow import Marks, flow
from stanch.web.pages.incident import case_of
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go

_STEPS = 200
"""Steps of one run whose outcome is looked up."""
_WAITS = "waits for "


def runs(visit: Visit) -> Answer:
    """The playbooks at work on it: each step, where it is, for whom it waits."""
    visit.console.desk.settle()
    with visit.console.store.look() as tx:
        case = case_of(visit, tx)
        found = tx.runs.page(Wanted(incident=case.kin), limit=20).items
        made = [_played(visit, run, _begun_with(tx, run)) for run in found]
        told = [_tied(tx, one, found) for one in made]
    one, shelf = case.incident, visit.console.books
    books = sorted((shelf[key].playbook for key in shelf), key=lambda b: b.title)
    likely = answer_to(one, shelf)
    return page(
        visit,
        "incident_runs.html",
        case=case,
        tab="runs",
        runs=told,
        books=books,
        likely=likely.id if likely is not None else "",
        may_wish=visit.caller.may(Scope.RESPOND),
        may_begin=visit.caller.may(Scope.RESPOND) and not one.exercise and one.closed_at is None,
    )


def begin(visit: Visit) -> Answer:
    """The tab again, with a playbook that a person began."""
    key = IncidentId(visit.names["incident"])
    book = visit.console.books.book(visit.given("playbook"))
    visit.console.runner.start(book, key, by=visit.caller.name)
    return go(f"/incidents/{key}/runs")


def wish(visit: Visit) -> Answer:
    """The tab again, with a run that is held, goes on or ends as a person wants it."""
    try:
        wanted = Wish(visit.given("wish"))
    except ValueError:
        raise BadInput(f"A run can be asked to: {', '.join(Wish)}.") from None
    key = RunId(visit.names["run"])
    run = visit.console.runner.wish(key, wanted, by=visit.caller.name)
    return go(f"/incidents/{run.incident}/runs")


@dataclass(frozen=True, kw_only=True, slots=True)
class Played:
    """A run, its playbook as it began, what each step came to, and all of it as a drawing."""

    run: Run
    book: Playbook | None
    came: Mapping[str, str]
    drawing: str
    heir: str = ""
    """What it gave way to."""
    keeps: tuple[str, ...] = ()
    """What it has in force of runs that gave way to it."""

    @property
    def wished(self) -> str:
        """What a person wants of it that is still to come; empty where it goes its own way."""
        return "" if self.run.state in OVER else WISHED[self.run.wish]


def _played(visit: Visit, run: Run, book: Playbook | None) -> Played:
    lines = visit.console.custody.history(run.id, deeds=(Deed.STEP_DONE,), limit=_STEPS)
    here = frozenset({run.step}) if run.state not in OVER else frozenset()
    told = [one.entry.facts for one in reversed(lines)]
    came = {str(facts.get("step", "")): str(facts.get("says", "")) for facts in told}
    # Whom a step waited for is old news once the run went on.
    came = {k: "" if v.startswith(_WAITS) and k not in here else v for k, v in came.items()}
    drawing = flow(book, Marks(here=here, done=frozenset(came))) if book else ""
    return Played(run=run, book=book, came=came, drawing=drawing)


def _tied(tx: Transaction, one: Played, runs: Sequence[Run]) -> Played:
    """With what it gave way to, and what it keeps in force of those that gave way to it."""
    heir = next((r for r in runs if r.id == one.run.heir), None)
    named = f"{heir.playbook}, round {heir.round}" if heir is not None else ""
    keeps = tuple(dict.fromkeys(act_title(line.act) for _, line in kept_for(tx, one.run)))
    return replace(one, heir=named, keeps=keeps)


def _begun_with(tx: Transaction, run: Run) -> Playbook | None:
    """The very playbook that the run began with, whatever was written since."""
    try:
        return kept(tx, run.digest) if run.digest is not None else None
    except NotFound:
        return None


_HERE = "/incidents/{incident:str}/runs"
PAGES = (
    Page(path=_HERE, show=runs),
    Page(path=_HERE, show=begin, needs=Scope.RESPOND, method="POST"),
    Page(path=f"{_HERE}/{{run:str}}", show=wish, needs=Scope.RESPOND, method="POST"),
)
