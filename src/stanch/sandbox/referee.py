"""The referee: knows what really happened, never tells stanch, and judges what stanch made of it.

In    what the drill expected; what eyes saw; how the innocent were served; what the attacker got.
Out   a `Score`.
Why   the rule of winning, all of it: (1) the right name; (2) the guilty named, and nobody else;
      (3) the incident and proved containment in time; (4) nobody innocent contained, and at most
      one in a hundred of their requests refused; (5) no bad version in service once it is
      contained; (6) people asked only what they should be; (7) evidence that holds, is older
      than any change, and in its bundle convinces the offline verifier; (8) a way back that leads
      back; (9) no incident before anything happened. What the attacker gained is told as a
      figure and not judged.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stanch.sandbox.aftermath import loud
from stanch.sandbox.drill import Drill, Expected, Gain
from stanch.sandbox.eyes import Sight
from stanch.sandbox.score import Answered, Bundle, Score
from stanch.sandbox.tenants import Service, network_of
from stanch.vocabulary.incident import VerdictKind
from stanch.vocabulary.words import counted

Document = Mapping[str, Any]
SURE = 0.5
"""A suspect below this confidence is not yet named."""
MOST_REFUSED = 0.01
"""The share of innocent requests that may be refused in a drill that is won."""
MOST_NAMED = 0.9
"""Of many who work together, so many must be named."""


def enough(policy: Document, expected: Expected) -> bool:
    """Whether this policy is one of the containments that suffice."""
    wanted = expected.contained
    return any(
        (
            bool(wanted.denies) and _refused(policy, wanted.denies) >= MOST_NAMED,
            bool(wanted.sources) and all(_inside(a, _networks(policy)) for a in wanted.sources),
            bool(wanted.pins) and _only(policy, {wanted.pins, *expected.good}),
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


def _only(policy: Document, good: set[str]) -> bool:
    """Whether bad versions get nothing: good ones get all, or the others are cut off by name."""
    kept = {name for name, weight in policy["route"].items() if weight}
    return kept <= good if kept else bool(set(policy["route"]) - good)


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
    bundles: tuple[Bundle, ...] = ()
    """What the offline verifier said of each incident's bundle."""
    undone: bool | None
    """Whether the way back led back; None when nothing was to be undone."""
    clean: bool = True
    """Whether only good versions answered at the end."""
    answers: tuple[Answered, ...] = ()
    """What people said."""
    pace: float = 1.0
    """The share of ordinary requests that the machine could make."""
    through: str = "guard"
    small: bool = False
    notes: tuple[str, ...] = ()


def score(record: Record) -> Score:
    """What the drill says of stanch."""
    drill, sight = record.drill, record.sight
    incident = worst(sight)
    verdict = incident["verdict"] if incident else {}
    notes = [*record.notes, *_against(record, incident)]
    known = {*drill.expected.guilty, *drill.expected.also}
    innocent = [t for t in (*record.tenants, *drill.extra_callers) if t not in known]
    wrongly = sorted({w for p in sight.policies for w in hit_wrongly(p["policy"], innocent)})
    right = _right(drill, verdict)
    named = principals_right(drill.expected, incident)
    return Score(
        name=drill.id,
        seed=record.seed,
        attack="none" if drill.innocent else drill.expected.attacks[0].value,
        expected=drill.expected.words,
        got=_got(incident, sight),
        right=right,
        principals_right=named,
        seconds=sight.seconds,
        innocent_refused=round(record.service.refused_share(drill.expected.guilty), 4),
        contained_wrongly=tuple(wrongly),
        evidence_verified=_convinced(record),
        notes=tuple(notes),
        won=right and named and not wrongly and not notes,
        undone=record.undone,
        asked=tuple(sorted({a["action"] for a in sight.asked.values()})),
        answers=record.answers,
        harm=record.gain.says,
        gained=record.gain.worked,
        measured=dict(record.gain.measured),
        speed=record.speed,
        pace=record.pace,
        through=record.through,
        small=record.small,
        data=drill.world.data,
        bundles=record.bundles,
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


def principals_right(expected: Expected, incident: Document | None) -> bool:
    """Whether those who are named are in it, and nearly all the guilty are named."""
    suspects = incident["suspects"] if incident else ()
    named = {s["principal"] for s in suspects if s["confidence"] >= SURE}
    guilty = set(expected.guilty)
    if not guilty:
        return not named
    return named <= {*guilty, *expected.also} and len(named & guilty) >= MOST_NAMED * len(guilty)


def _got(incident: Document | None, sight: Sight) -> str:
    if incident is None:
        return f"no incident, {counted(len(sight.findings), 'finding')}"
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
    yield from _changed_for_nothing(record) if drill.innocent else _missed(record, incident)
    refused = record.service.refused_share(drill.expected.guilty)
    if refused > MOST_REFUSED:
        yield f"{refused:.1%} of innocent requests were refused."
    asked = {a["action"] for a in sight.asked.values()}
    wrong = asked - {*drill.expected.asks, *drill.expected.hears}
    if wrong:
        yield f"A person was asked about {', '.join(sorted(wrong))}, which is not called for."
    yield from _unconvinced(record)
    if record.undone is False:
        yield "The way back did not lead back."


def _convinced(record: Record) -> bool | None:
    """Whether the evidence holds here, and for whoever has its bundles alone."""
    if record.evidence is None:
        return None
    accepted = [one.verified is True for one in record.bundles]
    return record.evidence and bool(accepted) and all(accepted)


def _unconvinced(record: Record) -> Iterator[str]:
    """Bundles that do not convince an outsider."""
    if record.evidence is not None and not record.bundles:
        yield "There was evidence, and no bundle of it could be had."
    for one in record.bundles:
        if one.verified is not True:
            yield f"The evidence bundle does not verify: {one.says}"


def _changed_for_nothing(record: Record) -> Iterator[str]:
    """What was done although nobody attacked."""
    parts = {p for v in record.sight.policies if v.get("incident") for p in loud(v["policy"])}
    if parts:
        yield f"Nobody attacked, and the policy was changed: {', '.join(sorted(parts))}."


def _missed(record: Record, incident: Document | None) -> Iterator[str]:
    sight, wanted = record.sight, record.drill.expected
    limit = wanted.seconds / min(1.0, record.speed)
    if sight.incident is not None and sight.incident > limit:
        yield f"The incident took {sight.incident:.1f} s; {limit:.0f} s are allowed."
    yield from _contained(record, limit + sum(a.seconds + 1 for a in record.answers if a.yes))
    if incident is not None and record.evidence is None:
        yield "There is no evidence from before the change."
    if record.evidence is False:
        yield "The evidence does not hold, or was taken after the change."


def _contained(record: Record, limit: float) -> Iterator[str]:
    sight, wanted = record.sight, record.drill.expected
    if sight.contained is not None and sight.contained > limit:
        yield f"Containment took {sight.contained:.1f} s; {limit:.0f} s are allowed."
    if sight.contained is None and sight.enough is None:
        yield f"It was not contained: {wanted.contained.words} would have been enough."
    if sight.contained is None and sight.enough is not None:
        yield f"The policy was enough after {sight.enough:.1f} s, and no proof followed."
    if sight.contained is not None and not record.clean:
        yield f"A version other than {' or '.join(wanted.good)} answered after containment."
