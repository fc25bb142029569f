"""Assets: what can be attacked, who answers for it, and what it is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from stanch.vocabulary.ids import AssetId, Digest
from stanch.vocabulary.people import Duty

Scalar = str | int | float | bool


class AssetKind(StrEnum):
    """The kinds of thing that stanch protects."""

    MODEL = "model"
    MODEL_VERSION = "model_version"
    DATASET = "dataset"
    PIPELINE = "pipeline"
    ENDPOINT = "endpoint"
    AGENT = "agent"
    TOOL = "tool"
    PROMPT = "prompt"


class Criticality(IntEnum):
    """How much depends on it: 1 is little, 4 is lives, rights or the business."""

    LOW = 1
    MODERATE = 2
    HIGH = 3
    CRITICAL = 4


class Oversight(StrEnum):
    """What people do about each of its decisions, from most to least."""

    DECIDES = "decides"
    CONFIRMS = "confirms"
    CAN_STOP = "can_stop"
    AFTERWARDS = "afterwards"
    NONE = "none"


class FeatureType(StrEnum):
    """How a feature is summarised."""

    NUMBER = "number"
    CATEGORY = "category"
    BOOLEAN = "boolean"
    TEXT = "text"
    EMBEDDING = "embedding"


class Fails(StrEnum):
    """What a guard does with a request when it cannot decide."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Feature:
    """One input of a model."""

    name: str
    type: FeatureType = FeatureType.NUMBER


@dataclass(frozen=True, kw_only=True, slots=True)
class Lineage:
    """What an asset came from and where it is used."""

    trained_on: tuple[AssetId, ...] = ()
    derived_from: tuple[AssetId, ...] = ()
    served_by: tuple[AssetId, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class GuardChoice:
    """How the guards of an asset behave when cut off."""

    fail: Fails = Fails.OPEN


OTHER = "other"
"""The condition of what tells none, or one that the owner did not name."""
MOST_CONDITIONS = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditions:
    """The conditions of operation that are kept apart, and how an event tells its own."""

    field: str
    """A field of the event beside its inputs, which the service or its guard sets: a region."""
    values: tuple[str, ...]

    @property
    def every(self) -> tuple[str, ...]:
        """All of them, with the one of everything else."""
        return (*self.values, OTHER)


MOST_ONE_IN = 1e9
LEAST_DAYS, MOST_DAYS = 0.01, 366.0
"""What can be asked for of wrong names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WrongNames:
    """At most one in so many of the innocent principals is named wrongly in so many days."""

    one_in: float
    within_days: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """One thing that can be attacked."""

    id: AssetId
    kind: AssetKind
    name: str
    owner: str
    roles: Mapping[Duty, str] = field(default_factory=dict)
    criticality: Criticality = Criticality.MODERATE
    data_classes: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    domain: str = ""
    version: str = ""
    digest: Digest | None = None
    lineage: Lineage = field(default_factory=Lineage)
    features: tuple[Feature, ...] = ()
    classes: tuple[str, ...] = ()
    hyper_parameters: Mapping[str, Scalar] = field(default_factory=dict)
    access_log: str = ""
    fallback: str = ""
    deadline_minutes: int = 60
    people: int | None = None
    """Whose data is in it, or about whom it decides: how many people, when the owner can tell."""
    decision_cost: float | None = None
    """What one wrong decision costs on average, in `currency`."""
    currency: str = ""
    oversight: Oversight | None = None
    """None where nobody said: then it counts as its kind usually works."""
    signers: Mapping[str, str] = field(default_factory=dict)
    """Who signs what is deployed: a name, and an Ed25519 public key in base64."""
    guard: GuardChoice = field(default_factory=GuardChoice)
    conditions: Conditions | None = None
    """None where it works under one only."""
    false_alarms_per_year: float | None = None
    """How often it may raise a false alarm while nothing changes; None is as the server has it."""
    wrong_names: WrongNames | None = None
    """How many of those who ask honestly may be named; None is as the server has it."""


def stranger(asset: AssetId) -> Asset:
    """An asset that sends events and that nobody registered: watched all the same."""
    return Asset(id=asset, kind=AssetKind.ENDPOINT, name=asset, owner="")
