"""The severity itself: the worst impact sets it, gates raise it.

In    factors; a few hard facts.
Out   a `Severity`: level, rank, vector, the rules that fired, what would change it.
Why   a weighted sum lets many zeros hide one four. Here nothing hides: the worst factor counts,
      and each rule that raised the level is named. Confidence is not in it: an unsure catastrophe
      is looked at first, not rated lower.
      What is held is rated as held; the level it had while it went on stays in words, and it is the
      one by which people are called: a duty to tell others is not over because the attack is.
Math  Bands of the worst impact: 0-1 low, 2 medium, 3-4 high. Gates then raise the level, never
      lower it. Rank, 0 to 100, orders incidents inside a level: 24 points for each step of the
      worst impact and the rest shared equally among all other factors.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

from stanch.triage.severity.factors import (
    ANCHORS,
    IMPACTS,
    MODIFIERS,
    NAMES,
    TOP,
    Factor,
    Factors,
)
from stanch.triage.severity.vector import factors_from, vector_of
from stanch.vocabulary.incident import Level, Severity
from stanch.vocabulary.trouble import BadInput

F = Factor
BANDS = (Level.LOW, Level.LOW, Level.MEDIUM, Level.HIGH, Level.HIGH)
"""The level of each step of the worst impact."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """A rule that raises the level: by one, or to at least a floor."""

    name: str
    says: str
    when: Callable[[Factors], bool]
    floor: Level | None = None
    """At least this; without a floor, one higher."""


GATES: tuple[Gate, ...] = (
    Gate(
        name="serious_harm",
        says="death, serious harm or critical infrastructure is high, whatever else holds",
        when=lambda f: f[F.HARM] == TOP,
        floor=Level.HIGH,
    ),
    Gate(
        name="model_lost",
        says="a model that is lost to somebody else is high, whatever else holds",
        when=lambda f: f[F.INTEGRITY] == TOP,
        floor=Level.HIGH,
    ),
    Gate(
        name="discrimination",
        says="a protected group that is refused systematically is high, whatever else holds",
        when=lambda f: f[F.RIGHTS] == TOP,
        floor=Level.HIGH,
    ),
    Gate(
        name="special_data",
        says="special categories of data, or personal data of many, are medium at least",
        when=lambda f: f[F.DATA] >= 3,  # noqa: PLR2004  a step of the written anchors
        floor=Level.MEDIUM,
    ),
    Gate(
        name="unwatched_and_final",
        says="what acts by itself and cannot be undone is one level higher",
        when=lambda f: f[F.REVERSIBILITY] == TOP and f[F.AUTONOMY] >= 3,  # noqa: PLR2004  anchor
    ),
    Gate(
        name="active_and_wide",
        says="an attack that goes on, over several assets or most users, is one level higher",
        when=lambda f: f[F.ADVERSARY] == TOP and f[F.BLAST] >= 3,  # noqa: PLR2004  anchor
    ),
)
"""Every rule that can raise a level, in order."""

MACHINE = "stanch"
OVER = frozenset({1, 3})
"""The steps of the attacker at which an attack is over."""
_STAYS = "While it went on it was {}: for whom to call and what to report, that level stays."

BAND_NAMES: Mapping[Level, str] = MappingProxyType(
    {Level.LOW: "low", Level.MEDIUM: "medium", Level.HIGH: "high"}
)


def severity_of(found: Factors) -> Severity:
    """How bad it is, why, and what would change that."""
    level, fired = _level(found)
    loose = _while_it_went_on(found)
    stays = (_STAYS.format(BAND_NAMES[loose]),) if loose > level else ()
    return Severity(
        level=level,
        rank=rank_of(found),
        vector=vector_of(found),
        fired=(*fired, *stays),
        would_change=tuple(_changes(found, level)),
    )


def level_of_duties(severity: Severity) -> Level:
    """The level that counts for whom to call and what to report: containment does not lower it."""
    found = factors_of(severity)
    return severity.level if found is None else max(severity.level, _while_it_went_on(found))


def factors_of(severity: Severity) -> Factors | None:
    """What it was made of; None where a person said it, or another stanch with other factors."""
    with suppress(BadInput):
        return factors_from(severity.vector) if severity.by == MACHINE else None
    return None


def rank_of(found: Factors) -> int:
    """0 to 100; grows with every factor, and with the worst impact most."""
    worst = max(found[f] for f in IMPACTS)
    rest = sum(found[f] for f in Factor) - worst
    return round(24 * worst + rest * 4 / (TOP * (len(Factor) - 1)))


def _while_it_went_on(found: Factors) -> Level:
    """The level before the attack was over; that of now where none was, or none was proved."""
    over = found[F.ADVERSARY] in OVER
    return _level(found.with_(F.ADVERSARY, TOP) if over else found)[0]


def _level(found: Factors) -> tuple[Level, tuple[str, ...]]:
    worst = max(IMPACTS, key=lambda f: found[f])
    base = BANDS[found[worst]]
    level = base
    fired = [f"{_told(worst, found[worst])}. That makes it {BAND_NAMES[base]}."]
    for gate in GATES:
        if gate.when(found):
            raised = gate.floor or Level(min(Level.HIGH, base + 1))
            level = max(level, raised)
            fired.append(f"{gate.says[:1].upper()}{gate.says[1:]}.")
    return level, tuple(fired)


def _changes(found: Factors, level: Level) -> Iterator[str]:
    """The smallest change of each single factor that changes the level."""
    for factor in (*IMPACTS, *MODIFIERS):
        for way in (range(found[factor] + 1, TOP + 1), range(found[factor] - 1, -1, -1)):
            for value in way:
                other, _ = _level(found.with_(factor, value))
                if other is not level:
                    yield f"{_told(factor, value)}. That would make it {BAND_NAMES[other]}."
                    break


def _told(factor: Factor, value: int) -> str:
    """What this step means, as a sentence begins; that of an impact says itself what it is of."""
    name = "" if factor in IMPACTS else f"{NAMES[factor]}: "
    says = f"{name}{ANCHORS[factor][value]}"
    return f"{says[:1].upper()}{says[1:]}"
