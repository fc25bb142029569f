"""The policy algebra: what several incidents demand at once, as one policy.

In    a standing: the base policy and demands, each a partial policy.
Out   the effective policy at a moment; standings with a demand added, taken back or expired.
Why   two incidents on one asset must not undo each other's containment, in either order.

`combine` is the meet of a semilattice, field by field: commutative, associative, idempotent, and
never freer than either side. Modes, filters and logs take the stricter; denials, holds and marks
add up; rates take the slower with the smaller burst; a route takes the smaller weight of each
version, so that only versions both allow are left. Of two mirrors the greater name is taken and of
two fallbacks the shorter (it gives less away), so that order never matters.

The base is the default, not a demand: where demands name a route, a mirror or a fallback, theirs
replaces the base's. If nobody is left on the route, the asset is safe with a fallback and stopped
without one: never an open route.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce
from typing import TypeVar

from stanch.contain.policy import REST, answering_mode, closed, in_order, normal, weights
from stanch.contain.rate import slower
from stanch.vocabulary.policy import (
    Deny,
    Filter,
    Hold,
    Limits,
    LogLevel,
    Mode,
    Policy,
    Scores,
    Shape,
    Strictness,
    Tools,
)
from stanch.vocabulary.standing import Demand, DemandId, Standing
from stanch.vocabulary.trouble import BadInput, NotFound

T = TypeVar("T", int, float, datetime)
W = TypeVar("W", bound=StrEnum)
MODES = tuple(Mode)
SCORES = tuple(Scores)
STRICTNESS = tuple(Strictness)
LOGS = tuple(LogLevel)


def combine(one: Policy, other: Policy) -> Policy:
    """The policy that is as strict as both, field by field, and no stricter."""
    if one.asset != other.asset:
        raise BadInput(f"Policies of two assets cannot be combined: {one.asset}, {other.asset}.")
    return Policy(
        asset=one.asset,
        version=max(one.version, other.version),
        mode=stricter(MODES, one.mode, other.mode),
        route=_routes(one.route, other.route),
        mirror=max(one.mirror, other.mirror),
        deny=Deny(
            principals=one.deny.principals | other.deny.principals,
            networks=one.deny.networks | other.deny.networks,
        ),
        limit=_limits(one.limit, other.limit),
        shape=_shapes(one.shape, other.shape),
        filter=Filter(
            input=stricter(STRICTNESS, one.filter.input, other.filter.input),
            output=stricter(STRICTNESS, one.filter.output, other.filter.output),
            rules=one.filter.rules | other.filter.rules,
        ),
        tools=Tools(deny=one.tools.deny | other.tools.deny, ask=one.tools.ask | other.tools.ask),
        hold=Hold(
            ingestion=one.hold.ingestion or other.hold.ingestion,
            training=one.hold.training or other.hold.training,
            deployment=one.hold.deployment or other.hold.deployment,
        ),
        log=stricter(LOGS, one.log, other.log),
        fallback=_shorter(one.fallback, other.fallback),
        until=_least(one.until, other.until),
    )


def demanded(standing: Standing, at: datetime) -> Policy:
    """What the demands in force at this moment come to, without the base."""
    nothing = Policy(asset=standing.asset)
    return reduce(combine, (_bounded(d) for d in in_force(standing, at)), nothing)


def effective(standing: Standing, at: datetime) -> Policy:
    """The policy that guards must make true at this moment."""
    base, wanted = expired(standing, at).base, demanded(standing, at)
    both = replace(combine(base, wanted), version=standing.version)
    named = closed(wanted.route)
    result = replace(
        both,
        route=dict(wanted.route) if named else both.route,
        mirror=wanted.mirror or base.mirror,
        fallback=wanted.fallback or base.fallback,
    )
    return normal(replace(result, mode=answering_mode(result)))


def in_force(standing: Standing, at: datetime) -> tuple[Demand, ...]:
    """The demands that have not ended. Each began when it was made, also for a clock that went back
    since, or that of another server, which is behind.
    """
    return tuple(d for d in standing.demands if d.until is None or at < d.until)


def added(standing: Standing, demand: Demand) -> Standing:
    """The standing with this demand; the same demand again replaces itself."""
    if demand.policy.asset != standing.asset:
        raise BadInput(f"A demand on {demand.policy.asset} cannot be made of {standing.asset}.")
    normal(demand.policy)
    others = (d for d in standing.demands if d.id != demand.id)
    ordered = sorted((*others, demand), key=lambda d: (d.since, d.id))
    return replace(standing, demands=tuple(ordered))


def reverted(standing: Standing, demand: DemandId) -> Standing:
    """The standing without this demand; the others stay as they are."""
    if all(d.id != demand for d in standing.demands):
        raise NotFound("demand", demand, "policy show ASSET")
    return replace(standing, demands=tuple(d for d in standing.demands if d.id != demand))


def over(base: Policy, at: datetime) -> bool:
    """Whether the time of the owner's own policy is up."""
    return base.until is not None and base.until <= at


def expired(standing: Standing, at: datetime) -> Standing:
    """The standing without what has ended: demands, or the owner's own policy."""
    left = in_force(standing, at)
    ended = over(standing.base, at)
    if not ended and len(left) == len(standing.demands):
        return standing
    base = Policy(asset=standing.asset) if ended else standing.base
    return replace(standing, base=base, demands=left)


def later(standing: Standing, by: timedelta) -> Standing:
    """The standing with every end that much later."""
    base = replace(standing.base, until=_moved(standing.base.until, by))
    demands = tuple(
        replace(
            d, until=_moved(d.until, by), policy=replace(d.policy, until=_moved(d.policy.until, by))
        )
        for d in standing.demands
    )
    return replace(standing, base=base, demands=demands)


def _moved(end: datetime | None, by: timedelta) -> datetime | None:
    return None if end is None else end + by


def next_change(standing: Standing, at: datetime) -> datetime | None:
    """When time alone next changes the effective policy, or None."""
    ends = (standing.base.until, *(d.until for d in standing.demands))
    return min((end for end in ends if end is not None and end > at), default=None)


def numbered(before: Standing, after: Standing) -> Standing:
    """The standing to keep: one version further if it differs at all."""
    same = replace(after, version=before.version)
    return same if same == before else replace(after, version=before.version + 1)


def stricter(order: tuple[W, ...], one: W, other: W) -> W:
    """The later of two words in an order from free to strict."""
    return max(one, other, key=order.index)


def _bounded(demand: Demand) -> Policy:
    return replace(demand.policy, until=_least(demand.policy.until, demand.until), version=0)


def _routes(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    rest = min(_rest(one), _rest(other))
    met = {
        v: int(min(one.get(v, _rest(one)), other.get(v, _rest(other))))
        for v in sorted({*one, *other})
    }
    return {**met, REST: 0} if rest == 0 and not weights(met) else met


def _rest(route: Mapping[str, int]) -> float:
    return 0 if closed(route) else float("inf")


def _limits(one: Limits, other: Limits) -> Limits:
    each = {
        p: rate
        for p in sorted({*one.principals, *other.principals})
        if (rate := slower(one.principals.get(p), other.principals.get(p))) is not None
    }
    return Limits(
        per_principal=slower(one.per_principal, other.per_principal),
        overall=slower(one.overall, other.overall),
        cost=slower(one.cost, other.cost),
        max_batch=_least(one.max_batch, other.max_batch),
        max_tokens=_least(one.max_tokens, other.max_tokens),
        principals=each,
    )


def _shapes(one: Shape, other: Shape) -> Shape:
    return Shape(
        scores=stricter(SCORES, one.scores, other.scores),
        round=_least(one.round, other.round),
        jitter=max(one.jitter, other.jitter),
        epsilon=_least(one.epsilon, other.epsilon),
        marks=in_order((*one.marks, *other.marks)),
    )


def _least(one: T | None, other: T | None) -> T | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _shorter(one: str, other: str) -> str:
    given = [text for text in (one, other) if text]
    return min(given, key=lambda text: (len(text), text), default="")
