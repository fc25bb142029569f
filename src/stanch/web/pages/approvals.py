"""One question to people, made for three in the morning on a phone."""

from stanch.engine.voting import Ballot, needed, present, sayable
from stanch.vocabulary.approval import Answer as Said
from stanch.vocabulary.ids import ApprovalId, parse_digest
from stanch.vocabulary.people import Scope
from stanch.vocabulary.trouble import BadInput
from stanch.web.door import local
from stanch.web.paper import page
from stanch.web.visit import Answer, Page, Visit, go


def show(visit: Visit) -> Answer:
    """The question: what, why, who is hit, what if no, how long; and the two answers."""
    key = ApprovalId(visit.names["approval"])
    with visit.console.store.look() as tx:
        one = tx.approvals.get(key)
        incident = tx.incidents.find(one.incident)
        here = present(tx, one, visit.caller.name)
    voted, asked = here.caller.meets(here.acted), here.caller.meets(here.asked)
    return page(
        visit,
        "approval.html",
        one=one,
        incident=incident,
        lines=one.shown.split("\n"),
        needed=needed(one),
        voted=voted,
        asked=asked,
        may_review=one.review and not (voted or asked),
        open=one.answer is Said.OPEN and visit.at < one.expires,
        may_say=sayable(one, visit.caller, here),
    )


def answer(visit: Visit) -> Answer:
    """The question again, with this person's vote in it."""
    key = ApprovalId(visit.names["approval"])
    said = visit.given("answer")
    if said not in {"yes", "no"}:
        raise BadInput("Say yes or no.")
    ballot = Ballot(
        yes=said == "yes", digest=parse_digest(visit.given("digest")), why=visit.given("why")
    )
    visit.console.approvals.vote(key, visit.caller, ballot)
    return go(local(visit.given("back")) or f"/approvals/{key}")


def delegate(visit: Visit) -> Answer:
    """The question again, which somebody named may now answer too."""
    key = ApprovalId(visit.names["approval"])
    visit.console.approvals.delegate(key, visit.caller, visit.given("to").strip())
    return go(f"/approvals/{key}")


def override(visit: Visit) -> Answer:
    """The question again, decided by one in an emergency."""
    key = ApprovalId(visit.names["approval"])
    visit.console.approvals.override(key, visit.caller, visit.given("why"))
    return go(f"/approvals/{key}")


def reviewed(visit: Visit) -> Answer:
    """The question again, after somebody else looked at the override."""
    key = ApprovalId(visit.names["approval"])
    visit.console.approvals.reviewed(key, visit.caller, visit.given("finding"))
    return go(f"/approvals/{key}")


_HERE = "/approvals/{approval:str}"
PAGES = (
    Page(path=f"{_HERE}/delegate", show=delegate, needs=Scope.RESPOND, method="POST"),
    Page(path=f"{_HERE}/override", show=override, needs=Scope.ADMIN, method="POST"),
    Page(path=f"{_HERE}/reviewed", show=reviewed, needs=Scope.APPROVE, method="POST"),
    Page(path="/approvals/{approval:str}", show=show),
    Page(path="/approvals/{approval:str}/answer", show=answer, needs=Scope.RESPOND, method="POST"),
)
