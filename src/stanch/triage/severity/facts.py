"""Factors from facts: what is known of the asset, the verdict and the impact, as numbers 0 to 4.

In    an incident (verdict, suspects, impact inside), its asset, and what was measured.
Out   factors; and for each one the words why.
Why   the first severity is there in seconds, without a person, and every number can be disputed.
      What is not known counts as the asset's own worst plausible case, never as nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stanch.triage.severity.factors import ANCHORS, Factor, Factors
from stanch.vocabulary.asset import Asset, AssetKind
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

_WHOLE = frozenset({AttackKind.WEIGHT_TAMPERING, AttackKind.BACKDOOR, AttackKind.SUPPLY_CHAIN})


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What was measured besides, each None when it was not."""

    accuracy_lost: float | None = None
    """Points of accuracy, 0 to 1."""
    gap_grown: float | None = None
    """How much the gap of error rates between groups grew, 0 to 1."""
    corrupt: float | None = None
    """Share of the data that is corrupt."""
    copied: float | None = None
    """How faithful a copy could be by now, 0 to 1."""
    down: bool | None = None
    ongoing: bool | None = None
    succeeded: bool | None = None
    human_in_loop: int | None = None
    """The anchor of autonomy, when the owner stated it."""


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
        Factor.DATA: _data(incident, asset, impact, measured),
        Factor.SERVICE: _service(incident, asset, measured),
        Factor.INTEGRITY: _integrity(incident, measured),
        Factor.AUTONOMY: _autonomy(asset, measured),
        Factor.REVERSIBILITY: _reversibility(incident, asset),
        Factor.BLAST: _blast(incident, impact),
        Factor.PHASE: _phase(incident, asset),
        Factor.ADVERSARY: _adversary(incident, measured),
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


def _data(incident: Incident, asset: Asset, impact: Impact, measured: Measured) -> int:
    classes = {c.lower() for c in (impact.data_classes or ())}
    attack = _attack(incident)
    if measured.copied is not None and measured.copied > 0.9:  # noqa: PLR2004  the anchor: whole
        return 4
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
    if measured.down:
        return int(asset.criticality)
    if _attack(incident) is AttackKind.DENIAL_OF_WALLET:
        return 2
    return 1 if incident.verdict.kind is VerdictKind.FAULT else 0


def _integrity(incident: Incident, measured: Measured) -> int:
    attack = _attack(incident)
    found = [0]
    if measured.accuracy_lost is not None:
        found.append(_steps(measured.accuracy_lost, (0.0, 0.01, 0.05, 0.20)))
    if measured.corrupt is not None:
        found.append(1 + _steps(measured.corrupt, (0.0, 0.10)))
    if measured.copied is not None:
        found.append(1 + _steps(measured.copied, (0.3, 0.6, 0.9)))
    if attack in _WHOLE:
        found.append(3 if measured.succeeded is False else 4)
    elif attack is not None:
        found.append(2 if attack is AttackKind.POISONING else 1)
    return max(found)


def _autonomy(asset: Asset, measured: Measured) -> int:
    if measured.human_in_loop is not None:
        return measured.human_in_loop
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


def _adversary(incident: Incident, measured: Measured) -> int:
    if incident.verdict.kind in {VerdictKind.NATURAL, VerdictKind.FAULT}:
        return 0
    if incident.verdict.kind is VerdictKind.UNDECIDED:
        return 2
    if measured.ongoing is not False:
        return 4
    return 1 if measured.succeeded is False else 3
