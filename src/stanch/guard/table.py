"""The decision table: an effective policy, compiled so that a request costs microseconds.

In    a policy; then requests.
Out   a Decision for each.
Why   the guard stands in somebody else's hot path. Denied principals are a set, networks are a set
      for each prefix length, answers that do not vary are made once.

Names are compared without case, outer blanks and compatibility forms: two spellings of one key are
one principal to a denial. A refused request is charged to no bucket, a probe to none either.

What other guards say they let through may be a lie. So it makes nobody owe more than a full
bucket and ten seconds of the rate for each guard, and each caller keeps this guard's part of a
rate, whatever the others say: the parts of all guards are the rate, so in the long run nobody gets
more (decision 0380).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import cycle
from threading import Lock

from stanch.contain.policy import answering_mode, narrowed, weights
from stanch.contain.rate import kept_of, one_at_least, own_rates, part_of
from stanch.guard.buckets import Buckets, spelled
from stanch.guard.facts import Decision, Outcome, Request, Why
from stanch.vocabulary.network import Networks
from stanch.vocabulary.policy import Mode, Policy, Rate
from stanch.vocabulary.spelling import folded, spellings

LONGEST_CYCLE = 1000
REMEMBERED = 10_000
"""How many pairs of name and address that nothing denies are known at once."""
_REFUSED = {
    why: Decision(Outcome.REFUSE, why, status=status)
    for why, status in (
        (Why.MODE, 503),
        (Why.PRINCIPAL, 403),
        (Why.NETWORK, 403),
        (Why.BATCH, 413),
        (Why.TOKENS, 413),
    )
}
_ALL = ""
FOREVER = float("inf")
SILENT = 10.0
"""Seconds without an answer after which the other guards count as not heard."""
PROMPT = 2.0
"""Seconds within which guards tell each other what they let through."""
UNTRUE = 2.0
"""So many times what guards can have let through is no late message any more."""
FRESH = 10.0
"""Seconds after which a bucket is looked up again, so that one in use is not forgotten first."""


def turns(route: dict[str, int]) -> list[str]:
    """Versions in the order they take their turn: exact shares, spread evenly."""
    total = sum(route.values())
    if total > LONGEST_CYCLE:
        route = {v: max(1, round(w * LONGEST_CYCLE / total)) for v, w in route.items()}
        total = sum(route.values())
    credit = dict.fromkeys(route, 0)
    order = []
    for _ in range(total):
        for version, weight in route.items():
            credit[version] += weight
        ahead = max(credit, key=lambda v: (credit[v], v))
        credit[ahead] -= total
        order.append(ahead)
    return order


def _of(kind: str, charged: Mapping[str, float]) -> list[tuple[str, float]]:
    """What was charged under this kind of limit, by its name."""
    return [(n.removeprefix(kind), a) for n, a in charged.items() if n.startswith(kind)]


class _Cleared:
    """Somebody whom this policy does not deny, and the bucket that holds what they have left."""

    __slots__ = ("bucket", "burst", "name", "rate", "until")

    def __init__(self, name: str, rate: Rate | None) -> None:
        self.name = name
        self.rate = rate
        self.burst = 0.0 if rate is None else rate.count if rate.burst is None else rate.burst
        self.bucket: list[float] | None = None
        self.until = FOREVER if rate is None else -FOREVER
        """Until when the bucket is surely the one that is known by this name."""


class State:
    """What must outlive a change of policy: the buckets."""

    __slots__ = ("cost", "kept", "lock", "overall", "principals")

    def __init__(self) -> None:
        self.principals = Buckets()
        self.cost = Buckets()
        self.overall = Buckets(most=1)
        self.kept = {
            Why.PRINCIPAL_RATE: Buckets(),
            Why.COST: Buckets(),
            Why.OVERALL_RATE: Buckets(most=1),
        }
        """What is left of this guard's own parts, of those who were refused here."""
        self.lock = Lock()

    def keeps(self, part: tuple[Why, Rate], who: str, at: float, need: float) -> float:
        """Seconds until this much fits into this guard's own part for them."""
        why, rate = part
        self.kept[why].begun(who, at)
        return self.kept[why].wait(who, rate, at, need)


class Table:
    """One policy, ready to decide."""

    __slots__ = (
        "_clear",
        "_denied",
        "_limit",
        "_networks",
        "_only",
        "_outcomes",
        "_own",
        "_quick",
        "_silent",
        "_state",
        "_turns",
        "limited",
        "mode",
        "policy",
        "route",
        "share",
    )

    def __init__(
        self,
        policy: Policy,
        state: State,
        versions: Sequence[str] = (),
        usual: str = _ALL,
        parts: int = 1,
    ) -> None:
        """`versions`: those that can answer here, the first by itself; empty is not known.

        `usual`: the one that surely answers where the policy leaves it open.
        `parts`: into how many every rate is cut, and this guard has one of them.
        """
        self.share = 1
        """Into how many parts a rate is cut where one is this guard's own, beside others."""
        self.policy = policy
        narrow = narrowed(policy, versions)
        self.route = narrow.route
        self.mode = answering_mode(narrow)
        self._denied = spellings(policy.deny.principals)
        self._networks = Networks(policy.deny.networks)
        self._clear: dict[tuple[str | None, str], _Cleared] = {}
        limit = policy.limit
        self._limit = limit = replace(
            limit,
            per_principal=part_of(one_at_least(limit.per_principal), parts),
            overall=part_of(one_at_least(limit.overall), parts),
            cost=part_of(limit.cost, parts),
        )
        self._own = {
            spelled(who): part_of(one_at_least(rate) or rate, parts)
            for who, rate in own_rates(policy.limit).items()
            if who
        }
        self.limited = bool(self._own or limit.per_principal or limit.overall or limit.cost)
        """Whether anything is counted."""
        self._state = state
        no_fallback = self.mode is not Mode.SERVING and not policy.fallback
        self._silent = self.mode is Mode.STOPPED or no_fallback
        outcome = {Mode.SHADOW: Outcome.SHADOW, Mode.SAFE: Outcome.FALLBACK}.get(
            self.mode, Outcome.SERVE
        )
        why = Why.ALLOWED if outcome is Outcome.SERVE else Why.MODE
        route = weights(self.route)
        order = turns(route) if route else [usual]
        self._outcomes = {v: Decision(outcome, why, version=v) for v in order}
        self._turns = cycle(order)
        self._only = self._outcomes[order[0]] if len(self._outcomes) == 1 else None
        simple = limit.cost is None and limit.overall is None
        self._quick = simple and self._only is not None and outcome is Outcome.SERVE

    def decide(self, request: Request, *, spend: bool = True) -> Decision:
        """What happens to this request; `spend=False` looks without charging anybody."""
        if spend and request.rows == 1 and not request.tokens:
            decision = self.at_once((request.principal, request.source), request.at)
            if decision is not None:
                return decision
        return self._weighed(request, spend=spend)

    def at_once(self, who: tuple[str | None, str], at: float) -> Decision | None:
        """The answer to a plain request of somebody who was cleared; None where it may not be had.

        Most requests end here, and find what they need out of the processor's caches. So it asks
        for one look-up and no lock; where several threads decide, two charges at the same moment
        may take one token.
        """
        clear = self._clear.get(who)
        if clear is None or not self._quick or at > clear.until:
            return None
        rate, bucket = clear.rate, clear.bucket
        if rate is not None:
            if bucket is None:
                return None
            left, since, untold = bucket
            if at > since:
                left += (at - since) * rate.count / rate.seconds
                if left > clear.burst:  # noqa: PLR1730  a call on every request
                    left = clear.burst
            else:
                at = since
            if left < 1.0:
                return None
            bucket[0], bucket[1], bucket[2] = left - 1.0, at, untold + 1.0
            if not untold:
                self._state.principals.untold[clear.name] = bucket
        return self._only

    def _weighed(self, request: Request, *, spend: bool) -> Decision:
        """The same, with all that the policy says."""
        asks = request.principal, request.source
        clear = self._clear.get(asks)
        if clear is None or request.rows != 1 or request.tokens:
            refused = self.denies(request)
            if refused is not None:
                return refused
            clear = self._cleared(asks)
        if self.limited:
            waiting = self._rates(clear, request, spend=spend)
            if waiting is not None:
                return waiting
        if not spend:
            return next(iter(self._outcomes.values()))
        if clear.rate is not None:
            clear.bucket = self._state.principals.bucket(clear.name)
            clear.until = request.at + FRESH
        return self._only or self._outcomes[next(self._turns)]

    def _cleared(self, asks: tuple[str, str]) -> _Cleared:
        """The name for comparing and its rate, kept with this: nothing here denies the two."""
        if len(self._clear) >= REMEMBERED:
            self._clear.clear()
        name = spelled(asks[0])
        rate = self._own.get(name) or self._limit.per_principal
        clear = self._clear[asks] = _Cleared(name, rate)
        return clear

    def rate_of(self, principal: str) -> Rate | None:
        """The rate that this principal is held to."""
        return self._own.get(spelled(principal)) or self._limit.per_principal

    def told(self, most: int) -> dict[str, float]:
        """What was charged here since this was last asked, by what is limited, of so many names."""
        found: dict[str, float] = {}
        for kind, buckets, _ in self._counted():
            left = most - len(found)
            found |= {kind + name: amount for name, amount in buckets.told(left).items()}
        return found

    def charged(
        self, charged: Mapping[str, float], at: float, ago: Mapping[str, float]
    ) -> list[tuple[str, Rate]]:
        """Charge what the other guards let through, so many seconds ago at most.

        What is older than they usually tell was given back meanwhile. What no guards of this
        policy can have let through, with the rate.
        """
        untrue = []
        with self._state.lock:
            for kind, buckets, rate_of in self._counted():
                for name, amount in _of(kind, charged):
                    rate = rate_of(name)
                    if rate is None:
                        continue
                    age, each = ago.get(kind + name, 0.0), rate.count / rate.seconds
                    burst = rate.count if rate.burst is None else rate.burst
                    deepest = self.share * (max(1.0, burst) + SILENT * each)
                    owed = amount - max(0.0, age - PROMPT) * each
                    if owed <= 0 or buckets.charged(name, rate, at, owed, deepest=deepest):
                        continue
                    if amount > UNTRUE * (deepest + max(1.0, burst) + age * each):
                        untrue.append((kind + name, rate))
        return untrue

    def _counted(self) -> Iterable[tuple[str, Buckets, Callable[[str], Rate | None]]]:
        """Each kind of limit: what its names begin with, its buckets, the rate of a name."""
        limit, state = self._limit, self._state
        yield "principal/", state.principals, self.rate_of
        yield "cost/", state.cost, lambda _: limit.cost
        yield "overall/", state.overall, lambda _: limit.overall

    def denies(self, request: Request) -> Decision | None:
        """The refusal of this request, whatever the rates; None where there is none."""
        if self._silent:
            return _REFUSED[Why.MODE]
        if self._denied and folded(request.principal) in self._denied:
            return _REFUSED[Why.PRINCIPAL]
        if self._networks and self._networks.cover(request.source):
            return _REFUSED[Why.NETWORK]
        limit = self._limit
        if limit.max_batch is not None and request.rows > limit.max_batch:
            return _REFUSED[Why.BATCH]
        if limit.max_tokens is not None and request.tokens > limit.max_tokens:
            return _REFUSED[Why.TOKENS]
        return None

    def _asked(self, clear: _Cleared, cost: float) -> list[tuple[Buckets, str, Rate, float, Why]]:
        """What a request takes, from whose bucket of which kind."""
        limit, state, name, own = self._limit, self._state, clear.name, clear.rate
        asked = [(state.principals, name, own, 1.0, Why.PRINCIPAL_RATE)] if own else []
        if limit.cost is not None:
            asked.append((state.cost, name, limit.cost, cost, Why.COST))
        if limit.overall is not None:
            asked.append((state.overall, _ALL, limit.overall, 1.0, Why.OVERALL_RATE))
        return asked

    def _rates(self, clear: _Cleared, request: Request, *, spend: bool) -> Decision | None:
        state, asked = self._state, self._asked(clear, request.cost)
        with state.lock:
            kept: list[tuple[tuple[Why, Rate], str, float]] = []
            for buckets, who, rate, need, why in asked:
                wait = buckets.wait(who, rate, request.at, need)
                if wait > 0 and self.share > 1:
                    part = why, kept_of(rate, self.share)
                    kept.append((part, who, need))
                    wait = min(wait, state.keeps(part, who, request.at, need))
                if wait > 0:
                    return Decision(Outcome.WAIT, why, retry_after=wait, status=429)
            if spend:
                for (why, part), who, need in kept:
                    state.kept[why].charged(who, part, request.at, need, deepest=FOREVER)
                for buckets, who, rate, need, _ in asked:
                    buckets.take(who, rate, request.at, need)
        return None
