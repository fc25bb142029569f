"""Deeds: what playbooks and people want done is done here, on the policies and the evidence room.

In    orders: an act by name, its arguments, a key.
Out   previews, outcomes, undoing; proof where a guard gives it.
Why   the one bridge from a playbook's words to a change of policy. An act is (1) looked up and its
      words filled in, (2) entered in the incident's ledger, (3) demanded of the policy, (4) called
      outside where it needs that, (5) proved by a probe. Each of them may be done twice with the
      same key and has one effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from stanch.contain.action import (
    Action,
    Asking,
    Call,
    Consent,
    Undo,
    also,
    arguments,
    previewed,
    propose,
)
from stanch.contain.playbook.acts import DEEDS
from stanch.contain.playbook.condition import Facts
from stanch.contain.policy import neutral, wants
from stanch.engine.clock import Clock
from stanch.engine.placed import Placed, mark, place, placed, undone
from stanch.engine.policies import Change, Policies, standing_of
from stanch.engine.ports import Store, Transaction
from stanch.engine.runs.deeds import Order, Outcome, Shown
from stanch.engine.runs.library import actions
from stanch.engine.situation import Hours, Situation, situation
from stanch.engine.telling import Nobody, Notice, Notifier
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.casework import Note
from stanch.vocabulary.clock import Clock as Duty
from stanch.vocabulary.ids import AssetId, IncidentId, digest_of
from stanch.vocabulary.incident import Incident, Level, Need, Phase, move_for
from stanch.vocabulary.playbook import Argument
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, NotFound


class Prover(Protocol):
    """Who asks guards for proof."""

    def prove(self, asset: AssetId, version: int, probe: Probe | None) -> bool | None:
        """Whether a guard shows it; None when no guard of this asset answers."""
        ...


class Outside(Protocol):
    """Who makes calls to other systems."""

    def call(self, call: Call, *, key: str, undo: bool = False) -> bool:
        """Whether somebody could make it; the same key again has no second effect."""
        ...


class Keeper(Protocol):
    """Who keeps what an asset is now."""

    def freeze(self, incident: Incident) -> None:
        """Keeps it, once."""
        ...


class NoProof:
    """Where no guard is connected."""

    def prove(self, asset: AssetId, version: int, probe: Probe | None) -> bool | None:  # noqa: ARG002  the protocol's names
        """Cannot tell."""
        return None


class NobodyOutside:
    """Where no connector is set up: a person has to do it by hand."""

    def call(self, call: Call, *, key: str, undo: bool = False) -> bool:  # noqa: ARG002  the protocol's names
        """No."""
        return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Automatic:
    """How much may happen without a person's yes: a setting by severity and blast radius.

    Narrow and reversible acts run at once; wider ones ask.
    """

    widest: Mapping[Level, float] = field(
        default_factory=lambda: {Level.LOW: 0.02, Level.MEDIUM: 0.05, Level.HIGH: 0.10}
    )
    """The largest share of requests that an act may hit unasked, by the incident's severity."""
    ask_always: bool = False
    """Whether people are asked before anything that changes a policy."""

    def consent(self, incident: Incident) -> Consent:
        """What may happen unasked for this incident."""
        return Consent(widest=self.widest.get(incident.severity.level, 0.0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Hands:
    """What the deeds are done with."""

    store: Store
    policies: Policies
    keeper: Keeper
    clock: Clock
    prover: Prover = field(default_factory=NoProof)
    outside: Outside = field(default_factory=NobodyOutside)
    notifier: Notifier = field(default_factory=Nobody)
    automatic: Automatic = field(default_factory=Automatic)
    hours: Hours = field(default_factory=Hours)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Meant:
    """An order with its words filled in."""

    action: Action[Any]
    args: Any
    given: Mapping[str, Argument]
    seen: Situation
    asking: Asking


class RealDeeds:
    """Does what orders say."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def facts(self, incident: IncidentId, at: datetime) -> Facts:
        """What is so now."""
        with self._hands.store.look() as tx:
            return situation(tx, incident, at, self._hands.hours).facts

    def freeze(self, incident: IncidentId, *, by: str) -> None:  # noqa: ARG002  the keeper enters its own name
        """Keeps what the incident's asset is now."""
        with self._hands.store.look() as tx:
            seen = tx.incidents.get(incident)
        self._hands.keeper.freeze(seen)

    def show(self, order: Order) -> Shown:
        """What the order would change."""
        if order.act in DEEDS:
            return Shown(text=DEEDS[order.act].says, digest=_digest(order), risk=Risk.AUTOMATIC)
        at = self._hands.clock()
        with self._hands.store.look() as tx:
            meant = self._meant(tx, order, at)
            standing = standing_of(tx, order.asset)
        seen = meant.seen
        hands = self._hands
        found = previewed(
            meant.action,
            standing,
            meant.args,
            meant.asking,
            (seen.traffic, hands.automatic.consent(seen.incident)),
        )
        risk = found.risk
        if hands.automatic.ask_always and found.changes and risk is Risk.AUTOMATIC:
            risk = Risk.ONE
        lasts = f" for {timedelta(seconds=order.lasts)}" if order.lasts else ""
        undo = "It cannot be undone." if meant.action.undo is Undo.NEVER else "It can be undone."
        text = f"{meant.action.title} on {order.asset}{lasts}: {found.says} Why: {order.why} {undo}"
        bound = (wants(propose(meant.action, standing, meant.args, meant.asking).policy),)
        calls = msgspec.json.encode(found.calls)
        key = b"\n".join((order.act.encode(), *bound, calls, str(order.lasts).encode()))
        return Shown(text=text, digest=digest_of(key), risk=risk)

    def perform(self, order: Order) -> Outcome:
        """What came of the order."""
        if order.act in DEEDS:
            return self._own(order)
        at = self._hands.clock()
        with self._hands.store.look() as tx:
            known = next((p for p in placed(tx, order.incident) if p.key == order.key), None)
            meant = self._meant(tx, order, at, known)
        # (2) the line stands before the act
        line = Placed(key=order.key, act=order.act, args=meant.given, asset=order.asset, at=at)
        with self._hands.store.begin() as tx:
            line = place(tx, order.incident, line)
        # (3) demand
        asking = replace(meant.asking, at=line.at, until=_until(order, line.at))
        line = self._demand(order, replace(meant, asking=asking), line)
        # (4) call
        owed = self._call(order, meant)
        with self._hands.store.begin() as tx:
            says = " ".join((meant.action.title + " is in force.", *owed))
            line = mark(tx, order.incident, replace(line, says=says))
        # (5) prove
        if line.demands:
            self._prove(order.incident, line, meant)
        handle = order.key if meant.action.undo is not Undo.NEVER and line.demands else ""
        return Outcome(ok=True, says=line.says, handle=handle)

    def undo(self, order: Order, handle: str) -> Outcome:
        """What came of taking the act back."""
        at = self._hands.clock()
        with self._hands.store.look() as tx:
            line = next((p for p in placed(tx, order.incident) if p.key == handle), None)
        if line is None or line.undone is not None:
            return Outcome(ok=True, says="There is nothing left to take back.")
        change = Change(by=order.by, because=f"{line.act} taken back", incident=order.incident)
        for asset, demand in line.demands:
            try:
                self._hands.policies.revert(asset, demand, change)
            except NotFound:
                continue
        action = actions()[line.act]
        if action.undo is Undo.CALL:
            for call in action.calls(line.asset, arguments(action, line.args)):
                self._hands.outside.call(call, key=f"{handle}/undo", undo=True)
        with self._hands.store.begin() as tx:
            mark(tx, order.incident, undone(line, at))
        return Outcome(ok=True, says=f"{action.title} is taken back.")

    def _meant(
        self, tx: Transaction, order: Order, at: datetime, line: Placed | None = None
    ) -> _Meant:
        action = actions().get(order.act)
        if action is None:
            raise NotFound("action", order.act, "playbook")
        seen = situation(tx, order.incident, at, self._hands.hours)
        given = line.args if line is not None else filled(order.args, seen.words)
        asking = Asking(
            by=order.by,
            why=order.why,
            at=at,
            incident=order.incident,
            until=_until(order, at),
            known=seen.known,
        )
        return _Meant(
            action=action,
            args=arguments(action, given),
            given=given,
            seen=seen,
            asking=asking,
        )

    def _demand(self, order: Order, meant: _Meant, line: Placed) -> Placed:
        standing = self._hands.policies.standing(order.asset)
        demand = propose(meant.action, standing, meant.args, meant.asking)
        if neutral(demand.policy):
            return line
        change = Change(by=order.by, because=order.why, incident=order.incident)
        all_ = (demand, *also(meant.action, demand, meant.seen.known))
        versions = [self._hands.policies.demand(one, change).version for one in all_]
        made = tuple((one.policy.asset, one.id) for one in all_)
        return replace(line, demands=made, version=line.version or versions[0])

    def _call(self, order: Order, meant: _Meant) -> list[str]:
        """What a person must do by hand, since nobody here can call for it."""
        owed = []
        for n, call in enumerate(meant.action.calls(order.asset, meant.args)):
            if call.connector == "messages":
                self._tell(order, call.subject, str(meant.given.get("message", call.says)), n)
            elif not self._hands.outside.call(call, key=f"{order.key}/{n}"):
                owed.append(f"By hand: {call.says}")
                self._tell(
                    order, "owner", f"Nobody here can do this; do it by hand: {call.says}", n
                )
        return owed

    def _tell(self, order: Order, to: str, says: str, n: int = 0) -> None:
        notice = Notice(
            key=f"{order.key}/tell/{n}",
            to=to,
            says=says,
            incident=order.incident,
            asset=order.asset,
        )
        self._hands.notifier.tell(notice)

    def _prove(self, incident: IncidentId, line: Placed, meant: _Meant) -> bool | None:
        probe = meant.action.probe(line.asset, meant.args)
        with self._hands.store.look() as tx:
            now = tx.policies.now(line.asset)
        shown = self._hands.prover.prove(line.asset, now.version if now else 0, probe)
        if shown is not True:
            return shown
        at = self._hands.clock()
        with self._hands.store.begin() as tx:
            mark(tx, incident, replace(line, proved=at))
            _enter_proof(tx, incident, line, at)
            contained(tx, incident, at)
        return True

    def _own(self, order: Order) -> Outcome:
        """What came of a deed of the engine itself."""
        with self._hands.store.look() as tx:
            seen = situation(tx, order.incident, self._hands.clock(), self._hands.hours)
        args = filled(order.args, seen.words)
        match order.act:
            case "freeze":
                self.freeze(order.incident, by=order.by)
                return Outcome(ok=True, says="What it is now is kept as evidence.")
            case "await_probe":
                return self._proofs(order)
            case "note":
                return self._note(order, str(args["text"]))
            case "assign":
                self._tell(order, str(args["to"]), f"This incident is yours: {order.why}")
                return Outcome(ok=True, says=f"{args['to']} is told that it is theirs.")
            case "start_check":
                says = f"A check is asked for: {args['check']}."
                self._tell(order, "ml_engineer", says)
                return self._note(order, says)
            case _:
                return self._clock(order, str(args["duty"]), float(str(args["within"])))

    def _proofs(self, order: Order) -> Outcome:
        at = self._hands.clock()
        with self._hands.store.look() as tx:
            lines = [p for p in placed(tx, order.incident) if p.demands and p.undone is None]
        answers: list[bool | None] = []
        for line in lines:
            if line.proved is not None:
                answers.append(True)
                continue
            again = replace(order, act=line.act, args=line.args, asset=line.asset)
            with self._hands.store.look() as tx:
                meant = self._meant(tx, again, at, line)
            answers.append(self._prove(order.incident, line, meant))
        good = sum(a is True for a in answers)
        says = f"{good} of {len(answers)} acts are proved by a guard."
        if None in answers:
            says += " For the others no guard answers: nothing is proved."
        # A guard that was asked and does not yet show it may in a moment.
        return Outcome(ok=good == len(answers), says=says, again=False in answers)

    def _note(self, order: Order, text: str) -> Outcome:
        at = self._hands.clock()
        key = "note-" + digest_of(order.key.encode()).removeprefix("sha256:")[:16]
        with self._hands.store.begin() as tx:
            if all(n.id != key for n in tx.notes.of(order.incident)):
                made = Note(id=key, incident=order.incident, at=at, by=order.by, text=text)
                tx.notes.add(made)
                tx.announce("incident", order.incident)
        return Outcome(ok=True, says=text)

    def _clock(self, order: Order, duty: str, hours: float) -> Outcome:
        at = self._hands.clock()
        key = "clk-" + digest_of(order.key.encode()).removeprefix("sha256:")[:16]
        with self._hands.store.begin() as tx:
            if tx.clocks.find(key) is None:
                due = at + timedelta(hours=hours)
                tx.clocks.add(
                    Duty(
                        id=key,
                        incident=order.incident,
                        duty=duty,
                        law="playbook",
                        started=at,
                        due=due,
                    )
                )
                tx.announce("clock", key)
        return Outcome(ok=True, says=f"{duty} is due in {hours:g} h.")


def filled(args: Mapping[str, Argument], words: Mapping[str, Argument]) -> dict[str, Argument]:
    """The arguments with each `$word` replaced by what it stands for, or BadInput."""
    made: dict[str, Argument] = {}
    for name, value in args.items():
        if isinstance(value, str) and value.startswith("$"):
            if value[1:] not in words:
                raise BadInput(f"Nothing is known for {value}, which {name} needs.")
            made[name] = words[value[1:]]
        else:
            made[name] = value
    return made


def contained(tx: Transaction, key: IncidentId, at: datetime) -> None:
    """Moves the incident on, now that a probe has proved a containment."""
    incident = tx.incidents.get(key)
    if incident.phase is not Phase.TRIAGED:
        return
    shown = frozenset({Need.CONTAINMENT_PROVED})
    moved = move_for(incident.phase, Phase.CONTAINED, by=None, shown=shown)
    saved = tx.incidents.save(
        replace(incident, phase=moved.to, contained_at=incident.contained_at or at, updated=at)
    )
    tx.record(
        Entry(
            at=at,
            deed=Deed.INCIDENT_MOVED,
            actor="stanch",
            about=saved.id,
            incident=saved.id,
            facts={"from": incident.phase, "to": saved.phase, "why": shown_in_words(shown)},
        )
    )
    tx.announce("incident", saved.id)


def shown_in_words(shown: frozenset[Need]) -> str:
    """What was shown, in words."""
    return ", ".join(sorted(shown))


def _enter_proof(tx: Transaction, incident: IncidentId, line: Placed, at: datetime) -> None:
    tx.record(
        Entry(
            at=at,
            deed=Deed.POLICY_PROVED,
            actor="stanch",
            about=line.asset,
            incident=incident,
            facts={"act": line.act, "version": line.version},
        )
    )
    tx.announce("policy", line.asset)


def _until(order: Order, at: datetime) -> datetime | None:
    return None if order.lasts is None else at + timedelta(seconds=order.lasts)


def _digest(order: Order) -> str:
    return digest_of(msgspec.json.encode((order.act, dict(sorted(order.args.items())))))
