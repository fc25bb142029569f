"""The desk: one tally, with what it takes to fill it.

In    a tally, its baseline made ready, what came before the hop that runs now.
Out   the same, moved on as hops end.
Why   a look goes over two hops; what came before them is custom, and is added up once.
"""

from dataclasses import dataclass, field
from datetime import datetime

from stanch.detect.rules.tally import Tally as Rules
from stanch.detect.summaries.acquaintances import Known, joined, met
from stanch.detect.summaries.ready import Ready
from stanch.detect.summaries.record import Record
from stanch.detect.window import Usage
from stanch.engine.watch.hop import HOP, MINUTE, span_of
from stanch.engine.watch.lane import Lane
from stanch.engine.watch.memory import MOST_USAGE, Late, use_in, used
from stanch.engine.watch.stored import CUSTOM, DEEDS
from stanch.engine.watch.tally import Tally
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind
from stanch.vocabulary.ids import DetectorId
from stanch.vocabulary.words import counted

LATE = DetectorId("lateness")
"""The blind spot of what came too late; the rows themselves are in the lake."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waits:
    """Older deeds that are still to become custom."""

    week: Record = field(default_factory=Record)
    """Those that are no older than custom goes back."""
    known: Known = field(default_factory=dict)
    since: datetime | None = None

    def more(self, minute: datetime, done: Record, desk: "Desk", at: datetime) -> "Waits":
        """With what was done in this minute."""
        lately = minute >= desk.until - CUSTOM
        return Waits(
            week=self.week.merge(done) if lately else self.week,
            known=joined(self.known, met({}, done, span_of(minute).end - HOP), at),
            since=self.since or at,
        )


@dataclass(kw_only=True, slots=True)
class Desk:
    """One tally, with what it takes to fill it."""

    tally: Tally
    ready: Ready | None
    baseline_id: str
    kinds: set[EventKind]
    before: Record
    reached: datetime
    until: datetime
    """`before` and `usage` hold what came before this hop."""
    known: Known = field(default_factory=dict)
    """Who was ever here, before that hop."""
    usage: tuple[Usage, ...] = ()
    rules: Rules = field(default_factory=Rules)
    changed: bool = False
    opened: datetime
    """What the store holds of before this moment was not read."""
    read: datetime
    """When `before` and `known` were read from the store."""
    waits: Waits = field(default_factory=Waits)
    """Deeds of before `until` that were counted since, which these two do not hold yet."""
    late: Late = field(default_factory=Late)

    @property
    def lane(self) -> Lane:
        """What it counts."""
        return Lane(self.tally.asset.id, self.tally.version, self.tally.condition)

    def know(self, at: datetime) -> None:
        """Takes older deeds into the custom of the place a minute after they came: looked at first,
        they are nobody's custom by themselves.
        """
        if self.waits.since is not None and at - self.waits.since >= MINUTE:
            self.before = self.before.merge(self.waits.week)
            self.known = joined(self.known, self.waits.known, at)
            self.waits = Waits()
            self.changed = True

    def too_late(self) -> Blind | None:
        """What came too late to be counted in its minute, if anything; told of the whole only."""
        if self.tally.condition or not self.late.events:
            return None
        lane, came = self.lane, counted(self.late.events, "event")
        why = f"{came} came more than a day after theirs: custom, and in no window"
        if lane.version != DEEDS:
            minutes = round(self.tally.lateness.total_seconds() / 60)
            why = f"{came} came more than {minutes} minutes after theirs: in no window"
        return Blind(detector=LATE, asset=lane.asset, version=lane.version, why=why)

    def advance(self, until: datetime) -> None:
        """Takes the hops before this one into the custom of the place."""
        told = {u.start for u in self.usage}
        minutes = self.tally.minutes | self.tally.sealed
        self.until = max(self.until, until - MOST_USAGE * HOP)
        while self.until < until:
            parts = [one for m, one in minutes.items() if self.until <= m < self.until + HOP]
            done = Record()
            for part in parts:
                done = done.merge(part.record)
            if done.deeds:
                self.known = met(self.known, done, self.until)
            self.before = self.before.merge(done)
            if self.until not in told:
                base = self.tally.baseline.whole if self.tally.baseline is not None else None
                self.usage = used(self.usage, use_in(self.until, parts, base))
            self.until += HOP
            self.changed = True
