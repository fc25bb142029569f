"""Incidents: what we believe happened, how bad it is, and the one table of how an incident moves.

The table `MOVES` is the whole state machine: docs draw their picture from it, the engine asks it,
the property tests walk it. A move names who may make it and what must be there first.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from stanch.vocabulary.finding import AttackKind, Lifecycle, Suspect
from stanch.vocabulary.ids import AssetId, FindingId, IncidentId
from stanch.vocabulary.people import Role
from stanch.vocabulary.trouble import Conflict, NotAllowed, WrongPhase


class Phase(StrEnum):
    """How far we are with it."""

    DETECTED = "detected"
    TRIAGED = "triaged"
    CONTAINED = "contained"
    ERADICATED = "eradicated"
    RECOVERED = "recovered"
    CLOSED = "closed"


class VerdictKind(StrEnum):
    """What we believe it is."""

    UNDECIDED = "undecided"
    NATURAL = "natural"
    FAULT = "fault"
    ATTACK = "attack"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One named piece of evidence for or against a verdict."""

    name: str
    says: str
    weight: float
    """Calibrated log-odds; positive speaks for the verdict, negative against it."""
    findings: tuple[FindingId, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What we believe it is, how sure we are, and because of what."""

    kind: VerdictKind = VerdictKind.UNDECIDED
    attack: AttackKind | None = None
    confidence: float = 0.0
    reasons: tuple[Reason, ...] = ()
    by: str = "stanch"
    """Who says so; a person's word replaces the machine's and is never replaced by it."""
    looks: int = 0
    """In how many windows was looked for it: each costs a little of the error that is allowed."""
    rows: int = 0
    """How many answers there were at the last look."""


class Level(IntEnum):
    """How bad it is."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Severity:
    """How bad it is, why, and what would change that."""

    level: Level = Level.LOW
    rank: int = 0
    """0 to 100, for sorting inside a level."""
    vector: str = ""
    fired: tuple[str, ...] = ()
    would_change: tuple[str, ...] = ()
    by: str = "stanch"


@dataclass(frozen=True, kw_only=True, slots=True)
class Impact:
    """Who and what it may have touched."""

    assets: tuple[AssetId, ...] = ()
    decisions: int | None = None
    principals: int | None = None
    people: int | None = None
    data_classes: tuple[str, ...] = ()
    money: float | None = None
    currency: str = ""
    unknown: tuple[str, ...] = ()
    """What could not be told, in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """Findings, reports and evidence about one cause."""

    id: IncidentId
    title: str
    asset: AssetId
    """The asset it was first seen on; `impact.assets` are all it may have touched."""
    opened: datetime
    first_seen: datetime
    """When the earliest event behind it happened."""
    updated: datetime
    phase: Phase = Phase.DETECTED
    version: int = 1
    """Grows with each change; whoever changes it says which one they saw."""
    lifecycle: Lifecycle = Lifecycle.INFERENCE
    findings: tuple[FindingId, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    verdict: Verdict = Verdict()
    severity: Severity = Severity()
    impact: Impact = Impact()
    atlas: tuple[str, ...] = ()
    owasp: tuple[str, ...] = ()
    commander: str = ""
    reported_by: str = ""
    """The person who reported it, when no detector did."""
    merged_into: IncidentId | None = None
    contained_at: datetime | None = None
    closed_at: datetime | None = None
    exercise: bool = False
    """People practise on it: marked in all it says; it tells nobody and changes nothing real."""
    again: int = 0
    """How often the same was seen again."""
    again_at: datetime | None = None
    """When it was seen again last."""
    loose_at: datetime | None = None
    """When it was last seen again while nothing held it: it has to be contained anew."""
    held_again: datetime | None = None
    """When a containment was proved after that."""
    came_back: IncidentId | None = None
    """The closed incident whose deed this is, done again."""
    came_back_after: float = 0.0
    """Seconds from the closing of that one to this one's first event."""

    @property
    def held_at(self) -> datetime | None:
        """When it was contained; None while nothing holds it, also when it came loose again."""
        if self.loose_at is None:
            return self.contained_at
        back = self.held_again is not None and self.held_again >= self.loose_at
        return self.held_again if back else None


class Need(StrEnum):
    """What must be there before an incident may move on."""

    VERDICT = "a verdict"
    SEVERITY = "a severity"
    CONTAINMENT_PROVED = "a containment that a probe has proved"
    NOTHING_TO_CONTAIN = "a person's word that there is nothing to contain"
    CAUSE_REMOVED = "a person's word that the cause is gone"
    GATES_PASSED = "recovery gates that all passed"
    REVIEW = "a review"
    REASON = "a reason in words"


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One allowed step of an incident."""

    start: Phase
    to: Phase
    by: frozenset[Role]
    needs: tuple[Need, ...]
    any_of: tuple[Need, ...] = ()
    automatic: bool = False
    """Whether stanch itself may make this move, without a person."""


_RESPONDERS = frozenset({Role.RESPONDER, Role.APPROVER, Role.ADMIN})
_APPROVERS = frozenset({Role.APPROVER, Role.ADMIN})

MOVES: tuple[Move, ...] = (
    Move(
        start=Phase.DETECTED,
        to=Phase.TRIAGED,
        by=_RESPONDERS,
        needs=(Need.VERDICT, Need.SEVERITY),
        automatic=True,
    ),
    Move(
        start=Phase.TRIAGED,
        to=Phase.CONTAINED,
        by=_RESPONDERS,
        needs=(),
        any_of=(Need.CONTAINMENT_PROVED, Need.NOTHING_TO_CONTAIN),
        automatic=True,
    ),
    Move(
        start=Phase.CONTAINED,
        to=Phase.TRIAGED,
        by=_RESPONDERS,
        needs=(Need.REASON,),
        automatic=True,
    ),
    Move(start=Phase.CONTAINED, to=Phase.ERADICATED, by=_RESPONDERS, needs=(Need.CAUSE_REMOVED,)),
    Move(
        start=Phase.ERADICATED,
        to=Phase.CONTAINED,
        by=_RESPONDERS,
        needs=(Need.REASON,),
        automatic=True,
    ),
    Move(start=Phase.ERADICATED, to=Phase.RECOVERED, by=_RESPONDERS, needs=(Need.GATES_PASSED,)),
    Move(
        start=Phase.RECOVERED,
        to=Phase.CONTAINED,
        by=_RESPONDERS,
        needs=(Need.REASON,),
        automatic=True,
    ),
    Move(start=Phase.RECOVERED, to=Phase.CLOSED, by=_APPROVERS, needs=(Need.REVIEW,)),
    Move(start=Phase.DETECTED, to=Phase.CLOSED, by=_RESPONDERS, needs=(Need.REASON,)),
    Move(start=Phase.TRIAGED, to=Phase.CLOSED, by=_RESPONDERS, needs=(Need.REASON,)),
    Move(start=Phase.CONTAINED, to=Phase.CLOSED, by=_APPROVERS, needs=(Need.REASON,)),
    Move(start=Phase.CLOSED, to=Phase.TRIAGED, by=_RESPONDERS, needs=(Need.REASON,)),
)
"""Every way an incident can move. What is not here cannot happen."""


def no_exercise(one: Incident) -> None:
    """Nothing; `Conflict` when it is an exercise, about which nothing real is done."""
    if one.exercise:
        raise Conflict(
            f"{one.id} is an exercise, so nothing real is done about it. Say in the tabletop what "
            "you would do."
        )


def onward(phase: Phase) -> tuple[Phase, ...]:
    """The phases that can follow this one."""
    return tuple(m.to for m in MOVES if m.start is phase)


def move_for(start: Phase, to: Phase, *, by: Role | None, shown: frozenset[Need]) -> Move:
    """The move from `start` to `to`, if this role may make it with what is shown (None: stanch)."""
    found = next((m for m in MOVES if m.start is start and m.to is to), None)
    if found is None:
        raise WrongPhase(start, to, ", ".join(onward(start)) or "nowhere")
    if by is None and not found.automatic:
        raise NotAllowed("a person", "none")
    if by is not None and by not in found.by:
        raise NotAllowed(" or ".join(sorted(found.by)), by)
    lacking = [n for n in found.needs if n not in shown]
    if found.any_of and not shown.intersection(found.any_of):
        lacking.append(found.any_of[0])
    if lacking:
        raise Conflict(f"Before an incident is {to} it needs {', '.join(lacking)}.")
    return found
