"""Home: what needs me now, how every asset is, what cannot be told. Calm when all is well."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stanch.engine.blindness import blind_now
from stanch.engine.ports import Transaction
from stanch.engine.unheard import unheard
from stanch.prepare.readiness import Check, readiness
from stanch.vocabulary.approval import Answer as Said
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.clock import ClockState
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Level
from stanch.vocabulary.kept import BlindSpot
from stanch.vocabulary.listing import Sort, Wanted
from stanch.vocabulary.policy import Mode
from stanch.vocabulary.trouble import NotFound
from stanch.vocabulary.words import word
from stanch.web.charts import Cell, strip
from stanch.web.pages.assets import known, versions_of
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit

HOURS = 24
MOST_ASSETS, LOOKED_AT = 24, 200
"""Assets that are shown, and among how many the most critical are looked for."""
MOST_ASKED, MOST_CLOCKS = 6, 5
_LOUD = 10
_TICK = timedelta(microseconds=1)
_LONGEST = 31
"""Days that no window goes on for."""
_HOW_MANY = re.compile(r"\d+|s\b")
_LEVELS = sorted(Level, reverse=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """How one asset is."""

    asset: Asset
    strip: str
    incidents: int
    mode: Mode
    policy: int
    guards: tuple[int, ...]
    """The policy version that each living guard runs."""
    blind: int
    ready: tuple[Check, ...]


def show(visit: Visit) -> Answer:
    """What needs somebody now, and the state of everything."""
    with visit.console.store.look() as tx:
        open_ = Wanted(closed=False)
        soonest = tx.approvals.page(Wanted(state=(Said.OPEN.value,)), limit=MOST_ASKED).items
        overridden = tx.approvals.page(Wanted(state=(Said.OVERRIDDEN.value,)), limit=50).items
        clocks = tx.clocks.page(Wanted(state=(ClockState.RUNNING.value,)), limit=MOST_CLOCKS).items
        worst = tx.incidents.page(Wanted(closed=False, sort=Sort.WORST), limit=8).items
        levels = tx.incidents.facets(open_, ("severity",))["severity"]
        counts = tx.incidents.facets(open_, ("asset",))["asset"]
        shown = _first(tx, counts)
        told = blind_now(tx)
        blinds = (*told, *unheard(tx, shown, told))
        states = _states(visit, tx, shown, counts, blinds)
        assets = tx.assets.count()
        titles = _titles(tx, [one.incident for one in (*soonest, *clocks)])
    return page(
        visit,
        "home.html",
        questions=soonest,
        titles=titles,
        reviews=[one for one in overridden if one.review],
        clocks=clocks,
        worst=worst,
        levels=[(levels[str(n)], n.name.lower()) for n in _LEVELS if levels.get(str(n))],
        blinds=grouped(blinds)[:12],
        blind_count=len(blinds),
        states=states,
        assets=assets,
        hours=HOURS,
        demo=visit.console.drills.stand(),
        unwell=visit.console.unwell(),
    )


def _titles(tx: Transaction, keys: Sequence[IncidentId]) -> Mapping[IncidentId, str]:
    """What each of these incidents is called."""
    made: dict[IncidentId, str] = {}
    for key in dict.fromkeys(keys):
        with suppress(NotFound):
            made[key] = tx.incidents.line(key).incident.title
    return made


@dataclass(frozen=True, kw_only=True, slots=True)
class Dark:
    """What cannot be told of an asset for one reason, and since when."""

    asset: AssetId
    versions: tuple[str, ...]
    why: str
    since: datetime | None
    what: tuple[str, ...]
    others: int = 0
    """Reasons that differ from it by their numbers only."""


def grouped(blinds: tuple[BlindSpot, ...]) -> list[Dark]:
    """What detectors say before what none was ever asked; the reasons that most share, first."""
    made: dict[tuple[AssetId, str], list[BlindSpot]] = {}
    for one in blinds:
        alike = _HOW_MANY.sub("", one.blind.why)
        made.setdefault((one.blind.asset, alike), []).append(one)
    found = [
        Dark(
            asset=asset,
            versions=versions_of(all_),
            why=min(all_, key=_begun).blind.why,
            since=min(all_, key=_begun).since,
            what=tuple(sorted({word(b.blind.detector) for b in all_})),
            others=len({b.blind.why for b in all_}) - 1,
        )
        for (asset, _), all_ in made.items()
    ]
    return sorted(found, key=lambda d: (d.since is None, -len(d.what), _begun(d)))


def _begun(one: BlindSpot | Dark) -> datetime:
    return one.since or datetime.max.replace(tzinfo=UTC)


def _states(
    visit: Visit,
    tx: Transaction,
    shown: Sequence[Asset],
    open_: Mapping[str, int],
    blinds: tuple[BlindSpot, ...],
) -> list[State]:
    hour = visit.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [hour - timedelta(hours=h) for h in range(HOURS - 1, -1, -1)]
    seen = [_found(tx, start, last=start == hour) for start in hours]
    policies = {v.asset: v for v in tx.policies.all_now()}
    made = []
    for one in shown:
        policy = policies[one.id].version if one.id in policies else 0
        guards = visit.console.guards.alive(one.id)
        made.append(
            State(
                asset=one,
                strip=_strip(one, hours, seen),
                incidents=open_.get(one.id, 0),
                mode=policies[one.id].policy.mode if policy else Mode.SERVING,
                policy=policy,
                guards=tuple(g.report.version for g in guards),
                blind=sum(b.blind.asset == one.id for b in blinds),
                ready=readiness(one, known(tx.baselines.history(one.id), guards, policy)),
            )
        )
    return made


def _first(tx: Transaction, open_: Mapping[str, int]) -> list[Asset]:
    """The assets that a page has room for: most open incidents first, then the most critical."""
    most = sorted(open_, key=lambda key: (-open_[key], key))[:MOST_ASSETS]
    looked_at = (*tx.assets.page(limit=LOOKED_AT).items, *tx.assets.many(map(AssetId, most)))
    named = {one.id: one for one in looked_at}
    order = sorted(named.values(), key=lambda a: (-open_.get(a.id, 0), -a.criticality, a.id))
    return order[:MOST_ASSETS]


def _found(tx: Transaction, start: datetime, *, last: bool) -> Mapping[str, int]:
    """How many findings each asset had in this hour; one whose window goes on is of the last."""
    # A window that ends with the hour saw that hour, not the next one. Without an end the database
    # reads every finding there is.
    span = timedelta(days=_LONGEST) if last else timedelta(hours=1)
    wanted = Wanted(since=start + _TICK, until=start + _TICK + span)
    return tx.findings.facets(wanted, ("asset",))["asset"]


def _strip(asset: Asset, hours: list[datetime], seen: list[Mapping[str, int]]) -> str:
    cells = []
    for start, found in zip(hours, seen, strict=True):
        count = found.get(asset.id, 0)
        tone = "empty" if not count else ("hot" if count >= _LOUD else "warm")
        many = f"{count} finding{'' if count == 1 else 's'}"
        cells.append(Cell(tone=tone, says=f"{start:%H:%M} UTC: {many}"))
    return strip(cells, f"Findings of {asset.name} in each of the last {HOURS} hours")


PAGES = (Page(path="/", show=show),)
