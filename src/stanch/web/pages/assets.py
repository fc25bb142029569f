"""One asset: baseline against now, versions and signatures, lineage, policy, guards, findings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from stanch.engine.blindness import blind_spots
from stanch.engine.guards import GuardState
from stanch.engine.policies import Change, standing_from
from stanch.engine.ports import Transaction
from stanch.engine.taking_back import TakingBack
from stanch.engine.watch.memory import history_of
from stanch.engine.watch.signatures import signed
from stanch.prepare.readiness import Known, readiness
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.ids import AssetId, plain_digest
from stanch.vocabulary.kept import BaselineKept, BlindSpot
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Scope
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput
from stanch.vocabulary.words import word
from stanch.web.lists import seen_at
from stanch.web.pages.incident_actions import done, turns
from stanch.web.paper import page
from stanch.web.plots import plotted
from stanch.web.visit import SHOWN_WITHIN, Answer, Page, Visit, go

RECENT = timedelta(hours=1)
MOST_PLOTS = 24
MOST_VERSIONS = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """A version as it was last deployed."""

    version: str
    at: datetime
    by: str
    digest: str
    signed_by: str
    """Whose verified signature its digest has; empty for nobody's."""


def show(visit: Visit) -> Answer:
    """One asset."""
    key = AssetId(visit.names["asset"])
    with visit.console.store.look() as tx:
        one = tx.assets.get(key)
        kept = tx.baselines.current(key)
        history = tx.baselines.history(key)
        recent = Span(start=visit.at - RECENT, end=visit.at)
        plots, rows = plotted(tx, key, recent, MOST_PLOTS) if kept else ([], 0)
        open_ = tx.incidents.page(Wanted(asset=(key,), closed=False), limit=10).items
        findings = tx.findings.page(Wanted(asset=(key,)), limit=8).items
        seen = seen_at(tx, findings)
        policy = tx.policies.now(key)
        policies = turns(tx, key)
        blinds = blind_spots(tx, key)
        releases = _releases(tx, one)
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
        seen=seen,
        policy=policy,
        demands=done(standing_from(policy), visit.at) if policy else (),
        policies=policies,
        blinds=_grouped(blinds),
        guards=guards,
        effect=visit.console.effects.of(key),
        releases=releases,
        ready=readiness(one, known(history, guards, policy.version if policy else 0)),
    )


def _releases(tx: Transaction, asset: Asset) -> Sequence[Release]:
    """The versions that were deployed, the latest first."""
    past = [h for h in history_of(tx, asset.id) if h.kind is EventKind.DEPLOYMENT]
    names = signed(asset, past) or {}
    latest = {h.version: h for h in past}
    newest = sorted(latest.values(), key=lambda h: (h.at, h.event), reverse=True)
    return [
        Release(
            version=h.version,
            at=h.at,
            by=h.principal,
            digest=h.what,
            signed_by=names.get(plain_digest(h.what), ""),
        )
        for h in newest[:MOST_VERSIONS]
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """The detectors that are blind for one reason, and of which versions."""

    why: str
    versions: tuple[str, ...]
    what: tuple[str, ...]


def _grouped(blinds: Sequence[BlindSpot]) -> list[Gap]:
    """The reasons that most detectors share, first."""
    made: dict[str, list[BlindSpot]] = {}
    for one in blinds:
        made.setdefault(one.blind.why, []).append(one)
    found = [
        Gap(
            why=why,
            versions=versions_of(all_),
            what=tuple(sorted({word(b.blind.detector) for b in all_})),
        )
        for why, all_ in made.items()
    ]
    return sorted(found, key=lambda gap: -len(gap.what))


def versions_of(blinds: Sequence[BlindSpot]) -> tuple[str, ...]:
    """The versions, and conditions of them, that these speak of; what is counted beside them has a
    name only of ours.
    """
    told = (b.blind for b in blinds if not b.blind.version.startswith("~"))
    named = {" ".join(filter(None, (b.version, b.condition))) for b in told}
    return tuple(sorted(named - {""}))


def known(history: Sequence[BaselineKept], guards: Sequence[GuardState], version: int) -> Known:
    """What readiness asks beside an asset's description."""
    return Known(
        baseline=bool(history),
        signed=bool(history) and bool(history[0].signature),
        versions=len({b.version for b in history if b.signature}),
        guards=len(guards),
        behind=sum(g.report.version < version for g in guards),
    )


def back(visit: Visit) -> Answer:
    """The asset, with its policy as an earlier version had it."""
    key = AssetId(visit.names["asset"])
    version, why = visit.given("version"), visit.given("why").strip()
    if not version.isdecimal():
        raise BadInput("Say which version to go back to.")
    because = why[:500] or f"went back to version {version}"
    change = Change(by=visit.caller.name, because=because)
    puts_back = visit.caller.may(Scope.APPROVE)
    back = TakingBack(store=visit.console.store, policies=visit.console.policies)
    back.back_to(key, int(version), change, puts_back=puts_back)
    visit.console.effects.prove(key, SHOWN_WITHIN)
    return go(f"/assets/{key}")


PAGES = (
    Page(path="/assets/{asset:str}", show=show),
    Page(path="/assets/{asset:str}/back", show=back, needs=Scope.RESPOND, method="POST"),
)
