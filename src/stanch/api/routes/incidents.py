"""Incidents: reported, noted, judged, moved, merged, split and put back by people."""

from dataclasses import dataclass, field, replace

from litestar import get, post
from litestar.params import FromPath, JSONBody

from stanch.api.asking import TheCaller, TheHouse, needs
from stanch.engine.cases import Judgement, Step
from stanch.engine.clock import new_id
from stanch.engine.held import Held, held
from stanch.engine.in_words import in_words
from stanch.engine.kin import kin
from stanch.engine.runs.library import act_title, answer_to
from stanch.triage.callout import Call, roles_to_call
from stanch.triage.context import Context
from stanch.triage.next_steps import Recommended, first_actions
from stanch.triage.similar import Likeness, similar
from stanch.triage.taxonomy.mapper import Guess
from stanch.vocabulary.casework import Note, Undo
from stanch.vocabulary.finding import Report
from stanch.vocabulary.ids import FindingId, IncidentId, PrincipalId, asset_id
from stanch.vocabulary.incident import Incident, onward
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput

LONGEST = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a person reports."""

    asset: str
    text: str
    principals: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What a person writes."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """Who takes command, seen at which version."""

    commander: str
    seen: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Into:
    """The incident that takes in another."""

    into: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """Findings by id."""

    findings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ahead:
    """What can be done next with an incident."""

    held: Held
    """Whether it is contained, what holds it, and by when it must be."""
    kin: tuple[IncidentId, ...]
    """It, and the incidents that went into it: what was done for those counts for it."""
    phases: tuple[str, ...]
    actions: tuple[Recommended, ...]
    call: tuple[Call, ...]
    """Whom to call, by their part in the asset, and why each."""
    similar: tuple[Likeness, ...]
    playbook: str = ""
    """The playbook that answers what it now is; empty while that is undecided."""
    techniques: tuple[Guess, ...] = ()
    """ATLAS techniques that people's words make likely; none when they are unlike every one."""
    words: Context = field(default_factory=Context)
    """What people's words name, and how urgent they are; nothing of it is carried out."""


@post("/incidents", opt=needs(Scope.RESPOND), sync_to_thread=True)
def report_incident(house: TheHouse, caller: TheCaller, data: JSONBody[Told]) -> Incident:
    """The incident that this report opened, or joined."""
    text = data.text.strip()
    if not text or len(text) > LONGEST:
        raise BadInput(f"A report has 1 to {LONGEST} characters; this one has {len(text)}.")
    at = house.clock()
    report = Report(
        id=new_id("rep", at),
        asset=asset_id(data.asset),
        by=caller.name,
        at=at,
        text=text,
        principals=tuple(PrincipalId(p) for p in data.principals),
    )
    return house.lifecycle.report(report).all[0]


@get("/incidents/{incident:str}/notes", opt=needs(Scope.READ), sync_to_thread=True)
def list_notes(house: TheHouse, incident: FromPath[str]) -> tuple[Note, ...]:
    """What people wrote, oldest first."""
    with house.store.look() as tx:
        return tx.notes.of(tx.incidents.get(IncidentId(incident)).id)


@post("/incidents/{incident:str}/notes", opt=needs(Scope.RESPOND), sync_to_thread=True)
def add_note(
    house: TheHouse, caller: TheCaller, incident: FromPath[str], data: JSONBody[Words]
) -> Note:
    """The note, kept."""
    return house.cases.note(IncidentId(incident), data.text, caller)


@post("/incidents/{incident:str}/command", opt=needs(Scope.RESPOND), sync_to_thread=True)
def take_command(
    house: TheHouse, caller: TheCaller, incident: FromPath[str], data: JSONBody[Command]
) -> Incident:
    """The incident with its new commander."""
    return house.cases.assign(IncidentId(incident), data.commander, data.seen, caller)


@post("/incidents/{incident:str}/judgement", opt=needs(Scope.RESPOND), sync_to_thread=True)
def judge_incident(
    house: TheHouse, caller: TheCaller, incident: FromPath[str], data: JSONBody[Judgement]
) -> Incident:
    """The incident with a person's verdict or severity."""
    return house.cases.judge(IncidentId(incident), data, caller)


@post("/incidents/{incident:str}/phase", opt=needs(Scope.RESPOND), sync_to_thread=True)
def move_incident(
    house: TheHouse, caller: TheCaller, incident: FromPath[str], data: JSONBody[Step]
) -> Incident:
    """The incident in its next phase."""
    return house.cases.move(IncidentId(incident), data, caller)


@post("/incidents/{incident:str}/merge", opt=needs(Scope.RESPOND), sync_to_thread=True)
def merge_incident(
    house: TheHouse, caller: TheCaller, incident: FromPath[str], data: JSONBody[Into]
) -> Undo:
    """How to undo it, after its findings went to another incident."""
    return house.cases.merge(IncidentId(incident), IncidentId(data.into), caller)


@post("/incidents/{incident:str}/split", opt=needs(Scope.RESPOND), sync_to_thread=True)
def split_incident(
    house: TheHouse, caller: TheCaller, incident: FromPath[str], data: JSONBody[Chosen]
) -> Undo:
    """How to undo it, after these findings went to an incident of their own."""
    findings = [FindingId(f) for f in data.findings]
    return house.cases.split(IncidentId(incident), findings, caller)


@post("/incidents/{incident:str}/detach", opt=needs(Scope.RESPOND), sync_to_thread=True)
def detach_findings(
    house: TheHouse, caller: TheCaller, incident: FromPath[str], data: JSONBody[Chosen]
) -> Undo:
    """How to undo it, after these findings were taken out."""
    findings = [FindingId(f) for f in data.findings]
    return house.cases.detach(IncidentId(incident), findings, caller)


@get("/incidents/{incident:str}/undos", opt=needs(Scope.READ), sync_to_thread=True)
def list_undos(house: TheHouse, incident: FromPath[str]) -> tuple[Undo, ...]:
    """How its findings changed hands, newest first."""
    with house.store.look() as tx:
        return tx.incidents.undos(tx.incidents.get(IncidentId(incident)).id)


@post("/undos/{undo:str}", opt=needs(Scope.RESPOND), sync_to_thread=True)
def put_back(house: TheHouse, caller: TheCaller, undo: FromPath[str]) -> Undo:
    """The regrouping, put back; once."""
    return house.cases.undo(undo, caller)


@get("/incidents/{incident:str}/ahead", opt=needs(Scope.READ), sync_to_thread=True)
def look_ahead(house: TheHouse, incident: FromPath[str]) -> Ahead:
    """Where it can go, what to do first, whom to call, and which past incidents were like it."""
    with house.store.look() as tx:
        now = tx.incidents.get(IncidentId(incident))
        asset = tx.assets.find(now.asset)
        of_its_kind = Wanted(closed=True, exercise=now.exercise)
        past = tx.incidents.page(of_its_kind, limit=200).items
        told = in_words(tx, now.id)
        stands, ours = held(tx, now, asset), kin(tx, now.id)
    book = answer_to(now, house.books)
    return Ahead(
        held=stands,
        kin=ours,
        phases=tuple(onward(now.phase)),
        actions=tuple(replace(a, title=act_title(a.action)) for a in first_actions(now)),
        call=roles_to_call(now, asset),
        similar=similar(now, [line.incident for line in past]),
        playbook=book.id if book is not None else "",
        techniques=told.techniques,
        words=told.context,
    )


ROUTES = (
    report_incident,
    list_notes,
    add_note,
    take_command,
    judge_incident,
    move_incident,
    merge_incident,
    split_incident,
    detach_findings,
    list_undos,
    put_back,
    look_ahead,
)
