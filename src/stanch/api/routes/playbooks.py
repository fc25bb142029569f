"""Playbooks and questions: what runs, what it waits for, and what people say."""

from dataclasses import dataclass

from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody, RawBody

from stanch.api.asking import TheCaller, TheHouse, answered_by, needs, takes_text, text_of
from stanch.engine.runs.bookshelf import Edition
from stanch.engine.runs.rehearsal import Answers, Play
from stanch.engine.voting import Ballot
from stanch.vocabulary.approval import Approval
from stanch.vocabulary.ids import ApprovalId, Digest, IncidentId, RunId
from stanch.vocabulary.people import Scope
from stanch.vocabulary.run import Run, Wish
from stanch.vocabulary.trouble import BadInput


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
class StartRehearsal:
    """On which incident, and how people are taken to answer."""

    incident: IncidentId
    answers: Answers = Answers.YES


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
    version: int


def _shown(house: TheHouse, key: str) -> Book:
    book = house.books.book(key)
    return Book(id=book.id, title=book.title, text=house.books.text(key), version=book.version)


@post("/approvals/{approval:str}", opt=answered_by(), sync_to_thread=True)
def answer_approval(
    house: TheHouse, caller: TheCaller, approval: FromPath[str], data: JSONBody[Vote]
) -> Approval:
    """The question with this answer counted; `stale` when something else was shown.

    Each question says whose it is to answer: a responder's, an approver's, or somebody's by name.
    """
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


@post("/approvals/{approval:str}/delegate", opt=answered_by(), sync_to_thread=True)
def delegate_approval(
    house: TheHouse, caller: TheCaller, approval: FromPath[str], data: JSONBody[Delegate]
) -> Approval:
    """The question, now put to somebody else."""
    return house.approvals.delegate(ApprovalId(approval), caller, data.to)


@get("/playbooks", opt=needs(Scope.READ), sync_to_thread=True)
def show_playbooks(house: TheHouse) -> tuple[Book, ...]:
    """Every playbook in use, as YAML."""
    return tuple(_shown(house, key) for key in sorted(house.books))


@post("/playbooks/check", opt=takes_text(Scope.READ), sync_to_thread=True)
def check_playbook(house: TheHouse, body: RawBody) -> Book:
    """The playbook as it was read; `bad-file` with the line of its first mistake."""
    text = text_of(body, "playbook")
    book = house.books.check(text)
    return Book(id=book.id, title=book.title, text=text, version=book.version)


@put("/playbooks/{playbook:str}", opt=takes_text(Scope.ADMIN), sync_to_thread=True)
def put_playbook(
    house: TheHouse, caller: TheCaller, playbook: FromPath[str], body: RawBody
) -> Edition:
    """The new version, in use from now on; runs at work keep the version they began with."""
    text = text_of(body, "playbook")
    named = house.books.check(text).id
    if named != playbook:
        says = f"The address says {playbook[:64]!r}, the playbook says {named!r}."
        raise BadInput(f"{says} Make them agree.")
    return house.books.put(text, by=caller.name)


@delete("/playbooks/{playbook:str}", opt=needs(Scope.ADMIN), status_code=200, sync_to_thread=True)
def put_playbook_aside(house: TheHouse, caller: TheCaller, playbook: FromPath[str]) -> Edition:
    """The version that was in use; what came with stanch under this id is in use again."""
    return house.books.put_aside(playbook, by=caller.name)


@post("/playbooks/{playbook:str}/rehearsals", opt=needs(Scope.RESPOND), sync_to_thread=True)
def rehearse_playbook(
    house: TheHouse, playbook: FromPath[str], data: JSONBody[StartRehearsal]
) -> Play:
    """What the playbook would do about this incident, step by step; nothing is done."""
    return house.rehearsal.play(house.books.book(playbook), data.incident, data.answers)


@post("/playbooks/{playbook:str}/runs", opt=needs(Scope.RESPOND), sync_to_thread=True)
def start_run(
    house: TheHouse, caller: TheCaller, playbook: FromPath[str], data: JSONBody[StartRun]
) -> Run:
    """The run of this playbook on an incident; the one that is there, if there is one."""
    return house.runner.start(house.books.book(playbook), data.incident, by=caller.name)


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
    check_playbook,
    put_playbook,
    put_playbook_aside,
    rehearse_playbook,
    start_run,
    wish_of_run,
)
