"""What a drill is: a world, an attack in it, and what must happen.

In    one constant `DRILL` in each file of `drills/`.
Out   the value that the runner plays and the referee judges by.
Why   what must happen is written down before anything happens.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stanch.sandbox.scene import Scene
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind
from stanch.vocabulary.trouble import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What is attacked, and who else is there."""

    data: str
    asset: str = "victim"
    tenants: int = 8
    per_second: float = 8.0
    """Ordinary requests of all tenants together."""
    history: int = 14_400
    """Requests of the past that the baseline is made of, at the same rate."""
    hidden: tuple[int, ...] = (32,)
    rounds: int = 60
    criticality: int = 3
    data_classes: tuple[str, ...] = ()
    fallback: str = ""
    stated: bool = False
    """Whether the owner stated which rows it learnt from, as keys."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contained:
    """The narrowest containment that is enough: any one of what is named, as long as no bad version
    answers.
    """

    denies: tuple[str, ...] = ()
    """Principals that are all refused, or all held to a rate of their own."""
    sources: tuple[str, ...] = ()
    """Addresses of which none is served any more."""
    pins: str = ""
    """The version that answers alone."""
    holds: tuple[str, ...] = ()
    """What must not go on: ingestion, training, deployment."""

    @property
    def words(self) -> str:
        """In words."""
        parts = [f"{_few(self.denies)} refused or slowed"] if self.denies else []
        parts += [f"{', '.join(self.sources)} refused"] if self.sources else []
        parts += [f"{self.pins} answers alone"] if self.pins else []
        parts += [f"{', '.join(self.holds)} on hold"] if self.holds else []
        return " or ".join(parts) or "nothing changed"


def _few(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} principals"


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What must happen."""

    verdict: VerdictKind
    attacks: tuple[AttackKind, ...] = ()
    """The names it may be given; the first is the best."""
    guilty: tuple[str, ...] = ()
    contained: Contained = field(default_factory=Contained)
    also: tuple[str, ...] = ()
    """Who is in it too: may be named, need not be."""
    seconds: float = 60.0
    """From the first hostile request to the incident, and to containment that nobody is asked
    about; what a person takes to answer comes on top.
    """
    asks: tuple[str, ...] = ()
    """Acts that a person is rightly asked about, and says yes to."""
    hears: tuple[str, ...] = ()
    """Acts that a person may be asked about as well, and says no to."""
    good: tuple[str, ...] = ()
    """Versions that may answer once it is contained; empty when all are good."""

    @property
    def alone(self) -> bool:
        """Whether it must be contained without anybody."""
        return self.verdict is VerdictKind.ATTACK and not self.asks

    @property
    def words(self) -> str:
        """In words, as the scorecard shows it."""
        if self.verdict is not VerdictKind.ATTACK:
            return f"{self.verdict}, {self.contained.words}"
        return f"{self.attacks[0]}, {self.contained.words}"

    @property
    def person(self) -> str:
        """What a person is asked, in words."""
        if self.asks:
            return f"yes to {', '.join(self.asks)}"
        return "nobody is needed" if self.verdict is VerdictKind.ATTACK else "nothing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Gain:
    """What the attack achieved, measured by the referee with what only the referee knows."""

    says: str
    measured: Mapping[str, float] = field(default_factory=dict)
    worked: bool = False
    """Whether the attacker got what they came for. A figure, not a bar: it counts as lost only what
    was done wrong, and some harm is done before anything can be seen.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Drill:
    """One drill."""

    id: str
    title: str
    world: World
    expected: Expected
    attack: Callable[[Scene], Any]
    """Attacks until done or told to stop; gives back the loot."""
    gain: Callable[[Scene, Any], Gain]
    """What the loot is worth."""
    extra_callers: tuple[str, ...] = ()
    """Principals with a key who are neither tenants nor guilty."""
    packages: tuple[tuple[str, str], ...] = ()
    """What it needs besides the extra `drills`: a module, and the extra that brings it."""
    innocent: bool = False
    """Nothing hostile happens; an answer would be the mistake."""
    anywhere: bool = False
    """Whether it may be played on any data set: nothing in it hangs on its own."""
    adaptive: bool = False
    """A harder sister of another drill, whose attacker knows how such attacks are found. The whole
    matrix has it only when it is asked for: it has five minutes, and its bars are older.
    """

    @property
    def callers(self) -> tuple[str, ...]:
        """Everybody with a key of their own, beside the tenants."""
        return (*self.expected.guilty, *self.extra_callers)

    def __post_init__(self) -> None:
        """Refuses a drill that expects nonsense."""
        attack = self.expected.verdict is VerdictKind.ATTACK
        if attack == self.innocent or attack != bool(self.expected.attacks):
            raise BadInput(f"The drill {self.id} must expect an attack, or be innocent.")
