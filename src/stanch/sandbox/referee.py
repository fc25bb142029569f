"""The referee: knows what really happened, never tells stanch, and judges what stanch made of it.

In    what the drill expected; what eyes saw; how the innocent were served; what the attacker got.
Out   a `Score`.
Why   a drill is won only when all of it is right: the name of the attack, the guilty, the time, the
      narrowness of what was done, the evidence, and the way back.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stanch.sandbox.drill import Contained, Drill, Gain
from stanch.sandbox.eyes import Sight
from stanch.sandbox.scorecard import Score, Seconds
from stanch.sandbox.tenants import Service, network_of
from stanch.vocabulary.incident import VerdictKind

Document = Mapping[str, Any]
SURE = 0.5
"""A suspect below this confidence is not yet named."""
MOST_REFUSED = 0.01
"""The share of innocent requests that may be refused in a drill that is won."""
MOST_NAMED = 0.9
"""Of many who work together, so many must be named."""


def enough(policy: Document, wanted: Contained) -> bool:
    """Whether this policy is one of the containments that suffice."""
    return any(
        (
            bool(wanted.denies) and _refused(policy, wanted.denies) >= MOST_NAMED,
            bool(wanted.sources) and all(_inside(a, _networks(policy)) for a in wanted.sources),
            bool(wanted.pins) and _alone(policy, wanted.pins),
            bool(wanted.holds) and all(policy["hold"].get(name) for name in wanted.holds),
        )
    )


def _refused(policy: Document, names: Iterable[str]) -> float:
    """The share of these principals who are refused or held to a rate of their own."""
    hit = {*policy["deny"]["principals"], *policy["limit"]["principals"]}
    networks = _networks(policy)
    wanted = list(names)
    found = [n for n in wanted if n in hit or _inside(network_of(n), networks)]
    return len(found) / len(wanted)


def _networks(policy: Document) -> list[Any]:
    return [ipaddress.ip_network(n, strict=False) for n in policy["deny"]["networks"]]


def _inside(address: str, networks: Iterable[Any]) -> bool:
    return any(ipaddress.ip_address(address) in network for network in networks)


def _alone(policy: Document, version: str) -> bool:
    weights = {name: weight for name, weight in policy["route"].items() if weight}
    return set(weights) == {version}


def hit_wrongly(policy: Document, tenants: Iterable[str]) -> Iterator[str]:
    """The innocent whom this policy hits by name, by network or all together."""
    networks = _networks(policy)
    named = {*policy["deny"]["principals"], *policy["limit"]["principals"]}
    for tenant in tenants:
        if tenant in named or _inside(network_of(tenant), networks):
            yield tenant
    if policy["mode"] != "serving":
        yield f"everybody ({policy['mode']})"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Record:
    """All that a drill left behind, for the referee."""

    drill: Drill
    seed: int
    speed: float
    tenants: tuple[str, ...]
    sight: Sight
    service: Service
    gain: Gain
    evidence: bool | None
    """Whether the evidence holds and was taken before anything changed; None without any."""
    undone: bool | None
    """Whether the way back led back; None when nothing was to be undone."""
    notes: tuple[str, ...] = ()


def score(record: Record) -> Score:
    """What the drill says of stanch."""
    drill, sight = record.drill, record.sight
    incident = worst(sight)
    verdict = incident["verdict"] if incident else {}
    notes = [*record.notes, *_against(record, incident)]
    innocent = [t for t in record.tenants if t not in drill.expected.guilty]
    wrongly = sorted({w for p in sight.policies for w in hit_wrongly(p["policy"], innocent)})
    right = _right(drill, verdict)
    named = principals_right(drill.expected.guilty, incident)
    return Score(
        name=drill.id,
        seed=record.seed,
        attack="none" if drill.innocent else drill.expected.attacks[0].value,
        expected=drill.expected.words,
        got=_got(incident, sight),
        right=right,
        principals_right=named,
        seconds=Seconds(finding=sight.finding, incident=sight.incident, contained=sight.contained),
        innocent_refused=round(record.service.refused_share(drill.expected.guilty), 4),
        contained_wrongly=tuple(wrongly),
        evidence_verified=record.evidence,
        notes=tuple(notes),
        won=right and named and not wrongly and not notes,
        undone=record.undone,
        asked=tuple(sorted({a["action"] for a in sight.asked.values()})),
        harm=record.gain.says,
        measured=dict(record.gain.measured),
        speed=record.speed,
    )


def worst(sight: Sight) -> Document | None:
    """The incident to judge: an attack before anything else, then the most severe."""
    found = sorted(
        sight.incidents.values(),
        key=lambda i: (i["verdict"]["kind"] == "attack", i["severity"]["rank"], i["opened"]),
    )
    return found[-1] if found else None


def _right(drill: Drill, verdict: Document) -> bool:
    kind = verdict.get("kind", "")
    if drill.expected.verdict is VerdictKind.ATTACK:
        return kind == "attack" and verdict.get("attack") in drill.expected.attacks
    quiet = {""} if drill.expected.verdict is VerdictKind.NATURAL else set()
    return kind in {*quiet, drill.expected.verdict.value}


def principals_right(guilty: tuple[str, ...], incident: Document | None) -> bool:
    """Whether those who are named are guilty, and nearly all the guilty are named."""
    suspects = incident["suspects"] if incident else ()
    named = {s["principal"] for s in suspects if s["confidence"] >= SURE}
    if not guilty:
        return not named
    return named <= set(guilty) and len(named) >= MOST_NAMED * len(guilty)


def _got(incident: Document | None, sight: Sight) -> str:
    if incident is None:
        return f"no incident, {len(sight.findings)} findings"
    verdict = incident["verdict"]
    name = verdict.get("attack") or verdict["kind"]
    names = [s["principal"] for s in incident["suspects"] if s["confidence"] >= SURE]
    by = f" by {', '.join(names[:3])}{' and others' if len(names) > 3 else ''}" if names else ""  # noqa: PLR2004  as many as a cell holds
    return f"{name}{by}, {incident['phase']}"


def _against(record: Record, incident: Document | None) -> Iterator[str]:
    """Every reason why this drill is not won, beyond a wrong name."""
    drill, sight = record.drill, record.sight
    for early in sight.early:
        yield f"Incident {early} was there before anything happened."
    if incident is None and drill.expected.verdict is not VerdictKind.NATURAL:
        yield "No incident was opened."
    if not drill.innocent:
        yield from _missed(record, incident)
    refused = record.service.refused_share(drill.expected.guilty)
    if refused > MOST_REFUSED:
        yield f"{refused:.1%} of innocent requests were refused."
    asked = {a["action"] for a in sight.asked.values()} - set(drill.expected.asks)
    if asked and sight.contained is None:
        yield f"A person was asked about {', '.join(sorted(asked))}, and nobody answered."
    if record.undone is False:
        yield "The way back did not lead back."


def _missed(record: Record, incident: Document | None) -> Iterator[str]:
    sight, wanted = record.sight, record.drill.expected
    limit = wanted.seconds / record.speed if record.speed < 1 else wanted.seconds
    if sight.incident is not None and sight.incident > limit:
        yield f"The incident took {sight.incident:.1f} s; {limit:.0f} s are allowed."
    if sight.contained is None:
        yield f"It was not contained: {wanted.contained.words} would have been enough."
    if incident is not None and record.evidence is None:
        yield "There is no evidence from before the change."
    if record.evidence is False:
        yield "The evidence does not hold, or was taken after the change."
    if record.gain.worked:
        yield f"The attacker got what they came for: {record.gain.says}."
