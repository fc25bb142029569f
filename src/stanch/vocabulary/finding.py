"""Findings: what a detector says, or that it could not tell.

A finding's id is the digest of what was looked at, so that looking again at the same events says
the same finding, not a second one.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import isfinite

from stanch.vocabulary.ids import AssetId, DetectorId, FindingId, PrincipalId
from stanch.vocabulary.span import Span


class Lifecycle(StrEnum):
    """Where in a model's life the thing happened."""

    TRAINING = "training"
    DEPLOYMENT = "deployment"
    INFERENCE = "inference"


class AttackKind(StrEnum):
    """What an attack is called here; one playbook answers each."""

    POISONING = "poisoning"
    BACKDOOR = "backdoor"
    WEIGHT_TAMPERING = "weight_tampering"
    SUPPLY_CHAIN = "supply_chain"
    EXTRACTION = "extraction"
    EVASION = "evasion"
    THRESHOLD_PROBING = "threshold_probing"
    MEMBERSHIP_INFERENCE = "membership_inference"
    ACCESS = "access"
    DENIAL_OF_WALLET = "denial_of_wallet"
    FAIRNESS_HARM = "fairness_harm"
    PROMPT_INJECTION = "prompt_injection"


class CiteKind(StrEnum):
    """What a finding can point at."""

    SUMMARY = "summary"
    BASELINE = "baseline"
    EVENT = "event"
    EVIDENCE = "evidence"
    ASSET = "asset"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cite:
    """One piece of what a finding rests on: its kind and its id or digest."""

    kind: CiteKind
    ref: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspect:
    """A principal, their share of the oddness (0 to 1), and how sure that is (0 to 1)."""

    principal: PrincipalId
    share: float
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing a detector saw that chance or habit does not explain."""

    detector: DetectorId
    asset: AssetId
    window: Span
    says: str
    """One sentence for people: what was seen, with its numbers."""
    measured: Mapping[str, float]
    because: tuple[Cite, ...]
    lifecycle: Lifecycle = Lifecycle.INFERENCE
    version: str = ""
    condition: str = ""
    """The condition of operation it was seen under; empty where it is about all of them."""
    strength: float = 1.0
    """Evidence against chance, as a power of ten (an e-value of 1000 is 3)."""
    suspects: tuple[Suspect, ...] = ()
    features: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    topic: str = ""
    """Tells apart what one detector says of the same people in one window: a rule, a digest."""
    deeds: tuple[str, ...] = ()
    """The events that are the deed itself, where it is one: done again, it is another finding;
    looked at in a later window, it is the same."""
    waits: bool = False
    """Whether it opens no incident by itself, but joins one, or what else is found near it."""
    atlas: tuple[str, ...] = ()
    points_to: Mapping[AttackKind, float] = field(default_factory=dict)
    """How far this alone speaks for each kind of attack (0 to 1); empty for plain change."""
    id: FindingId = field(default=FindingId(""), init=False, compare=False)
    """Made of the rest, never given; a field, so that it goes wherever the finding is sent."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", self._digest())

    @property
    def finite(self) -> bool:
        """Whether it can be reckoned with: nothing it measured is infinite or no number."""
        shown = (self.strength, *self.measured.values(), *self.points_to.values())
        shares = (n for s in self.suspects for n in (s.share, s.confidence))
        return all(map(isfinite, (*shown, *shares)))

    def _digest(self) -> FindingId:
        """The same for the same sight, however often it is looked at."""
        span = (self.window.start.isoformat(), self.window.end.isoformat())
        seen = "\0".join(
            (
                self.detector,
                self.asset,
                self.version,
                *((f"condition {self.condition}",) if self.condition else ()),
                *((f"deed {one}" for one in self.deeds) if self.deeds else span),
                *(s.principal for s in self.suspects),
                *self.features,
                *self.groups,
                *((f"topic {self.topic}",) if self.topic else ()),
            )
        )
        return FindingId("fnd-" + hashlib.sha256(seen.encode()).hexdigest()[:16])


@dataclass(frozen=True, kw_only=True, slots=True)
class Blind:
    """A detector could not tell, and why. Shown to people: not knowing is an answer."""

    detector: DetectorId
    asset: AssetId
    why: str
    version: str = ""
    condition: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a person tells us, in their own words: kept apart from all that machines say."""

    id: str
    asset: AssetId
    by: str
    at: datetime
    text: str
    """The person's words, as they came: data, never an instruction."""
    principals: tuple[PrincipalId, ...] = ()
    """Whom the person named."""
