"""The bench: the tallies of every asset that something happens to, filled and kept.

In    rows of any assets and kinds; a transaction to read and keep by.
Out   windows to look at; minutes, alarms and records kept.
Why   rows are cut by asset, kind, version, condition and minute here, once; what follows sees only
      counts. Where an asset has conditions, each is counted beside the whole, whose counts stay.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from stanch.detect.alarms.watch import Promise, Watch
from stanch.detect.rules.load import packaged
from stanch.detect.rules.rule import COUNTED, Rule
from stanch.detect.rules.tally import Tally as Rules
from stanch.detect.summaries.acquaintances import joined
from stanch.detect.summaries.count import counted, labels_counted
from stanch.detect.summaries.ready import ready
from stanch.detect.summaries.record import Record
from stanch.detect.window import Window
from stanch.engine.ingest.compute import pc
from stanch.engine.ports import Transaction
from stanch.engine.watch import handed
from stanch.engine.watch.answers import answers, schema_of
from stanch.engine.watch.begun import answers_of, waiting
from stanch.engine.watch.conditions import apart
from stanch.engine.watch.deeds import record
from stanch.engine.watch.desk import Desk
from stanch.engine.watch.early import Early
from stanch.engine.watch.golden import Regulars, Seasons
from stanch.engine.watch.hop import HOP, MINUTE, SKEW, minute_of, span_of
from stanch.engine.watch.labels import Joined, Recall, labels_of
from stanch.engine.watch.lane import Lane, lane_of
from stanch.engine.watch.memory import (
    RARE,
    Ruling,
    history_of,
    keep_history,
    keep_known,
    keep_late,
    keep_rules,
    keep_usage,
    late_of,
    made_from,
    remembered,
    ruled,
    rules_of,
    usage_of,
    windows_of,
)
from stanch.engine.watch.minutes import Minute, from_bytes
from stanch.engine.watch.mixing import mixed, promised
from stanch.engine.watch.sent import Sent
from stanch.engine.watch.signatures import signed
from stanch.engine.watch.stored import DEEDS, blocks, custom, over_in_store, read_back
from stanch.engine.watch.tally import Tally
from stanch.vocabulary import words
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import Blind
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import AssetId, DetectorId
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import BadInput

OF_SITES = timedelta(minutes=12)
"""How long a minute waits for what sites counted in it."""
IDLE = timedelta(minutes=30)
LATE = DetectorId("lateness")
"""The blind spot of what came too late; the rows themselves are in the lake."""
ANSWERS = frozenset({EventKind.INFERENCE, EventKind.EXCHANGE})


class Bench:
    """The desks of all lanes."""

    def __init__(self, recall: Recall, promise: Promise | None = None) -> None:
        self._recall = recall
        self._promise = promise or Promise()
        self._desks: dict[Lane, Desk] = {}
        self._touched: set[Lane] = set()
        self._history: dict[AssetId, tuple[Happening, ...]] = {}
        self._made_from: dict[AssetId, tuple[Happening, ...]] = {}
        self._told: set[AssetId] = set()
        self._regulars = Regulars()
        self.looked_at: list[tuple[Window, frozenset[EventKind]]] = []
        self.lines: Mapping[AssetId, datetime] = {}
        """The moments behind which a window is looked at once more by itself."""
        self.early = Early(recall)
        self.own_rules: tuple[Rule, ...] = ()
        """The rules that people wrote here, as this step asks them."""

    def empty(self) -> "Bench":
        """A bench without anything in memory."""
        return Bench(self._recall, self._promise)

    def take(self, tx: Transaction, rows: pa.Table, at: datetime) -> None:
        """Counts these rows on their desks."""
        for name, own in _cut(rows, rows["asset"]):
            asset = tx.assets.find(AssetId(name)) or stranger(AssetId(name))
            self._remember(tx, asset)
            for kind, part in _cut(own, own["kind"]):
                self._take_kind(tx, asset, EventKind(kind), part, at)

    def absorb(self, tx: Transaction, sent: Sent, at: datetime) -> None:
        """Merges a minute that a site counted on our plan; `BadInput` when it was on another."""
        asset = tx.assets.find(AssetId(sent.asset)) or stranger(AssetId(sent.asset))
        self._remember(tx, asset)
        if sent.condition and not _has(asset, sent.condition):
            raise BadInput(f"{asset.id} has no such condition here. Fetch the asset.")
        desk = self._desk(tx, asset, sent.version, at, sent.condition)
        plan = desk.ready.plan if desk.ready is not None else None
        minute = from_bytes(sent.body, plan)
        if minute.counted is None:
            raise BadInput(f"The summary of {asset.id} is on another plan. Fetch the baseline.")
        desk.kinds = desk.kinds | {EventKind.INFERENCE}
        desk.tally.lateness = OF_SITES
        start = minute_of(sent.minute)
        if desk.tally.over(start):
            desk.late = desk.late.more(minute.n, span_of(min(desk.reached, at)).start)
        else:
            desk.tally.add(start, minute)
        desk.reached = max(desk.reached, sent.minute + MINUTE)
        self._touched.add(Lane(asset.id, sent.version, sent.condition))

    def touch(self, tx: Transaction, lane: Lane, at: datetime) -> None:
        """Has the window looked at again: somebody added to its counts in the store."""
        known = tx.assets.find(lane.asset) or stranger(lane.asset)
        self._remember(tx, known)
        desk = self._desk(tx, known, lane.version, at, lane.condition)
        desk.kinds = desk.kinds | {EventKind.INFERENCE}
        desk.tally.lateness = OF_SITES
        self._touched.add(lane)

    def seal(self, at: datetime) -> None:
        """Ends minutes whose time is over; a desk where traffic just stopped follows the clock."""
        for key, desk in self._desks.items():
            if at - desk.reached < IDLE:
                desk.reached = max(desk.reached, at - MINUTE)
            if desk.tally.seal(desk.reached):
                self._touched.add(key)

    def windows(self, at: datetime) -> Iterator[tuple[Window, frozenset[EventKind]]]:
        """The windows in which something changed."""
        self.looked_at = []
        for key in sorted(self._touched):
            desk = self._desks[key]
            moment = min(desk.reached, at) if desk.reached > at else desk.reached
            span = span_of(moment)
            desk.advance(span.start)
            desk.late = desk.late.by(span.start)
            seen = desk.tally.window(span, desk.before)
            history = self._history.get(key.asset, ()) + self._made_from.get(key.asset, ())
            window = replace(
                seen,
                history=history,
                known=desk.known,
                signed=signed(desk.tally.asset, (*history, *seen.record.happenings)),
                usage=windows_of(desk.usage, span.start),
                rules=desk.rules,
                own_rules=self.own_rules,
            )
            self.looked_at.append((window, frozenset(desk.kinds)))
        looked = [window for window, _ in self.looked_at]
        if any(window.asset.conditions for window in looked):
            tallies = {k: d.tally for k, d in self._desks.items() if d.tally.asset.conditions}
            self.looked_at = [(mixed(w, looked, tallies), kinds) for w, kinds in self.looked_at]
        yield from self.looked_at

    def behind(self, window: Window) -> Window | None:
        """The part of this window behind the line of its asset; nothing where there is none."""
        line = self.lines.get(window.asset.id)
        if line is None or not window.span.start < line < window.span.end - MINUTE:
            return None
        start = minute_of(line) + MINUTE
        desk = self._desks[lane_of(window)]
        cut = desk.tally.window(Span(start=start, end=window.span.end), desk.before)
        # What the alarms carry along was counted before the line, too.
        return replace(
            window,
            span=cut.span,
            now=cut.now,
            ledger=cut.ledger,
            minute=cut.minute,
            handed=cut.handed,
            record=cut.record,
            readings={},
        )

    def too_late(self, window: Window) -> Blind | None:
        """What of this window's asset came too late to be counted in its minute, if anything."""
        desk = self._desks[lane_of(window)]
        if window.condition or not desk.late.events:
            return None
        minutes = round(desk.tally.lateness.total_seconds() / 60)
        came = words.counted(desk.late.events, "event")
        why = f"{came} came more than {minutes} minutes after theirs: in no window"
        return Blind(detector=LATE, asset=window.asset.id, version=window.version, why=why)

    def keep_minutes(self, tx: Transaction) -> None:
        """Keeps the minutes that changed, which are still to be looked at."""
        for key in sorted(self._touched):
            tx.summaries.put(blocks(self._desks[key].tally))

    def keep(self, tx: Transaction) -> None:
        """Keeps every minute that changed, and the alarms, in this transaction."""
        for asset in sorted(self._told):
            keep_history(tx, asset, self._history[asset])
        self._told.clear()
        self.early.keep(tx)
        for key in sorted(self._touched):
            desk = self._desks[key]
            if desk.changed:
                keep_usage(tx, key.name, desk.usage)
                if key.version == DEEDS:
                    keep_rules(tx, key.asset, desk.rules)
                    keep_known(tx, key.asset, desk.known)
                desk.changed = False
            keep_late(tx, key.name, desk.late)
            tally = desk.tally
            tx.summaries.put(blocks(tally))
            if tally.alarms is not None:
                name = _alarms_name(key, self._desks[key].baseline_id)
                tx.settings.put(name, base64.b64encode(tally.alarms.to_bytes()).decode())
            tally.touched.clear()
            tally.forget(self._desks[key].reached - 3 * HOP)
        self._touched.clear()

    def _take_kind(
        self, tx: Transaction, asset: Asset, kind: EventKind, rows: pa.Table, at: datetime
    ) -> None:
        if kind is EventKind.LABEL:
            brought, late = handed.apart(rows)
            for version, part in _versions(brought):
                self._count(tx, self._desk(tx, asset, version, at), kind, part, at)
            if late.num_rows:
                self._judge(tx, asset, self.early.told(tx, asset, late, at), at)
        elif kind in ANSWERS:
            for version, part in _versions(rows):
                self._count(tx, self._desk(tx, asset, version, at), kind, part, at)
                self._count_apart(tx, (asset, version), kind, part, at)
            self._judge(tx, asset, self.early.answered(tx, asset, rows), at)
            self._wait(self._desk(tx, asset, DEEDS, at), rows)
        else:
            desk = self._desk(tx, asset, DEEDS, at)
            self._count(tx, desk, kind, rows, at)
            self._correlate(tx, desk, kind, rows)

    def _judge(
        self, tx: Transaction, asset: Asset, labels: tuple[Joined, ...], at: datetime
    ) -> None:
        for one in labels:
            desk = self._desk(tx, asset, one.version, at)
            self._count(tx, desk, EventKind.LABEL, one.rows, at)
            self._count_apart(tx, (asset, one.version), EventKind.LABEL, one.rows, at)

    def _count_apart(
        self,
        tx: Transaction,
        of: tuple[Asset, str],
        kind: EventKind,
        rows: pa.Table,
        at: datetime,
    ) -> None:
        """Counts the rows of each condition by themselves, where the asset has several."""
        asset, version = of
        if asset.conditions is None:
            return
        for condition, part in apart(rows, asset.conditions):
            self._count(tx, self._desk(tx, asset, version, at, condition), kind, part, at)
        for condition in asset.conditions.every:
            if Lane(asset.id, version, condition) not in self._desks:
                self._desk(tx, asset, version, at, condition)

    def _remember(self, tx: Transaction, asset: Asset) -> None:
        """What happened to the asset, and to what it is made from, is at hand."""
        if asset.id not in self._history:
            self._history[asset.id] = history_of(tx, asset.id)
        self._made_from[asset.id] = made_from(tx, asset)

    def _wait(self, desk: Desk, rows: pa.Table) -> None:
        """Counts the answers for which a rule waits: what came before them looks at them too."""
        asset = desk.tally.asset.id
        rules = (*packaged(), *self.own_rules)
        found = answers_of(desk.rules, asset, rows, rules)
        if not found:
            return
        by = Ruling(asset=asset, known=frozenset(), own=self.own_rules)
        desk.rules = ruled(desk.rules, found, by)
        desk.changed = True
        wanted = {k for r in waiting(rules) for s in r.selections for k in s.fields["kind"]}
        desk.kinds = desk.kinds | {k for k in COUNTED if k in wanted}
        self._touched.add(Lane(asset, DEEDS))

    def _correlate(self, tx: Transaction, desk: Desk, kind: EventKind, rows: pa.Table) -> None:
        """Counts the rows for the rules, and remembers the rare ones."""
        asset = desk.tally.asset.id
        known = {d.principal for d in desk.before.deeds}
        known |= {h.principal for h in self._history.get(asset, ())}
        known |= self._regulars.of(tx, asset) | desk.known.keys()
        by = Ruling(asset=asset, known=frozenset(known), own=self.own_rules)
        desk.rules = ruled(desk.rules, rows.to_pylist(), by)
        desk.changed = True
        if kind in RARE:
            more = record(rows).happenings
            self._history[asset] = remembered(self._history.get(asset, ()), more)
            self._told.add(asset)

    def _count(
        self, tx: Transaction, desk: Desk, kind: EventKind, rows: pa.Table, at: datetime
    ) -> None:
        tally, desk.kinds = desk.tally, desk.kinds | {kind}
        times = pc.if_else(pc.greater(rows["ts"], _scalar(at + SKEW)), _scalar(at), rows["ts"])
        minutes = pc.floor_temporal(times, unit="minute")
        late = 0
        for minute, part in _cut(rows, minutes):
            if tally.over(minute) or self._gone(tx, desk, minute):
                late += part.num_rows
                continue
            tally.add(minute, self._counted(desk, kind, part, tally.watch(minute)))
        desk.reached = max(desk.reached, pc.max(times).as_py())
        if late:
            desk.late = desk.late.more(late, span_of(min(desk.reached, at)).start)
        self._touched.add(Lane(tally.asset.id, tally.version, tally.condition))

    @staticmethod
    def _gone(tx: Transaction, desk: Desk, minute: datetime) -> bool:
        """Whether this minute is over, and from before the desk was opened."""
        plan = desk.ready.plan if desk.ready is not None else None
        return minute < desk.opened and over_in_store(tx, desk.tally, minute, plan)

    @staticmethod
    def _counted(desk: Desk, kind: EventKind, rows: pa.Table, watch: tuple[str, ...]) -> Minute:
        if kind not in ANSWERS and kind is not EventKind.LABEL:
            return Minute(record=record(rows))
        if desk.ready is None:
            return Minute()
        if kind is EventKind.LABEL and handed.brings_inputs(rows):
            return Minute(handed=handed.rows_of(rows, desk.ready, desk.tally.asset))
        if kind is EventKind.LABEL:
            labels = labels_of(rows, desk.ready.plan)
            return Minute(counted=labels_counted(desk.ready, labels, watch))
        plan = desk.ready.plan
        base = desk.tally.baseline
        columns = answers(
            rows,
            schema_of(plan),
            desk.tally.asset,
            valued=plan.value.size > 0,
            prints=base.whole.prints if base is not None else (),
        )
        return Minute(counted=counted(desk.ready, columns, watch))

    def _desk(
        self, tx: Transaction, asset: Asset, version: str, at: datetime, condition: str = ""
    ) -> Desk:
        key = Lane(asset.id, version, condition)
        found = self._desks.get(key)
        current = tx.baselines.current(*key) if version != DEEDS else None
        if found is None:
            found = self._open(tx, asset, key, at)
        elif current is not None and current.id != found.baseline_id:
            baseline = Seasons.of(current)
            found.ready, found.baseline_id = ready(baseline.plan), current.id
            anew = Watch(plan=baseline.plan.digest, promise=promised(self._promise, asset))
            found.tally = found.tally.fresh(baseline, anew)
        elif version == DEEDS and found.day != at.date():
            found.before, known = custom(tx, asset.id, found.until)
            found.known, found.day = joined(found.known, known, at), at.date()
        found.tally.asset = asset
        self._desks[key] = found
        return found

    def _open(self, tx: Transaction, asset: Asset, lane: Lane, at: datetime) -> Desk:
        version = lane.version
        kept = tx.baselines.current(*lane) if version != DEEDS else None
        baseline = Seasons.of(kept) if kept is not None else None
        alarms = None
        if baseline is not None and kept is not None:
            text = tx.settings.get(_alarms_name(lane, kept.id))
            before = Watch.from_bytes(base64.b64decode(text)) if text else None
            promise = promised(self._promise, asset)
            alarms = replace(before or Watch(plan=baseline.plan.digest), promise=promise)
        tally = Tally(
            asset=asset,
            version=version,
            condition=lane.condition,
            baseline=baseline,
            alarms=alarms,
        )
        since = span_of(at).start - 2 * HOP
        plan = baseline.plan if baseline is not None else None
        before, known = custom(tx, asset.id, since) if version == DEEDS else (Record(), {})
        read_back(tx, tally, Span(start=since, end=at + HOP), plan)
        return Desk(
            tally=tally,
            ready=ready(plan) if plan is not None else None,
            baseline_id=kept.id if kept is not None else "",
            kinds=set(),
            before=before,
            known=known,
            reached=max((*tally.minutes, *tally.sealed), default=since),
            until=since,
            usage=usage_of(tx, lane.name),
            rules=rules_of(tx, asset.id) if version == DEEDS else Rules(),
            day=at.date(),
            opened=since,
            late=late_of(tx, lane.name),
        )


def _cut(rows: pa.Table, keys: pa.ChunkedArray) -> Iterator[tuple[Any, pa.Table]]:
    """The rows of each different key, in the order of the keys."""
    found = sorted(keys.unique().to_pylist())
    if len(found) == 1:
        yield found[0], rows
        return
    for key in found:
        yield key, rows.filter(pc.equal(keys, pa.scalar(key, keys.type)))


def _versions(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each version."""
    yield from _cut(rows, rows["version"].fill_null("")) if rows.num_rows else ()


def stranger(asset: AssetId) -> Asset:
    """An asset that sends events and that nobody registered: watched all the same."""
    return Asset(id=asset, kind=AssetKind.ENDPOINT, name=asset, owner="")


def _alarms_name(lane: Lane, baseline: str) -> str:
    return f"alarms/{lane.name}/{baseline}"


def _has(asset: Asset, condition: str) -> bool:
    return asset.conditions is not None and condition in asset.conditions.every


def _scalar(at: datetime) -> pa.Scalar:
    return pa.scalar(at, pa.timestamp("us", "UTC"))
