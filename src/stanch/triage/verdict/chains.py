"""Chains: odd rows, a training on them, a version in service, and what it then did.

In    the findings of an incident, and what its owners did (`Happening`s).
Out   a reason that tells the chain, with the kind of attack that its last link is a sign of.
Why   each link alone is an ordinary day: a new supplier, a training, a release, a mix of answers
      that changed. In this order, within days, and with harm that only somebody's rows explain,
      they are one deed. No link is guessed: each is a finding or an event that is cited.
How   The first link is a finding about a dataset or about labels (`Lifecycle.TRAINING`, pointing to
      poisoning). Then come a training and a deployment, in this order. The last link decides:
        one group is treated worse, the others are not          -> fairness harm
        one answer grew, and most of it for one principal        -> backdoor
        answers changed in few places, inputs did not move       -> backdoor
        more answers are wrong, or like inputs answered unlike   -> poisoning
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from stanch.triage.verdict.observations import Happening, Observations
from stanch.vocabulary.finding import AttackKind, Finding, Lifecycle
from stanch.vocabulary.ids import AssetId, DetectorId
from stanch.vocabulary.incident import Reason

REACH = timedelta(days=2)
"""From the odd rows to the version in service: longer, and it is no chain."""
FEW_GAINED = 0.5
"""The share of a grown answer that the first principal got: then it is for somebody."""
HARM, CONCENTRATED, WORSE, UNLIKE = 4.0, 3.5, 2.5, 1.2
"""What each last link weighs, in nats; the other links are in it."""
K = AttackKind
_WORSE = {DetectorId("accuracy_drop"): WORSE, DetectorId("behaviour_change"): UNLIKE}


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """The reason, the kind, and the asset on which the harm was seen."""

    kind: AttackKind
    reason: Reason
    asset: AssetId


@dataclass(frozen=True, kw_only=True, slots=True)
class _Last:
    """A last link."""

    kind: AttackKind
    weight: float
    finding: Finding


def chain_of(findings: Sequence[Finding], seen: Observations) -> Chain | None:
    """The chain with the weightiest last link, if every link is there."""
    ordered = sorted(findings, key=lambda f: f.id)
    rows = [f for f in ordered if odd_rows(f)]
    if not rows:
        return None
    first = max(rows, key=lambda f: (f.strength, f.id))
    release = _release(first, seen)
    ends = [end for f in ordered if f not in rows for end in _ends(f)]
    if release is None or not ends:
        return None
    last = max(ends, key=lambda e: (e.weight, e.finding.strength, e.finding.id))
    trained, deployed = release
    version = f" of {deployed.version}" if deployed.version else ""
    says = (
        f"Rows that were not as usual came in, then a training ({trained.at:%H:%M}) and a "
        f"deployment{version} ({deployed.at:%H:%M}), and then: {last.finding.says}"
    )
    reason = Reason(
        name="learnt_from_it",
        says=says,
        weight=last.weight,
        findings=(first.id, last.finding.id),
    )
    return Chain(kind=last.kind, reason=reason, asset=last.finding.asset)


def odd_rows(finding: Finding) -> bool:
    """Whether it is of rows that somebody brought, unlike those of before."""
    made = finding.lifecycle is Lifecycle.TRAINING
    return made and K.POISONING in finding.points_to and bool(finding.suspects)


def _release(rows: Finding, seen: Observations) -> tuple[Happening, Happening] | None:
    """The first training after the odd rows, and the first deployment after that."""
    cited = {c.ref for c in rows.because}
    told = sorted(seen.happenings, key=lambda h: (h.at, h.what))
    start = min((h.at for h in told if h.event in cited), default=rows.window.start)
    runs = [h for h in told if h.kind == "training" and start <= h.at <= start + REACH]
    if not runs:
        return None
    after = [h for h in told if h.kind == "deployment" and runs[0].at <= h.at <= start + REACH]
    return (runs[0], after[0]) if after else None


def _ends(finding: Finding) -> Iterator[_Last]:
    """What this finding is as the last link of a chain."""
    told, grown = finding.points_to, finding.suspects
    if K.FAIRNESS_HARM in told:
        yield _Last(kind=K.FAIRNESS_HARM, weight=HARM, finding=finding)
    elif K.BACKDOOR in told and grown and grown[0].share >= FEW_GAINED:
        yield _Last(kind=K.BACKDOOR, weight=CONCENTRATED, finding=finding)
    elif told.get(K.BACKDOOR, 0.0) > told.get(K.WEIGHT_TAMPERING, 1.0):
        yield _Last(kind=K.BACKDOOR, weight=WORSE, finding=finding)
    elif finding.detector in _WORSE:
        yield _Last(kind=K.POISONING, weight=_WORSE[finding.detector], finding=finding)
