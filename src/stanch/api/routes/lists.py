"""Lists: what is protected, what happened and what is asked of people, in pages."""

from litestar import get
from litestar.params import FromPath

from stanch.api.asking import TheHouse, TheQuery, needs
from stanch.engine.blindness import blind_spots
from stanch.vocabulary.approval import Approval
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.casework import IncidentLine
from stanch.vocabulary.clock import Clock
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import ApprovalId, AssetId, FindingId, IncidentId, RunId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.kept import BlindSpot, PolicyVersion
from stanch.vocabulary.listing import Page
from stanch.vocabulary.people import Scope
from stanch.vocabulary.record import Evidence
from stanch.vocabulary.run import Run


@get("/assets", opt=needs(Scope.READ, "kind", "owner", "text"), sync_to_thread=True)
def list_assets(house: TheHouse, asked: TheQuery) -> Page[Asset]:
    """What is protected, by id."""
    with house.store.look() as tx:
        return tx.assets.page(asked.wanted, after=asked.after, limit=asked.limit)


@get(
    "/incidents",
    opt=needs(
        Scope.READ,
        *("asset", "phase", "severity", "verdict", "attack", "lifecycle", "principal", "owner"),
        *("since", "until", "changed_since", "text", "exercise", "closed", "sort"),
    ),
    sync_to_thread=True,
)
def list_incidents(house: TheHouse, asked: TheQuery) -> Page[IncidentLine]:
    """What we believe happened, newest first."""
    with house.store.look() as tx:
        return tx.incidents.page(asked.wanted, after=asked.after, limit=asked.limit)


@get("/incidents/{incident:str}", opt=needs(Scope.READ), sync_to_thread=True)
def get_incident(house: TheHouse, incident: FromPath[str]) -> Incident:
    """One incident."""
    with house.store.look() as tx:
        return tx.incidents.get(IncidentId(incident))


@get(
    "/findings",
    opt=needs(
        Scope.READ,
        *("asset", "incident", "detector", "attack", "lifecycle", "principal"),
        *("since", "until", "text"),
    ),
    sync_to_thread=True,
)
def list_findings(house: TheHouse, asked: TheQuery) -> Page[Finding]:
    """What detectors saw, newest first."""
    with house.store.look() as tx:
        return tx.findings.page(asked.wanted, after=asked.after, limit=asked.limit)


@get("/findings/{finding:str}", opt=needs(Scope.READ), sync_to_thread=True)
def get_finding(house: TheHouse, finding: FromPath[str]) -> Finding:
    """One finding."""
    with house.store.look() as tx:
        return tx.findings.get(FindingId(finding))


@get("/blind-spots", opt=needs(Scope.READ, "asset"), sync_to_thread=True)
def list_blind_spots(house: TheHouse, asked: TheQuery) -> Page[BlindSpot]:
    """What detectors cannot tell now and why, by asset."""
    with house.store.look() as tx:
        found = blind_spots(tx, *map(AssetId, asked.wanted.asset))
    spots = {_place(spot): spot for spot in found}
    rest = sorted(at for at in spots if at > asked.after)
    here = rest[: asked.limit]
    items = tuple(spots[at] for at in here)
    return Page(items=items, next=here[-1] if len(rest) > asked.limit else "")


def _place(spot: BlindSpot) -> str:
    """Where it stands in the list."""
    blind = spot.blind
    return f"{blind.asset} {blind.version} {blind.condition} {blind.detector}"


@get("/policies", opt=needs(Scope.READ), sync_to_thread=True)
def list_policies(house: TheHouse, asked: TheQuery) -> Page[PolicyVersion]:
    """The policy in force of each asset that has one, by asset."""
    with house.store.look() as tx:
        rest = sorted(
            (p for p in tx.policies.all_now() if p.asset > asked.after), key=lambda p: p.asset
        )
    items = tuple(rest[: asked.limit])
    return Page(items=items, next=items[-1].asset if len(rest) > asked.limit else "")


@get(
    "/approvals",
    opt=needs(Scope.READ, "asset", "incident", "kind", "state", "since", "until"),
    sync_to_thread=True,
)
def list_approvals(house: TheHouse, asked: TheQuery) -> Page[Approval]:
    """What people are asked, newest first; with `state=open`, what is due soonest first."""
    with house.store.look() as tx:
        return tx.approvals.page(asked.wanted, after=asked.after, limit=asked.limit)


@get("/approvals/{approval:str}", opt=needs(Scope.READ), sync_to_thread=True)
def get_approval(house: TheHouse, approval: FromPath[str]) -> Approval:
    """One question to people."""
    with house.store.look() as tx:
        return tx.approvals.get(ApprovalId(approval))


@get(
    "/evidence",
    opt=needs(Scope.READ, "incident", "kind", "owner", "since", "until", "text"),
    sync_to_thread=True,
)
def list_evidence(house: TheHouse, asked: TheQuery) -> Page[Evidence]:
    """What is in the vault, newest first."""
    with house.store.look() as tx:
        return tx.evidence.page(asked.wanted, after=asked.after, limit=asked.limit)


@get(
    "/clocks",
    opt=needs(Scope.READ, "incident", "kind", "state", "since", "until"),
    sync_to_thread=True,
)
def list_clocks(house: TheHouse, asked: TheQuery) -> Page[Clock]:
    """Duties with their deadlines, soonest first."""
    with house.store.look() as tx:
        return tx.clocks.page(asked.wanted, after=asked.after, limit=asked.limit)


@get(
    "/runs",
    opt=needs(Scope.READ, "asset", "incident", "kind", "state", "since", "until"),
    sync_to_thread=True,
)
def list_runs(house: TheHouse, asked: TheQuery) -> Page[Run]:
    """Playbooks at work, newest first."""
    with house.store.look() as tx:
        return tx.runs.page(asked.wanted, after=asked.after, limit=asked.limit)


@get("/runs/{run:str}", opt=needs(Scope.READ), sync_to_thread=True)
def show_run(house: TheHouse, run: FromPath[str]) -> Run:
    """Where a run stands, what it waits for and why."""
    with house.store.look() as tx:
        return tx.runs.get(RunId(run))


ROUTES = (
    list_assets,
    list_incidents,
    get_incident,
    list_findings,
    get_finding,
    list_blind_spots,
    list_policies,
    list_approvals,
    get_approval,
    list_evidence,
    list_clocks,
    list_runs,
    show_run,
)
