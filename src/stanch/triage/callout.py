"""Roles to call: whose part in an asset this incident asks for, and why each.

In    the verdict, the severity and the impact of an incident; its asset.
Out   duties in the order to call them, each with the person named for it.
Why   who is needed differs: a wrong unit wants the engineer, a theft the lawyer too. A role that
      nobody holds is said, with the owner in their place: better now than at three in the morning.
      How severe it was while it went on counts: containment takes nobody off the list.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from stanch.triage.severity.facts import ABOUT_PEOPLE, CONFIDENTIAL, PERSONAL, SPECIAL
from stanch.triage.severity.judge import level_of_duties
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import Incident, Level, VerdictKind
from stanch.vocabulary.people import Duty

K = AttackKind
MANY = 1000
"""People that an incident may touch before somebody has to speak to the public."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One person to call, and what for."""

    duty: Duty
    person: str
    """Who holds the role; the owner when nobody does; empty when there is no owner either."""
    named: bool
    """Whether the role is filled in the inventory."""
    why: str
    now: bool = True
    """At once, or when the working day begins."""


_OURS: Mapping[AttackKind, str] = MappingProxyType(
    {
        K.POISONING: "the next training must wait and the rows be looked through",
        K.BACKDOOR: "the version has to be taken out and looked into",
        K.WEIGHT_TAMPERING: "the weights have to be compared with the signed ones",
        K.SUPPLY_CHAIN: "what was built with the part has to be found",
        K.EVASION: "the model has to be hardened where it was got round",
        K.FAIRNESS_HARM: "another version or the fallback has to answer",
        K.EXTRACTION: "how much answers give away has to be decided",
        K.THRESHOLD_PROBING: "the threshold they looked for has to move",
        K.MEMBERSHIP_INFERENCE: "how much answers give away has to be decided",
    }
)
"""What the engineer of the model does about each kind of attack."""

_ROWS: Mapping[AttackKind, str] = MappingProxyType(
    {
        K.POISONING: "which rows and labels are wrong is a question about the data",
        K.BACKDOOR: "the trigger is sought in the data that the version learnt",
        K.FAIRNESS_HARM: "the error rates of the groups have to be measured again",
    }
)
"""What the data scientist does about each kind of attack."""

_LAW: Mapping[AttackKind, str] = MappingProxyType(
    {
        K.EXTRACTION: "a copied model is stolen property; evidence must stand up",
        K.MEMBERSHIP_INFERENCE: "whose data was in the training set may have become known",
        K.FAIRNESS_HARM: "people may have been treated unequally; duties to report run",
    }
)
"""Why each kind of attack asks for a lawyer whatever its severity."""


_OTHERS: Mapping[AttackKind, tuple[Duty, str]] = MappingProxyType(
    {
        K.DENIAL_OF_WALLET: (
            Duty.FINANCE,
            "a bill is run up: a payment can be stopped and claimed back",
        ),
        K.SUPPLY_CHAIN: (
            Duty.SUPPLIERS,
            "the maker of the part has to hear of it, and knows who else has it",
        ),
    }
)
"""Who else is needed because of the kind of attack."""


def roles_to_call(incident: Incident, asset: Asset | None) -> tuple[Call, ...]:
    """Whom to call about this incident, in order."""
    at_once = level_of_duties(incident.severity) is not Level.LOW
    return tuple(
        _call(duty, why, asset, now=duty is Duty.RESPONDER or at_once)
        for duty, why in _reasons(incident, asset)
    )


def _call(duty: Duty, why: str, asset: Asset | None, *, now: bool) -> Call:
    holder = asset.roles.get(duty, "") if asset is not None else ""
    owner = asset.owner if asset is not None else ""
    return Call(duty=duty, person=holder or owner, named=bool(holder), why=why, now=now)


def _reasons(incident: Incident, asset: Asset | None) -> Iterator[tuple[Duty, str]]:
    yield Duty.RESPONDER, "leads what is done, and answers what stanch asks"
    engineer, scientist = _makers(incident)
    if engineer:
        yield Duty.ML_ENGINEER, engineer
    if scientist:
        yield Duty.DATA_SCIENTIST, scientist
    if incident.verdict.attack in _OTHERS:
        yield _OTHERS[incident.verdict.attack]
    legal = _legal(incident, asset)
    if legal:
        yield Duty.LEGAL, legal + _under(asset)
    severe = level_of_duties(incident.severity) is Level.HIGH
    touched = (incident.impact.people or 0) >= MANY
    harmed = incident.verdict.attack is K.FAIRNESS_HARM
    if incident.verdict.kind is not VerdictKind.NATURAL and (severe or touched or harmed):
        yield Duty.COMMUNICATIONS, "people outside may ask, or have to be told: one voice"
    if severe:
        yield Duty.LEADERSHIP, "it is severe: stopping a service and telling others is theirs"


def _under(asset: Asset | None) -> str:
    """Whose law it is, where the inventory says where the asset is used."""
    where = ", ".join(asset.jurisdictions) if asset is not None else ""
    return f" (used in: {where})" if where else ""


def _makers(incident: Incident) -> tuple[str, str]:
    """What the engineer of the model and the data scientist are needed for."""
    kind = incident.verdict.attack
    match incident.verdict.kind:
        case VerdictKind.NATURAL:
            return "", "the world moved: look whether the model still fits it"
        case VerdictKind.FAULT:
            return "the pipeline has to be mended where the step came", ""
        case VerdictKind.UNDECIDED:
            return "", "what was seen can still be change or attack: look at the evidence"
        case VerdictKind.ATTACK if kind is not None:
            return _OURS.get(kind, ""), _ROWS.get(kind, "")
        case VerdictKind.ATTACK:
            return "the attack has no name yet: look at what answers", ""


def _legal(incident: Incident, asset: Asset | None) -> str:
    if incident.verdict.kind is not VerdictKind.ATTACK:
        grave = level_of_duties(incident.severity) is Level.HIGH
        people = asset is not None and asset.domain.lower() in ABOUT_PEOPLE
        return (
            "decisions about people may be wrong; duties to report run" if grave and people else ""
        )
    kind = incident.verdict.attack
    if kind is not None and kind in _LAW:
        return _LAW[kind]
    held = set(incident.impact.data_classes)
    if held & (PERSONAL | SPECIAL):
        return "personal data may be exposed; the clocks of the law run"
    if held & CONFIDENTIAL:
        return "confidential data may be exposed"
    if level_of_duties(incident.severity) is Level.HIGH:
        return "it is severe; duties to report may run"
    return ""
