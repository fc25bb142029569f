"""One asset: baseline against now, versions and signatures, lineage, policy, guards, findings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from stanch.detect.alarms.reading import Stream
from stanch.detect.alarms.streams import table
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.summary import Summary, merged
from stanch.engine.guards import GuardState
from stanch.engine.policies import Change, standing_from
from stanch.engine.ports import Transaction
from stanch.engine.watch.golden import baseline_of
from stanch.engine.watch.minutes import from_bytes
from stanch.prepare.readiness import Known, readiness
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.kept import BaselineKept, BlindSpot
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Scope
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput
from stanch.web.charts import Bar, then_and_now
from stanch.web.pages.incident_actions import done, turns
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go
from stanch.web.words import word

RECENT = timedelta(hours=1)
MOST_PLOTS = 24
_WIDE = 320.0
"""Two plots beside each other in a column of the page."""
_SHOWN = (Stream.PREDICTIONS, Stream.CONFIDENCE, Stream.VALUE, Stream.NUMBERS, Stream.CATEGORIES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plot:
    """One feature or score, now against its baseline."""

    name: str
    drawing: str
    moved: float
    """Half the sum of the differences of all shares: 0 is the same, 1 is nothing in common."""


def show(visit: Visit) -> Answer:
    """One asset."""
    key = AssetId(visit.names["asset"])
    with visit.console.store.look() as tx:
        one = tx.assets.get(key)
        kept = tx.baselines.current(key)
        history = tx.baselines.history(key)
        plots, rows = _plots(visit, tx, key, kept)
        open_ = tx.incidents.page(Wanted(asset=(key,), closed=False), limit=10).items
        findings = tx.findings.page(Wanted(asset=(key,)), limit=8).items
        policy = tx.policies.now(key)
        policies = turns(tx, key)
        blinds = tx.blinds.of(key)
    guards = visit.console.guards.alive(key)
    return page(
        visit,
        "asset.html",
        one=one,
        baseline=kept,
        history=history,
        plots=plots,
        rows=rows,
        open_=open_,
        findings=findings,
        policy=policy,
        demands=done(standing_from(policy), visit.at) if policy else (),
        policies=policies,
        blinds=_grouped(blinds),
        guards=guards,
        ready=readiness(one, known(history, guards, policy.version if policy else 0)),
    )


def _grouped(blinds: Sequence[BlindSpot]) -> Mapping[str, list[str]]:
    """The detectors that are blind, by the one reason that several share."""
    made: dict[str, set[str]] = {}
    for one in blinds:
        made.setdefault(one.blind.why, set()).add(word(one.blind.detector))
    return {why: sorted(made[why]) for why in sorted(made, key=lambda w: -len(made[w]))}


def known(history: Sequence[BaselineKept], guards: Sequence[GuardState], version: int) -> Known:
    """What readiness asks beside an asset's description."""
    return Known(
        baseline=bool(history),
        signed=bool(history) and bool(history[0].signature),
        versions=len({b.version for b in history if b.signature}),
        guards=len(guards),
        behind=sum(g.report.version < version for g in guards),
    )


def _plots(
    visit: Visit, tx: Transaction, key: AssetId, kept: BaselineKept | None
) -> tuple[list[Plot], int]:
    """What moved most first, and how many answers of the last hour they show."""
    if kept is None:
        return [], 0
    whole = tx.baselines.get(kept.id)
    golden = baseline_of(whole, visit.at)
    blocks = tx.summaries.between(key, Span(start=visit.at - RECENT, end=visit.at))
    minutes = (from_bytes(block.body, golden.plan).counted for block in blocks)
    now = merged((m.summary for m in minutes if m is not None), golden.plan)
    plots = sorted(_each(golden.golden, now, golden.plan), key=lambda p: -p.moved)
    return plots[:MOST_PLOTS], now.n


def _each(then: Summary, now: Summary, plan: Plan) -> Iterator[Plot]:
    for stream in _SHOWN:
        before, after = table(stream, then, plan), table(stream, now, plan)
        for i, name in enumerate(before.members):
            old, new = _shares(before.counts[i]), _shares(after.counts[i])
            names = _names(stream, name, plan, len(old))
            bars = [
                Bar(name=n, then=float(o), now=float(w))
                for n, o, w in zip(names, old, new, strict=True)
            ]
            moved = float(np.abs(new - old).sum() / 2) if new.sum() else 0.0
            drawn = then_and_now(bars, f"{name}, now and then", _WIDE)
            yield Plot(name=name, moved=moved, drawing=drawn)


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / max(1, int(counts.sum()))


def _names(stream: Stream, member: str, plan: Plan, count: int) -> list[str]:
    if stream is Stream.PREDICTIONS:
        return [*plan.classes, "unknown", "none"][:count]
    if stream is Stream.CATEGORIES:
        known = next(k for k in plan.categories if k.name == member)
        values = [*known.values, *(f"rare {i}" for i in range(count))]
        return [*values[: count - 1], "new"]
    if stream is Stream.CONFIDENCE:
        return [f"{100 * i // count} %" for i in range(count)]
    return ["below", *(f"bin {i}" for i in range(1, count - 1)), "above"]


def back(visit: Visit) -> Answer:
    """The asset, with its policy as an earlier version had it."""
    key = AssetId(visit.names["asset"])
    version, why = visit.given("version"), visit.given("why").strip()
    if not version.isdecimal():
        raise BadInput("Say which version to go back to.")
    because = why[:500] or f"went back to version {version}"
    change = Change(by=visit.caller.name, because=because)
    visit.console.policies.back_to(key, int(version), change)
    return go(f"/assets/{key}")


PAGES = (
    Page(path="/assets/{asset:str}", show=show),
    Page(path="/assets/{asset:str}/back", show=back, needs=Scope.RESPOND, method="POST"),
)
