"""What the findings themselves say about an attack.

In    the findings of an incident.
Out   one reason for each detector that points to an attack, and the weight of each kind.
Why   some detectors see a deed, not a statistic: a digest that does not match, a login from
      nowhere, an instruction hidden in a document. Their word counts by how far it points.
Math  The log-odds of the strongest pointing of each detector, scaled by its own evidence against
      chance: in full at a thousand to one, twice that from a million to one on, where it is as good
      as a deed that was seen. A detector that fires often is heard once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from stanch.vocabulary.finding import AttackKind, Finding
from stanch.vocabulary.ids import DetectorId
from stanch.vocabulary.incident import Reason

FULL = 3.0
"""Strength (a power of ten) at which a finding's pointing counts in full."""
MOST = 2.0
"""How far a stronger finding counts beyond that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """Reasons from findings, and what each kind of attack gathered."""

    reasons: tuple[Reason, ...]
    kinds: Mapping[AttackKind, float]


def finding_reasons(findings: Sequence[Finding]) -> Told:
    """One reason for each detector that points to an attack, strongest first."""
    best: dict[DetectorId, tuple[float, AttackKind, Finding]] = {}
    for finding in sorted(findings, key=lambda f: f.id):
        for kind in sorted(finding.points_to):
            weight = _odds(finding.points_to[kind]) * min(MOST, max(0.0, finding.strength) / FULL)
            held = best.get(finding.detector)
            if held is None or weight > held[0]:
                best[finding.detector] = (weight, kind, finding)
    kinds: dict[AttackKind, float] = {}
    reasons: list[Reason] = []
    for detector, (weight, kind, finding) in sorted(best.items(), key=lambda b: (-b[1][0], b[0])):
        if weight <= 0:
            continue
        kinds[kind] = kinds.get(kind, 0.0) + weight
        reasons.append(
            Reason(
                name=detector, says=finding.says, weight=round(weight, 3), findings=(finding.id,)
            )
        )
    return Told(reasons=tuple(reasons), kinds=kinds)


def _odds(share: float) -> float:
    kept = min(0.98, max(0.02, share))
    return log(kept / (1 - kept))
