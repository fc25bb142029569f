"""Policy: the desired state of how an asset may be used right now.

A policy is a value. Guards make it true and say which version they run; `contain/` combines what
several incidents demand into one. Every field has a neutral default: `Policy(asset=...)` changes
nothing for anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stanch.vocabulary.ids import AssetId, PrincipalId


class Mode(StrEnum):
    """How the asset answers, from freest to strictest."""

    SERVING = "serving"
    SHADOW = "shadow"
    """Answers are computed and logged, and not given: the fallback is."""
    SAFE = "safe"
    """The stated fallback answers; the model is not asked."""
    STOPPED = "stopped"


class Scores(StrEnum):
    """How much of the scores an answer gives away."""

    ALL = "all"
    TOP1 = "top1"
    NONE = "none"


class Strictness(StrEnum):
    """How hard a filter looks."""

    OFF = "off"
    NORMAL = "normal"
    STRICT = "strict"


class LogLevel(StrEnum):
    """How much of each exchange is kept."""

    NORMAL = "normal"
    FULL = "full"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """So many, in so many seconds."""

    count: float
    seconds: float = 60.0
    burst: float | None = None
    """How many at once; None is `count`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deny:
    """Who is not served: principals by id, networks in CIDR notation."""

    principals: frozenset[PrincipalId] = frozenset()
    networks: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much anyone, one, or everybody may ask."""

    per_principal: Rate | None = None
    overall: Rate | None = None
    cost: Rate | None = None
    """Cost units per principal."""
    max_batch: int | None = None
    """Rows in one request."""
    max_tokens: int | None = None
    principals: Mapping[PrincipalId, Rate] = field(default_factory=dict)
    """A rate for one principal, stricter than everybody's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Whose answers near a boundary are swapped by a secret key, so that a copy can be told."""

    key: str = field(repr=False)
    """64 hexadecimal digits; who may read the policy can read them."""
    principals: frozenset[PrincipalId] = frozenset()
    within: float = 0.2
    """The two best scores lie no further apart than this where an answer may be swapped, ..."""
    share: float = 0.5
    """... and so many of those answers are."""
    classes: tuple[str, ...] = ()
    """The classes in the order of the scores; empty where answers name them by number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What answers give away."""

    scores: Scores = Scores.ALL
    round: int | None = None
    """Decimal places that are left."""
    jitter: float = 0.0
    """Half-width of calibrated noise on scores; the top class keeps its place."""
    epsilon: float | None = None
    """Differential privacy: Laplace noise of scale 1/epsilon on each score."""
    marks: tuple[Mark, ...] = ()
    """Whose answers carry marks; before anything else is done to them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """What is looked for in inputs and outputs."""

    input: Strictness = Strictness.OFF
    output: Strictness = Strictness.OFF
    rules: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """Which tools an agent may not use, and which it must ask for."""

    deny: frozenset[str] = frozenset()
    ask: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """What must not change now: new data, new training, new deployments."""

    ingestion: bool = False
    training: bool = False
    deployment: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """How one asset may be used right now."""

    asset: AssetId
    version: int = 0
    mode: Mode = Mode.SERVING
    route: Mapping[str, int] = field(default_factory=dict)
    """Weight of each version; empty leaves routing to the service."""
    mirror: str = ""
    """A version that gets a copy of each request and whose answers are only logged."""
    deny: Deny = field(default_factory=Deny)
    limit: Limits = field(default_factory=Limits)
    shape: Shape = field(default_factory=Shape)
    filter: Filter = field(default_factory=Filter)
    tools: Tools = field(default_factory=Tools)
    hold: Hold = field(default_factory=Hold)
    log: LogLevel = LogLevel.NORMAL
    fallback: str = ""
    """What answers in shadow and safe mode: JSON text, or empty for a plain refusal."""
    until: datetime | None = None
