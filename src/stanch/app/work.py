"""The work: what the engine does on the parts of one folder, each given what it asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

from stanch.app.outside import Others, others_of
from stanch.app.parts import Parts, text_of
from stanch.detect.registry import detectors
from stanch.detect.window import Window
from stanch.engine.ahead import Previews
from stanch.engine.alarms import Alarms
from stanch.engine.announcing import Announcer
from stanch.engine.approvals import Approvals
from stanch.engine.automatic import automatic_in
from stanch.engine.baselines import Baselines
from stanch.engine.by_hand import ByHand
from stanch.engine.cases import Cases
from stanch.engine.clock import elapsed, utc_now
from stanch.engine.containment_clock import ContainmentClock
from stanch.engine.deeds import Hands, RealDeeds
from stanch.engine.edge import Edge, Signs
from stanch.engine.effect import Effects
from stanch.engine.fingerprints import Printed
from stanch.engine.guards import Guards
from stanch.engine.lifecycle import Lifecycle
from stanch.engine.lifecycle import Parts as PathParts
from stanch.engine.naming import Naming
from stanch.engine.opening import rules_in
from stanch.engine.policies import Policies
from stanch.engine.proxies import proxies_of
from stanch.engine.retention import Retention
from stanch.engine.rulebook import Rulebook
from stanch.engine.runs.bookshelf import Bookshelf
from stanch.engine.runs.hops import Carrier
from stanch.engine.runs.performer import World
from stanch.engine.runs.rehearsal import Rehearsal
from stanch.engine.runs.runner import Runner
from stanch.engine.shares import Alone
from stanch.engine.sites import Sites
from stanch.engine.tabletop.tables import Tabletops
from stanch.engine.triage import Triage
from stanch.engine.unproved import Unproved
from stanch.engine.upstream import HttpLine, Upstream
from stanch.engine.watch.feed import Feed, Several, Solo
from stanch.engine.watch.watcher import Watcher
from stanch.engine.witnesses import Witnesses, witnesses_in
from stanch.sandbox.desk import DrillDesk
from stanch.store.site_key import open_site_key
from stanch.triage.decisions import Rules
from stanch.vocabulary.ids import AssetId, asset_id
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.trouble import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """The engine at work on one folder."""

    lifecycle: Lifecycle
    baselines: Baselines
    printed: Printed
    cases: Cases
    policies: Policies
    previews: Previews
    guards: Guards
    effects: Effects
    approvals: Approvals
    runner: Runner
    carrier: Carrier
    unproved: Unproved
    by_hand: ByHand
    books: Bookshelf
    rulebook: Rulebook
    retention: Retention
    alarms: Alarms
    naming: Naming
    rehearsal: Rehearsal
    deadlines: ContainmentClock
    sites: Sites
    witnesses: Witnesses
    edge: Edge | None = None
    """What sends our counts upstream, when this is an edge."""
    drills: DrillDesk
    tabletops: Tabletops
    others: Others


class _Keeper:
    """Keeps what an incident's asset is now, once the main path stands."""

    def __init__(self) -> None:
        self.path: Lifecycle | None = None

    def freeze(self, incident: Incident) -> None:
        """Keeps it, with the last hour's counts and events."""
        nothing: Mapping[str, Window] = {}
        if self.path is not None:
            self.path.freeze(incident, nothing, utc_now())


class _Prover:
    """Asks the guards."""

    def __init__(self, guards: Guards) -> None:
        self.prove = guards.shown


def work_of(parts: Parts) -> Work:
    """The engine on these parts."""
    store, keeper = parts.store, _Keeper()
    policies, guards = (
        Policies(store, utc_now, elapsed),
        Guards(store, utc_now, shared=parts.split is not None),
    )
    others = others_of(parts, policies)
    approvals = Approvals(store, utc_now, others.notices)
    deadlines = ContainmentClock(store, utc_now, others.notices)
    deeds = RealDeeds(
        Hands(
            store=store,
            policies=policies,
            keeper=keeper,
            clock=utc_now,
            prover=_Prover(guards),
            outside=others.outside,
            notifier=others.notices,
            automatic=automatic_in(parts.settings.automatic),
            artefacts=others.artefacts,
            proxies=lambda asset: proxies_of(guards.of(asset)),
            fronts=guards.alive,
            rows=parts.lake,
        )
    )
    world = World(store=store, deeds=deeds, approvals=approvals, clock=utc_now)
    books = Bookshelf(store, utc_now)
    runner = Runner(world, books)
    watcher = Watcher(store, _feed(parts), parts.lake, detectors, utc_now)
    alarms, naming = Alarms(store, utc_now), Naming(store, utc_now)
    naming.stated(parts.settings.windows_per_wrong_name)
    alarms.stated(parts.settings.false_alarms_per_year)
    tellers = (deadlines, Announcer(others.notices))
    keeper.path = Lifecycle(
        PathParts(
            store=store,
            watcher=watcher,
            triage=Triage(store, utc_now, _rules(parts)),
            evidence=parts.room,
            events=parts.lake,
            shares=parts.split or Alone(),
            in_turn=lambda: parts.in_turn("triage"),
            tellers=tellers,
            responders=(runner,),
            artefacts=others.artefacts.of,
        )
    )
    return Work(
        lifecycle=keeper.path,
        baselines=Baselines(
            store, parts.signed("baseline"), utc_now, parts.crew, upstream=_of_upstream(parts)
        ),
        printed=Printed(store, utc_now),
        cases=Cases(store, utc_now, tellers),
        policies=policies,
        previews=Previews(store, utc_now, parts.lake, guards.alive),
        guards=guards,
        effects=Effects(store, utc_now, guards),
        approvals=approvals,
        runner=runner,
        carrier=Carrier(world),
        unproved=Unproved(store, utc_now, deeds.shown, guards.runs),
        by_hand=ByHand(store, deeds, runner),
        books=books,
        rulebook=Rulebook(store, utc_now),
        alarms=alarms,
        naming=naming,
        retention=Retention(store, parts.lake, utc_now),
        rehearsal=Rehearsal(world),
        deadlines=deadlines,
        sites=Sites(store, watcher, utc_now),
        witnesses=Witnesses(parts.log, witnesses_in(text_of(parts.settings.witnesses))),
        edge=_edge(parts),
        drills=DrillDesk(store, utc_now),
        tabletops=Tabletops(store, parts.room, books, utc_now),
        others=others,
    )


def _rules(parts: Parts) -> Rules:
    """How much has to be found before there is an incident, as this installation set it."""
    asked = parts.settings
    return rules_in(asked.incident_after, asked.shared_principals, detectors())


def _feed(parts: Parts) -> Feed:
    if parts.split is None:
        return Solo(parts.spool)
    return Several(parts.split, lambda: (parts.spool, *parts.others.spools()))


def _of_upstream(parts: Parts) -> frozenset[AssetId]:
    """The assets that are counted here for a server upstream."""
    named = parts.settings.edge_assets.split(",") if parts.settings.edge_upstream else []
    return frozenset(asset_id(one.strip()) for one in named if one.strip())


def _edge(parts: Parts) -> Edge | None:
    asked = parts.settings
    if not asked.edge_upstream:
        return None
    assets = tuple(sorted(_of_upstream(parts)))
    if not (asked.edge_site and assets and asked.edge_key_file):
        raise BadInput("An edge needs its site's name, its assets and a key file: see stanch edge.")
    upstream = Upstream(
        url=asked.edge_upstream.rstrip("/"),
        key=text_of(asked.edge_key_file).strip(),
        site=asset_id(asked.edge_site),
        assets=assets,
    )
    own = open_site_key(parts.folder / "keys").sign
    signs = Signs(counts=own, baseline=parts.signed("baseline"))
    return Edge(parts.store, upstream, HttpLine(upstream), signs, utc_now)
