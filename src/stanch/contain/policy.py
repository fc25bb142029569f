"""The policy on the wire: one normal form, canonical bytes, a digest, and what a route means.

In    a Policy, or bytes that claim to be one.
Out   the normal form; its bytes and digest (what approvals bind to and guards report); or BadInput.
Why   a digest binds only if equal policies have equal bytes, whoever made them and in what order.

A route is a weight for each version. A weight above zero closes the route: versions that are not
named get nothing. A route of zeros only is open: it forbids those versions and leaves the rest to
the service. `*: 0` closes a route by itself, so that a route on which nothing is left stays empty.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, overload

import msgspec

from stanch.contain.alike import is_alike, likeness
from stanch.vocabulary.ids import Digest, digest_of
from stanch.vocabulary.network import network
from stanch.vocabulary.policy import Deny, Mark, Mode, Policy, Rate, Scores, Shape
from stanch.vocabulary.trouble import BadInput

KEY = re.compile(r"[0-9a-f]{64}")
"""What the key of marks looks like."""
REST = "*"
"""Stands in a route for every version that is not named."""

_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Policy)
T = TypeVar("T")


def normal(policy: Policy) -> Policy:
    """The same policy in the one form that canonical bytes are made from, or BadInput."""
    _check(policy)
    found = _DECODER.decode(_ENCODER.encode(policy))
    networks = frozenset(network(n) for n in found.deny.networks)
    limit = found.limit
    return replace(
        found,
        deny=Deny(principals=found.deny.principals, networks=networks),
        limit=replace(
            limit,
            per_principal=_plain(limit.per_principal),
            overall=_plain(limit.overall),
            cost=_plain(limit.cost),
            principals={p: _plain(rate) for p, rate in limit.principals.items()},
        ),
        shape=replace(found.shape, marks=in_order(found.shape.marks)),
    )


def canonical(policy: Policy) -> bytes:
    """The bytes of this policy; equal policies have equal bytes."""
    found = normal(policy)
    if found.shape.marks:
        return _ENCODER.encode(found)
    return _ENCODER.encode(replace(found, shape=_older(found.shape)))  # pyrefly: ignore[bad-argument-type]  only encoded


@dataclass(frozen=True, kw_only=True, slots=True)
class _Older:
    """A shape as it was before there were marks: what has none keeps its bytes and signatures."""

    scores: Scores
    round: int | None
    jitter: float
    epsilon: float | None


def _older(shape: Shape) -> _Older:
    return _Older(
        scores=shape.scores, round=shape.round, jitter=shape.jitter, epsilon=shape.epsilon
    )


def digest(policy: Policy) -> Digest:
    """The digest that approvals bind to and guards report."""
    return digest_of(canonical(policy))


def in_order(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Each mark once, in the one order that equal policies share."""
    return tuple(
        sorted({*marks}, key=lambda m: (m.key, sorted(m.principals), m.within, m.share, m.classes))
    )


def wants(policy: Policy) -> bytes:
    """The bytes of what a policy wants, whatever its version and end."""
    return canonical(replace(policy, version=0, until=None))


def decoded(content: bytes) -> Policy:
    """The policy that these bytes hold, or BadInput."""
    try:
        found = _DECODER.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"These bytes are not a policy: {error}.") from error
    return normal(found)


def neutral(policy: Policy) -> bool:
    """Whether this policy changes nothing for anybody."""
    return wants(policy) == wants(Policy(asset=policy.asset))


def closed(route: Mapping[str, int]) -> bool:
    """Whether versions that the route does not name get nothing."""
    return REST in route or any(w > 0 for w in route.values())


def weights(route: Mapping[str, int]) -> dict[str, int]:
    """The versions that may answer with their weights; empty when none is named."""
    return {v: w for v, w in sorted(route.items()) if w > 0}


def may_answer(route: Mapping[str, int], version: str) -> bool:
    """Whether this version may answer under this route."""
    return route.get(version, 0 if closed(route) else 1) > 0


def nobody_left(route: Mapping[str, int]) -> bool:
    """Whether the route is closed and names no version that may answer."""
    return closed(route) and not weights(route)


def in_turn(versions: Iterable[str], default: str) -> tuple[str, ...]:
    """The versions in the order in which one is chosen where a policy leaves it open."""
    return tuple(sorted(versions, key=lambda one: (one != default, one)))


def narrowed(policy: Policy, versions: Sequence[str]) -> Policy:
    """The same, with an open route said in these versions: the first that may answer, or nobody.

    Nothing is forbidden by a route without entries, and without versions nobody knows the rest.
    """
    if not policy.route or not versions or closed(policy.route):
        return policy
    rest = next((v for v in versions if may_answer(policy.route, v)), REST)
    return replace(policy, route={rest: int(rest != REST)})


def answering_mode(policy: Policy) -> Mode:
    """The mode in effect: an empty route is safe with a fallback and stopped without one."""
    if not nobody_left(policy.route):
        return policy.mode
    forced = Mode.SAFE if policy.fallback else Mode.STOPPED
    return forced if policy.mode in (Mode.SERVING, Mode.SHADOW) else policy.mode


def only(check: Callable[[T], bool], value: T | None, says: str) -> None:
    """Nothing, or BadInput when a value is there and the check fails."""
    if value is not None and not check(value):
        raise BadInput(f"{says}, not {value!r}.")


def _check(policy: Policy) -> None:
    for version, weight in policy.route.items():
        only(lambda w: w >= 0, weight, f"The weight of {version!r} in a route must be 0 or more")
    only(lambda w: w == 0, policy.route.get(REST), "The weight of * in a route can only be 0")
    for rule in policy.filter.rules:
        if is_alike(rule):
            likeness(rule)
    limit, shape = policy.limit, policy.shape
    for rate in (limit.per_principal, limit.overall, limit.cost, *limit.principals.values()):
        only(_usable, rate, "A rate needs a count of 0 or more, in seconds above 0")
    only(lambda n: n >= 0, limit.max_batch, "max_batch must be 0 or more")
    only(lambda n: n >= 0, limit.max_tokens, "max_tokens must be 0 or more")
    only(lambda n: 0 <= n <= 15, shape.round, "round must be from 0 to 15")  # noqa: PLR2004  the decimals of a double
    only(lambda n: 0 <= n < 1, shape.jitter, "jitter must be at least 0 and below 1")
    only(lambda n: 0 < n < float("inf"), shape.epsilon, "epsilon must be above 0")
    for mark in shape.marks:
        # A key is not repeated in an error, which may be shown anywhere.
        if not KEY.fullmatch(mark.key):
            raise BadInput("The key of marks is 64 hexadecimal digits in small letters.")
        only(lambda n: 0 < n < 1, mark.within, "within must be above 0 and below 1")
        only(lambda n: 0 < n < 1, mark.share, "The share of marks must be above 0 and below 1")


@overload
def _plain(rate: Rate) -> Rate: ...
@overload
def _plain(rate: None) -> None: ...
def _plain(rate: Rate | None) -> Rate | None:
    """The same rate, without a burst that says nothing new."""
    return replace(rate, burst=None) if rate is not None and rate.burst == rate.count else rate


def _usable(rate: Rate) -> bool:
    burst = rate.count if rate.burst is None else rate.burst
    finite = all(n < float("inf") for n in (rate.count, rate.seconds, burst))
    return finite and rate.count >= 0 and rate.seconds > 0 and burst >= 0
