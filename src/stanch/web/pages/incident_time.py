"""The incident in time: what the attacker, the system, the people and the law did, in lanes."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from stanch.engine.clock import new_id
from stanch.vocabulary.casework import Link, LinkKind
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput
from stanch.vocabulary.words import clock_second
from stanch.web.address import query_of
from stanch.web.charts import Point, lanes
from stanch.web.pages.incident import case_of
from stanch.web.pages.incident_moments import LANES, MOST, Bunch, Moment, bunched, moments_of
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go

PAGE = 100
SHOWN = 20
"""Of what is alike, so many open in place; all of it has a list of its own."""
_SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
_SHORTEST = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """A moment that somebody pinned."""

    link: str
    moment: Moment
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """The part of the time that is looked at; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    def has(self, at: datetime) -> bool:
        """Whether it is inside."""
        return (self.start is None or at >= self.start) and (self.end is None or at <= self.end)


def show(visit: Visit) -> Answer:
    """The lanes and, below, the same as a list."""
    with visit.console.store.look() as tx:
        case = case_of(visit, tx)
        every = sorted(moments_of(tx, case.incident), key=lambda m: m.at)
        pins = pins_of(tx.links.of(case.incident.id))
    span = _span(visit)
    picked = [lane for lane in LANES if lane in visit.query.get("lane", ())]
    found = [m for m in every if span.has(m.at) and (not picked or m.lane in picked)]
    pinned = {p.moment.key for p in pins}
    happened = [m for m in found if m.at <= visit.at]
    points = drawn(happened, pinned)
    skip = _number(visit.asked("skip"))
    told, alike = _told(found[::-1], visit.asked("like"))
    return page(
        visit,
        "incident_timeline.html",
        case=case,
        tab="timeline",
        drawing=lanes(points, picked or LANES, "What happened, by lane and time"),
        first=happened[0].at.timestamp() if happened else 0,
        last=happened[-1].at.timestamp() if happened else 0,
        bunches=told[skip : skip + PAGE],
        alike=alike,
        total=len(found),
        shown=SHOWN,
        each={b.key: _link(visit, like=b.key) for b in told if len(b.moments) > 1},
        together=_link(visit, like=""),
        cut=case.findings > MOST,
        most=MOST,
        pins=pins,
        pinned=pinned,
        zooms=_zooms(visit),
        steps=_steps(visit, happened) if happened else (),
        lanes=[(lane, lane in picked, _toggled(visit, picked, lane)) for lane in LANES],
        older=_link(visit, skip=str(skip + PAGE)) if len(told) > skip + PAGE else "",
        newest=_link(visit, skip="") if skip else "",
    )


def _told(newest: Sequence[Moment], like: str) -> tuple[list[Bunch], int]:
    """What the list has: what is alike once, or one by one all that is like this; and how many."""
    bunches = bunched(newest)
    picked = next((b for b in bunches if like and b.key == like), None)
    if picked is None:
        return bunches, 0
    return [Bunch(moments=(one,)) for one in picked.moments], len(picked.moments)


def drawn(moments: Sequence[Moment], pinned: AbstractSet[str]) -> list[Point]:
    """The moments as points of a drawing; those that are pinned have a ring."""
    return [
        Point(
            at=m.at.timestamp(),
            lane=m.lane,
            tone=m.tone,
            says=f"{clock_second(m.at)} UTC: {m.says}",
            ring=bool(pinned) and m.key in pinned,
        )
        for m in moments
    ]


def pin(visit: Visit) -> Answer:
    """The tab again, with a moment pinned or let go."""
    key = IncidentId(visit.names["incident"])
    if gone := visit.given("unpin"):
        with visit.console.store.begin() as tx:
            if any(link.id == gone for link in tx.links.of(key)):
                tx.links.remove(gone)
                tx.announce("incident", key)
        return go(f"/incidents/{key}/timeline")
    with visit.console.store.begin() as tx:
        one = tx.incidents.get(key)
        found = next((m for m in moments_of(tx, one) if m.key == visit.given("pin")), None)
        if found is None:
            raise BadInput("This moment is not in the timeline any more. Load the page again.")
        kept = pins_of(tx.links.of(key))
        if all(p.moment.key != found.key for p in kept):
            tx.links.add(
                Link(
                    id=new_id("lnk", visit.at),
                    incident=key,
                    at=visit.at,
                    by=visit.caller.name,
                    kind=LinkKind.PINNED,
                    to=f"{found.at.isoformat()} {found.lane} {found.href}",
                    title=found.says,
                )
            )
            tx.announce("incident", key)
    return go(f"/incidents/{key}/timeline")


def pins_of(links: Sequence[Link]) -> list[Pin]:
    """What was pinned, oldest moment first."""
    made = []
    for link in links:
        at, _, rest = link.to.partition(" ")
        lane, _, href = rest.partition(" ")
        if link.kind is LinkKind.PINNED and lane in LANES:
            with suppress(ValueError):
                moment = Moment(
                    at=datetime.fromisoformat(at), lane=lane, href=href, says=link.title
                )
                made.append(Pin(link=link.id, moment=moment, by=link.by))
    return sorted(made, key=lambda p: p.moment.at)


def _span(visit: Visit) -> Span:
    zoom = visit.asked("zoom")
    if zoom in _SPANS:
        return Span(start=visit.at - _SPANS[zoom])
    return Span(start=_moment(visit.asked("from")), end=_moment(visit.asked("to")))


def _moment(text: str) -> datetime | None:
    with suppress(ValueError):
        read = datetime.fromisoformat(text)
        return read if read.tzinfo else None
    return None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0  # noqa: PLR2004  of moments


def _zooms(visit: Visit) -> list[tuple[str, str, bool]]:
    """Each span that ends now: its name, its link, whether it is shown."""
    zoom, free = visit.asked("zoom"), bool(visit.asked("from") or visit.asked("to"))
    made = [("all of it", _link(visit, zoom=""), not zoom and not free)]
    return [*made, *((f"last {z}", _link(visit, zoom=z), zoom == z) for z in _SPANS)]


def _steps(visit: Visit, found: Sequence[Moment]) -> tuple[tuple[str, str], ...]:
    """Nearer, farther, earlier, later: what a hand would do with a brush, as links."""
    start, end = found[0].at, found[-1].at
    if span := _span(visit):
        start, end = span.start or start, span.end or end
    part = max(end - start, _SHORTEST) / 4

    def to(a: datetime, b: datetime) -> str:
        return _link(visit, zoom="", **{"from": a.isoformat(), "to": b.isoformat()})

    return (
        ("Nearer", to(start + part, end - part)),
        ("Farther", to(start - 2 * part, end + 2 * part)),
        ("Earlier", to(start - 2 * part, end - 2 * part)),
        ("Later", to(start + 2 * part, end + 2 * part)),
    )


def _toggled(visit: Visit, picked: Sequence[str], lane: str) -> str:
    after = [p for p in picked if p != lane] if lane in picked else [*picked, lane]
    kept = [(k, v) for k, v in _kept(visit) if k not in {"lane", "skip"}]
    return f"?{query_of([*kept, *(('lane', one) for one in after)])}"


def _link(visit: Visit, **change: str) -> str:
    gone = {"skip", *change} | ({"from", "to"} if "zoom" in change else set())
    kept = [(k, v) for k, v in _kept(visit) if k not in gone]
    return f"?{query_of([*kept, *((k, v) for k, v in change.items() if v)])}"


def _kept(visit: Visit) -> list[tuple[str, str]]:
    return [(k, v) for k, values in visit.query.items() for v in values]


_HERE = "/incidents/{incident:str}"
PAGES = (
    Page(path=f"{_HERE}/timeline", show=show),
    Page(path=f"{_HERE}/pin", show=pin, needs=Scope.RESPOND, method="POST"),
)
