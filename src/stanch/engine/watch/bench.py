"""The bench: whatever comes, at the desk it belongs to, and the windows to look at next.

In    rows of any assets and kinds, minutes that sites counted; a transaction to read and keep by.
Out   windows to look at; minutes, alarms and records kept.
Why   rows are cut by asset, kind, version, condition and minute here, once; what follows sees only
      counts. Where an asset has conditions, each is counted beside the whole, whose counts stay.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pyarrow as pa

from stanch.detect.alarms.watch import Promise
from stanch.detect.rules.rule import Rule
from stanch.detect.summaries.honest import impossible
from stanch.detect.window import Usage, Window
from stanch.engine.ports import Transaction
from stanch.engine.watch import handed
from stanch.engine.watch.conditions import apart
from stanch.engine.watch.correlating import await_answers, correlate
from stanch.engine.watch.counting import ANSWERS, count, cut, versions
from stanch.engine.watch.desk import Desk
from stanch.engine.watch.desks import Desks
from stanch.engine.watch.early import Early
from stanch.engine.watch.hop import HOP, MINUTE, minute_of, span_of
from stanch.engine.watch.labels import Joined, Recall
from stanch.engine.watch.lane import Lane, lane_of
from stanch.engine.watch.memory import RARE, windows_of
from stanch.engine.watch.minutes import from_bytes
from stanch.engine.watch.mixing import mixed
from stanch.engine.watch.past import Past
from stanch.engine.watch.sent import Sent
from stanch.engine.watch.signatures import signed
from stanch.engine.watch.stored import DEEDS, fill
from stanch.vocabulary.asset import Asset, stranger
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadFile, BadInput

DONE = frozenset({EventKind.ACCESS, EventKind.TOOL_CALL})
OF_SITES = timedelta(minutes=12)
"""How long a minute waits for what sites counted in it."""


class Bench:
    """What is in memory while the watch runs."""

    def __init__(self, recall: Recall, promise: Promise | None = None) -> None:
        self._recall = recall
        self._desks = Desks(promise or Promise())
        self._past = Past()
        self._long_ago: set[tuple[Lane, Span]] = set()
        """What sites counted while they were cut off, and late deeds: nobody looked yet."""
        self.early = Early(recall)
        self.looked_at: list[tuple[Window, frozenset[EventKind]]] = []
        self.lines: Mapping[AssetId, datetime] = {}
        """The moments behind which a window is looked at once more by itself."""
        self.own_rules: tuple[Rule, ...] = ()
        """The rules that people wrote here, as this step asks them."""

    def empty(self) -> "Bench":
        """A bench without anything in memory."""
        return Bench(self._recall, self._desks.promise)

    def allow(self, per_year: float) -> None:
        """Has alarms be false no more often than this, of assets without a number of their own."""
        self._desks.promise = self._desks.promise.allowing(per_year)

    def take(self, tx: Transaction, rows: pa.Table, at: datetime) -> None:
        """Counts these rows on their desks."""
        for name, own in cut(rows, rows["asset"]):
            asset = self._asset(tx, AssetId(name))
            for kind, part in cut(own, own["kind"]):
                self._past.hear(asset.id, EventKind(kind))
                self._take_kind(tx, asset, EventKind(kind), part, at)

    def absorb(self, tx: Transaction, sent: Sent, at: datetime) -> None:
        """Merges a minute that a site counted on our plan; `BadInput` when it was on another.

        `BadFile` when nobody can have counted it.
        """
        lane = Lane(AssetId(sent.asset), sent.version, sent.condition)
        asset = self._asset(tx, lane.asset)
        if sent.condition and not _has(asset, sent.condition):
            raise BadInput(f"{asset.id} has no such condition here. Fetch the asset.")
        desk = self._desks.of(tx, asset, lane, at)
        plan = desk.ready.plan if desk.ready is not None else None
        minute = from_bytes(sent.body, plan)
        if minute.counted is None:
            raise BadInput(f"The summary of {asset.id} is on another plan. Fetch the baseline.")
        if why := impossible(minute.counted):
            raise BadFile("summary", why)
        self._fed_by_sites(lane)
        start = minute_of(sent.minute)
        span = span_of(start)
        if desk.tally.over(start):
            fill(tx, desk.tally, span, plan)
            desk.tally.come_late(start, minute)
        else:
            desk.tally.add(start, minute)
        desk.reached = max(desk.reached, sent.minute + MINUTE)
        if span != span_of(min(desk.reached, at)):
            self._long_ago.add((lane, span))

    def touch(self, tx: Transaction, lane: Lane, at: datetime) -> None:
        """Has the window looked at again: somebody added to its counts in the store."""
        self._desks.of(tx, self._asset(tx, lane.asset), lane, at)
        self._fed_by_sites(lane)

    def seal(self, at: datetime) -> None:
        """Ends minutes whose time is over."""
        self._desks.seal(at)

    def windows(self, at: datetime) -> Iterator[tuple[Window, frozenset[EventKind]]]:
        """The windows in which something changed."""
        self._desks.keep_promises(at)
        self.looked_at = [
            (self._window(lane, desk, at), frozenset(desk.kinds))
            for lane, desk in self._desks.changed()
        ]
        looked = [window for window, _ in self.looked_at]
        if any(window.asset.conditions for window in looked):
            tallies = self._desks.apart()
            self.looked_at = [(mixed(w, looked, tallies), kinds) for w, kinds in self.looked_at]
        yield from self.looked_at

    def versions_of(self, asset: AssetId, at: datetime) -> int:
        """How many versions of the asset answer at once."""
        return self._desks.at_once(asset, at)

    def long_ago(self) -> Iterator[tuple[Window, frozenset[EventKind]]]:
        """The windows of before, to which sites that were cut off added, or late deeds."""
        used: dict[Lane, tuple[Usage, ...]] = {}
        for lane, span in sorted(self._long_ago, key=lambda one: (one[0], one[1].start)):
            desk = self._desks[lane]
            if lane not in used:
                used[lane] = windows_of(desk.usage, desk.until)
            usage = tuple(u for u in used[lane] if u.start + 2 * HOP <= span.start)
            window = replace(desk.tally.window(span, desk.before), usage=usage)
            if lane.version == DEEDS:
                # What happened besides stands in the history, which is looked at now.
                deeds = replace(window.record, happenings=(), seen=0)
                yield replace(window, record=deeds, known=desk.known), DONE
            else:
                yield replace(window, history=self._past.of(lane.asset)), ANSWERS

    def behind(self, window: Window) -> Window | None:
        """The part of this window behind the line of its asset; nothing where there is none."""
        line = self.lines.get(window.asset.id)
        if line is None or not window.span.start < line < window.span.end - MINUTE:
            return None
        start = minute_of(line) + MINUTE
        desk = self._desks[lane_of(window)]
        part = desk.tally.window(Span(start=start, end=window.span.end), desk.before)
        # What the alarms carry along was counted before the line, too.
        return replace(
            window,
            span=part.span,
            now=part.now,
            ledger=part.ledger,
            minute=part.minute,
            handed=part.handed,
            record=part.record,
            readings={},
        )

    def too_late(self, window: Window) -> Blind | None:
        """What of this window's asset came too late to be counted in its minute, if anything."""
        return self._desks[lane_of(window)].too_late()

    def keep_minutes(self, tx: Transaction) -> None:
        """Keeps the minutes that changed, which are still to be looked at."""
        self._desks.keep_minutes(tx)

    def keep(self, tx: Transaction) -> None:
        """Keeps all that changed, in this transaction."""
        self._long_ago.clear()
        self._past.keep(tx)
        self.early.keep(tx)
        self._desks.keep(tx)
        self._past.let_go(self._desks.assets())

    def _asset(self, tx: Transaction, name: AssetId) -> Asset:
        """The asset as it is registered, or a stranger; what happened to it is at hand."""
        asset = tx.assets.find(name) or stranger(name)
        self._past.recall(tx, asset)
        return asset

    def _fed_by_sites(self, lane: Lane) -> None:
        desk = self._desks[lane]
        desk.kinds = desk.kinds | {EventKind.INFERENCE}
        self._past.hear(lane.asset, EventKind.INFERENCE)
        desk.tally.lateness = OF_SITES
        self._desks.touched.add(lane)

    def _window(self, lane: Lane, desk: Desk, at: datetime) -> Window:
        span = span_of(min(desk.reached, at))
        desk.advance(span.start)
        desk.late = desk.late.by(span.start)
        seen = desk.tally.window(span, desk.before)
        history = self._past.of(lane.asset)
        return replace(
            seen,
            history=history,
            known=desk.known,
            signed=signed(desk.tally.asset, (*history, *seen.record.happenings)),
            usage=windows_of(desk.usage, span.start),
            rules=desk.rules,
            own_rules=self.own_rules,
        )

    def _take_kind(
        self, tx: Transaction, asset: Asset, kind: EventKind, rows: pa.Table, at: datetime
    ) -> None:
        if kind is EventKind.LABEL:
            brought, named = handed.apart(rows)
            for version, part in versions(brought):
                self._count(tx, self._desk(tx, asset, version, at), kind, part, at)
            if named.num_rows:
                self._judge(tx, asset, self.early.told(tx, asset, named, at), at)
        elif kind in ANSWERS:
            for version, part in versions(rows):
                self._count_with_conditions(tx, (asset, version), kind, part, at)
            self._judge(tx, asset, self.early.answered(tx, asset, rows), at)
            deeds = self._desk(tx, asset, DEEDS, at)
            if await_answers(deeds, rows, self.own_rules):
                self._desks.touched.add(deeds.lane)
        else:
            deeds = self._desk(tx, asset, DEEDS, at)
            self._count(tx, deeds, kind, rows, at)
            correlate(deeds, rows, self._past.known(tx, deeds), self.own_rules)
            if kind in RARE:
                self._past.add(asset.id, rows)

    def _judge(
        self, tx: Transaction, asset: Asset, labels: tuple[Joined, ...], at: datetime
    ) -> None:
        """Counts labels, now that they have their answers."""
        for one in labels:
            of = asset, one.version
            self._count_with_conditions(tx, of, EventKind.LABEL, one.rows, at)

    def _count_with_conditions(
        self,
        tx: Transaction,
        of: tuple[Asset, str],
        kind: EventKind,
        rows: pa.Table,
        at: datetime,
    ) -> None:
        """Counts the rows, and those of each condition by themselves where there are several."""
        asset, version = of
        self._count(tx, self._desk(tx, asset, version, at), kind, rows, at)
        if asset.conditions is None:
            return
        for condition, part in apart(rows, asset.conditions):
            self._count(tx, self._desk(tx, asset, version, at, condition), kind, part, at)
        for condition in asset.conditions.every:
            if Lane(asset.id, version, condition) not in self._desks:
                self._desk(tx, asset, version, at, condition)

    def _count(
        self, tx: Transaction, desk: Desk, kind: EventKind, rows: pa.Table, at: datetime
    ) -> None:
        again = count(tx, desk, kind, rows, at)
        now = span_of(min(desk.reached, at))
        self._long_ago |= {(desk.lane, span_of(m)) for m in again if not now.covers(m)}
        self._desks.touched.add(desk.lane)

    def _desk(
        self, tx: Transaction, asset: Asset, version: str, at: datetime, condition: str = ""
    ) -> Desk:
        return self._desks.of(tx, asset, Lane(asset.id, version, condition), at)


def _has(asset: Asset, condition: str) -> bool:
    return asset.conditions is not None and condition in asset.conditions.every
