"""One principal: what they asked and when, how it looks, where they are named, and their block."""

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
_EVENTS = 500
"""The latest events that the strip is drawn from."""


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
    hour = visit.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    since = hour - timedelta(hours=HOURS - 1)
    of = Wanted(principal=(name,), since=since)
    counts = visit.console.events.facets(of, ("asset",))["asset"]
    latest = visit.console.events.page(of, limit=_EVENTS).items
    made = []
    for asset, count in sorted(counts.items(), key=lambda c: -c[1])[:8]:
        mine = tuple(one for one in latest if one.asset == asset)
        made.append(
            Asking(
                asset=AssetId(asset),
                count=count,
                strip=_strip(visit, AssetId(asset), name, since),
                latest=mine[:5],
            )
        )
    return made


def _strip(visit: Visit, asset: AssetId, name: PrincipalId, since: datetime) -> str:
    counts = visit.console.events.hourly(asset, name, since, HOURS)
    most = max(counts, default=0) or 1
    cells = [
        Cell(
            tone="empty" if not n else ("hot" if n > most / 2 else "warm"),
            says=f"{since + timedelta(hours=i):%d %b %H:%M} UTC: {n}",
        )
        for i, n in enumerate(counts)
    ]
    return strip(cells, f"What {name} asked of {asset} in each of the last {HOURS} hours")


PAGES = (Page(path="/principals/{principal:str}", show=show),)
