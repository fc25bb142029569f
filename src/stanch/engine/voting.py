"""Voting: whose vote on a question counts, and what the votes come to.

In    a question as it stands, a caller, a ballot.
Out   the answer; or the trouble that says why this vote does not count.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from stanch.engine.persons import MACHINE, Behind, behind
from stanch.engine.ports import Transaction
from stanch.vocabulary.approval import Answer, Approval, Risk
from stanch.vocabulary.ids import ApprovalId, Digest
from stanch.vocabulary.people import Caller, Role, Scope
from stanch.vocabulary.trouble import (
    Answered,
    AnsweredByYou,
    AskedByYou,
    NobodysKey,
    NotAllowed,
    NotAskedAnyMore,
    NotInPerson,
    Refused,
    Stale,
)

_ORDER = tuple(Role)
_PEOPLE = {Risk.AUTOMATIC: 1, Risk.ONE: 1, Risk.TWO: 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ballot:
    """One person's answer to what they saw."""

    yes: bool
    digest: Digest
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Present:
    """The persons behind a question and behind who answers it."""

    caller: Behind = field(default_factory=Behind)
    asked: Behind = field(default_factory=Behind)
    acted: Behind = field(default_factory=Behind)
    """Those who voted, or overrode it."""


def present(tx: Transaction, seen: Approval, name: str) -> Present:
    """Who is there when somebody of this name answers the question."""
    acted = (behind(tx, vote.by).people for vote in seen.votes)
    return Present(
        caller=behind(tx, name),
        asked=behind(tx, seen.requester),
        acted=Behind(people=frozenset[str]().union(*acted)),
    )


def sayable(seen: Approval, caller: Caller, here: Present) -> frozenset[bool]:
    """What this caller may say to the question while it is open: yes, no, both or nothing."""
    return frozenset(yes for yes in (True, False) if _counts(seen, caller, yes, here))


def left_to(
    tx: Transaction, asked: Iterable[Approval], caller: Caller
) -> Mapping[ApprovalId, frozenset[bool]]:
    """What this caller may say to each of the questions."""
    return {one.id: sayable(one, caller, present(tx, one, caller.name)) for one in asked}


def _counts(seen: Approval, caller: Caller, yes: bool, here: Present) -> bool:  # noqa: FBT001  the answer
    try:
        may_vote(seen, caller, Ballot(yes=yes, digest=seen.digest), here)
    except (Refused, Answered):
        return False
    return True


def still_open(seen: Approval, at: datetime) -> None:
    """`Answered` where it is not."""
    match seen.answer:
        case Answer.WITHDRAWN:
            raise NotAskedAnyMore(seen.why or "it was withdrawn")
        case Answer.YES | Answer.NO | Answer.OVERRIDDEN:
            raise Answered(seen.votes[-1].by, seen.answer)
        case Answer.OPEN | Answer.LAPSED:
            if seen.answer is Answer.LAPSED or at >= seen.expires:
                raise NotAskedAnyMore(f"its time was up at {seen.expires:%Y-%m-%d %H:%M} UTC")


def may_vote(seen: Approval, caller: Caller, ballot: Ballot, here: Present) -> None:
    """`Stale`, `AnsweredByYou` or `NotAllowed` where this vote does not count."""
    if ballot.digest != seen.digest:
        raise Stale("question", ballot.digest[-12:], seen.digest[-12:])
    if caller.name in {vote.by for vote in seen.votes} or here.caller.meets(here.acted):
        raise AnsweredByYou
    own = caller.name == seen.requester or here.caller.meets(here.asked)
    if own and not ballot.yes:
        return
    may_answer(seen, caller)
    if caller.role is None and seen.risk is Risk.TWO:
        raise NotInPerson("Two people")
    if not ballot.yes:
        return
    if own:
        raise AskedByYou
    if here.caller.unknown and seen.requester != MACHINE:
        raise NobodysKey


def may_answer(seen: Approval, caller: Caller) -> None:
    """`NotAllowed` where this is not theirs to answer, by their role or by name."""
    if caller.role is not None and caller.name == seen.delegated_to:
        return
    if caller.role is None:
        if caller.may(Scope.APPROVE):
            return
        raise NotAllowed(f"the right {Scope.APPROVE}", ", ".join(sorted(caller.scopes)) or "none")
    if rank(caller.role) < rank(seen.role):
        raise NotAllowed(f"the role {seen.role}", caller.role)


def to_review(seen: Approval, here: Present) -> None:
    """`Answered` or `Refused` where there is nothing for them to review."""
    if seen.reviewed is not None:
        raise Answered(seen.reviewed.by, "the override was looked at")
    if not seen.review:
        raise Refused("Nobody overrode this question, so there is nothing to review.")
    if here.caller.meets(here.acted) or here.caller.meets(here.asked):
        raise Refused("You asked for this or answered it yourself. Somebody else reviews it.")


def rank(role: Role) -> int:
    """How much a role may."""
    return _ORDER.index(role)


def counted(one: Approval) -> Approval:
    """The question with the answer that its votes come to."""
    if any(not vote.yes for vote in one.votes):
        return replace(one, answer=Answer.NO)
    enough = len({vote.by for vote in one.votes}) >= needed(one)
    return replace(one, answer=Answer.YES) if enough else one


def needed(approval: Approval) -> int:
    """How many different people must say yes."""
    return _PEOPLE[approval.risk]


def allowed(approval: Approval) -> bool | None:
    """Whether the answer is yes; None while there is none."""
    match approval.answer:
        case Answer.OPEN:
            return None
        case Answer.YES | Answer.OVERRIDDEN:
            return True
        case Answer.NO | Answer.WITHDRAWN:
            return False
        case Answer.LAPSED:
            return approval.if_silent
