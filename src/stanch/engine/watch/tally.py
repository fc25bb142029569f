"""The tally: the open minutes of one lane, their evidence, and the window to look at.

In    minutes as they are counted, the time that events have reached.
Out   a `Window` for the detectors; minutes that are over, sealed, with the alarms moved on.
Why   all that the watch holds in memory is here, and all of it comes back from the store: a killed
      process loses nothing but the time to read it again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from stanch.detect.alarms.reading import Reading, Stream
from stanch.detect.alarms.shares import voice
from stanch.detect.alarms.watch import Watch
from stanch.detect.summaries.count import Counted
from stanch.detect.summaries.ledger import Ledger
from stanch.detect.summaries.record import Record
from stanch.detect.window import Window
from stanch.engine.watch.golden import Seasons
from stanch.engine.watch.hop import LATENESS, MINUTE
from stanch.engine.watch.minutes import Minute, sealed
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.span import Span


@dataclass(kw_only=True, slots=True)
class Tally:
    """One asset and version; one of its conditions, or all of them."""

    asset: Asset
    version: str
    baseline: Seasons | None
    alarms: Watch | None
    minutes: dict[datetime, Minute] = field(default_factory=dict)
    sealed: dict[datetime, Minute] = field(default_factory=dict)
    touched: set[datetime] = field(default_factory=set)
    """Minutes that changed since they were last kept."""
    lateness: timedelta = LATENESS
    """How long a minute stays open; longer where sites send what they counted."""
    condition: str = ""

    @property
    def owned(self) -> bool:
        """Whether its baseline is its condition's own."""
        return self.baseline is not None and self.baseline.whole.condition == self.condition

    def answers(self, span: Span) -> int:
        """How many answers were counted in this span."""
        minutes = (*self.sealed.items(), *self.minutes.items())
        return sum(one.n for minute, one in minutes if span.covers(minute))

    def over(self, minute: datetime) -> bool:
        """Whether this minute, or one after it, is sealed: what comes for it now is late."""
        return bool(self.sealed) and minute <= max(self.sealed)

    def add(self, minute: datetime, counted: Minute) -> None:
        """Counts these events in their minute."""
        before = self.minutes.get(minute)
        self.minutes[minute] = counted if before is None else _both(before, counted)
        self.touched.add(minute)

    def come_late(self, minute: datetime, counted: Minute) -> None:
        """Counts a site's minute that is over here; for the alarms it is one more batch."""
        before = self.sealed.get(minute)
        if self.alarms is not None and counted.counted is not None:
            self.alarms = self._moved(self.alarms, minute, counted.counted)
        self.sealed[minute] = sealed(counted if before is None else _both(before, counted))
        self.touched.add(minute)

    def seal(self, reached: datetime) -> bool:
        """Whether minutes were over; the alarms then have moved on by them, in their order."""
        over = sorted(m for m in self.minutes if m + MINUTE + self.lateness <= reached)
        for minute in over:
            found = self.minutes.pop(minute)
            if self.alarms is not None and self.baseline is not None and found.counted is not None:
                self.alarms = self._moved(self.alarms, minute, found.counted)
            self.sealed[minute] = sealed(found)
            self.touched.add(minute)
        return bool(over)

    def forget(self, before: datetime) -> None:
        """Lets go of minutes that no window looks at any more."""
        last = max(self.sealed, default=before)
        for minute in [m for m in self.sealed if m < before and m not in self.touched]:
            if minute != last:
                del self.sealed[minute]

    def window(self, span: Span, before: Record) -> Window:
        """What detectors may look at in this span."""
        parts = list(self._within(span))
        counted = _together([p.counted for p in parts if p.counted is not None])
        readings: dict[Stream, Reading] = {}
        if self.alarms is not None and self.baseline is not None:
            ahead = self.alarms
            for minute in sorted(self.minutes):
                open_now = self.minutes[minute].counted
                if open_now is not None:
                    ahead = self._moved(ahead, minute, open_now)
            readings = dict(ahead.readings(self.baseline.plan))
        whole = Minute()
        for part in parts:
            whole = whole.merge(replace(part, counted=None))
        return Window(
            asset=self.asset,
            span=span,
            version=self.version,
            condition=self.condition,
            baseline=self.baseline.over(span) if self.baseline is not None else None,
            now=counted.summary if counted else None,
            ledger=counted.ledger if counted else None,
            minute=self._newest(span),
            handed=whole.handed,
            record=whole.record,
            before=before,
            readings=readings,
        )

    def fresh(self, baseline: Seasons | None, alarms: Watch | None) -> "Tally":
        """The tally under a new baseline: counts on the old plan cannot be carried over."""
        kept = {m: Minute(record=one.record) for m, one in self.minutes.items()}
        return replace(
            self, baseline=baseline, alarms=alarms, minutes=kept, sealed={}, touched=set(kept)
        )

    def watch(self, minute: datetime) -> tuple[str, ...]:
        """The principals to keep by name in this minute: chosen once, by the last sealed one.

        Minutes end while later ones are still being counted; parts of one minute merge only when
        they were counted for the same principals.
        """
        begun = self.minutes.get(minute)
        if begun is not None and begun.counted is not None and not begun.counted.ledger.sealed:
            return begun.counted.ledger.watch
        if not self.sealed:
            return ()
        last = self.sealed[max(self.sealed)].counted
        return last.ledger.names if last is not None else ()

    def _moved(self, alarms: Watch, minute: datetime, batch: Counted) -> Watch:
        if self.baseline is None:
            return alarms
        then = self.baseline.at(minute)
        counts = voice(batch.ledger, then.habits)
        return alarms.after(batch.summary, then.golden, then.plan, temper=counts)

    def _newest(self, span: Span) -> Ledger | None:
        """The answers of the newest open minute of the span."""
        told = [m for m, one in self.minutes.items() if span.covers(m) and one.counted is not None]
        newest = self.minutes[max(told)].counted if told else None
        return newest.ledger if newest is not None else None

    def _within(self, span: Span) -> Iterator[Minute]:
        for minute, one in sorted(self.sealed.items()):
            if span.covers(minute):
                yield one
        for minute, one in sorted(self.minutes.items()):
            if span.covers(minute):
                yield sealed(one)


def _both(one: Minute, other: Minute) -> Minute:
    """Both together; a live one is sealed first when the other came sealed from a site."""
    live = {p.counted.ledger.sealed for p in (one, other) if p.counted is not None}
    if len(live) > 1:
        one, other = sealed(one), sealed(other)
    return one.merge(other)


def _together(parts: list[Counted]) -> Counted | None:
    if not parts:
        return None
    total = parts[0]
    for part in parts[1:]:
        total = total.merge(part)
    return total
