"""Tabletops: scenarios to choose from, the table while it is played, and the report."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from stanch.engine.tabletop.tables import StartPlay, Tabletops
from stanch.engine.tabletop.views import Table, TableQuestion
from stanch.learn.tabletop.play import Stage, Standing
from stanch.learn.tabletop.review import clock
from stanch.learn.tabletop.scenario import BEST
from stanch.learn.tabletop.wishes import Given, Rating, Task
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.people import Caller, Duty, Scope
from stanch.vocabulary.trouble import BadInput
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go

_HERE = "/drills/tabletops"
_ONE = f"{_HERE}/{{play:str}}"
_LISTED = 20
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Put:
    """A question at the table, and until when it can be answered in time."""

    one: TableQuestion
    begun: datetime
    due: datetime | None
    """None while the clock stands, or when nobody has to hurry any more."""


def listed(visit: Visit) -> Answer:
    """The scenarios, what is played now, and what was played; or the play of one incident."""
    tables, incident = visit.console.tabletops, visit.asked("incident")
    if incident:
        return go(f"{_HERE}/{tables.of(IncidentId(incident))}")
    plays = tables.plays(after=visit.asked("after"), limit=_LISTED)
    return page(
        visit,
        "tabletops.html",
        cards=tables.scenarios(),
        going=[one for one in plays.items if one.standing is not Standing.OVER],
        over=[one for one in plays.items if one.standing is Standing.OVER],
        older=plays.next,
    )


def show(visit: Visit) -> Answer:
    """The table: the clock, what is known, what is asked of whom, who answered; or the report."""
    table = visit.console.tabletops.table(visit.names["play"], visit.caller)
    if table.standing is Standing.OVER:
        return go(f"{_HERE}/{table.id}/report")
    running = table.standing is Standing.RUNNING
    soon = table.next_in is not None and running
    return page(
        visit,
        "tabletop.html",
        table=table,
        puts=puts(table, visit.at),
        clock=clock(table.played),
        next_at=visit.at + timedelta(seconds=table.next_in or 0) if soon else None,
        leads=table.by == visit.caller.name,
        mine=_seat(table, visit.caller.name),
        duties=tuple(Duty),
        best=BEST,
    )


def puts(table: Table, at: datetime) -> list[Put]:
    """The questions: those that wait before those that are done, the newest first."""
    running = table.standing is Standing.RUNNING

    def put(one: TableQuestion) -> Put:
        end = at + timedelta(seconds=one.left)
        waits = running and one.stage is Stage.OPEN
        return Put(one=one, begun=end - timedelta(minutes=one.minutes), due=end if waits else None)

    newest = [put(one) for one in reversed(table.questions)]
    return sorted(newest, key=lambda one: one.one.stage is not Stage.OPEN)


def _seat(table: Table, name: str) -> Duty | None:
    return next((s.duty for s in table.seats if name in s.people), None)


def report(visit: Visit) -> Answer:
    """What the play showed; it can be printed, rated and added to."""
    found = visit.console.tabletops.report(visit.names["play"], visit.caller)
    return page(
        visit,
        "tabletop_report.html",
        table=found.table,
        score=found.table.score,
        review=found.review,
        clock=clock,
        best=BEST,
    )


def report_text(visit: Visit) -> Answer:
    """The same as a page of Markdown."""
    found = visit.console.tabletops.report(visit.names["play"], visit.caller)
    name = f'attachment; filename="tabletop-{found.table.id}.md"'
    return Answer(
        body=found.markdown.encode(),
        kind="text/markdown; charset=utf-8",
        headers={"content-disposition": name, "cache-control": "no-store"},
    )


def start(visit: Visit) -> Answer:
    """The table of the play that begins."""
    wish = StartPlay(scenario=visit.given("scenario"), text=visit.given("text"))
    return go(f"{_HERE}/{visit.console.tabletops.start(wish, visit.caller).id}")


def _moved(move: Callable[[Tabletops, str, Caller], Table]) -> Callable[[Visit], Answer]:
    """The table, or the report, after whoever leads moved the clock."""
    return lambda visit: _back(move(visit.console.tabletops, visit.names["play"], visit.caller))


def sit(visit: Visit) -> Answer:
    """The table with this person in this part."""
    duty = _one_of(Duty, visit.given("duty"), "a part")
    tables, who = visit.console.tabletops, visit.given("who")
    return _back(tables.sit(visit.names["play"], duty, visit.caller, who))


def answer(visit: Visit) -> Answer:
    """The table with this answer."""
    duty = visit.given("duty")
    given = Given(
        inject=visit.given("inject"),
        choice=visit.given("choice"),
        text=visit.given("text"),
        duty=_one_of(Duty, duty, "a part") if duty else None,
        who=visit.given("who"),
    )
    table = visit.console.tabletops.answer(visit.names["play"], given, visit.caller)
    return go(f"{_HERE}/{table.id}#q-{given.inject}")


def rate(visit: Visit) -> Answer:
    """The table, or the report, with this answer rated."""
    number, worth = visit.given("answer"), visit.given("worth")
    rating = Rating(
        answer=_whole(number),
        worth=_whole(worth) if worth else None,
        points=visit.form.get("point", ()),
    )
    return _back(visit.console.tabletops.rate(visit.names["play"], rating, visit.caller))


def remark(visit: Visit) -> Answer:
    """The table, or the report, with this remark."""
    text = visit.given("text")
    return _back(visit.console.tabletops.remark(visit.names["play"], text, visit.caller))


def follow_up(visit: Visit) -> Answer:
    """The table, or the report, with this to be done."""
    task = Task(text=visit.given("text"), owner=visit.given("owner"), due=visit.given("due"))
    return _back(visit.console.tabletops.follow_up(visit.names["play"], task, visit.caller))


def _back(table: Table) -> Answer:
    over = "/report" if table.standing is Standing.OVER else ""
    return go(f"{_HERE}/{table.id}{over}")


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 7):  # noqa: PLR2004  a move's number
        raise BadInput("That is no number.")
    return int(text)


def _one_of(make: Callable[[str], T], text: str, what: str) -> T:
    try:
        return make(text)
    except ValueError as error:
        raise BadInput(f"{text[:40]!r} is not {what}.") from error


_ACTS: tuple[tuple[str, Callable[[Visit], Answer]], ...] = (
    ("next", _moved(Tabletops.next)),
    ("pause", _moved(Tabletops.pause)),
    ("resume", _moved(Tabletops.resume)),
    ("stop", _moved(Tabletops.stop)),
    ("sit", sit),
    ("answer", answer),
    ("rate", rate),
    ("remark", remark),
    ("follow-up", follow_up),
)
PAGES = (
    Page(path=_HERE, show=listed),
    Page(path=f"{_HERE}/start", show=start, needs=Scope.RESPOND, method="POST"),
    Page(path=_ONE, show=show),
    Page(path=f"{_ONE}/report", show=report),
    Page(path=f"{_ONE}/report.md", show=report_text),
    *(
        Page(path=f"{_ONE}/{name}", show=act, needs=Scope.RESPOND, method="POST")
        for name, act in _ACTS
    ),
)
