"""The incident: its head, which stays in sight, and the tabs that are lists."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from stanch.engine.commanding import candidates
from stanch.engine.containment_clock import LAW
from stanch.engine.held import Held, held
from stanch.engine.kin import kin
from stanch.engine.pointing import BESIDE
from stanch.engine.policies import standing_from
from stanch.engine.ports import Transaction
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.casework import LinkKind, Undo
from stanch.vocabulary.clock import Clock, ClockState
from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.incident import MOVES, Incident, Move
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.record import Deed
from stanch.vocabulary.span import Span
from stanch.web.charts import shares
from stanch.web.listing import Lines, shown
from stanch.web.lists import EVIDENCE, FINDINGS
from stanch.web.markdown import html
from stanch.web.paper import page
from stanch.web.plots import Plot, plotted
from stanch.web.visit import Answer, Page, Visit

TELLING = (Deed.PERSON_TOLD, Deed.APPROVAL_ASKED)
"""The deeds by which people hear of an incident."""
_PLOTS = 3
_CLOCKS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Tab:
    """One tab: its place, its title, how much is in it."""

    id: str
    title: str
    count: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """What every tab shows above itself."""

    incident: Incident
    findings: int
    asset: Asset | None
    tabs: tuple[Tab, ...]
    held: Held
    """How it stands with containment."""
    returns: tuple[str, ...]
    """The incidents as which it came back."""
    clock: Clock | None
    """The next legal clock."""
    moves: tuple[Move, ...]
    undos: tuple[Undo, ...]
    people: tuple[str, ...]
    """Whom command may be handed to."""
    kin: tuple[IncidentId, ...]
    """It, and what went into it: what was done for those, and what they ask, is its own."""


def case_of(visit: Visit, tx: Transaction) -> Case:
    """The head of the incident that the path names."""
    key = IncidentId(visit.names["incident"])
    line = tx.incidents.line(key)
    one = line.incident
    asset = tx.assets.find(one.asset)
    running = Wanted(incident=(key,), state=(ClockState.RUNNING.value,))
    clocks = [c for c in tx.clocks.page(running, limit=_CLOCKS).items if c.law != LAW]
    role, ours = visit.caller.role, kin(tx, key)
    return Case(
        incident=one,
        findings=line.findings,
        asset=asset,
        tabs=_tabs(tx, one, ours, line.findings),
        held=held(tx, one, asset),
        returns=_returns(tx, one),
        clock=clocks[0] if clocks else None,
        moves=tuple(m for m in MOVES if m.start is one.phase and role in m.by),
        undos=tuple(u for u in tx.incidents.undos(key) if u.undone is None)[:5],
        people=candidates(tx, one.asset),
        kin=ours,
    )


def _tabs(
    tx: Transaction, one: Incident, ours: tuple[IncidentId, ...], findings: int
) -> tuple[Tab, ...]:
    of = Wanted(incident=ours)
    return (
        Tab(id="", title="Overview"),
        Tab(id="timeline", title="Timeline"),
        Tab(id="findings", title="Findings", count=findings),
        Tab(id="evidence", title="Evidence", count=tx.evidence.count(of)),
        Tab(id="graph", title="Graph"),
        Tab(id="actions", title="Actions", count=_acts(tx, one, ours)),
        Tab(id="runs", title="Playbook", count=tx.runs.count(of)),
        Tab(id="communications", title="Told", count=tx.mentions.count(one.id, deeds=TELLING)),
        Tab(id="notes", title="Notes", count=len(tx.notes.of(one.id))),
        Tab(id="audit", title="Audit", count=tx.mentions.count(one.id)),
    )


def _acts(tx: Transaction, one: Incident, ours: tuple[IncidentId, ...]) -> int:
    return _demands(tx, one, ours) + tx.approvals.count(Wanted(incident=ours))


def _demands(tx: Transaction, one: Incident, ours: tuple[IncidentId, ...]) -> int:
    """How much of its asset's policy is in force because of it."""
    kept = tx.policies.now(one.asset)
    demands = standing_from(kept).demands if kept else ()
    return sum(demand.incident in ours for demand in demands)


def _returns(tx: Transaction, one: Incident) -> tuple[str, ...]:
    links = (link.to for link in tx.links.of(one.id) if link.kind is LinkKind.RELATED)
    later = tx.incidents.many(IncidentId(to) for to in links)
    return tuple(i.id for i in later if i.came_back == one.id)


def _listed(lines: Lines[object], tab: str) -> Callable[[Visit], Answer]:
    def show(visit: Visit) -> Answer:
        with visit.console.store.look() as tx:
            case = case_of(visit, tx)
            plots, rows = _plots(tx, case.incident) if tab == "findings" else ([], 0)
        base = Wanted(incident=case.kin if tab == "evidence" else (case.incident.id,))
        found = shown(visit, lines, base=base)
        guilty = shares(
            [
                (s.principal, s.share, "hot" if s.confidence >= 0.8 else "warm")  # noqa: PLR2004  sure
                for s in sorted(case.incident.suspects, key=lambda s: -s.share)[:12]
            ],
            "Share of the oddness that each principal carries",
        )
        return page(
            visit,
            "incident_list.html",
            case=case,
            tab=tab,
            list=found,
            lines=lines,
            guilty=guilty,
            plots=plots,
            rows=rows,
        )

    return show


def _plots(tx: Transaction, one: Incident) -> tuple[list[Plot], int]:
    """What moved most on the asset in the last hour of what the newest finding saw."""
    newest = tx.findings.page(Wanted(incident=(one.id,)), limit=1).items
    if not newest:
        return [], 0
    end = newest[0].window.end
    span = Span(start=max(end - timedelta(hours=1), min(one.first_seen, end)), end=end)
    return plotted(tx, one.asset, span, _PLOTS)


def notes(visit: Visit) -> Answer:
    """What people wrote, and what they point at."""
    with visit.console.store.look() as tx:
        case = case_of(visit, tx)
        written = tx.notes.of(case.incident.id)
        links = [one for one in tx.links.of(case.incident.id) if one.kind in KINDS]
    told = [(note, html(note.text)) for note in written]
    return page(
        visit,
        "incident_notes.html",
        case=case,
        tab="notes",
        notes=told,
        links=links,
        kinds=KINDS,
        beside=BESIDE,
    )


KINDS = tuple(kind for kind in LinkKind if kind is not LinkKind.PINNED)
"""What people point at by hand; moments are pinned in the timeline."""
_HERE = "/incidents/{incident:str}"
PAGES = (
    Page(path=f"{_HERE}/findings", show=_listed(FINDINGS, "findings")),  # type: ignore[bad-argument-type]  a list of anything
    Page(path=f"{_HERE}/evidence", show=_listed(EVIDENCE, "evidence")),  # type: ignore[bad-argument-type]  a list of anything
    Page(path=f"{_HERE}/notes", show=notes),
)
