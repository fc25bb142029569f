"""The guard without a wire: identity, decision, probe and counts, used by middleware and gateway.

In    an ASGI scope and what is known of the body.
Out   a decision; the answer to a probe; an event for the server.
Why   both ways of enforcing must decide alike, and neither may ever raise into its host.
"""

import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import cast

from stanch.contain.policy import closed, weights
from stanch.contain.rate import in_words
from stanch.guard.extract import Extract, automatic, decoded
from stanch.guard.facts import Decision, Outcome, Request, Why
from stanch.guard.identity import Identify, Scope, by_address, headers, usable
from stanch.guard.inspection import Inspection, Memories, Seen
from stanch.guard.keeper import Keeper, Verify
from stanch.guard.lines import Bare, Common, Row, lines, said, written
from stanch.guard.link import Link, Server
from stanch.guard.packed import numbered, pack
from stanch.guard.shape import Dice, Luck, Shaped
from stanch.guard.sources import X_FORWARDED_FOR, Sources
from stanch.guard.table import REMEMBERED
from stanch.guard.telemetry import SMALL, Buffer, Bundle, Event, Packed, Raw
from stanch.guard.troubles import Troubles
from stanch.vocabulary.asset import Fails
from stanch.vocabulary.event import COLUMNS
from stanch.vocabulary.ids import asset_id
from stanch.vocabulary.policy import LogLevel, Mark, Policy, Shape
from stanch.vocabulary.probe import HEADER, Probed, answered, heard
from stanch.vocabulary.spelling import folded
from stanch.vocabulary.trouble import BadInput

UNKNOWN = Decision(Outcome.REFUSE, Why.UNIDENTIFIED, status=401)
NOTHING = Seen()
REFUSED = {
    why: Decision(Outcome.REFUSE, why, status=status)
    for why, status in ((Why.FILTER, 403), (Why.TOOL, 403), (Why.UNREADABLE, 415), (Why.BATCH, 413))
}
ALIVE = (
    *("/healthz", "/readyz", "/livez", "/health", "/ping"),
    *("/v2/health/live", "/v2/health/ready"),
)
"""Where services, BentoML's, MLflow's and KServe's servers say that they live: whoever asks there
restarts what does not answer, and knows no key."""
PROBE = HEADER.encode()
PROBES = "GET"
"""How the server asks: so the headers of a request that posts a row need not be looked through."""
_NONCES = 10_000
_VERSIONS = "state those of this service in Choices(versions=...)"
WHOLE = 16_384
"""Bytes of each body that `log: full` keeps."""
SERVE = Outcome.SERVE
"""By a name of its own, as asking an enumeration for its member is dear on every request."""
_CLOSED = Decision(Outcome.REFUSE, Why.NO_POLICY, status=503)
_OPEN = Decision(Outcome.SERVE, Why.NO_POLICY)


def wall() -> datetime:
    """The time now; a guard lives in another process than the server and has its own clock."""
    return datetime.now(UTC)  # noqa: TID251  the engine's clock is not reachable from here


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What a guard can be told beside where its server is."""

    fail: Fails = Fails.OPEN
    """What happens while there was never a policy, or when the guard itself errs."""
    unidentified: Fails = Fails.CLOSED
    """Whether a request that nobody vouches for is served; closed, or leaving out the key helps."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks of proxies whose word on addresses is believed; `unix` for a local socket."""
    trusted_hops: int = 0
    """How many proxies stand in front, where nobody can pass by them and their addresses change."""
    forwarded: str = X_FORWARDED_FOR
    """The header in which these proxies say it: x-forwarded-for or forwarded (RFC 7239)."""
    exempt: tuple[str, ...] = ALIVE
    """Exact paths that are never guarded."""
    last_good: Path | None = None
    """The file that keeps the policy over a restart."""
    verify: Verify | None = None
    """The check of the server's signature; `keeper.ed25519(key)` makes one."""
    unreadable: Fails = Fails.CLOSED
    """Whether a body that nobody can read for certain is served where the policy depends on it."""
    rules: Mapping[str, str] = field(default_factory=dict)
    """The text of each filter rule that policies know by name, as `stanch.guard.rules` has it."""
    address: str = ""
    """Where the server can send a probe through this guard, like http://10.0.0.7:8000/."""
    extract: Extract = automatic
    largest: int = 1_000_000
    """Bytes of a body that are looked at; beyond it a body that must be shaped is withheld."""
    buffer: int = 10_000
    telemetry: bool = True
    told: Mapping[str, str] = field(default_factory=dict)
    """Fields that each event carries, which no request can change: `{"region": "eu"}`."""
    cost: Callable[[Scope], float] | None = None
    """What a request costs, in the asset's unit; 1 without."""
    wait: int = 30
    name: str = ""
    """This guard's name in reports; by itself one that is made at the start."""
    versions: tuple[str, ...] = ()
    """The versions that can answer here, the one that does by itself first."""
    usual: str = ""
    """The version that surely answers where the policy leaves it open, so that events tell it.

    Empty where the service chooses by itself."""
    dice: Dice = field(default=secrets.SystemRandom().random)
    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], datetime] = wall

    def __post_init__(self) -> None:
        if known := {column.name for column in COLUMNS} & self.told.keys():
            raise BadInput(f"told may not state {min(known)}: events say it by themselves.")


def _inspecting(choices: Choices) -> Callable[[Policy], Inspection]:
    """How each policy is inspected; what remembers inputs outlives a change of policy."""
    memories: Memories = {}
    return lambda policy: Inspection(policy, choices.rules, choices.unreadable, memories)


class Core:
    """One asset's guard in one process."""

    quick = False
    """Whether a name and an address may be all that matters: it has begun, and no request costs."""

    def __init__(self, server: Server, asset: str, identify: Identify, choices: Choices) -> None:
        if not callable(identify):
            raise TypeError("identify must be a function; stanch.guard.identity has the choices.")
        self.choices = choices
        self.monotonic = choices.monotonic
        self.name = choices.name or f"guard-{secrets.token_hex(4)}"
        self.keeper = Keeper(
            asset_id(asset),
            verify=choices.verify,
            path=choices.last_good,
            inspection=_inspecting(choices),
            versions=choices.versions,
            usual=choices.usual,
        )
        self.mirrors = False
        """Whether this guard can copy requests to another version; only the gateway can."""
        self.also_cannot: Callable[[Policy], tuple[str, ...]] = lambda _: ()
        """What the proxy that asks this core cannot do of a policy."""
        self._reads = choices.extract is automatic
        self.buffer = Buffer(choices.buffer, SMALL if self._reads else 0, self)
        self.link = Link(server, self.keeper, self.buffer, self.name, choices.monotonic)
        self.link.measured = self.measured
        self.link.address, self.link.versions = choices.address, choices.versions
        self.link.cannot, self.link.stands = self.cannot, self.stands
        self.counts: Counter[str] = Counter()
        self._lacks: tuple[Shape, tuple[str, ...]] = Shape(), ()
        self._identify = identify
        self._sources = Sources(choices.trusted_proxies, choices.trusted_hops, choices.forwarded)
        self.known: dict[str, tuple[str | None, str]] = {}
        self.link.proxies = lambda: self._sources.proxies
        self._own_key = secrets.token_bytes(32)
        self._nonces: OrderedDict[str, None] = OrderedDict()
        self.started, self._by_address = False, identify is by_address
        self._open = choices.unidentified is Fails.OPEN
        self._numbers, self.served = count(1), 0
        self.telling, self.largest = choices.telemetry, choices.largest
        self.exempt = frozenset(choices.exempt)
        self._prefix = f"{self.name}-{secrets.token_hex(6)}-"

    def start(self) -> None:
        """Begin to follow the server, once; called with the first request, after any fork."""
        if not self.started:
            self.started, self.quick = True, self.choices.cost is None
            self.link.start()

    def stop(self) -> None:
        """End the threads, once the last events have left or that took too long."""
        if self.started:
            self.link.stop()

    @property
    def troubles(self) -> Troubles:
        """What is wrong with this guard."""
        return self.keeper.troubles

    def measured(self) -> dict[str, int]:
        """Everything this guard has counted."""
        total = self.counts + self.keeper.counts + self.buffer.counts + self.link.counts
        return {**total, "serve": self.served}

    def cannot(self) -> tuple[str, ...]:
        """What of the policy in force this guard does not enforce, in sentences."""
        inspection, policy = self.keeper.inspection, self.policy
        found = inspection.cannot if inspection else ()
        if policy is None:
            return found
        if policy.mirror and not self.mirrors:
            found = (*found, f"Requests are not copied to {policy.mirror!r}: use the gateway.")
        if policy.route and not closed(policy.route) and not self.choices.versions:
            names = ", ".join(sorted(policy.route))
            found = (*found, f"Nothing here keeps version {names} from answering: {_VERSIONS}.")
        of_shape = self._lacks[1] if self._lacks[0] == policy.shape else ()
        return (*found, *of_shape, *self.also_cannot(policy))

    def lacks(self, policy: Policy, answer: Shaped) -> None:
        """Heed what of a shape had no place in an answer; said once for each shape."""
        shape, known = self._lacks
        before = known if shape == policy.shape else ()
        new = tuple(one for one in answer.lacks if one not in before)
        if new:
            self._lacks = policy.shape, (*before, *new)
            self.troubles.news(" ".join(new))
        if answer.unknown:
            self.troubles.begins("unshaped", answer.unknown)

    @property
    def treats(self) -> bool:
        """Whether the policy in force changes or looks at answers."""
        inspection = self.keeper.inspection
        return inspection is not None and inspection.treats

    def marks(self, principal: str | None) -> tuple[Mark, ...]:
        """How the answers of this principal are marked; mostly not at all."""
        inspection = self.keeper.inspection
        if inspection is None or not inspection.marks:
            return ()
        return inspection.marks.get(folded(principal or ""), ())

    @property
    def luck(self) -> Luck:
        """Where noise comes from; by the server's key jitter falls alike in all of its guards."""
        return Luck(self.choices.dice, self.link.probe_key or self._own_key)

    @property
    def policy(self) -> Policy | None:
        """The policy in force, or None before there was any."""
        return self.keeper.table.policy if self.keeper.table else None

    def who(self, scope: Scope) -> tuple[str | None, str]:
        """The principal, if anybody trustworthy says so, and the address."""
        source = self._sources.of(scope)
        self._sources.heed(scope)
        return usable(source) if self._by_address else self._identify(scope), source

    def asks(self, scope: Scope) -> tuple[str | None, str]:
        """Who asks, of a request that needs nothing else; kept where the address says it all."""
        source = self._sources.of(scope)
        if not self._by_address:
            return self._identify(scope), source
        who = usable(source), source
        if self._sources.direct:
            if len(self.known) >= REMEMBERED:
                self.known.clear()
            self.known[source] = who
        return who

    def weighed(self, scope: Scope, who: tuple[str | None, str]) -> Decision:
        """The decision on them by all that the policy says; who speaks for others is heeded."""
        self._sources.heed(scope)
        return self.decide(who)

    def may_probe(self, scope: Scope) -> bool:
        """Whether this has the header of a probe."""
        return any(name == PROBE for name, _ in scope["headers"])

    def decide(
        self, who: tuple[str | None, str], seen: Seen = NOTHING, cost: float = 1.0
    ) -> Decision:
        """What happens to this request, counted."""
        principal, source = who
        table = self.keeper.table
        if principal is None and not self._open:
            decision = UNKNOWN
        elif table is None:
            decision = self.failing()
        elif seen is NOTHING:
            at = self.monotonic()
            decision = table.decide(Request(principal or "", source, at, 1, 0, cost))
        else:
            at = self.monotonic()
            request = Request(principal or "", source, at, seen.rows, seen.tokens, cost)
            if seen.why is None:
                decision = table.decide(request)
                if decision.outcome is SERVE and sum(one.refused() for one in seen.inputs):
                    decision = REFUSED[Why.FILTER]
            else:
                decision = table.denies(request) or REFUSED[seen.why]
        if decision.outcome is SERVE:
            self.served += 1
        else:
            self.counts[decision.outcome] += 1
        return decision

    def erred(self, error: Exception) -> None:
        """Count an error of the guard, or of a function that it was given, and say it once."""
        self.counts["internal_errors"] += 1
        self.troubles.erred(error)

    def unread(self, error: Exception) -> None:
        """Say once that what was heard could not be read; the buffer counts."""
        self.troubles.unread(error)

    def stands(self) -> str:
        """What holds while no newer policy comes, in a sentence."""
        if self.policy is not None:
            return f"Policy version {self.keeper.version} stays in force."
        fail = self.choices.fail
        done = "refused" if fail is Fails.CLOSED else "served, and nothing is enforced"
        return f"This guard never had a policy: requests are {done} (fail={fail})."

    def failing(self) -> Decision:
        """What this asset does when there is no deciding: open or closed."""
        return _CLOSED if self.choices.fail is Fails.CLOSED else _OPEN

    def probed(self, scope: Scope) -> str | None:
        """The sealed answer when this is a probe of the server's, else None."""
        given, key = headers(scope, HEADER), self.link.probe_key
        if len(given) != 1 or key is None:
            return None
        found = heard(given[0], key)
        if found is None or found[0].asset != self.keeper.asset or found[1] in self._nonces:
            return None
        probe, nonce = found
        self._nonces[nonce] = None
        if len(self._nonces) > _NONCES:
            self._nonces.popitem(last=False)
        table, at = self.keeper.table, self.monotonic()
        request = Request(probe.principal, probe.source, at, rows=probe.rows)
        decision = table.decide(request, spend=False) if table else self.failing()
        rate = table.rate_of(probe.principal) if table else None
        facts = self._facts(decision, nonce, in_words(rate) if rate else "")
        return answered(replace(facts, marks="on" if self.marks(probe.principal) else ""), key)

    def _facts(self, decision: Decision, nonce: str, rate: str) -> Probed:
        policy, table = self.policy or Policy(asset=self.keeper.asset), self.keeper.table
        route = table.route if table else policy.route
        hold = policy.hold
        held = (("ingestion", hold.ingestion), ("training", hold.training))
        return Probed(
            asset=self.keeper.asset,
            nonce=nonce,
            policy=self.keeper.version,
            digest=self.keeper.digest or "",
            outcome=decision.outcome,
            why=decision.why,
            versions=tuple(weights(route)),
            closed=closed(route),
            mirror=policy.mirror,
            mode=table.mode if table else "",
            rate=rate,
            scores=policy.shape.scores,
            hold=",".join(n for n, on in (*held, ("deployment", hold.deployment)) if on),
            tools=",".join(sorted(policy.tools.deny)),
            log=policy.log,
            filter=",".join(inspection.enforced) if (inspection := self.keeper.inspection) else "",
            cannot=self.cannot(),
        )

    def tell(self, facts: Event, asked: bytes = b"", answered: bytes = b"") -> None:
        """Queue one event about a request."""
        if self.telling:
            self.buffer.offer(Told(self, facts, asked, answered))

    def alone(self, row: Bare, more: Event | None = None, /) -> "Told":
        """What is told of an exchange that is read by itself."""
        asked, answered, principal, source, version, started, ended, status = row
        facts = {"principal": principal, "source": source, "version": version}
        timed = {"latency_ms": 1000 * (ended - started), "status": status}
        return Told(self, {**facts, **timed, **(more or {})}, asked, answered, ended)

    def together(self, some: Sequence[Raw | Bare]) -> tuple[Bundle, Sequence[Raw]]:
        """The events of those that the server reads, or that are a row of numbers; the others."""
        heard, others = _sorted(some)
        table = self.keeper.table
        full = table is not None and table.policy.log is LogLevel.FULL
        if not self._reads or full or self.choices.told:
            return Bundle(b"", 0), [*others, *map(self.alone, heard)]
        common = Common(self.keeper.asset, f"{self._prefix}{next(self._numbers)}.", self._began())
        if self.link.packs:
            return Packed(pack((*common, heard)), len(heard)), others
        text, many, otherwise = lines(numbered([Row(*one) for one in heard]), common)
        return Bundle(text, many), [*others, *(self.alone(heard[one.number]) for one in otherwise)]

    def _began(self) -> float:
        """The time of day at which the clock that only goes forward stood at nought."""
        return self.choices.wall().timestamp() - self.monotonic()

    def line(self, at: float, facts: Event, asked: bytes, answered: bytes) -> bytes:
        """The event as JSON, with what its bodies say, whatever their shape."""
        extract = self.choices.extract
        if self._reads:
            found = said(asked, answered)
        else:
            found = (extract(decoded(asked), decoded(answered)) if asked else None) or {}
        if self.policy is not None and self.policy.log is LogLevel.FULL:
            found = {**_whole(asked, answered), **found}
        common = Common(self.keeper.asset, self._prefix, self._began())
        return written(common, next(self._numbers), at, {**facts, **found, **self.choices.told})


def _sorted(some: Sequence[Raw | Bare]) -> tuple[Sequence[Bare], Sequence[Raw]]:
    """Those that can be read together, mostly all; the others."""
    if set(map(type, some)) == {tuple}:
        return cast("Sequence[Bare]", some), ()
    heard = [one for one in some if isinstance(one, tuple)]
    return heard, [one for one in some if not isinstance(one, tuple)]


def _whole(asked: bytes, answered: bytes) -> Event:
    """Both bodies as text, as far as they are kept: what `log: full` adds to an event."""
    texts = {"asked": asked, "answered": answered}
    return {n: body[:WHOLE].decode("utf-8", "replace") for n, body in texts.items() if body}


class Told:
    """What is told of a request that nobody listened to."""

    __slots__ = ("answered", "asked", "at", "core", "facts", "size")

    def __init__(
        self, core: Core, facts: Event, asked: bytes, answered: bytes, at: float | None = None
    ) -> None:
        self.core = core
        self.at = core.monotonic() if at is None else at
        self.facts = facts
        self.asked = asked
        self.answered = answered
        self.size = len(asked) + len(answered)

    def line(self) -> bytes:
        """The event, as JSON."""
        return self.core.line(self.at, self.facts, self.asked, self.answered)
