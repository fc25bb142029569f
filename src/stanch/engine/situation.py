"""The situation: what is known of an incident and its asset now, as playbooks ask for it.

In    one look at the store.
Out   facts for conditions, values for `$words`, versions and siblings for actions.
Why   a playbook's decision must rest on what the store can show, with one meaning for each word.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from stanch.contain.known import Known
from stanch.contain.playbook.facts import Facts
from stanch.engine.automatic import SURE
from stanch.engine.every import every_asset
from stanch.engine.marking import key_of
from stanch.engine.placed import in_force, placed
from stanch.engine.policies import standing_of
from stanch.engine.ports import Transaction
from stanch.engine.relations import relations
from stanch.engine.runs.released import released
from stanch.engine.versions import known_of, last_good
from stanch.engine.watch.hop import span_of
from stanch.engine.watch.memory import history_of
from stanch.triage.lineage import graph_of
from stanch.vocabulary.asset import Asset, AssetKind, stranger
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.incident import Incident, Phase
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.network import address, network
from stanch.vocabulary.people import Duty
from stanch.vocabulary.playbook import Argument

QUIET = timedelta(minutes=5)
"""Without a new finding for so long, it is quiet."""
MOST_FINDINGS = 200
MOST_SOURCES = 100
SOURCE = "source="
"""How a finding names an address that it is about, among its groups."""
MOST_NAMED = 1_000
"""Principals that one act may name."""
PERSONAL = frozenset({"personal", "pii", "health", "special", "biometric", "financial"})
_AFTER = (Phase.CONTAINED, Phase.ERADICATED, Phase.RECOVERED, Phase.CLOSED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """When people are at work, in UTC."""

    first: int = 8
    last: int = 18
    days: frozenset[int] = frozenset(range(5))
    """Monday is 0."""

    def at_work(self, at: datetime) -> bool:
        """Whether this moment is inside."""
        return at.weekday() in self.days and self.first <= at.hour < self.last


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """All that is known at one moment."""

    incident: Incident
    asset: Asset
    facts: Facts
    words: Mapping[str, Argument]
    """For each `$word` what it stands for; absent when nothing is known."""
    known: Known


def situation(tx: Transaction, key: IncidentId, at: datetime, hours: Hours) -> Situation:
    """What is known of this incident."""
    incident = tx.incidents.get(key)
    own = tx.assets.find(incident.asset)
    asset = own or stranger(incident.asset)
    free = {one.name for one in released(tx, incident)}
    sure = (str(s.principal) for s in incident.suspects if s.confidence >= SURE)
    suspects = tuple(name for name in sure if name not in free)
    named = tuple(str(s.principal) for s in incident.suspects if str(s.principal) not in free)
    findings = tx.findings.page(Wanted(incident=(incident.id,)), limit=MOST_FINDINGS).items
    every = tuple(every_asset(tx))
    graph = graph_of(every)
    family = tuple(sorted(graph.family(asset.id)))
    known = replace(
        known_of(tx, (incident, asset), findings, family),
        classes=asset.classes,
        mark_key=key_of(tx, incident.id),
        fallback="" if standing_of(tx, asset.id).base.fallback else asset.fallback,
        datasets=_datasets(tx, asset, every),
        tools=frozenset(
            n for one in every if one.kind is AssetKind.TOOL for n in (one.id, one.name)
        ),
    )
    words = dict(_words(incident, asset, suspects[:MOST_NAMED], known))
    words |= relations(asset, every, graph)
    if named:
        words["named"] = named[:MOST_NAMED]
    if sources := _networks(findings):
        words["networks"] = sources
    return Situation(
        incident=incident,
        asset=asset,
        facts=_facts(tx, (incident, asset, suspects, known), words, at) | _time(asset, at, hours),
        words=words,
        known=known,
    )


def _datasets(tx: Transaction, asset: Asset, every: Iterable[Asset]) -> frozenset[str]:
    """The datasets that anything tells of."""
    there = (n for one in every if one.kind is AssetKind.DATASET for n in (one.id, one.name))
    told = (h.facts.get("dataset", "") for h in history_of(tx, asset.id))
    trained_on = (str(name) for one in every for name in one.lineage.trained_on)
    return frozenset({*there, *trained_on, *told} - {""})


def _networks(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The addresses that findings are about, each in its one spelling."""
    told = (g.removeprefix(SOURCE) for f in findings for g in f.groups if g.startswith(SOURCE))
    found = (address(one) for one in told)
    return tuple(sorted({network(str(one)) for one in found if one is not None})[:MOST_SOURCES])


def _words(
    incident: Incident, asset: Asset, suspects: tuple[str, ...], known: Known
) -> Iterator[tuple[str, Argument]]:
    yield "asset", str(asset.id)
    yield "incident", str(incident.id)
    if suspects:
        yield "suspects", suspects
    suspect = [v.version for v in known.versions if v.suspect]
    # What was deployed shortly before the first deed is not known to be good.
    good = last_good(known, span_of(incident.first_seen).start)
    if suspect:
        yield "suspect_version", suspect[-1]
    if good:
        yield "good_version", good
    if asset.version:
        yield "version", asset.version
    if asset.lineage.trained_on:
        yield "dataset", str(asset.lineage.trained_on[-1])
    people = {"owner": asset.owner, "security": asset.roles.get(Duty.RESPONDER, "")}
    for duty in (
        *(Duty.ML_ENGINEER, Duty.LEGAL, Duty.LEADERSHIP),
        *(Duty.COMMUNICATIONS, Duty.FINANCE),
    ):
        people[str(duty)] = asset.roles.get(duty, "")
    for name, who in people.items():
        yield name, who or name


def _facts(
    tx: Transaction,
    about: tuple[Incident, Asset, tuple[str, ...], Known],
    words: Mapping[str, Argument],
    at: datetime,
) -> dict[str, Argument]:
    incident, asset, suspects, known = about
    verdict, sure = incident.verdict, [s for s in incident.suspects if s.confidence >= SURE]
    kept = tx.policies.now(asset.id)
    refused = set(map(str, kept.policy.deny.principals)) if kept is not None else set()
    done = [p for p in placed(tx, incident.id) if p.undone is None and p.demands]
    standing = in_force(tx, done)
    newest = tx.findings.page(Wanted(incident=(incident.id,)), limit=1).items
    last = max((f.window.end for f in newest), default=incident.opened)
    facts: dict[str, Argument] = {
        "verdict": str(verdict.kind),
        "severity": incident.severity.level.name.lower(),
        "phase": str(incident.phase),
        "lifecycle": str(incident.lifecycle),
        "asset_kind": str(asset.kind),
        "confidence": verdict.confidence,
        "suspects": len(suspects),
        "suspect_confidence": max((s.confidence for s in incident.suspects), default=0.0),
        "suspect_share": sum(s.share for s in sure),
        "at_large": len(set(suspects) - refused),
        "named": _many(words, "named"),
        "networks": _many(words, "networks"),
        "data_owners": _many(words, "data_owners"),
        "downstream": _many(words, "downstream"),
        "sharing": _many(words, "sharing"),
        "criticality": int(asset.criticality),
        "datasets": len(asset.lineage.trained_on),
        "siblings": len(known.siblings),
        "contained": incident.phase in _AFTER,
        "proved": bool(done) and all(p.proved or p.key not in standing for p in done),
        "quiet": at - last >= QUIET,
        "good_version": "good_version" in words,
        "suspect_version": "suspect_version" in words,
        "fallback": bool(asset.fallback),
        "personal_data": bool(PERSONAL.intersection(c.lower() for c in asset.data_classes)),
        "exercise": incident.exercise,
        "reported_by_person": bool(incident.reported_by),
        "minutes_open": (at - incident.opened).total_seconds() / 60,
        "minutes_left": asset.deadline_minutes - (at - incident.opened).total_seconds() / 60,
    }
    if verdict.attack is not None:
        facts["attack"] = str(verdict.attack)
    if incident.impact.decisions is not None:
        facts["decisions"] = incident.impact.decisions
    return facts


def _many(words: Mapping[str, Argument], name: str) -> int:
    found = words.get(name)
    return len(found) if isinstance(found, tuple) else 0


def _time(_: Asset, at: datetime, hours: Hours) -> dict[str, Argument]:
    return {"business_hours": hours.at_work(at)}
