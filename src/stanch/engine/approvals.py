"""Approvals: questions to people, each answered once, about exactly what they were shown.

In    a Question; votes of people, with the digest of what they saw.
Out   the Approval as it stands; its run is woken when it has an answer.
Why   (1) a vote counts only for the digest it names: who saw something else gets `Stale`.
      (2) two racing voters: one transaction each, so one wins and the other gets `Answered`.
      (3) silence is the question's own stated default, never yes for what cannot be undone.
      (4) whoever asked for the act does not count as the one who allows it; persons are counted,
          whatever account or key they act with.
      (5) a service key may answer for one, never for what needs two people.
      (6) what must be heard is kept to be told in the commit of what it tells of.
      (7) a flood of questions, which an attacker can cause, is bounded for each asset and seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec

from stanch.engine.clock import Clock
from stanch.engine.notices import keep
from stanch.engine.ports import Store, Transaction
from stanch.engine.telling import Nobody, Notice, Notifier, Urgency
from stanch.engine.voting import (
    Ballot,
    counted,
    may_answer,
    may_vote,
    present,
    rank,
    still_open,
    to_review,
)
from stanch.vocabulary.approval import Answer, Approval, Review, Risk, Vote
from stanch.vocabulary.ids import (
    ActionId,
    ApprovalId,
    AssetId,
    Digest,
    IncidentId,
    RunId,
    digest_of,
)
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role, Scope
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import (
    BadInput,
    Busy,
    NotAllowed,
    NotInPerson,
    Refused,
)

MOST_OPEN = 8
"""Open questions on one asset; further ones wait until some are answered."""
QUESTION = ActionId("question")
"""Stands for the action where people are only asked what to do."""
REMIND_AT = (50, 80, 100)
"""Percent of the time at which people are reminded."""
Wake = Callable[[RunId], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What people are to be asked."""

    key: str
    """Names this very question; the same key again asks nothing new."""
    incident: IncidentId
    asset: AssetId
    action: ActionId = QUESTION
    risk: Risk = Risk.ONE
    role: Role = Role.APPROVER
    shown: str
    acts: Mapping[str, str] = field(default_factory=dict)
    within: int = 1800
    if_silent: bool = False
    run: RunId | None = None
    requester: str = "stanch"

    @property
    def digest(self) -> Digest:
        """What a vote binds to: the words and the acts."""
        return digest_of(msgspec.json.encode((self.shown, dict(sorted(self.acts.items())))))


def nobody_waits(_: RunId) -> None:
    """Wakes nothing."""


class Approvals:
    """Asks, counts and closes questions."""

    def __init__(self, store: Store, clock: Clock, notifier: Notifier | None = None) -> None:
        self._store = store
        self._clock = clock
        self._notifier = notifier or Nobody()
        self.wake: Wake = nobody_waits

    def ask(self, question: Question) -> Approval:
        """The question as it now stands; `Busy` when the asset has too many open ones."""
        if question.if_silent and question.risk is Risk.TWO:
            raise BadInput("Silence cannot mean yes to what cannot be undone. Say `if_silent: no`.")
        at = self._clock()
        with self._store.begin() as tx:
            key = approval_id(question)
            known = tx.approvals.find(key) or _same(tx, question)
            if known is None and tx.approvals.count(_open_on(question.asset)) >= MOST_OPEN:
                raise Busy(f"{MOST_OPEN} questions are open on {question.asset} already", 60)
            made = known or tx.approvals.add(_approval(key, question, at))
            if known is None:
                _enter(tx, made, Deed.APPROVAL_ASKED, question.requester, at, risk=made.risk)
        if made.answer is Answer.OPEN:
            # Also when it was asked before: whoever asked may have been killed before telling.
            self._notifier.tell(_notice(made, f"asked/{made.id}", made.role, made.shown))
        return made

    def vote(self, key: ApprovalId, caller: Caller, ballot: Ballot) -> Approval:
        """The question with this vote counted."""
        at = self._clock()
        with self._store.begin() as tx:
            seen = tx.approvals.get(key)
            still_open(seen, at)
            may_vote(seen, caller, ballot, present(tx, seen, caller.name))
            vote = Vote(
                by=caller.name, yes=ballot.yes, at=at, digest=ballot.digest, why=ballot.why[:1000]
            )
            saved = tx.approvals.save(counted(replace(seen, votes=(*seen.votes, vote))))
            facts = {"answer": saved.answer, "yes": ballot.yes, "why": vote.why[:300]}
            _enter(tx, saved, Deed.APPROVAL_GIVEN, caller.name, at, **facts)
        self._woken(saved)
        return saved

    def override(self, key: ApprovalId, caller: Caller, why: str) -> Approval:
        """The question, decided by one in an emergency: loud, and to be reviewed afterwards."""
        if caller.role is None:
            raise NotInPerson("An admin")
        if not caller.may(Scope.ADMIN):
            raise NotAllowed("an admin in person", caller.role)
        if not why.strip():
            raise BadInput("An override needs a reason in words.")
        at = self._clock()
        with self._store.begin() as tx:
            seen = tx.approvals.get(key)
            still_open(seen, at)
            if seen.risk is Risk.TWO:
                raise Refused("What cannot be undone needs two people; no override replaces them.")
            vote = Vote(by=caller.name, yes=True, at=at, digest=seen.digest, why=why[:1000])
            votes = (*seen.votes, vote)
            saved = tx.approvals.save(
                replace(seen, answer=Answer.OVERRIDDEN, votes=votes, review=True)
            )
            facts = {"answer": saved.answer, "override": True, "review": True, "why": why[:300]}
            _enter(tx, saved, Deed.APPROVAL_GIVEN, caller.name, at, **facts)
            keep(tx, _loud(saved, caller, why), at)
        self._woken(saved)
        return saved

    def reviewed(self, key: ApprovalId, caller: Caller, finding: str) -> Approval:
        """The overridden question, looked at afterwards by somebody else."""
        at = self._clock()
        if caller.role is None:
            raise NotInPerson("An approver")
        if rank(caller.role) < rank(Role.APPROVER):
            raise NotAllowed(f"the role {Role.APPROVER}", caller.role)
        if not finding.strip():
            raise BadInput("A review says in words what was found.")
        with self._store.begin() as tx:
            seen = tx.approvals.get(key)
            to_review(seen, present(tx, seen, caller.name))
            review = Review(by=caller.name, at=at, finding=finding.strip()[:1000])
            saved = tx.approvals.save(replace(seen, review=False, reviewed=review))
            facts = {"answer": saved.answer, "reviewed": review.finding[:300]}
            _enter(tx, saved, Deed.APPROVAL_GIVEN, caller.name, at, **facts)
        return saved

    def delegate(self, key: ApprovalId, caller: Caller, to: str) -> Approval:
        """The question, which this named person may now answer too; nobody else without a name."""
        at = self._clock()
        with self._store.begin() as tx:
            seen = tx.approvals.get(key)
            still_open(seen, at)
            may_answer(seen, caller)
            mine = present(tx, seen, caller.name)
            if mine.caller.meets(mine.asked):
                raise Refused(
                    "You asked for this yourself: who else answers it is not your choice."
                )
            if not to:
                saved = tx.approvals.save(replace(seen, delegated_to=""))
                _enter(tx, saved, Deed.APPROVAL_ASKED, caller.name, at, delegated_to="nobody")
                return saved
            user = tx.users.named(to)
            if user is None or user.disabled:
                raise BadInput(f"{to[:64]!r} is nobody with an account here.")
            if Scope.RESPOND not in ROLE_SCOPES[user.role]:
                raise BadInput(f"{user.name} only looks on, and cannot answer. Name a responder.")
            here = present(tx, seen, user.name)
            if here.caller.meets(here.asked) or here.caller.meets(here.acted):
                why = "asked for this or answered it already"
                raise BadInput(f"{user.name} {why}. Name somebody else.")
            saved = tx.approvals.save(replace(seen, delegated_to=user.name))
            _enter(tx, saved, Deed.APPROVAL_ASKED, caller.name, at, delegated_to=user.name)
            keep(tx, _notice(saved, f"delegated/{saved.id}/{to}", to, saved.shown), at)
        return saved

    def lapse(self) -> tuple[Approval, ...]:
        """The questions whose time is up, each with its stated default taken."""
        at = self._clock()
        lapsed: list[Approval] = []
        with self._store.look() as tx:
            due = tx.approvals.lapsing(at)
        for one in due:
            with self._store.begin() as tx:
                seen = tx.approvals.get(one.id)
                if seen.answer is not Answer.OPEN:
                    continue
                saved = tx.approvals.save(replace(seen, answer=Answer.LAPSED))
                facts = {"answer": saved.answer, "means": "yes" if saved.if_silent else "no"}
                _enter(tx, saved, Deed.APPROVAL_LAPSED, "stanch", at, **facts)
            lapsed.append(saved)
            self._woken(saved)
        return tuple(lapsed)

    def remind(self) -> tuple[Approval, ...]:
        """The questions whose people were reminded now: at half, at four fifths, at the end."""
        at = self._clock()
        with self._store.look() as tx:
            due = [one for one in _all_open(tx) if _passed(one, at) > one.told]
        told: list[Approval] = []
        for one in due:
            passed = _passed(one, at)
            to, urgency = _escalated(one, passed)
            says = f"{passed} % of the time to answer is over. {one.shown}"
            notice = _notice(one, f"remind/{one.id}/{passed}", to, says)
            # told before it is said to be: after a kill in between the same key is told once more
            self._notifier.tell(replace(notice, urgency=urgency))
            with self._store.begin() as tx:
                seen = tx.approvals.get(one.id)
                if seen.answer is not Answer.OPEN or passed <= seen.told:
                    continue
                saved = tx.approvals.save(replace(seen, told=passed))
                _enter(tx, saved, Deed.PERSON_TOLD, "stanch", at, percent=passed)
            told.append(saved)
        return tuple(told)

    def _woken(self, approval: Approval) -> None:
        if approval.answer is not Answer.OPEN and approval.run is not None:
            self.wake(approval.run)


def approval_id(question: Question) -> ApprovalId:
    """The id of this very question."""
    seen = f"{question.key}\x00{question.digest}"
    return ApprovalId("apr-" + digest_of(seen.encode()).removeprefix("sha256:")[:16])


def _approval(key: ApprovalId, question: Question, at: datetime) -> Approval:
    return Approval(
        id=key,
        incident=question.incident,
        asset=question.asset,
        action=question.action,
        risk=question.risk,
        role=question.role,
        shown=question.shown,
        digest=question.digest,
        asked=at,
        expires=at + timedelta(seconds=question.within),
        if_silent=question.if_silent,
        run=question.run,
        requester=question.requester,
        acts=question.acts,
    )


def _same(tx: Transaction, question: Question) -> Approval | None:
    """An open question of another run about the very same act, put to the same people."""
    if len(question.acts) != 1:
        return None
    wanted = replace(_open_on(question.asset), kind=(question.action,))
    page = tx.approvals.page(wanted, limit=MOST_OPEN)
    mine = _terms(question)
    return next((a for a in page.items if _terms(a) == mine), None)


def _terms(one: Question | Approval) -> tuple[object, ...]:
    """What an answer is worth: the acts, who may give it, what silence means."""
    return set(one.acts.values()), one.risk, one.role, one.if_silent


def _open_on(asset: AssetId) -> Wanted:
    return Wanted(asset=(asset,), state=(Answer.OPEN,))


def _all_open(tx: Transaction) -> list[Approval]:
    found: list[Approval] = []
    after = ""
    while True:
        page = tx.approvals.page(Wanted(state=(Answer.OPEN,)), after=after, limit=500)
        found += page.items
        if not page.next:
            return found
        after = page.next


def _passed(one: Approval, at: datetime) -> int:
    whole = (one.expires - one.asked).total_seconds()
    percent = 100 * (at - one.asked).total_seconds() / whole
    return max((mark for mark in REMIND_AT if mark <= percent), default=0)


def _escalated(one: Approval, passed: int) -> tuple[str, Urgency]:
    """To whom, and how urgently: the role again, then the admins, then who leads."""
    if passed == REMIND_AT[0]:
        return one.delegated_to or one.role, Urgency.SOON
    return (Role.ADMIN, Urgency.NOW) if passed == REMIND_AT[1] else ("leadership", Urgency.NOW)


def _notice(one: Approval, key: str, to: str, says: str) -> Notice:
    return Notice(
        key=key,
        to=to,
        says=says,
        urgency=Urgency.NOW if one.risk is Risk.TWO else Urgency.SOON,
        incident=one.incident,
        asset=one.asset,
    )


def _loud(one: Approval, caller: Caller, why: str) -> Notice:
    """What those who lead are told of an override."""
    asked = one.shown.partition("\n")[0]
    says = (
        f"{caller.name} overrode what others are asked on {one.asset}: {asked} "
        f"The reason: {why[:300]} It must be reviewed."
    )
    notice = _notice(one, f"override/{one.id}", "leadership", says)
    return replace(notice, urgency=Urgency.NOW)


def _enter(
    tx: Transaction,
    one: Approval,
    deed: Deed,
    actor: str,
    at: datetime,
    **facts: str | int | bool,
) -> None:
    tx.record(
        Entry(
            at=at,
            deed=deed,
            actor=actor,
            about=one.id,
            digest=one.digest,
            incident=one.incident,
            facts={"action": one.action, "asset": one.asset, **facts},
        )
    )
    tx.announce("approval", one.id)
