"""The verdict itself: named evidence weighed, and the words for it.

In    the findings of an incident, the observations of its window, a calibration.
Out   a `Verdict`: natural, fault, attack and its kind, or undecided, with every reason and its
      log-odds. Undecided names what would be needed to decide.
Why   blocking customers because the season changed is as wrong as calling a theft a season. No
      trained black box: one that was tried here failed on attacks it had not been trained on.
How   1. Each signal becomes a p-value through its calibration; the smallest, times the number of
         signals looked at (Bonferroni), must be under 5 % to speak of an attack at all. An incident
         is looked at again and again: look k pays for all that could still come (`price`), so
         that over its whole life chance says attack in at most 2 of 100.
      2. What a fault of the pipeline explains (a wrong unit, a step at a deployment, the same for
         all principals) is not held against people, nor are labels that contradict what a model
         answers to broken inputs; what single principals do is.
      3. Natural change moves the marginals and keeps the combinations, and nobody stands out. It
         is said only when both were looked at, and never of what somebody did to data, a training
         or a deployment: the world does not release versions.
      4. While a version is in service that is not the one it should be, how close to its boundary
         somebody asks says nothing: the boundary that the baseline knows is another one's.
      5. Odd rows, a training on them, a release and harm after it are one deed (`chains.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from types import MappingProxyType

from stanch.triage.causes import ASKING, CLEAR, FAMILY, Family, family_of
from stanch.triage.verdict.calibration import Calibration
from stanch.triage.verdict.chains import chain_of
from stanch.triage.verdict.faults import explains_inputs, fault_reasons
from stanch.triage.verdict.nats import bound
from stanch.triage.verdict.observations import Observations, Signal
from stanch.triage.verdict.proofs import finding_reasons
from stanch.triage.verdict.words import attack_sentence, natural_reasons
from stanch.vocabulary.finding import AttackKind, Finding, Lifecycle
from stanch.vocabulary.ids import DetectorId
from stanch.vocabulary.incident import Reason, Verdict, VerdictKind

ALPHA = 0.05
"""How often a benign window that is judged once may be called an attack."""
LIFE = 0.02
"""How often a benign incident may be, however often it is looked at."""
CALM = 0.2
"""Windows odder than this are not called natural."""
PRIOR_ATTACK = log(1 / 3)
PRIOR_FAULT = log(1 / 5)
CAUSE = 10.0
"""The kind of a chain goes before the kinds of its links."""
SURE = 0.7
"""Without calibrated signals, findings must make it this likely."""

KINDS: Mapping[Signal, AttackKind] = MappingProxyType(
    {
        Signal.OFF_WHO: AttackKind.EXTRACTION,
        Signal.OFF_ALL: AttackKind.EXTRACTION,
        Signal.DUP_WHO: AttackKind.EVASION,
        Signal.DUP_ALL: AttackKind.EVASION,
        Signal.PAIR_WHO: AttackKind.POISONING,
        Signal.EDGE_WHO: AttackKind.THRESHOLD_PROBING,
    }
)
"""The attack each signal speaks for. PAIR_ALL speaks for none: the world changes its labels too."""

EVERYBODY = frozenset({Signal.OFF_ALL, Signal.DUP_ALL})
"""Signals that a fault, or inputs from another world, explain."""
LABELS = frozenset({Signal.PAIR_WHO})
"""Who is contradicted most, where inputs are broken, or from another world and the model errs for
all: that is a matter of what they ask."""
ABOUT_BOUNDARY = frozenset({Signal.EDGE_WHO})
"""Signals that take the boundary for the one that the baseline knows."""
INPUTS = EVERYBODY | {Signal.OFF_WHO, Signal.DUP_WHO, Signal.EDGE_WHO}
"""Signals about inputs: a constant factor for everybody explains all of them."""
LOUD = 10.0
"""Nats from which those who do not stand out are confused as well: the model is wrong."""
FAR = 0.3
"""A marginal that moved this far: a fifth of foreign rows cannot do that, so normal rows moved."""


BOUNDARY = DetectorId("threshold_probing")
"""Who speaks of nothing but how close to the boundary somebody asks."""
RESIDUAL = DetectorId("label_residual")
"""Who speaks of nothing but labels that contradict the answers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scales:
    """The three weights, and the evidence under them."""

    p: float
    """The smallest chance of any signal, for all that were looked at."""
    paid: float
    """The same for all looks."""
    attack: float
    fault: float
    found: float
    kinds: Mapping[AttackKind, float]
    reasons: tuple[Reason, ...]
    deeds: bool = False
    """Whether a finding is about data, a training or a deployment."""
    another: bool = False
    """Whether the version in service is not the one that the baseline knows."""

    def confidence(self, kind: VerdictKind) -> float:
        """How likely this kind is, given the three weights."""
        weights = {
            VerdictKind.ATTACK: exp(min(60.0, self.attack)),
            VerdictKind.FAULT: exp(min(60.0, self.fault)),
            VerdictKind.NATURAL: 1.0,
        }
        if kind is VerdictKind.UNDECIDED:
            return max(weights.values()) / sum(weights.values())
        return weights[kind] / sum(weights.values())


_ANOTHER_WORLD = "a new baseline: inputs moved so far that combinations cannot be compared"
_MORE_ROWS = "more rows: what there is lies between the two answers"
_A_PERSON = "the people who did it: data, a training or a deployment was not as usual"
_THE_VERSION = "the right version in service: this one's boundary is not the one that is known"


def verdict_of(
    findings: Sequence[Finding],
    seen: Observations,
    calibration: Calibration,
    upstream: Sequence[Finding] = (),
    looks: int = 0,
) -> Verdict:
    """What we believe it is, because of what, and how sure that is.

    `upstream` are findings of other incidents, on the asset and on what it is made from; `looks`
    says for how many looks at one incident this one pays, 0 for a window that is judged once.
    """
    scales = _weigh(findings, seen, _Terms(calibration, upstream, price(looks)))
    kind = _kind(scales, seen)
    attack = None
    if kind is VerdictKind.ATTACK and scales.kinds:
        attack = max(sorted(scales.kinds), key=lambda k: scales.kinds[k])
    return Verdict(
        kind=kind,
        attack=attack,
        confidence=round(scales.confidence(kind), 4),
        reasons=(*scales.reasons, *_undecided(kind, seen, scales)),
    )


def price(looks: int) -> float:
    """What a chance is multiplied by at this look, so that all looks together keep `LIFE`."""
    return ALPHA / LIFE * looks * (looks + 1) if looks else 1.0


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a window is judged by, besides itself."""

    calibration: Calibration
    upstream: Sequence[Finding]
    price: float


def _weigh(findings: Sequence[Finding], seen: Observations, terms: _Terms) -> _Scales:
    chain = chain_of((*terms.upstream, *findings), seen)
    calibration = terms.calibration
    faults = fault_reasons(seen)
    fault = PRIOR_FAULT + sum(r.weight for r in faults)
    another = _another(findings, terms.upstream)
    excused = _excused(seen, fault) | (ABOUT_BOUNDARY if another else frozenset())
    looked = {
        s: calibration.p(s, v)
        for s, v in sorted(seen.signals.items())
        if s in KINDS and s in calibration.tables and s not in excused
    }
    p = min((min(1.0, len(looked) * chance) for chance in looked.values()), default=1.0)
    paid = min(1.0, terms.price * p)
    told = finding_reasons([f for f in findings if not _explained(f, excused, another=another)])
    links = (chain.reason,) if chain else ()
    found = sum(r.weight for r in (*told.reasons, *links))
    kinds = dict(told.kinds)
    # A signal counts odd rows; what they are for, a detector tells that saw how they lie.
    told_how = any(k in ASKING for k in told.kinds)
    for signal, chance in looked.items():
        if chance < ALPHA and not (told_how and KINDS[signal] in ASKING):
            kinds[KINDS[signal]] = kinds.get(KINDS[signal], 0.0) + bound(chance)
    if chain is not None:
        # Who uses what a version learnt asks oddly: the cause is the rows, not the asking.
        kinds = {k: w for k, w in kinds.items() if FAMILY[k] is not Family.QUERIES}
        kinds[chain.kind] = kinds.get(chain.kind, 0.0) + CAUSE + chain.reason.weight
    signs = tuple(_signal_reasons(seen, looked, terms.price))
    deeds = _deeds(findings)
    # Quiet traffic speaks against an attack by traffic; of data and releases it says nothing.
    traffic = max(0.0, bound(paid)) if deeds else bound(paid)
    return _Scales(
        p=p,
        paid=paid,
        attack=PRIOR_ATTACK + traffic + found,
        fault=fault,
        found=found,
        kinds=kinds,
        reasons=(*links, *signs, *told.reasons, *faults, *natural_reasons(seen)),
        deeds=deeds,
        another=another,
    )


def by_people(findings: Sequence[Finding], upstream: Sequence[Finding] = ()) -> bool:
    """Whether it holds what the world does not do: then it is not natural, whatever it is."""
    return _deeds(findings) or _another(findings, upstream)


def _deeds(findings: Sequence[Finding]) -> bool:
    return any(f.lifecycle is not Lifecycle.INFERENCE for f in findings)


def _another(findings: Sequence[Finding], upstream: Sequence[Finding]) -> bool:
    return any(map(_replaced, (*upstream, *findings)))


def _replaced(finding: Finding) -> bool:
    """Whether it says that a version in service is not the one it should be."""
    told = finding.points_to.get(AttackKind.WEIGHT_TAMPERING, 0.0)
    return finding.lifecycle is Lifecycle.DEPLOYMENT and told >= CLEAR


def _explained(finding: Finding, excused: frozenset[Signal], *, another: bool) -> bool:
    """Whether what this finding holds against principals has a cause that is everybody's."""
    asked = family_of(finding) is Family.QUERIES or finding.detector == RESIDUAL
    fault = excused >= INPUTS and asked
    return fault or (another and finding.detector == BOUNDARY)


def _excused(seen: Observations, fault: float) -> frozenset[Signal]:
    if explains_inputs(seen):
        return INPUTS | LABELS
    far = _far(seen)
    excused = EVERYBODY if far or fault > 0 else frozenset()
    return excused | LABELS if far and seen.confused_rest > LOUD else excused


def _far(seen: Observations) -> bool:
    """Whether inputs are from another world than those that they are compared with."""
    told = seen.drift if seen.moved is None else seen.moved
    return told is not None and told > FAR


def _signal_reasons(
    seen: Observations, looked: Mapping[Signal, float], price: float
) -> Iterator[Reason]:
    for signal in sorted(looked, key=lambda s: (looked[s], s)):
        yield Reason(
            name=signal,
            says=attack_sentence(signal, looked[signal], seen),
            weight=round(bound(min(1.0, price * len(looked) * looked[signal])), 3),
        )


def _kind(scales: _Scales, seen: Observations) -> VerdictKind:
    by_signal = scales.paid <= ALPHA
    by_finding = scales.found > 0 and scales.confidence(VerdictKind.ATTACK) >= SURE
    if by_signal or by_finding:
        return VerdictKind.ATTACK
    if scales.fault > 0:
        return VerdictKind.FAULT
    whole = {Signal.OFF_WHO, Signal.OFF_ALL} <= set(seen.signals)
    near = not _far(seen)
    quiet = scales.p > CALM and scales.found <= 0 and not scales.deeds
    if whole and near and quiet and not scales.another:
        return VerdictKind.NATURAL
    return VerdictKind.UNDECIDED


def _undecided(kind: VerdictKind, seen: Observations, scales: _Scales) -> Iterator[Reason]:
    if kind is VerdictKind.UNDECIDED:
        lacking = seen.missing or (_ANOTHER_WORLD if _far(seen) else _MORE_ROWS,)
        asked = (
            *((_A_PERSON,) if scales.deeds else ()),
            *((_THE_VERSION,) if scales.another else ()),
            *lacking,
        )
        yield Reason(
            name="needed", says="To decide, look at: " + "; ".join(asked) + ".", weight=0.0
        )
