"""The blast radius: whom a change of policy hits, in counts of what they really asked.

In    the policy before and after, and the traffic of a span (by default the last hour's counts).
Out   the principals hit, the requests refused or answered otherwise, and their share.
Why   an approver should see who is hurt before saying yes, and the playbook prefers the narrowest.

Counts are exact where the policy decides by itself (denials, modes, versions, shapes, tools).
Under a rate limit a principal keeps at most burst + rate x span of its requests, and in each minute
at most burst + rate x 60 s, so what is refused is at least the rest. Where weights shift between
versions that both still answer, the part that moves is the part of the old share that is gone;
where no weights were stated, the old share is the one that was seen. Who is not known by name is
counted together, under the empty name. What nobody counts (rows, tokens, costs, addresses) is said
to be not known, and is never taken for nobody.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from stanch.contain.marks import named
from stanch.contain.policy import answering_mode, closed, may_answer, weights
from stanch.contain.rate import one_at_least, own_rates, slower
from stanch.contain.reach import Reach, reach
from stanch.vocabulary.ids import PrincipalId
from stanch.vocabulary.network import Networks
from stanch.vocabulary.policy import Mode, Policy, Rate
from stanch.vocabulary.spelling import folded, spellings
from stanch.vocabulary.standing import Flow, Traffic

Sieve = Callable[[Flow], bool]
NAMELESS = PrincipalId("")
"""Stands for all who were counted and are not known by name."""
MINUTE = 60.0
SOURCES = "deny.networks"
"""Under this name stands in what was found: the share of each principal's requests that came from
the networks that are newly refused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Blast:
    """Who is hit by a change, out of whom."""

    principals: tuple[PrincipalId, ...] = ()
    """Those whose requests would be refused or answered otherwise than before."""
    refused: Fraction = Fraction(0)
    """Requests answered before that would be refused now (at least)."""
    altered: Fraction = Fraction(0)
    """Requests still answered, but otherwise: a fallback, another version, a changed shape."""
    requests: int = 0
    """All requests of the span."""
    known: bool = True
    """False when there was no traffic to judge by."""
    reach: Reach = field(default_factory=Reach)
    """Whom it could hit, seen lately or not."""
    each: Mapping[PrincipalId, Fraction] = field(default_factory=dict)
    """How many requests of each are hit; under the empty name those of the unnamed."""
    uncounted: tuple[str, ...] = ()
    """By what it hits others as well, of which nothing is counted."""

    @property
    def share(self) -> float:
        """The part of all requests that is hit, from 0 to 1."""
        return float((self.refused + self.altered) / self.requests) if self.requests else 0.0

    def beyond(self, suspects: Collection[PrincipalId]) -> float:
        """The part of all requests that is hit and is not these suspects' own."""
        innocent = sum((n for p, n in self.each.items() if p not in suspects), Fraction(0))
        return float(innocent / self.requests) if self.requests else 0.0

    @property
    def says(self) -> str:
        """The blast radius in one sentence."""
        if not self.known:
            whom = "It holds for everybody. " if self.reach.everybody else ""
            return f"{whom}Nothing was asked in the span looked at, so nobody can be named."
        unknown = (
            f"Whom it hits by {' and '.join(self.uncounted)} is not known: nobody counts that."
        )
        asked = f"{self.requests} request{'' if self.requests == 1 else 's'}"
        if not (self.principals or self.refused or self.altered):
            return unknown if self.uncounted else f"Hits nobody: none of {asked}."
        many = f"{len(self.principals)} principal{'' if len(self.principals) == 1 else 's'}"
        more = " and others who are not known by name" if self.each.get(NAMELESS) else ""
        return (
            f"Hits {many}{more} and {100 * self.share:.3g} % of "
            f"{asked} ({float(self.refused):.6g} refused, "
            f"{float(self.altered):.6g} answered otherwise)."
        ) + (f" {unknown}" if self.uncounted else "")


def blast(before: Policy, after: Policy, traffic: Traffic) -> Blast:
    """Whom going from one policy to the other would have hit in this traffic."""
    was_refused, is_refused = _refuses(before), _refuses(after)
    moved, finds = _moved(before, after, traffic), _finds(before, after, traffic)
    comes = _comes(before, after, traffic)
    marks = _marks(before, after, traffic)
    refused: dict[PrincipalId, Fraction] = defaultdict(Fraction)
    altered: dict[PrincipalId, Fraction] = defaultdict(Fraction)
    left: dict[PrincipalId, int] = defaultdict(int)
    minutes: dict[PrincipalId, Counter[int]] = defaultdict(Counter)
    toolless = (after.tools.deny | after.tools.ask) - (before.tools.deny | before.tools.ask)
    for flow in traffic.flows:
        if was_refused(flow):
            continue
        if is_refused(flow):
            refused[flow.principal] += flow.count
            continue
        held = flow.count * max(finds(flow.principal), 0 if flow.source else comes(flow.principal))
        if held:
            refused[flow.principal] += held
        left[flow.principal] += flow.count
        if flow.minutes:
            minutes[flow.principal].update(dict(enumerate(flow.minutes)))
        otherwise = max(moved(flow.version), marks(flow.principal))
        if part := max((flow.count - held) * otherwise, _used(flow, toolless)):
            altered[flow.principal] += part
    seconds = (traffic.span.end - traffic.span.start).total_seconds()
    if before.limit != after.limit:
        own = own_rates(before.limit), own_rates(after.limit)
        _throttle(_Rates(before, after, seconds, minutes, own), left, (refused, altered))
    each = {p: refused[p] + altered[p] for p in {*refused, *altered}}
    total = sum(f.count for f in traffic.flows)
    return Blast(
        principals=tuple(sorted(p for p, n in each.items() if n > 0 and p != NAMELESS)),
        refused=sum(refused.values(), Fraction(0)),
        altered=sum(altered.values(), Fraction(0)),
        requests=total,
        known=total > 0,
        reach=reach(before, after),
        each={p: n for p, n in each.items() if n > 0},
        uncounted=tuple(_uncounted(before, after, traffic)),
    )


def _uncounted(before: Policy, after: Policy, traffic: Traffic) -> Iterator[str]:
    """By what the later policy refuses more, of which the traffic tells nothing."""
    was, now = before.limit, after.limit
    if _less(was.max_batch, now.max_batch):
        yield "the rows of a request"
    if _less(was.max_tokens, now.max_tokens):
        yield "the tokens of a request"
    if now.cost != was.cost and slower(was.cost, now.cost) == now.cost:
        yield "what it costs"
    if before.route != after.route and any(not flow.version for flow in traffic.flows):
        yield "the version that answers"
    unseen = any(not flow.source for flow in traffic.flows)
    if after.deny.networks - before.deny.networks and unseen and SOURCES not in traffic.found:
        yield "its address"


def _less(was: int | None, now: int | None) -> bool:
    return now is not None and (was is None or now < was)


def _used(flow: Flow, tools: Collection[str]) -> Fraction | int:
    """How often the flow used one of these tools."""
    return min(flow.count, sum(n for tool, n in flow.tools.items() if tool in tools))


@dataclass(frozen=True, slots=True)
class _Rates:
    """Two policies and how long the traffic ran."""

    before: Policy
    after: Policy
    seconds: float
    minutes: Mapping[PrincipalId, Mapping[int, int]]
    own: tuple[Mapping[str, Rate], Mapping[str, Rate]]

    def newly_refused(self, principal: PrincipalId, count: int) -> Fraction:
        """How many more of these requests the later policy's own rate holds back, at least."""
        if principal == NAMELESS:
            return Fraction(0)
        by_minute = tuple(self.minutes.get(principal, {}).values())
        was, now = (
            _answered(
                own.get(folded(principal)) or policy.limit.per_principal,
                count,
                (self.seconds, by_minute),
            )
            for policy, own in zip(self.policies, self.own, strict=True)
        )
        return max(Fraction(0), was - now)

    @property
    def policies(self) -> tuple[Policy, Policy]:
        """Before and after."""
        return self.before, self.after


def _throttle(
    rates: _Rates,
    left: Mapping[PrincipalId, int],
    hit: tuple[dict[PrincipalId, Fraction], dict[PrincipalId, Fraction]],
) -> None:
    """Move what rates hold back from answered to refused, for each principal and for all."""
    refused, altered = hit
    remains: dict[PrincipalId, Fraction] = {}
    for principal, count in left.items():
        over = rates.newly_refused(principal, count)
        remains[principal] = count - over
        _refuse(principal, over, count, hit)
    whole = sum(remains.values(), Fraction(0))
    was, now = (_kept(p.limit.overall, whole, rates.seconds) for p in rates.policies)
    if whole and was > now:
        for principal, count in remains.items():
            part = count * (was - now) / whole
            refused[principal] += part
            altered[principal] -= altered[principal] * part / count if count else 0


def _refuse(
    principal: PrincipalId,
    over: Fraction,
    count: int,
    hit: tuple[dict[PrincipalId, Fraction], dict[PrincipalId, Fraction]],
) -> None:
    if over:
        hit[0][principal] += over
        hit[1][principal] -= hit[1][principal] * over / count


def _answered(rate: Rate | None, count: int, when: tuple[float, tuple[int, ...]]) -> Fraction:
    """At most so many are answered: over the whole span, and in each minute."""
    if rate is None:
        return Fraction(count)
    seconds, by_minute = when
    over = sum((n - _kept(rate, n, MINUTE) for n in by_minute), Fraction(0))
    return min(_kept(rate, count, seconds), count - over)


def _kept(rate: Rate | None, count: Fraction | int, seconds: float) -> Fraction:
    rate = one_at_least(rate)
    if rate is None:
        return Fraction(count)
    burst = rate.count if rate.burst is None else rate.burst
    most = Fraction(burst) + Fraction(rate.count) * Fraction(seconds) / Fraction(rate.seconds)
    return min(Fraction(count), most)


def _refuses(policy: Policy) -> Sieve:
    """Whether the policy refuses all of a flow: the mode, the principal or the network."""
    mode = answering_mode(policy)
    silent = mode is Mode.STOPPED or (mode is not Mode.SERVING and not policy.fallback)
    principals = spellings(policy.deny.principals)
    networks = Networks(policy.deny.networks)
    if silent:
        return lambda _: True
    if not networks:
        return lambda flow: folded(flow.principal) in principals
    return lambda flow: folded(flow.principal) in principals or networks.cover(flow.source)


Part = Callable[[PrincipalId], Fraction | int]
"""The part of a principal's requests."""


def _finds(before: Policy, after: Policy, traffic: Traffic) -> Part:
    """The part of a principal's requests that new rules find."""
    return _found(traffic, after.filter.rules - before.filter.rules)


def _comes(before: Policy, after: Policy, traffic: Traffic) -> Part:
    """The part of a principal's requests that comes from networks that are newly refused."""
    new = after.deny.networks - before.deny.networks
    return _found(traffic, frozenset({SOURCES}) if new else frozenset())


def _found(traffic: Traffic, names: frozenset[str]) -> Part:
    """The largest part that was found under one of these names; none where nobody looked."""
    looked = [traffic.found[one] for one in sorted(names & traffic.found.keys())]

    def part(principal: PrincipalId) -> Fraction:
        most = max(one.get(principal, one.get(NAMELESS, 0.0)) for one in looked)
        return Fraction(most).limit_denominator(1_000_000)

    return part if looked else lambda _: 0


def _marks(before: Policy, after: Policy, traffic: Traffic) -> Part:
    """The part of a principal's answers that new marks swap; all, where that was not looked at."""
    new = [
        (one, spellings(one.principals))
        for one in after.shape.marks
        if one not in before.shape.marks
    ]

    def part(principal: PrincipalId) -> Fraction | int:
        most: Fraction | int = 0
        for one, marked in new:
            if folded(principal) in marked:
                seen = traffic.found.get(named(one), {NAMELESS: 1.0})
                share = seen.get(principal, seen.get(NAMELESS, 1.0))
                most = max(most, Fraction(share).limit_denominator(1_000_000))
        return most

    return part


def _moved(before: Policy, after: Policy, traffic: Traffic) -> Callable[[str], Fraction]:
    """The part of a version's requests that would be answered otherwise."""
    was, now = answering_mode(before), answering_mode(after)
    same_answer = was == now and (now is Mode.SERVING or before.fallback == after.fallback)
    new = after.filter.rules - before.filter.rules
    tried = bool(new) and new <= traffic.found.keys() and before.filter.rules <= after.filter.rules
    rules = after.filter.rules and before.filter != after.filter and not tried
    shaped = replace(before.shape, marks=()) != replace(after.shape, marks=())
    if shaped or not same_answer or rules:
        return lambda _: Fraction(1)
    if now is not Mode.SERVING or before.route == after.route:
        return lambda _: Fraction(0)
    seen: Counter[str] = Counter()
    for flow in traffic.flows:
        seen[flow.version] += flow.count if may_answer(before.route, flow.version) else 0
    return lambda version: _gone(before, after, version, seen)


def _gone(before: Policy, after: Policy, version: str, seen: Mapping[str, int]) -> Fraction:
    if not may_answer(after.route, version):
        return Fraction(1)
    if not closed(after.route):
        return Fraction(0)
    was = _share(before.route if closed(before.route) else seen, version)
    now = _share(after.route, version)
    return max(Fraction(0), 1 - now / was) if was else Fraction(0)


def _share(route: Mapping[str, int], version: str) -> Fraction:
    given = weights(route)
    return Fraction(given.get(version, 0), sum(given.values()) or 1)
