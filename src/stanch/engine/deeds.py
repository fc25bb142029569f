"""Deeds: what playbooks and people want done is done here, on the policies and the evidence room.

In    orders: an act by name, its arguments, a key.
Out   previews, outcomes, undoing; proof where a guard gives it.
Why   the one bridge from a playbook's words to a change of policy. An act is (1) looked up and its
      words filled in, (2) entered in the incident's ledger, (3) demanded of the policy, (4) proved
      by a probe, (5) called outside where it needs that, and followed by the systems that obey the
      policy. Each of them may be done twice with the same key and has one effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from stanch.contain.action import (
    Action,
    Asking,
    also,
    arguments,
    previewed,
    propose,
)
from stanch.contain.diff import changes
from stanch.contain.playbook.acts import DEEDS, TAKE_BACK, WATCHES
from stanch.contain.playbook.facts import Facts
from stanch.contain.policy import neutral, wants
from stanch.engine.artefacts import ArtefactKeeper, NoArtefacts
from stanch.engine.asked import Asked
from stanch.engine.automatic import Automatic
from stanch.engine.calling import Calling, handle_of, to_take_back
from stanch.engine.clock import Clock
from stanch.engine.filling import filled
from stanch.engine.freeze import FROZEN
from stanch.engine.guards import Proof
from stanch.engine.marking import ACT as MARKS
from stanch.engine.marking import found_of, make_once
from stanch.engine.order_words import in_words
from stanch.engine.ordinary import NoRows, Rows, kept, learn_once
from stanch.engine.outside import NobodyOutside, Outside
from stanch.engine.owed import BACK, CALLS, PROOFS, owe
from stanch.engine.own_deeds import OwnDeeds
from stanch.engine.placed import Placed, in_force, mark, of_step, place, placed, undone
from stanch.engine.policies import Change, Policies, standing_of
from stanch.engine.ports import Store, Transaction
from stanch.engine.proving import NoProof, Prover, Witness
from stanch.engine.proxies import Proxies, others, spared
from stanch.engine.runs.deeds import MACHINE, Order, Outcome, Shown
from stanch.engine.runs.library import act_title, actions
from stanch.engine.situation import Hours, Situation, situation
from stanch.engine.telling import Nobody, Notifier
from stanch.engine.upstreams import Fronts, reachable
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import IncidentId, RunId, digest_of
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.playbook import Argument
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.trouble import NotFound
from stanch.vocabulary.words import counted

_ALIKE = "$alike"
FRESH = timedelta(minutes=1)
"""What was kept of an incident so lately need not be kept again before the next act."""


class Keeper(Protocol):
    """Who keeps what an asset is now."""

    def freeze(self, incident: Incident) -> None:
        """Keeps it, once."""
        ...


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
    artefacts: ArtefactKeeper = field(default_factory=NoArtefacts)
    proxies: Proxies = lambda _: ()
    fronts: Fronts = lambda _: ()
    rows: Rows = field(default_factory=NoRows)


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
        self._asked = Asked(hands.rows)
        self._own = OwnDeeds(store=hands.store, notifier=hands.notifier, clock=hands.clock)
        self._calling = Calling(hands.outside, self._own)
        self._witness = Witness(store=hands.store, prover=hands.prover, clock=hands.clock)

    def facts(self, incident: IncidentId, at: datetime) -> Facts:
        """What is so now."""
        with self._hands.store.look() as tx:
            return self._seen(tx, incident, at).facts

    def freeze(self, incident: IncidentId, *, by: str) -> None:  # noqa: ARG002  the keeper enters its own name
        """Keeps what the incident's asset is now, unless that was done a moment ago."""
        since = Wanted(incident=(incident,), kind=(FROZEN,), since=self._hands.clock() - FRESH)
        with self._hands.store.look() as tx:
            seen = tx.incidents.get(incident)
            fresh = tx.evidence.count(since) > 0
        if not fresh:
            self._hands.keeper.freeze(seen)
        self._hands.artefacts.keep(seen)

    def show(self, order: Order) -> Shown:
        """What the order would change."""
        if order.act in DEEDS:
            return Shown(text=DEEDS[order.act].says, digest=_digest(order), risk=Risk.AUTOMATIC)
        at, hands = self._hands.clock(), self._hands
        self._learn(order, at)
        with hands.store.look() as tx:
            meant = self._meant(tx, order, at)
            standing = standing_of(tx, order.asset)
            traffic = self._asked.traffic(tx, order.asset, at)
            if (tried := kept(tx, order.incident)) is not None:
                traffic = replace(traffic, found={tried.rule: tried.found})
            if order.act == MARKS:
                traffic = replace(traffic, found=found_of(tx, order.incident, order.args))
        denied = meant.action.wanted(order.asset, meant.args, meant.seen.known).deny.networks
        traffic = self._asked.coming_from(traffic, denied)
        consent = hands.automatic.consent(meant.seen.incident)
        judged = (traffic, replace(consent, by_person=order.by != MACHINE))
        found = previewed(meant.action, standing, meant.args, meant.asking, judged)
        risk = found.risk
        if hands.automatic.ask_always and found.changes and risk is Risk.AUTOMATIC:
            risk = Risk.ONE
        return Shown(
            text=in_words(order, meant.action, found, self._calling.reach(standing, found, at)),
            digest=_bound(order, meant),
            risk=risk,
            idle=not found.changes and not found.calls,
        )

    def perform(self, order: Order) -> Outcome:
        """What came of the order."""
        if order.act in DEEDS:
            return self._of_the_engine(order)
        at = self._hands.clock()
        self._learn(order, at)
        with self._hands.store.look() as tx:
            known = next((p for p in placed(tx, order.incident) if p.key == order.key), None)
            meant = self._meant(tx, order, at, known)
        if known is None and order.seen not in ("", _bound(order, meant)):
            says = "What it would do changed since it was shown: it is shown once more."
            return Outcome(ok=False, says=says, again=True)
        # (2) the line stands before the act
        line = Placed(key=order.key, act=order.act, args=meant.given, asset=order.asset, at=at)
        with self._hands.store.begin() as tx:
            line = place(tx, order.incident, line)
        # (3) demand, and the line that knows of it, in one commit
        asking = replace(meant.asking, at=line.at, until=_until(order, line.at))
        line = self._demand(order, replace(meant, asking=asking), line)
        # (4) prove, at once where it contains; what only watches holds nobody up
        if line.demands and meant.action.rank > WATCHES:
            self._witness.prove(order.incident, line, _probe(meant, line))
        # (5) call, and have others follow: whoever is slow there delays no proof
        here = f"{meant.action.title} is in force." if line.demands else ""
        calls = meant.action.calls(order.asset, meant.args)
        told, late = self._calling.done(order, calls, str(meant.given.get("message", "")))
        says = " ".join(filter(None, (here, *told))) or meant.action.title
        with self._hands.store.begin() as tx:
            kept = next(p for p in placed(tx, order.incident) if p.key == line.key)
            mark(tx, order.incident, replace(kept, says=says))
        return Outcome(ok=not late, says=says, handle=handle_of(line), again=late)

    def begun(self, order: Order) -> str:
        """What it takes to undo what is in force of this order, where it broke off half-way."""
        with self._hands.store.look() as tx:
            line = next((p for p in placed(tx, order.incident) if p.key == order.key), None)
        return handle_of(line) if line is not None and line.undone is None else ""

    def gave_up(self, order: Order, says: str) -> None:
        """Tells a person that an act was tried in vain, and what is left to do by hand."""
        says = f"{act_title(order.act)} on {order.asset} was not done everywhere: {says}"
        self._own.tell(order, "owner", says, "gave-up")

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
        calls = to_take_back(order.incident, line)
        with self._hands.store.begin() as tx:
            mark(tx, order.incident, undone(line, at, replaced=order.replaced))
            owe(tx, BACK, (one.text for one in calls))
        said = (
            f"{action.title} is taken back.",
            *self._calling.took_back(order, line.asset, calls),
        )
        return Outcome(ok=True, says=" ".join(filter(None, said)))

    def _meant(
        self, tx: Transaction, order: Order, at: datetime, line: Placed | None = None
    ) -> _Meant:
        action = actions().get(order.act)
        if action is None:
            raise NotFound("action", order.act, "playbook list")
        seen = self._seen(tx, order.incident, at)
        given = line.args if line is not None else self._filled(tx, order, seen, at)
        asking = Asking(
            by=order.by,
            why=order.why,
            at=at,
            incident=order.incident,
            until=_until(order, at),
            known=seen.known,
        )
        args = arguments(action, given)
        if line is None:
            wanted = action.wanted(order.asset, args, seen.known)
            spared(order.asset, wanted.deny, self._hands.proxies(order.asset))
            reachable(wanted, self._hands.fronts(order.asset))
        return _Meant(
            action=action,
            args=args,
            given=given,
            seen=seen,
            asking=asking,
        )

    def _seen(self, tx: Transaction, incident: IncidentId, at: datetime) -> Situation:
        """What is known of the incident, with no proxy of ours among its addresses."""
        found = situation(tx, incident, at, self._hands.hours)
        fronts = self._hands.fronts(found.asset.id)
        has = frozenset(version for one in fronts for version in one.report.versions)
        found = replace(found, known=replace(found.known, fronted=has))
        named = found.words.get("networks")
        proxies = self._hands.proxies(found.asset.id)
        if not isinstance(named, tuple) or not proxies:
            return found
        left = others(named, proxies)
        words = {name: value for name, value in found.words.items() if name != "networks"}
        words |= {"networks": left} if left else {}
        return replace(found, words=words, facts={**found.facts, "networks": len(left)})

    def _filled(
        self, tx: Transaction, order: Order, seen: Situation, at: datetime
    ) -> dict[str, Argument]:
        """The arguments with their words filled in; those of traffic are counted when asked for."""
        words = dict(seen.words)
        if "$tools" in order.args.values():
            used = {t for f in self._asked.traffic(tx, order.asset, at).flows for t in f.tools}
            words |= {"tools": tuple(sorted(used))} if used else {}
        if _ALIKE in order.args.values():
            learnt = kept(tx, order.incident)
            words |= {"alike": learnt.rule} if learnt is not None and learnt.rule else {}
        return filled(order.args, words)

    def _learn(self, order: Order, at: datetime) -> None:
        """Learns what too much alike means here, or makes a key, where the order asks for it."""
        if _ALIKE in order.args.values():
            learn_once(self._hands.store, self._hands.rows, order.incident, at)
        if order.act == MARKS:
            make_once(self._hands.store, self._hands.rows, order.incident, at)

    def _demand(self, order: Order, meant: _Meant, line: Placed) -> Placed:
        """The line with what it demands, which is in force once the line is kept."""
        standing = self._hands.policies.standing(order.asset)
        demand = propose(meant.action, standing, meant.args, meant.asking)
        change = Change(by=order.by, because=order.why, incident=order.incident)
        nothing = neutral(demand.policy)
        all_ = () if nothing else (demand, *also(meant.action, demand, meant.seen.known))
        with self._hands.store.begin() as tx:
            versions = [self._hands.policies.demand_in(tx, one, change).version for one in all_]
            made = tuple((one.policy.asset, one.id) for one in all_)
            line = replace(line, demands=made, version=line.version or (*versions, 0)[0])
            mark(tx, order.incident, line)
            owe(tx, PROOFS, (order.incident,) if made else ())
            owe(tx, CALLS, (order.incident,) if to_take_back(order.incident, line) else ())
        return line

    def _of_the_engine(self, order: Order) -> Outcome:
        """What came of a deed of the engine itself."""
        if order.act == "freeze":
            self.freeze(order.incident, by=order.by)
            return Outcome(ok=True, says="What it is now is kept as evidence.")
        if order.act == "await_probe":
            return self._proofs(order)
        if order.act == TAKE_BACK:
            return self._take_back(order)
        with self._hands.store.look() as tx:
            seen = self._seen(tx, order.incident, self._hands.clock())
        return self._own.perform(order, filled(order.args, seen.words))

    def _take_back(self, order: Order) -> Outcome:
        """What came of taking one step back, once another is in force and nobody denies it."""
        step, once = str(order.args["step"]), str(order.args["once"])
        with self._hands.store.look() as tx:
            lines = placed(tx, order.incident)
        old, new = (of_step(lines, order.run, one) for one in (step, once))
        if old is None:
            return Outcome(ok=True, says="There is nothing left to take back.")
        if new is None:
            return Outcome(ok=False, says=f"{once} is not in force, so {step} stays.")
        self._hands.outside.follow(order.asset)  # Unreachable while somebody there has the old
        proof = self.shown(order.incident, new)
        if proof.holds is False:
            says = f"{once} is not shown, so {step} stays: {proof.says}"
            return Outcome(ok=False, says=says, again=_may_come(proof))
        return self.undo(replace(order, replaced=True), old.key)

    def shown(self, incident: IncidentId, line: Placed) -> Proof:
        """What the guards show of this line now, entered when they do."""
        same = Order(
            act=line.act,
            args=line.args,
            incident=incident,
            asset=line.asset,
            key=line.key,
            run=RunId(line.key.partition("/")[0]),
        )
        with self._hands.store.look() as tx:
            meant = self._meant(tx, same, self._hands.clock(), line)
        return self._witness.prove(incident, line, _probe(meant, line))

    def _proofs(self, order: Order) -> Outcome:
        with self._hands.store.look() as tx:
            lines = [p for p in placed(tx, order.incident) if p.demands and p.undone is None]
            standing = in_force(tx, lines)
        lines = [line for line in lines if line.key in standing]
        if not lines:
            return Outcome(
                ok=True, says="Nothing of this incident is in force that a guard can show."
            )
        good, says, late = 0, list[str](), False
        for line in lines:
            if line.proved is not None:
                good += 1
                continue
            proof, title = self.shown(order.incident, line), actions()[line.act].title
            good += proof.holds is True
            late |= _may_come(proof)
            if proof.holds is not True:
                says.append(f"{title}: {proof.says}")
            if proof.cannot:
                told = f"{title} on {line.asset} is not enforced: {proof.says}"
                mine = replace(order, asset=line.asset)
                self._own.tell(mine, "owner", told, f"cannot/{line.key}")
        says.insert(0, f"A guard has proved {good} of {counted(len(lines), 'act')}.")
        return Outcome(ok=good == len(lines), says=" ".join(dict.fromkeys(says)), again=late)


def _may_come(proof: Proof) -> bool:
    """Whether to ask again in a moment.

    A guard that does not yet show it may, and one that is not heard of may be back: a server that
    was just started has heard of none. What a guard cannot do, or cannot be asked, comes never;
    and where no guard was ever heard of, one that is set up later is asked then.
    """
    nobody = proof.holds is None and not proof.guards and not proof.nobody
    return nobody or (proof.holds is False and not proof.cannot)


def _probe(meant: _Meant, line: Placed) -> Probe | None:
    """The probe that shows the act, and which fields of the policy it is about."""
    probe = meant.action.probe(line.asset, meant.args)
    if probe is None:
        return None
    wanted = meant.action.wanted(line.asset, meant.args, meant.asking.known)
    fields = tuple(sorted({c.field for c in changes(Policy(asset=line.asset), wanted)}))
    return replace(probe, about=fields)


def _until(order: Order, at: datetime) -> datetime | None:
    return None if order.lasts is None else at + timedelta(seconds=order.lasts)


def _bound(order: Order, meant: _Meant) -> str:
    """The digest of the act itself: what it wants and calls, and for how long."""
    wanted = wants(meant.action.wanted(order.asset, meant.args, meant.asking.known))
    calls = msgspec.json.encode(meant.action.calls(order.asset, meant.args))
    return digest_of(b"\n".join((order.act.encode(), wanted, calls, str(order.lasts).encode())))


def _digest(order: Order) -> str:
    return digest_of(msgspec.json.encode((order.act, dict(sorted(order.args.items())))))
