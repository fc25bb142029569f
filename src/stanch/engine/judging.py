"""Judging: the verdict, suspects, impact, severity and labels of an incident, all from values.

In    the incident, its findings, what was observed, its asset and the assets around it.
Out   the incident as it should now be; what a person said of it is kept.
Why   one function from evidence to belief: shown, tested and replayed alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from stanch.triage.causes import FAMILY, Family, compatible, family_of
from stanch.triage.impact import Counted, impact_of
from stanch.triage.lineage import graph_of
from stanch.triage.severity.factors import Factor
from stanch.triage.severity.facts import Measured, adversary_of, facts_of
from stanch.triage.severity.judge import factors_of, severity_of
from stanch.triage.taxonomy.labels import labels_of
from stanch.triage.verdict.calibration import Calibration, packaged, strictest
from stanch.triage.verdict.chains import chain_of
from stanch.triage.verdict.decide import by_people, verdict_of
from stanch.triage.verdict.observations import Observations
from stanch.triage.verdict.observe import WHO
from stanch.vocabulary.asset import Asset, stranger
from stanch.vocabulary.finding import AttackKind, Finding, Suspect
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.incident import Incident, Phase, Verdict, VerdictKind

MACHINE = "stanch"
HELD = frozenset({Phase.CONTAINED, Phase.ERADICATED, Phase.RECOVERED, Phase.CLOSED})
"""Who moves an incident back from these says that it goes on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """What is known besides the findings."""

    assets: Mapping[AssetId, Asset] = field(default_factory=dict)
    counted: Counted = field(default_factory=Counted)
    upstream: tuple[Finding, ...] = ()
    """Findings of other incidents: on what the asset is made from, and on its versions."""
    calibration: Calibration | None = None
    """The asset's own quiet windows; the packaged ones when None."""
    rows: int = 0
    """Answers in the window that was observed."""


def judged(
    incident: Incident, findings: Sequence[Finding], seen: Observations | None, around: Around
) -> Incident:
    """The incident with what is believed of it now."""
    now = incident
    if incident.verdict.by == MACHINE and (seen is not None or findings):
        now = _decided(incident, findings, seen or Observations(), around)
    own = around.assets.get(now.asset) or stranger(now.asset)
    innocent = now.verdict.kind in {VerdictKind.NATURAL, VerdictKind.FAULT}
    before, after = incident.verdict, now.verdict
    same = (before.kind, before.attack) == (after.kind, after.attack)
    kept = incident.suspects if same else ()
    every = (*findings, *around.upstream)
    now = replace(now, suspects=() if innocent else suspects_of(after, every, seen, kept))
    language = bool(seen and seen.language) or any(o.startswith("LLM") for o in incident.owasp)
    labels = labels_of(after.attack, findings, asset=own.kind, language=language)
    first = findings[0].lifecycle if findings else incident.lifecycle
    now = replace(
        now, title=title_of(now, findings), lifecycle=first, atlas=labels.atlas, owasp=labels.owasp
    )
    impact = impact_of(now, around.assets, graph_of(around.assets.values()), around.counted)
    now = replace(now, impact=impact)
    if incident.severity.by == MACHINE:
        facts = facts_of(now, own, impact, measured_of(now, findings))
        now = replace(now, severity=severity_of(facts.factors))
    return now


_LESS: Mapping[VerdictKind, frozenset[VerdictKind]] = MappingProxyType(
    {
        VerdictKind.UNDECIDED: frozenset(),
        VerdictKind.NATURAL: frozenset({VerdictKind.UNDECIDED}),
        VerdictKind.FAULT: frozenset({VerdictKind.UNDECIDED}),
        VerdictKind.ATTACK: frozenset({VerdictKind.UNDECIDED, VerdictKind.NATURAL}),
    }
)
"""What takes back nothing that was shown: an attack that was shut out leaves quiet windows."""


def _decided(
    incident: Incident,
    findings: Sequence[Finding],
    seen: Observations,
    around: Around,
) -> Incident:
    """The incident with its verdict; a look at fewer counts takes back nothing that was shown.

    Natural was never shown, only not contradicted: what people did contradicts it.
    """
    own, before = around.calibration, incident.verdict
    tables = packaged() if own is None else strictest(own, packaged())
    looks = before.looks + bool(seen.signals)
    found = verdict_of(findings, seen, tables, around.upstream, looks)
    looked = {"looks": looks, "rows": around.rows or before.rows}
    verdict = replace(found, **looked)
    natural = before.kind is VerdictKind.NATURAL
    wrong = natural and by_people(findings, around.upstream)
    if verdict.kind in _LESS[before.kind] and not wrong:
        return replace(incident, verdict=replace(before, **looked))
    chain = (
        chain_of((*around.upstream, *findings), seen)
        if verdict.kind is VerdictKind.ATTACK
        else None
    )
    # What came in with the rows now answers people, or soon will: there it has to be stopped.
    asset = chain.asset if chain else _learner(incident, verdict, findings, around)
    return replace(incident, verdict=verdict, asset=asset)


def _learner(
    incident: Incident, verdict: Verdict, findings: Sequence[Finding], around: Around
) -> AssetId:
    """The model that a finding of this kind is on, where the incident is on what it learns from."""
    told = [f for f in findings if verdict.attack in f.points_to]
    for finding in sorted(told, key=lambda f: (-f.strength, f.id)):
        own = around.assets.get(finding.asset)
        if own is not None and incident.asset in own.lineage.trained_on:
            return own.id
    return incident.asset


def suspects_of(
    verdict: Verdict,
    findings: Sequence[Finding],
    seen: Observations | None,
    before: Sequence[Suspect],
) -> tuple[Suspect, ...]:
    """Whom the verdict's evidence points to, most of the oddness first.

    While it is undecided, everybody anything points to. Once it is an attack of some kind, who is
    odd in another way is not accused of this one.
    """
    best: dict[str, Suspect] = {}
    told = [s for f in findings if _speaks(verdict, f) for s in f.suspects]
    # What came from everybody names nobody.
    signs = {str(r.name) for r in verdict.reasons if r.weight > 0} & WHO
    decided = verdict.kind is VerdictKind.ATTACK and not signs
    counted = seen.suspects if seen is not None and not decided else ()
    for suspect in (*before, *told, *counted):
        held = best.get(suspect.principal)
        if held is None or (suspect.confidence, suspect.share) > (held.confidence, held.share):
            best[suspect.principal] = suspect
    ranked = sorted(best.values(), key=lambda s: (-s.share * s.confidence, s.principal))
    return tuple(ranked[:100])


def _speaks(verdict: Verdict, finding: Finding) -> bool:
    """Whether whom this finding names is who the verdict is about."""
    named = any(finding.id in r.findings for r in verdict.reasons if r.weight > 0)
    if verdict.kind is not VerdictKind.ATTACK or verdict.attack is None:
        return True
    if named:
        return compatible(family_of(finding), FAMILY[verdict.attack])
    family = family_of(finding)
    return family is not Family.PLAIN and compatible(family, FAMILY[verdict.attack])


_NAMES: Mapping[AttackKind, str] = {
    AttackKind.POISONING: "Poisoned data",
    AttackKind.BACKDOOR: "A backdoor",
    AttackKind.WEIGHT_TAMPERING: "Changed weights",
    AttackKind.SUPPLY_CHAIN: "A supply-chain attack",
    AttackKind.EXTRACTION: "Model extraction",
    AttackKind.EVASION: "A search for evasion",
    AttackKind.THRESHOLD_PROBING: "Threshold probing",
    AttackKind.MEMBERSHIP_INFERENCE: "Membership inference",
    AttackKind.ACCESS: "Unauthorised access",
    AttackKind.DENIAL_OF_WALLET: "Denial of wallet",
    AttackKind.FAIRNESS_HARM: "Harm to one group",
    AttackKind.PROMPT_INJECTION: "Prompt injection",
}


def title_of(incident: Incident, findings: Sequence[Finding]) -> str:
    """What it is, on what, in a few words."""
    match incident.verdict.kind:
        case VerdictKind.ATTACK if incident.verdict.attack is not None:
            return f"{_NAMES[incident.verdict.attack]} on {incident.asset}"
        case VerdictKind.ATTACK:
            return f"An attack on {incident.asset}"
        case VerdictKind.FAULT:
            return f"A pipeline fault at {incident.asset}"
        case VerdictKind.NATURAL:
            return f"Natural change at {incident.asset}"
        case VerdictKind.UNDECIDED:
            return f"{findings[0].says[:160]}" if findings else incident.title


def rated(incident: Incident, findings: Sequence[Finding]) -> Incident:
    """The incident as severe as its containment now makes it; all other factors stay."""
    found = factors_of(incident.severity)
    if found is None:
        return incident
    step = adversary_of(incident, measured_of(incident, findings))
    if found[Factor.ADVERSARY] == step:
        return incident
    return replace(incident, severity=severity_of(found.with_(Factor.ADVERSARY, step)))


def measured_of(incident: Incident, findings: Sequence[Finding]) -> Measured:
    """What detectors measured that severity asks for, and whether the attack was stopped."""
    signs = [f for f in findings if incident.verdict.attack in f.points_to]
    return Measured(
        accuracy_lost=_worst(findings, "accuracy_lost"),
        gap_grown=_worst(findings, "gap_grown"),
        corrupt=_worst(findings, "corrupt"),
        failing=_worst(findings, "failing"),
        over=_over(incident),
        came_to_nothing=bool(signs) and all(f.measured.get("got_through") == 0 for f in signs),
    )


def _worst(findings: Sequence[Finding], name: str) -> float | None:
    return max((f.measured[name] for f in findings if name in f.measured), default=None)


def _over(incident: Incident) -> bool:
    """Whether something holds it, and it was not done again since."""
    held, again = incident.held_at, incident.again_at
    return incident.phase in HELD and held is not None and (again is None or again <= held)
