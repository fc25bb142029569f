"""The desk: one tally, with what it takes to fill it.

In    a tally, its baseline made ready, what came before the hop that runs now.
Out   the same, moved on as hops end.
Why   a look goes over two hops; what came before them is custom, and is added up once.
"""

from dataclasses import dataclass, field
from datetime import datetime

from stanch.detect.rules.tally import Tally as Rules
from stanch.detect.summaries.acquaintances import Known, met
from stanch.detect.summaries.ready import Ready
from stanch.detect.summaries.record import Record
from stanch.detect.window import Usage
from stanch.engine.watch.hop import HOP, MINUTE
from stanch.engine.watch.lane import Lane
from stanch.engine.watch.memory import MOST_USAGE, Late, use_in, used
from stanch.engine.watch.tally import Tally
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind
from stanch.vocabulary.ids import DetectorId
from stanch.vocabulary.words import counted

LATE = DetectorId("lateness")
"""The blind spot of what came too late; the rows themselves are in the lake."""


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
    older: bool = False
    """Whether deeds of before it was opened were counted since, which these two do not hold."""
    late: Late = field(default_factory=Late)

    @property
    def lane(self) -> Lane:
        """What it counts."""
        return Lane(self.tally.asset.id, self.tally.version, self.tally.condition)

    def outdated(self, at: datetime) -> bool:
        """Whether the custom of the place is to be read anew: on a new day, or for older deeds."""
        return self.read.date() != at.date() or (self.older and at - self.read >= MINUTE)

    def too_late(self) -> Blind | None:
        """What came too late to be counted in its minute, if anything; told of the whole only."""
        if self.tally.condition or not self.late.events:
            return None
        minutes = round(self.tally.lateness.total_seconds() / 60)
        came = counted(self.late.events, "event")
        why = f"{came} came more than {minutes} minutes after theirs: in no window"
        lane = self.lane
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
