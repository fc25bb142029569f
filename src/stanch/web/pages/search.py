"""Search: anything by its name or id, as a page and for the palette."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from stanch.engine.ports import Transaction
from stanch.vocabulary.ids import (
    ApprovalId,
    AssetId,
    EvidenceId,
    FindingId,
    IncidentId,
    PrincipalId,
    RunId,
)
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.searching import folded
from stanch.vocabulary.trouble import NotFound
from stanch.vocabulary.words import word
from stanch.web.address import principal_at, query_of
from stanch.web.inert import clipped, inert
from stanch.web.paper import page
from stanch.web.query import plain
from stanch.web.visit import Answer, Page, Visit

_EACH = 6
_LONGEST = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One thing that was found."""

    title: str
    kind: str
    href: str
    of: str = ""
    """What it belongs to, where many things are called alike."""
    at: datetime | None = None


def found(tx: Transaction, text: str) -> Iterator[Found]:
    """What has this id, or these words."""
    yield from _by_id(tx, text)
    wanted = Wanted(text=text)
    cases = tx.incidents.page(wanted, limit=_EACH)
    for line in cases.items:
        case = line.incident
        where = f"/incidents/{case.id}"
        yield _one(case.title, "incident", where, of=word(case.phase), at=case.opened)
    yield from _rest(text, "incidents", more=bool(cases.next))
    assets = tx.assets.page(wanted, limit=_EACH)
    for asset in assets.items:
        yield _one(asset.name, "asset", f"/assets/{asset.id}")
    yield from _rest(text, "assets", more=bool(assets.next))
    items = tx.evidence.page(wanted, limit=_EACH)
    for item in items.items:
        of = item.incident or ""
        yield _one(item.name, "evidence", f"/evidence/{item.id}", of=of, at=item.taken)
    yield from _rest(text, "evidence", more=bool(items.next))
    findings = tx.findings.page(wanted, limit=_EACH)
    for finding in findings.items:
        where = f"/findings/{finding.id}"
        end = finding.window.end
        yield _one(finding.says, "finding", where, of=finding.asset, at=end)
    yield from _rest(text, "findings", more=bool(findings.next))


def _rest(text: str, noun: str, *, more: bool) -> Iterator[Found]:
    """The way to all of a list, when it has more than was shown and its query bar can ask it."""
    if more and plain(text):
        href = f"/{noun}?{query_of([('q', text)])}"
        yield _one(f"All {noun} with these words", "list", href)


def _by_id(tx: Transaction, text: str) -> Iterator[Found]:
    key = text.strip()
    if (incident := tx.incidents.find(IncidentId(key))) is not None:
        yield _one(incident.title, "incident", f"/incidents/{incident.id}")
    if (asset := tx.assets.find(AssetId(key))) is not None:
        yield _one(asset.name, "asset", f"/assets/{asset.id}")
    if (finding := tx.findings.find(FindingId(key))) is not None:
        yield _one(finding.says, "finding", f"/findings/{finding.id}")
    if (item := tx.evidence.find(EvidenceId(key))) is not None:
        yield _one(item.name, "evidence", f"/evidence/{item.id}")
    if (asked := tx.approvals.find(ApprovalId(key))) is not None:
        yield _one(asked.shown, "approval", f"/approvals/{asked.id}")
    yield from _at_work(tx, key)


def _at_work(tx: Transaction, key: str) -> Iterator[Found]:
    if (run := tx.runs.find(RunId(key))) is not None:
        yield _one(f"{run.playbook}: {run.says}", "run", f"/incidents/{run.incident}/runs")
    if (clock := tx.clocks.find(key)) is not None:
        yield _one(clock.duty, "clock", f"/incidents/{clock.incident}")
    named = Wanted(principal=(PrincipalId(key),))
    if key and tx.findings.page(named, limit=1).items:
        yield _one(key, "principal", principal_at(key))


def _elsewhere(visit: Visit, text: str) -> Iterator[Found]:
    """Playbooks, drills that were played, and places in the log, which no transaction keeps."""
    low = folded(text)
    for name in visit.console.books:
        book = visit.console.books[name].playbook
        if low in folded(book.title) or low in name:
            yield _one(book.title, "playbook", f"/playbooks/{name}")
    if text.startswith("drl-"):
        with suppress(NotFound):
            drill = visit.console.drills.get(text)
            yield _one(drill.name, "drill", f"/drills/{drill.id}")
    if text.startswith("ttx-"):
        with suppress(NotFound):
            table = visit.console.tabletops.table(text, visit.caller)
            yield _one(table.title, "tabletop", f"/drills/tabletops/{table.id}")
    place = text.removeprefix("log ").removeprefix("#")
    if place != text and place.isdecimal() and len(place) < 16:  # noqa: PLR2004  a place
        with suppress(NotFound):
            visit.console.custody.entry(int(place))
            yield _one(f"Entry {place} of the evidence log", "log", f"/log/{place}")


def _one(title: str, kind: str, href: str, *, of: str = "", at: datetime | None = None) -> Found:
    return Found(title=clipped(title, 120), kind=kind, href=href, of=clipped(of, 60), at=at)


def _all(visit: Visit) -> list[Found]:
    text = visit.asked("q").strip()[:_LONGEST]
    if not text:
        return []
    with visit.console.store.look() as tx:
        all_ = [*found(tx, text), *_elsewhere(visit, text)]
    return list({one.href: one for one in all_}.values())


def show(visit: Visit) -> Answer:
    """What was found, as a page."""
    return page(visit, "search.html", found=_all(visit), text=visit.asked("q")[:_LONGEST])


def as_json(visit: Visit) -> Answer:
    """What was found, for the palette."""
    return Answer(
        body=msgspec.json.encode(
            [replace(one, title=inert(one.title), of=inert(one.of)) for one in _all(visit)]
        ),
        kind="application/json",
        headers={"cache-control": "no-store"},
    )


PAGES = (Page(path="/search", show=show), Page(path="/search.json", show=as_json))
