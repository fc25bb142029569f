"""Actions: one reversible change each, proposed as a demand, previewed before it is done.

In    how the asset stands, the action's arguments, who asks and why, what is known of versions.
Out   a Demand (the policy it wants), calls that only the engine may make, the consent it needs, a
      preview in words with its blast radius, and the probe that will prove it.
Why   one module, one constant `ACTION`; the contract suite runs over all of them. An action pokes
      nothing: policy now, policy next.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from stanch.contain.blast import Blast, blast
from stanch.contain.combine import added, effective
from stanch.contain.diff import Change, changes
from stanch.contain.fitting import fitted
from stanch.contain.going_back import why_ask
from stanch.contain.known import Known, Version
from stanch.contain.misnamed import misnamed
from stanch.contain.policy import wants, weights
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId, IncidentId, PrincipalId
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.standing import Demand, Standing, Traffic, demand_id
from stanch.vocabulary.trouble import BadInput

__all__ = ["Action", "Asking", "Call", "Consent", "Known", "Preview", "Undo", "Version"]
A = TypeVar("A")
DATASETS = "datasets"
"""The kind of systems that set datasets aside."""


class Undo(StrEnum):
    """How an action is taken back."""

    REVERT = "revert"
    """The demand is taken back."""
    CALL = "call"
    """The engine makes the opposite call, and the demand is taken back."""
    NOTHING = "nothing"
    """It changes nothing that would need undoing."""
    NEVER = "never"
    """It cannot be taken back: two people say yes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A call to an outside system that an action wants; the engine performs it."""

    connector: str
    verb: str
    subject: str
    says: str
    undo: str = ""
    """The verb that takes it back; empty when nothing does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """Who wants an action, why, and until when."""

    by: str
    why: str
    at: datetime
    incident: IncidentId | None = None
    until: datetime | None = None
    known: Known = field(default_factory=Known)


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """How much may happen without asking a person: by itself, only what hits suspects alone."""

    suspects: frozenset[PrincipalId] = frozenset()
    """Those who are surely behind it: they may be hit unasked."""
    widest: float = 0.0
    """The largest share of requests, of others than suspects, that an act may hit unasked."""
    crowd: int = 50
    """So many principals an act may name unasked; more are a crowd, and a person's matter."""
    by_person: bool = False
    """Whether a person wants it: whom they name themselves needs no second person's yes."""


Wanted = Callable[[AssetId, A, Known], Policy]


def no_calls(_: AssetId, __: object) -> tuple[Call, ...]:
    """No call to anybody outside."""
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Action(Generic[A]):
    """One way to contain."""

    id: ActionId
    title: str
    says: str
    """What it does and what it costs, in a sentence or two."""
    args: type[A]
    rank: int
    """How wide it cuts: 10 one principal, 20 one network, 30 one version, 40 everybody a little,
    50 a whole pipeline or tool, 60 everybody's answers, 70 the asset."""
    risk: Risk
    undo: Undo = Undo.REVERT
    wanted: Wanted[A]
    probe: Callable[[AssetId, A], Probe | None]
    calls: Callable[[AssetId, A], tuple[Call, ...]] = no_calls
    stops: bool = True
    """Whether it holds anybody back; what only lets a deed be proved later contains nothing."""
    goes_back: bool = False
    """Whether it puts an earlier version back into use."""
    spreads: bool = False
    """Whether siblings by lineage get the same demand."""
    instead_of: tuple[str, ...] = ()
    """Wider actions before which this one is to be tried; whoever asks for one of them is told."""
    example: A
    known: Known = field(default_factory=Known)
    """What must be known for the example."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What an action would change, for the people who must agree to it."""

    action: ActionId
    changes: tuple[Change, ...]
    blast: Blast
    risk: Risk
    calls: tuple[Call, ...]
    after: Policy
    kin: tuple[AssetId, ...] = ()
    """Assets of which the same is demanded."""
    warns: tuple[str, ...] = ()
    """What a person should weigh beside it."""

    @property
    def says(self) -> str:
        """All of it in words."""
        return " ".join([*(self.effect or ("Nothing changes.",)), self.blast.says, *self.warns])

    @property
    def effect(self) -> tuple[str, ...]:
        """What it does, a sentence each."""
        kin = f"The same is asked of {', '.join(self.kin)}."
        said = (*(c.says for c in self.changes), *(c.says for c in self.calls))
        return (*said, kin) if self.kin else said


def arguments(action: Action[A], given: Mapping[str, object]) -> A:
    """The action's typed arguments from a playbook's or a person's, or BadInput."""
    known = set(getattr(action.args, "__dataclass_fields__", ()))
    unknown = sorted(set(given) - known)
    if unknown:
        raise BadInput(
            f"{action.id} takes {', '.join(sorted(known)) or 'nothing'}; not {', '.join(unknown)}."
        )
    lacking = sorted(n for n in known if _required(action, n) and given.get(n, "") in ((), [], ""))
    if lacking:
        raise BadInput(f"{action.id} needs {' '.join(_like(action, n) for n in lacking)}.")
    return fitted(str(action.id), action.args, given)


def _like(action: Action[A], name: str) -> str:
    """The argument and a value of it, as one would type them."""
    value: object = getattr(action.example, name)
    said = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"{name}, like {name}={said}" if said else name


def _required(action: Action[A], name: str) -> bool:
    fields = getattr(action.args, "__dataclass_fields__", {})
    return fields[name].default is MISSING


def propose(action: Action[A], standing: Standing, args: A, asking: Asking) -> Demand:
    """The demand that this action makes of the asset; the same asking makes the same demand."""
    policy = action.wanted(standing.asset, args, asking.known)
    asker = asking.incident or asking.by
    return Demand(
        id=demand_id(asker, action.id, wants(policy)),
        policy=policy,
        since=asking.at,
        until=asking.until,
        by=asking.by,
        why=asking.why,
        incident=asking.incident,
        action=action.id,
    )


def also(action: Action[A], demand: Demand, known: Known) -> tuple[Demand, ...]:
    """The same demand on siblings, where the action spreads by lineage."""
    if not action.spreads:
        return ()
    asker = demand.incident or demand.by
    made = []
    for sibling in known.siblings:
        policy = replace(demand.policy, asset=sibling)
        made.append(replace(demand, policy=policy, id=demand_id(asker, action.id, wants(policy))))
    return tuple(made)


def preview(
    action: Action[A], standing: Standing, args: A, asking: Asking, traffic: Traffic
) -> Preview:
    """What would change and who would be hit; nothing is changed."""
    return previewed(action, standing, args, asking, (traffic, Consent()))


def previewed(
    action: Action[A],
    standing: Standing,
    args: A,
    asking: Asking,
    judged: tuple[Traffic, Consent],
) -> Preview:
    """The preview under the user's own setting of how much may happen without asking."""
    traffic, consent = judged
    demand = propose(action, standing, args, asking)
    before = effective(standing, asking.at)
    after = effective(added(standing, demand), asking.at)
    hit = blast(before, after, traffic)
    calls = action.calls(standing.asset, args)
    moves = why_ask(asking.known, asking.at) if action.goes_back else ()
    warns = (*_suspects(before, after, asking.known), *moves)
    risk = risk_of(action, hit, consent)
    return Preview(
        action=action.id,
        changes=changes(before, after),
        blast=hit,
        risk=Risk.ONE if warns and risk is Risk.AUTOMATIC else risk,
        calls=calls,
        after=after,
        kin=tuple(one.policy.asset for one in also(action, demand, asking.known)),
        warns=(*warns, *misnamed(before, after, traffic, asking.known, _datasets(calls))),
    )


def _datasets(calls: tuple[Call, ...]) -> tuple[str, ...]:
    """The datasets that these calls are about."""
    return tuple(one.subject for one in calls if one.connector == DATASETS)


def _suspects(before: Policy, after: Policy, known: Known) -> tuple[str, ...]:
    """The versions under suspicion that would come to answer, in a sentence each."""
    bad = {one.version for one in known.versions if one.suspect}
    come = sorted(bad & weights(after.route).keys() - weights(before.route).keys())
    return tuple(f"Version {one} is itself under suspicion." for one in come)


def risk_of(action: Action[A], hit: Blast, consent: Consent) -> Risk:
    """The consent this needs: by whether it can be undone, and by whom it could hit."""
    if action.undo is Undo.NEVER:
        return Risk.TWO
    if action.risk is not Risk.AUTOMATIC:
        return action.risk
    return Risk.ONE if _asks(hit, consent) else Risk.AUTOMATIC


def _asks(hit: Blast, consent: Consent) -> bool:
    """Whether it could hit others than suspects, and more of them than may be hit unasked."""
    reach = hit.reach
    if len(reach.principals) > consent.crowd:
        return True
    strangers = reach.principals - consent.suspects if not consent.by_person else ()
    others = reach.everybody or reach.networks or strangers
    if not others:
        return False
    unknown = not hit.known or hit.uncounted
    return not consent.widest or bool(unknown) or hit.beyond(consent.suspects) > consent.widest
