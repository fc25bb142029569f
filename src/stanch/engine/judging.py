"""Judging: the verdict, suspects, impact, severity and labels of an incident, all from values.

In    the incident, its findings, what was observed, its asset and the assets around it.
Out   the incident as it should now be; what a person said of it is kept.
Why   one function from evidence to belief: shown, tested and replayed alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from stanch.triage.impact import Counted, impact_of
from stanch.triage.lineage import graph_of
from stanch.triage.severity.facts import Measured, facts_of
from stanch.triage.severity.judge import severity_of
from stanch.triage.taxonomy.labels import labels_of
from stanch.triage.verdict.calibration import packaged
from stanch.triage.verdict.decide import verdict_of
from stanch.triage.verdict.observations import Observations
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import AttackKind, Finding, Suspect
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.incident import Incident, VerdictKind

MACHINE = "stanch"


def judged(
    incident: Incident,
    findings: Sequence[Finding],
    seen: Observations | None,
    asset: Asset | None,
    assets: Mapping[AssetId, Asset],
) -> Incident:
    """The incident with what is believed of it now."""
    own = asset or Asset(id=incident.asset, kind=AssetKind.ENDPOINT, name=incident.asset, owner="")
    now = incident
    if incident.verdict.by == MACHINE and (seen is not None or findings):
        verdict = verdict_of(findings, seen or Observations(), packaged())
        # A look at fewer counts must not take back what earlier counts showed.
        known = incident.verdict.kind is not VerdictKind.UNDECIDED
        if verdict.kind is not VerdictKind.UNDECIDED or not known:
            now = replace(now, verdict=verdict)
    innocent = now.verdict.kind in {VerdictKind.NATURAL, VerdictKind.FAULT}
    suspects = () if innocent else suspects_of(findings, seen, incident.suspects)
    now = replace(now, suspects=suspects)
    kind = now.verdict.attack
    labels = labels_of(kind, findings, asset=own.kind)
    first = findings[0].lifecycle if findings else incident.lifecycle
    now = replace(
        now, title=title_of(now, findings), lifecycle=first, atlas=labels.atlas, owasp=labels.owasp
    )
    impact = impact_of(now, assets, graph_of(assets.values()), Counted())
    now = replace(now, impact=impact)
    if incident.severity.by == MACHINE:
        facts = facts_of(now, own, impact, _measured(findings))
        now = replace(now, severity=severity_of(facts.factors))
    return now


def suspects_of(
    findings: Sequence[Finding], seen: Observations | None, before: Sequence[Suspect]
) -> tuple[Suspect, ...]:
    """Everybody anything points to, most of the oddness first."""
    best: dict[str, Suspect] = {}
    told = [s for f in findings for s in f.suspects]
    for suspect in (*before, *told, *(seen.suspects if seen is not None else ())):
        held = best.get(suspect.principal)
        if held is None or (suspect.confidence, suspect.share) > (held.confidence, held.share):
            best[suspect.principal] = suspect
    ranked = sorted(best.values(), key=lambda s: (-s.share * s.confidence, s.principal))
    return tuple(ranked[:100])


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


def _measured(findings: Sequence[Finding]) -> Measured:
    """What detectors measured that severity asks for."""
    lost = [f.measured["accuracy_lost"] for f in findings if "accuracy_lost" in f.measured]
    gap = [f.measured["gap_grown"] for f in findings if "gap_grown" in f.measured]
    copied = [f.measured["copied"] for f in findings if "copied" in f.measured]
    return Measured(
        accuracy_lost=max(lost, default=None),
        gap_grown=max(gap, default=None),
        copied=max(copied, default=None),
    )
