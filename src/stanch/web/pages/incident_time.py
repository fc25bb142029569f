"""The incident in time: what the attacker, the system, the people and the law did, in lanes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from stanch.engine.ports import Transaction
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.web.charts import Point, lanes
from stanch.web.pages.incident import case_of
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit

LANES = ("attack", "system", "people", "evidence", "law")
MOST = 500
_SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One thing that happened."""

    at: datetime
    lane: str
    says: str
    href: str = ""
    tone: str = "now"


def show(visit: Visit) -> Answer:
    """The lanes and, below, the same as a list."""
    with visit.console.store.look() as tx:
        case = case_of(visit, tx)
        found = sorted(_moments(tx, case.incident), key=lambda m: m.at)
    zoom = visit.asked("zoom")
    if zoom in _SPANS and found:
        found = [m for m in found if m.at >= visit.at - _SPANS[zoom]]
    points = [
        Point(at=m.at.timestamp(), lane=m.lane, tone=m.tone, says=f"{m.at:%d %b %H:%M} {m.says}")
        for m in found
        if m.at <= visit.at
    ]
    return page(
        visit,
        "incident_timeline.html",
        case=case,
        tab="timeline",
        drawing=lanes(points, LANES, "What happened, by lane and time"),
        moments=found[::-1],
        zoom=zoom,
        zooms=("", *_SPANS),
    )


def _moments(tx: Transaction, one: Incident) -> Iterator[Moment]:
    yield Moment(at=one.first_seen, lane="attack", says="The earliest event behind it", tone="hot")
    yield Moment(at=one.opened, lane="system", says="stanch opened the incident")
    if one.contained_at:
        yield Moment(at=one.contained_at, lane="system", says="Contained", tone="good")
    if one.closed_at:
        yield Moment(at=one.closed_at, lane="people", says="Closed", tone="good")
    yield from _seen(tx, one)
    yield from _done(tx, one)
    yield from _owed(tx, one)


def _seen(tx: Transaction, one: Incident) -> Iterator[Moment]:
    of = Wanted(incident=(one.id,))
    for finding in tx.findings.page(of, limit=MOST).items:
        href = f"/findings/{finding.id}"
        yield Moment(
            at=finding.window.end, lane="attack", says=finding.says, href=href, tone="warm"
        )
    for item in tx.evidence.page(of, limit=200).items:
        says = f"{item.name} was taken into evidence by {item.by}"
        yield Moment(at=item.taken, lane="evidence", says=says, href=f"/evidence/{item.id}")


def _done(tx: Transaction, one: Incident) -> Iterator[Moment]:
    of = Wanted(incident=(one.id,))
    for note in tx.notes.of(one.id):
        href = f"/incidents/{one.id}/notes#{note.id}"
        yield Moment(at=note.at, lane="people", says=f"{note.by}: {note.text}", href=href)
    for asked in tx.approvals.page(of, limit=100).items:
        href = f"/approvals/{asked.id}"
        says = asked.shown.split("\n")[0]
        yield Moment(at=asked.asked, lane="system", says=f"Asked: {says}", href=href)
        for vote in asked.votes:
            told = f"{vote.by} said {'yes' if vote.yes else 'no'}: {says}"
            yield Moment(at=vote.at, lane="people", says=told, href=href)
    for kept in tx.policies.history(one.asset):
        if kept.incident == one.id:
            told = f"{kept.by} put policy {kept.version} in force: {kept.because}"
            href = f"/incidents/{one.id}/actions"
            yield Moment(at=kept.at, lane="system", says=told, href=href, tone="good")
    for run in tx.runs.page(of, limit=50).items:
        yield Moment(at=run.started, lane="system", says=f"Playbook {run.playbook} began")


def _owed(tx: Transaction, one: Incident) -> Iterator[Moment]:
    for clock in tx.clocks.page(Wanted(incident=(one.id,)), limit=50).items:
        duty = f"{clock.duty} ({clock.law})"
        yield Moment(at=clock.started, lane="law", says=f"Clock began: {duty}")
        yield Moment(at=clock.due, lane="law", says=f"Due: {duty}", tone="hot")
        if clock.met:
            yield Moment(at=clock.met, lane="law", says=f"Met: {duty}", tone="good")


PAGES = (Page(path="/incidents/{incident:str}/timeline", show=show),)
