"""Similar past incidents: which ones look like this one, and in what.

In    an incident, and incidents that are over.
Out   the nearest, each with a score from 0 to 1 and the features that it shares.
Why   what helped last time is the best first guess; and a score without its reasons is no help.
Math  Sum over features of weight times overlap (Jaccard for sets), over the sum of the weights of
      the features that either of the two has. Weights are the table below and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from stanch.vocabulary.ids import IncidentId
from stanch.vocabulary.incident import Incident

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {
        "kind of attack": 4.0,
        "verdict": 1.0,
        "techniques": 3.0,
        "suspects": 3.0,
        "asset": 2.0,
        "phase of life": 1.0,
        "data classes": 1.0,
        "evidence": 2.0,
    }
)
"""What counts how much."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Likeness:
    """One past incident, how like it is, and in what (feature: share of its weight)."""

    incident: IncidentId
    score: float
    shared: Mapping[str, float]


def similar(now: Incident, past: Sequence[Incident], *, top: int = 5) -> tuple[Likeness, ...]:
    """The past incidents most like this one, best first; drills only for drills."""
    own = _features(now)
    found = [
        _likeness(own, other)
        for other in past
        if other.id != now.id and other.merged_into is None and other.exercise == now.exercise
    ]
    found = [f for f in found if f.score > 0]
    return tuple(sorted(found, key=lambda f: (-f.score, f.incident))[:top])


def _likeness(own: Mapping[str, frozenset[str]], other: Incident) -> Likeness:
    theirs = _features(other)
    shared: dict[str, float] = {}
    whole = 0.0
    for name, weight in WEIGHTS.items():
        either = own[name] | theirs[name]
        if either:
            whole += weight
            overlap = len(own[name] & theirs[name]) / len(either)
            if overlap:
                shared[name] = round(overlap, 3)
    total = sum(WEIGHTS[n] * overlap for n, overlap in shared.items())
    return Likeness(incident=other.id, score=round(total / whole, 4), shared=shared)


def _features(incident: Incident) -> dict[str, frozenset[str]]:
    verdict = incident.verdict
    return {
        "kind of attack": frozenset({str(verdict.attack)} if verdict.attack else ()),
        "verdict": frozenset({str(verdict.kind)}),
        "techniques": frozenset(t.partition("@")[0] for t in incident.atlas),
        "suspects": frozenset(str(s.principal) for s in incident.suspects),
        "asset": frozenset({str(incident.asset)}),
        "phase of life": frozenset({str(incident.lifecycle)}),
        "data classes": frozenset(incident.impact.data_classes),
        "evidence": frozenset(r.name for r in verdict.reasons if r.weight > 0),
    }
