"""A score: what one drill says of stanch. Others read it, so a field is never taken away."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Seconds:
    """From the first hostile request; None when it never came."""

    finding: float | None = None
    incident: float | None = None
    enough: float | None = None
    """When the policy sufficed; guards and proof come after."""
    contained: float | None = None
    """When that was proved."""
    called: float | None = None
    """When an incident was first called an attack; before that nothing is refused by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """One question to a person in a drill."""

    action: str
    yes: bool
    seconds: float
    """How long the person took."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """One incident's evidence as an outsider got it, and what the offline verifier said of it."""

    incident: str
    verified: bool | None
    """None when it could not be told."""
    says: str
    """The verifier's own words: the first bad file or entry, when it does not hold."""
    entries: int = 0
    """Entries of the log that were proved."""
    items: int = 0
    size: int = 0
    """Bytes."""
    seconds: float = 0.0
    """From asking for it to the verifier's last word."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """One drill's outcome."""

    name: str
    seed: int
    attack: str
    expected: str
    got: str
    right: bool
    """Whether it was called what it was."""
    principals_right: bool
    seconds: Seconds
    innocent_refused: float
    """The share of innocent requests that were refused."""
    contained_wrongly: tuple[str, ...]
    evidence_verified: bool | None
    notes: tuple[str, ...]
    """Every reason why it was not won, in sentences."""
    won: bool
    undone: bool | None = None
    asked: tuple[str, ...] = ()
    """What people were asked about."""
    answers: tuple[Answered, ...] = ()
    """What was answered, by the drill's own rule."""
    harm: str = ""
    """What the attacker got, as the referee measured it."""
    gained: bool = False
    """Whether that is what they came for; told, and not judged."""
    measured: Mapping[str, float] = field(default_factory=dict)
    speed: float = 1.0
    through: str = "guard"
    """What stood in front of the victim."""
    pace: float = 1.0
    """The share of ordinary requests that this machine made in time; little is a slow machine."""
    bundles: tuple[Bundle, ...] = ()
    """The evidence bundle of each incident; `evidence_verified` needs all of them to hold."""
    small: bool | None = None
    """Whether it was the short attack; None in scores from before that was noted."""
    data: str = ""
    """What the victim learnt from."""
