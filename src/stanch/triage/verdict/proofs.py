"""What the findings themselves say about an attack.

In    the findings of an incident, in the order in which they came.
Out   one reason for each detector that points to an attack, and the weight of each kind.
Why   some detectors see a deed, not a statistic: a digest that does not match, a login from
      nowhere, an instruction hidden in a document. Their word counts by how far it points.
Math  The log-odds of the strongest pointing of each detector, scaled by its own evidence against
      chance: in full at a thousand to one, twice that from a million to one on, where it is as good
      as a deed that was seen. A detector that fires often is heard once: how surely somebody did
      something, by the strongest it said of them; what that was for, by the newest that points as
      clearly, since more rows show a shape that a few do not. That somebody asks much says that
      it costs, and not what it is for: where a detector saw what the same people ask for, that is
      the name, and much alone is denial of wallet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log

from stanch.triage.causes import FAMILY, Family
from stanch.vocabulary.finding import AttackKind, Finding
from stanch.vocabulary.ids import DetectorId
from stanch.vocabulary.incident import Reason

FULL = 3.0
"""Strength (a power of ten) at which a finding's pointing counts in full."""
SHAPELESS = AttackKind.EXTRACTION
"""What is asked without a shape is for."""
MOST = 2.0
"""How far a stronger finding counts beyond that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """Reasons from findings, and what each kind of attack gathered."""

    reasons: tuple[Reason, ...]
    kinds: Mapping[AttackKind, float]


def finding_reasons(findings: Sequence[Finding]) -> Told:
    """One reason for each detector that points to an attack, strongest first."""
    by: dict[DetectorId, list[_Sight]] = {}
    for finding in findings:
        sight = _sight(finding)
        if sight is not None:
            by.setdefault(finding.detector, []).append(sight)
    now = [_now(own) for own in by.values()]
    best = [max(own, key=lambda s: (s.weight, s.of.id)) for own in now]
    shaped = [s for own in now for s in own if FAMILY[s.kind] is Family.QUERIES]
    kinds: dict[AttackKind, float] = {}
    reasons: list[Reason] = []
    for one in sorted(best, key=lambda s: (-s.weight, s.of.detector)):
        if not _bill(one, shaped):
            kinds[one.kind] = kinds.get(one.kind, 0.0) + one.weight
        reasons.append(
            Reason(
                name=one.of.detector,
                says=one.of.says,
                weight=round(one.weight, 3),
                findings=(one.of.id,),
            )
        )
    return Told(reasons=tuple(reasons), kinds=kinds)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sight:
    """What one finding points to most, and how far; or what a newer one of the same people does."""

    of: Finding
    kind: AttackKind
    weight: float

    @property
    def clear(self) -> float:
        """How far it points to its kind, whatever the evidence that there is something."""
        return self.of.points_to[self.kind]

    @property
    def people(self) -> frozenset[str]:
        return frozenset(s.principal for s in self.of.suspects)


def _sight(finding: Finding) -> _Sight | None:
    """The finding as a sight; None when it points nowhere."""
    if not finding.points_to:
        return None
    kind = max(sorted(finding.points_to), key=lambda k: finding.points_to[k])
    weight = _odds(finding.points_to[kind]) * min(MOST, max(0.0, finding.strength) / FULL)
    return _Sight(of=finding, kind=kind, weight=weight) if weight > 0 else None


def _bill(one: _Sight, shaped: Sequence[_Sight]) -> bool:
    """Whether it is what the deed of these people costs: much is no purpose beside one."""
    cost = FAMILY[one.kind] is Family.COST
    return cost and any(not one.people or one.people & other.people for other in shaped)


def _now(sights: Sequence[_Sight]) -> list[_Sight]:
    """The sights of one detector that no newer one of the same people takes the place of.

    One that was clearer stays. So does a shape, where none is seen any more: a copy is what that
    is taken for, and questions asked for cover hide a shape and take back none.
    """
    kept: list[_Sight] = []
    for old in reversed(sights):
        newer = next((n for n, s in enumerate(kept) if old.people <= s.people), None)
        if newer is None:
            kept.append(old)
            continue
        now = kept[newer]
        seen = now.kind is not SHAPELESS or old.kind is SHAPELESS
        told = now if seen and now.clear >= old.clear else old
        kept[newer] = replace(told, weight=max(now.weight, old.weight))
    return kept


def _odds(share: float) -> float:
    kept = min(0.98, max(0.02, share))
    return log(kept / (1 - kept))
