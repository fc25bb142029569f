"""A rule: which events, by whom, in which order or number, within how long.

In    nothing; these are the values that rules are made of.
Out   `Rule`, `Selection`, `Step`.
Why   "five failed logins, then one that works" is no statistic of one kind of event; it is a
      sentence over several. Written as data it can be reviewed, shared and tested alone.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Lifecycle
from stanch.vocabulary.ids import DetectorId

Row = Mapping[str, object]
"""One event: column names as in the event table, `ts` an aware time."""
TIMES, LAST = "~times", "~last"
"""Two more names of a row that stands for several alike: how many, and when the last one was."""


COUNTED = (
    EventKind.ACCESS,
    EventKind.TOOL_CALL,
    EventKind.TRAINING,
    EventKind.DATASET,
    EventKind.DEPLOYMENT,
)
"""The kinds of event that are counted for rules."""
ANSWERED = (EventKind.INFERENCE, EventKind.EXCHANGE)
"""Answers are too many for that: they are counted where a sequence has begun, as its later steps.
Labels are not counted."""


def composed(column: str, patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns as names are kept: an accent is no sign of its own (`vocabulary/naming`)."""
    if column not in ("principal", "by"):
        return patterns
    return tuple(unicodedata.normalize("NFC", one) for one in patterns)


class Shape(StrEnum):
    """How the steps must come together."""

    COUNT = "count"
    VALUES = "values"
    SEQUENCE = "sequence"
    ALL = "all"
    WITHOUT = "without"
    """The first step happens and the second did not happen before it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Which events: every field must match one of its patterns (`*` stands for anything)."""

    name: str
    fields: Mapping[str, tuple[str, ...]]
    stranger: bool = False
    """Only events of principals that were never seen on the asset before."""
    any_case: bool = False
    """Whether capitals and small letters are the same, as they are in Sigma."""

    @property
    def of_answers(self) -> bool:
        """Whether it takes answers."""
        return not set(self.fields.get("kind", ())).isdisjoint(ANSWERED)

    def takes(self, row: Row, *, known: bool) -> bool:
        """Whether this event is one of them."""
        if self.stranger and known:
            return False
        return all(
            any(self._fits(_text(row.get(name)), pattern) for pattern in patterns)
            for name, patterns in self.fields.items()
        )

    def _fits(self, text: str, pattern: str) -> bool:
        if self.any_case:
            return fnmatchcase(text.casefold(), pattern.casefold())
        return fnmatchcase(text, pattern)


def _text(value: object) -> str:
    return "" if value is None else str(value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """So many events of one selection."""

    of: str
    at_least: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule."""

    id: DetectorId
    title: str
    says: str
    """The sentence of a finding; `{count}`, `{who}`, `{asset}` and `{minutes}` are filled in."""
    selections: tuple[Selection, ...]
    by: tuple[str, ...]
    within: timedelta
    shape: Shape
    steps: tuple[Step, ...]
    of_field: str = ""
    """For `values`: the field whose different values are counted."""
    points_to: Mapping[AttackKind, float] = field(default_factory=dict)
    lifecycle: Lifecycle = Lifecycle.INFERENCE
    atlas: tuple[str, ...] = ()
    strength: float = 3.0
    where: str = ""
    """File and line, for people."""
    edition: str = ""
    """Which writing of the rule: what another one counted under the same id is not its own."""

    @property
    def of_answers(self) -> tuple[Selection, ...]:
        """Its selections of answers."""
        return tuple(s for s in self.selections if s.of_answers)

    @property
    def counted_as(self) -> DetectorId:
        """The name under which this edition's events are counted."""
        return DetectorId(f"{self.id}@{self.edition}") if self.edition else self.id
