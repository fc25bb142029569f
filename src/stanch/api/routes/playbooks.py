"""Playbooks and questions: what runs, what it waits for, and what people say."""

from dataclasses import dataclass

from litestar import get, post
from litestar.params import FromPath, JSONBody

from stanch.api.asking import TheCaller, TheHouse, needs
from stanch.contain.playbook.written import written
from stanch.engine.approvals import Ballot
from stanch.engine.runs.library import shipped
from stanch.vocabulary.approval import Approval
from stanch.vocabulary.ids import ApprovalId, Digest, IncidentId, RunId
from stanch.vocabulary.people import Scope
from stanch.vocabulary.run import Run, Wish
from stanch.vocabulary.trouble import NotFound


@dataclass(frozen=True, kw_only=True, slots=True)
class Vote:
    """An answer, bound to the digest of what was seen."""

    yes: bool
    digest: Digest
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Because:
    """Words that stand in the log."""

    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Delegate:
    """Who answers instead."""

    to: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StartRun:
    """On which incident a playbook is started."""

    incident: IncidentId


@dataclass(frozen=True, kw_only=True, slots=True)
class Wished:
    """What a person wants of a run: pause, step, go, cancel, cancel with undo."""

    wish: Wish


@dataclass(frozen=True, kw_only=True, slots=True)
class Book:
    """A playbook as its author wrote it."""

    id: str
    title: str
    text: str


@post("/approvals/{approval:str}", opt=needs(Scope.APPROVE), sync_to_thread=True)
def answer_approval(
    house: TheHouse, caller: TheCaller, approval: FromPath[str], data: JSONBody[Vote]
) -> Approval:
    """The question with this answer counted; `stale` when something else was shown."""
    ballot = Ballot(yes=data.yes, digest=data.digest, why=data.why)
    return house.approvals.vote(ApprovalId(approval), caller, ballot)


@post("/approvals/{approval:str}/override", opt=needs(Scope.APPROVE), sync_to_thread=True)
def override_approval(
    house: TheHouse, caller: TheCaller, approval: FromPath[str], data: JSONBody[Because]
) -> Approval:
    """The question, answered alone in an emergency: loud, and reviewed afterwards."""
    return house.approvals.override(ApprovalId(approval), caller, data.why)


@post("/approvals/{approval:str}/review", opt=needs(Scope.APPROVE), sync_to_thread=True)
def review_override(
    house: TheHouse, caller: TheCaller, approval: FromPath[str], data: JSONBody[Because]
) -> Approval:
    """The overridden question, with what a second person found when looking at it."""
    return house.approvals.reviewed(ApprovalId(approval), caller, data.why)


@post("/approvals/{approval:str}/delegate", opt=needs(Scope.APPROVE), sync_to_thread=True)
def delegate_approval(
    house: TheHouse, caller: TheCaller, approval: FromPath[str], data: JSONBody[Delegate]
) -> Approval:
    """The question, now put to somebody else."""
    return house.approvals.delegate(ApprovalId(approval), caller, data.to)


@get("/playbooks", opt=needs(Scope.READ), sync_to_thread=True)
def show_playbooks() -> tuple[Book, ...]:
    """Every playbook, as YAML."""
    return tuple(
        Book(id=one.playbook.id, title=one.playbook.title, text=written(one.playbook))
        for _, one in sorted(shipped().items())
    )


@post("/playbooks/{playbook:str}/runs", opt=needs(Scope.RESPOND), sync_to_thread=True)
def start_run(
    house: TheHouse, caller: TheCaller, playbook: FromPath[str], data: JSONBody[StartRun]
) -> Run:
    """The run of this playbook on an incident; the one that is there, if there is one."""
    book = shipped().get(playbook)
    if book is None:
        raise NotFound("playbook", playbook[:64], "playbook")
    return house.runner.start(book.playbook, data.incident, by=caller.name)


@post("/runs/{run:str}/wish", opt=needs(Scope.RESPOND), sync_to_thread=True)
def wish_of_run(
    house: TheHouse, caller: TheCaller, run: FromPath[str], data: JSONBody[Wished]
) -> Run:
    """The run, which now does what this person wants of it."""
    return house.runner.wish(RunId(run), data.wish, by=caller.name)


ROUTES = (
    answer_approval,
    override_approval,
    review_override,
    delegate_approval,
    show_playbooks,
    start_run,
    wish_of_run,
)
