"""One principal: what they asked and when, how it looks, where they are named, and their block."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from stanch.engine.event_list import MOST_ANSWERS, EventLine
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.web.charts import Cell, strip
from stanch.web.listing import shown
from stanch.web.lists import FINDINGS
from stanch.web.paper import LATER, in_two, page, render
from stanch.web.plots import READ, Plot, looks
from stanch.web.visit import Answer, Page, Visit

HOURS = 24
_DRAWN = 2
"""Assets, most asked first, for which it is drawn how that looks."""
_PLOTS = 4
MOST_ASSETS = 8
_LINES = 12
"""Incidents, and findings of one page."""
_NAMED = replace(
    FINDINGS, facets=(), columns=tuple(c for c in FINDINGS.columns if c.id != "suspects")
)
_EVENTS = 100
"""The latest events, of which each asset shows a few."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """What a principal asked of one asset lately."""

    asset: AssetId
    count: int
    strip: str
    latest: tuple[EventLine, ...]
    plots: Sequence[Plot] = ()
    """How what they asked looks, where the asset has a baseline."""
    rows: int = 0
    """Answers that the plots show."""


def show(visit: Visit) -> Answer:
    """Everything that is known here of one principal."""
    name = PrincipalId(visit.asked("name"))
    of = Wanted(principal=(name,))
    with visit.console.store.look() as tx:
        incidents = tx.incidents.page(of, limit=_LINES).items
        suspected = tx.incidents.count(of)
        open_ = tx.incidents.page(replace(of, closed=False), limit=_LINES).items
        standing = tx.policies.all_now()
    blocked = [v for v in standing if name in v.policy.deny.principals]
    whole = page(
        visit,
        "principal.html",
        later=LATER,
        name=name,
        incidents=incidents,
        suspected=suspected,
        list=shown(visit, _NAMED, base=of, limit=_LINES),
        lines=FINDINGS,
        blocked=blocked,
        limited=[v for v in standing if name in v.policy.limit.principals],
        can_block=_blockable([x.incident for x in open_], {v.asset for v in blocked}),
    )
    return in_two(whole, lambda: _told(visit, name))


def _blockable(open_: Sequence[Incident], done: set[AssetId]) -> list[Incident]:
    """The newest open incident of each asset on which they are not blocked."""
    newest: dict[AssetId, Incident] = {}
    for one in open_:
        newest.setdefault(one.asset, one)
    return [one for one in newest.values() if one.asset not in done]


def _told(visit: Visit, name: PrincipalId) -> str:
    """What they asked, as a part of the page: the lake takes longer to say it than all the rest."""
    known = {"now": visit.at, "name": name, "asked": _asked(visit, name)}
    return render("asked.html", known)


def _asked(visit: Visit, name: PrincipalId) -> list[Asking]:
    """The assets they asked most, with the latest of what they asked."""
    hour = visit.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    since = hour - timedelta(hours=HOURS - 1)
    hourly = visit.console.events.hourly(name, since, HOURS)
    of = Wanted(principal=(name,), since=since + timedelta(hours=_enough(hourly)))
    latest = visit.console.events.page(of, limit=_EVENTS).items if hourly else ()
    most = sorted(hourly.items(), key=lambda h: -sum(h[1]))[:MOST_ASSETS]
    made = []
    for place, (asset, counts) in enumerate(most):
        from_ = since + timedelta(hours=_enough({asset: counts}, MOST_ANSWERS))
        plots, rows = _looks(visit, name, asset, from_) if place < _DRAWN else ([], 0)
        made.append(
            Asking(
                asset=asset,
                count=sum(counts),
                strip=_strip(counts, since, f"What {name} asked of {asset} in each hour of a day"),
                latest=tuple(one for one in latest if one.asset == asset)[:5],
                plots=plots,
                rows=rows,
            )
        )
    return made


def _looks(
    visit: Visit, name: PrincipalId, asset: AssetId, since: datetime
) -> tuple[Sequence[Plot], int]:
    """How the latest that they asked of the asset looks beside its baseline, and how much it is."""
    with visit.console.store.look() as tx:
        known = tx.assets.find(asset)
        if known is None or tx.baselines.current(asset) is None:
            return (), 0
        rows = visit.console.events.answered(name, asset, since, READ)
        return looks(tx, known, rows, _PLOTS), rows.num_rows


def _enough(hourly: Mapping[AssetId, Sequence[int]], many: int = _EVENTS) -> int:
    """The last hour from which on there are enough events to show the latest of."""
    found = 0
    for hour in reversed(range(HOURS)):
        found += sum(counts[hour] for counts in hourly.values())
        if found >= many:
            return hour
    return 0


def _strip(counts: Sequence[int], since: datetime, says: str) -> str:
    most = max(counts)
    cells = [
        Cell(
            tone="empty" if not n else ("hot" if n > most / 2 else "warm"),
            says=f"{since + timedelta(hours=i):%d %b %H:%M} UTC: {n}",
        )
        for i, n in enumerate(counts)
    ]
    return strip(cells, says)


PAGES = (Page(path="/principals", show=show),)
