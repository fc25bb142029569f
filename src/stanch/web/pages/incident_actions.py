"""What was done to contain it: demands in force, what each changes, who runs it, and its undo."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from stanch.contain.blast import blast
from stanch.contain.combine import effective
from stanch.contain.diff import Change, changes
from stanch.engine.kin import done_for
from stanch.engine.marking import given
from stanch.engine.placed import in_force
from stanch.engine.policies import Change as Because
from stanch.engine.policies import standing_from
from stanch.engine.ports import Transaction
from stanch.engine.taking_back import TakingBack
from stanch.engine.voting import left_to
from stanch.vocabulary.approval import Answer as Said
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.kept import PolicyVersion
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.people import Scope
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.standing import Demand, DemandId, Standing, Traffic
from stanch.vocabulary.trouble import BadInput
from stanch.web.pages.incident import case_of
from stanch.web.paper import page
from stanch.web.taken_off import taken_off
from stanch.web.visit import SHOWN_WITHIN, Answer, Page, Visit, go


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """One demand and what it alone changes."""

    demand: Demand
    changes: tuple[Change, ...]
    hits: str = ""
    """Whom it hits, by what was asked in the last hour."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One version of a policy and what it changed from the one before."""

    kept: PolicyVersion
    changes: tuple[Change, ...]


def done(
    standing: Standing, at: datetime, asked: Callable[[Collection[str]], Traffic] | None = None
) -> tuple[Done, ...]:
    """Each demand with what would be otherwise without it, and whom that hits.

    `asked` is the traffic, looked at for what came from some networks.
    """
    now = effective(standing, at)
    made = []
    for demand in standing.demands:
        others = tuple(d for d in standing.demands if d.id != demand.id)
        without = effective(replace(standing, demands=others), at)
        new = now.deny.networks - without.deny.networks
        hits = blast(without, now, asked(new)).says if asked is not None else ""
        made.append(Done(demand=demand, changes=changes(without, now), hits=hits))
    return tuple(made)


def turns(tx: Transaction, asset: AssetId, limit: int = 20) -> tuple[Turn, ...]:
    """The latest versions of an asset's policy, newest first, each against the one before."""
    history = tx.policies.history(asset, limit=limit)
    start = Policy(asset=asset)
    before = [*(one.policy for one in history[1:]), start]
    return tuple(
        Turn(
            kept=kept,
            changes=changes(then, kept.policy) if kept.version == 1 or then is not start else (),
        )
        for kept, then in zip(history, before[: len(history)], strict=True)
    )


def show(visit: Visit) -> Answer:
    """Questions, demands and versions of this incident."""
    with visit.console.store.look() as tx:
        case = case_of(visit, tx)
        one = case.incident
        questions = tx.approvals.page(Wanted(incident=case.kin), limit=50).items
        waiting = [q for q in questions if q.answer is Said.OPEN and visit.at < q.expires]
        mine = left_to(tx, waiting, visit.caller)
        policy = tx.policies.now(one.asset)
        history = [t for t in turns(tx, one.asset) if t.kept.incident in case.kin]
        past = tx.policies.history(one.asset)
        gone = tuple(off for each in case.kin for off in taken_off(past, each))
        marks = given(tx, one.id)
        acts = done_for(tx, one.id)
        standing = in_force(tx, acts)
        traffic = visit.console.asked.traffic(tx, one.asset, visit.at)
    asked = partial(visit.console.asked.coming_from, traffic)
    demands = done(standing_from(policy), visit.at, asked) if policy else ()
    guards = visit.console.guards.alive(one.asset)
    return page(
        visit,
        "incident_actions.html",
        case=case,
        tab="actions",
        questions=questions,
        acts=acts[::-1],
        standing=standing,
        may_vote=mine,
        demands=[d for d in demands if d.demand.incident in case.kin],
        history=history,
        gone=gone,
        marks=marks,
        version=policy.version if policy else 0,
        guards=guards,
        effect=visit.console.effects.of(one.asset),
    )


def revert(visit: Visit) -> Answer:
    """The tab again, with one demand taken back."""
    with visit.console.store.look() as tx:
        one = case_of(visit, tx).incident
    why = visit.given("why").strip()
    if not why:
        raise BadInput("Say why it is taken back; the log keeps it.")
    because = Because(by=visit.caller.name, because=why[:500], incident=one.id)
    back = TakingBack(store=visit.console.store, policies=visit.console.policies)
    back.revert(one.asset, DemandId(visit.given("demand")), because)
    visit.console.effects.prove(one.asset, SHOWN_WITHIN)
    return go(f"/incidents/{one.id}/actions")


_HERE = "/incidents/{incident:str}"
PAGES = (
    Page(path=f"{_HERE}/actions", show=show),
    Page(path=f"{_HERE}/revert", show=revert, needs=Scope.RESPOND, method="POST"),
)
