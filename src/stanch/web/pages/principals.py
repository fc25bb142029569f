"""One principal: what they asked and when, how it looks, where they are named, and their block."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stanch.engine.event_list import EventLine
from stanch.vocabulary.ids import AssetId, PrincipalId
from stanch.vocabulary.listing import Wanted
from stanch.web.charts import Cell, strip
from stanch.web.listing import shown
from stanch.web.lists import FINDINGS
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit

HOURS = 24
MOST_ASSETS = 8
_EVENTS = 100
"""The latest events, of which each asset shows a few."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """What a principal asked of one asset lately."""

    asset: AssetId
    count: int
    strip: str
    latest: tuple[EventLine, ...]


def show(visit: Visit) -> Answer:
    """Everything that is known here of one principal."""
    name = PrincipalId(visit.names["principal"][:200])
    of = Wanted(principal=(name,))
    with visit.console.store.look() as tx:
        incidents = tx.incidents.page(of, limit=50).items
        standing = tx.policies.all_now()
    open_ = [x.incident for x in incidents if x.incident.closed_at is None]
    blocked = [v for v in standing if name in v.policy.deny.principals]
    return page(
        visit,
        "principal.html",
        name=name,
        incidents=incidents,
        list=shown(visit, FINDINGS, base=of),
        lines=FINDINGS,
        blocked=blocked,
        limited=[v for v in standing if name in v.policy.limit.principals],
        can_block=[x for x in open_ if x.asset not in {v.asset for v in blocked}],
        asked=_asked(visit, name),
    )


def _asked(visit: Visit, name: PrincipalId) -> list[Asking]:
    """The assets they asked most, with the latest of what they asked."""
    hour = visit.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    since = hour - timedelta(hours=HOURS - 1)
    hourly = visit.console.events.hourly(name, since, HOURS)
    of = Wanted(principal=(name,), since=since)
    latest = visit.console.events.page(of, limit=_EVENTS).items if hourly else ()
    most = sorted(hourly.items(), key=lambda h: -sum(h[1]))[:MOST_ASSETS]
    return [
        Asking(
            asset=asset,
            count=sum(counts),
            strip=_strip(counts, since, f"What {name} asked of {asset} in each hour of a day"),
            latest=tuple(one for one in latest if one.asset == asset)[:5],
        )
        for asset, counts in most
    ]


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


PAGES = (Page(path="/principals/{principal:str}", show=show),)
