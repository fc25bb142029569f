"""Factors from facts: what is known of the asset, the verdict and the impact, as numbers 0 to 4.

In    an incident (verdict, suspects, impact inside), its asset, and what was measured.
Out   factors; and for each one the words why.
Why   the first severity is there in seconds, without a person, and every number can be disputed.
      What is not known counts as the asset's own worst plausible case, never as nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stanch.triage.severity.factors import ANCHORS, Factor, Factors
from stanch.vocabulary.asset import Asset, AssetKind, Oversight
from stanch.vocabulary.finding import AttackKind, Lifecycle
from stanch.vocabulary.incident import Impact, Incident, VerdictKind

SPECIAL = frozenset({"health", "biometric", "genetic", "ethnic", "religion", "sexual", "political"})
PERSONAL = frozenset({"personal", "financial", "location", "children", "contact"})
CONFIDENTIAL = frozenset({"confidential", "secret", "credentials"})
VITAL = frozenset({"medical", "health", "energy", "water", "transport", "aviation", "emergency"})
ABOUT_PEOPLE = frozenset(
    {"credit", "hiring", "insurance", "education", "benefits", "justice", "health", "medical"}
)
MANY = 1000
PARTLY_DOWN, DOWN = 0.1, 0.5
"""The shares of unanswered requests from which a part of a service is down, and all of it."""

_WHOLE = frozenset({AttackKind.WEIGHT_TAMPERING, AttackKind.BACKDOOR, AttackKind.SUPPLY_CHAIN})


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What was measured besides, each None when it was not."""

    accuracy_lost: float | None = None
    """Points of accuracy, 0 to 1."""
    gap_grown: float | None = None
    """How much the gap of error rates between groups grew, 0 to 1."""
    corrupt: float | None = None
    """Share of the rows or labels handed in that is corrupt, 0 to 1."""
    failing: float | None = None
    """Share of the requests that the service failed to answer, 0 to 1."""
    over: bool | None = None
    """Whether the attack was stopped and nothing of it is newer than that."""
    came_to_nothing: bool | None = None
    """Whether all that was seen of the attack was refused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """The factors, and why each has its number."""

    factors: Factors
    why: Mapping[Factor, str] = field(default_factory=dict)


def facts_of(incident: Incident, asset: Asset, impact: Impact, measured: Measured) -> Facts:
    """The factors of this incident, from what is known now."""
    values = {
        Factor.HARM: _harm(incident, asset),
        Factor.RIGHTS: _rights(asset, measured),
        Factor.DATA: _data(incident, asset, impact),
        Factor.SERVICE: _service(incident, asset, measured),
        Factor.INTEGRITY: _integrity(incident, measured),
        Factor.AUTONOMY: _autonomy(asset),
        Factor.REVERSIBILITY: _reversibility(incident, asset),
        Factor.BLAST: _blast(incident, impact),
        Factor.PHASE: _phase(incident, asset),
        Factor.ADVERSARY: adversary_of(incident, measured),
    }
    why = {factor: ANCHORS[factor][value] for factor, value in values.items()}
    return Facts(factors=Factors(values=values), why=why)


def _attack(incident: Incident) -> AttackKind | None:
    return incident.verdict.attack if incident.verdict.kind is VerdictKind.ATTACK else None


def _steps(value: float, marks: tuple[float, ...]) -> int:
    return sum(value > mark for mark in marks)


def _harm(incident: Incident, asset: Asset) -> int:
    """An asset on which lives may hang can hurt; whether it did, only a person can say (4)."""
    if asset.domain.lower() not in VITAL:
        return 0
    changed = incident.verdict.kind is not VerdictKind.NATURAL
    return min(3, int(asset.criticality) - 1 + int(changed))


def _rights(asset: Asset, measured: Measured) -> int:
    if measured.gap_grown is not None and measured.gap_grown > 0:
        return 1 + _steps(measured.gap_grown, (0.02, 0.05, 0.10))
    return 1 if asset.domain.lower() in ABOUT_PEOPLE else 0


def _data(incident: Incident, asset: Asset, impact: Impact) -> int:
    classes = {c.lower() for c in (impact.data_classes or ())}
    attack = _attack(incident)
    if not classes:
        leaks = attack in {AttackKind.MEMBERSHIP_INFERENCE, AttackKind.PROMPT_INJECTION}
        classes = {c.lower() for c in asset.data_classes} if leaks else set()
    people = impact.people if impact.people is not None else MANY + 1
    if classes & SPECIAL:
        return 4 if people > MANY else 3
    if classes & (PERSONAL | CONFIDENTIAL):
        return 3 if people > MANY else 2 if people > 1 else 1
    return 1 if classes else 0


def _service(incident: Incident, asset: Asset, measured: Measured) -> int:
    found = [1 if incident.verdict.kind is VerdictKind.FAULT else 0]
    if _attack(incident) is AttackKind.DENIAL_OF_WALLET:
        found.append(2)
    if measured.failing is not None and measured.failing >= PARTLY_DOWN:
        whole = measured.failing >= DOWN
        found.append(int(asset.criticality) if whole else min(2, int(asset.criticality)))
    return max(found)


def _integrity(incident: Incident, measured: Measured) -> int:
    attack = _attack(incident)
    found = [0]
    if measured.accuracy_lost is not None:
        found.append(_steps(measured.accuracy_lost, (0.0, 0.01, 0.05, 0.20)))
    # Where the world itself changed, an odd label is a true one.
    if measured.corrupt is not None and incident.verdict.kind is not VerdictKind.NATURAL:
        found.append(1 + _steps(measured.corrupt, (0.0, 0.10)))
    if attack in _WHOLE:
        found.append(4)
    elif attack is not None:
        found.append(2 if attack is AttackKind.POISONING else 1)
    return max(found)


def _autonomy(asset: Asset) -> int:
    if asset.oversight is not None:
        return tuple(Oversight).index(asset.oversight)
    by_kind = {AssetKind.AGENT: 4, AssetKind.TOOL: 4, AssetKind.ENDPOINT: 3, AssetKind.MODEL: 3}
    return by_kind.get(asset.kind, 2)


def _reversibility(incident: Incident, asset: Asset) -> int:
    if asset.kind in {AssetKind.AGENT, AssetKind.TOOL}:
        return 3
    kind = _attack(incident)
    if kind in {AttackKind.EXTRACTION, AttackKind.MEMBERSHIP_INFERENCE}:
        return 4
    return 2 if kind is not None else 1


def _blast(incident: Incident, impact: Impact) -> int:
    if len(impact.assets) > 1:
        return 3
    return 2 if len(incident.suspects) != 1 else 1


def _phase(incident: Incident, asset: Asset) -> int:
    if asset.kind is AssetKind.AGENT:
        return 4
    if asset.kind is AssetKind.DATASET:
        return 1
    return 2 if incident.lifecycle is Lifecycle.TRAINING else 3


def adversary_of(incident: Incident, measured: Measured) -> int:
    """The step of the attacker; what nobody has stopped goes on."""
    if incident.verdict.kind in {VerdictKind.NATURAL, VerdictKind.FAULT}:
        return 0
    if incident.verdict.kind is VerdictKind.UNDECIDED:
        return 2
    if not measured.over:
        return 4
    return 1 if measured.came_to_nothing else 3
