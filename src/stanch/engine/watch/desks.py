"""The desks of all lanes: opened on what the store has, and kept there.

In    an asset and a lane of it; a transaction to read and keep by.
Out   the lane's desk, on the baseline that the lane has now.
Why   what is in memory is let go of at any failure, and comes back from the store when asked for.
      So a desk at which nothing is left to do is closed: versions and assets may be without end.
"""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from stanch.detect.alarms.watch import Promise, Watch
from stanch.detect.rules.tally import Tally as Rules
from stanch.detect.summaries.acquaintances import joined
from stanch.detect.summaries.ready import Ready, ready
from stanch.detect.summaries.record import Record
from stanch.engine.ports import Transaction
from stanch.engine.watch.desk import Desk, Waits
from stanch.engine.watch.golden import Seasons
from stanch.engine.watch.hop import HOP, MINUTE, span_of
from stanch.engine.watch.lane import Lane
from stanch.engine.watch.memory import (
    keep_known,
    keep_late,
    keep_rules,
    keep_usage,
    late_of,
    rules_of,
    usage_of,
)
from stanch.engine.watch.mixing import promised
from stanch.engine.watch.served import Served
from stanch.engine.watch.stored import DEEDS, blocks, custom, read_back
from stanch.engine.watch.tally import Tally
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.ids import AssetId, BaselineId
from stanch.vocabulary.kept import BaselineKept
from stanch.vocabulary.span import Span

IDLE = timedelta(minutes=30)
MOST_OPEN = 256
"""Desks that stay open although nothing is to be done at them: of the lanes last used."""
Read = tuple[Seasons, Ready]


class Desks:
    """One desk a lane, and which of them changed since they were last kept."""

    def __init__(self, promise: Promise) -> None:
        self.promise = promise
        self._open: dict[Lane, Desk] = {}
        self.touched: set[Lane] = set()
        self._read: dict[BaselineId, Read] = {}
        self._served = Served()

    def __contains__(self, lane: Lane) -> bool:
        return lane in self._open

    def __getitem__(self, lane: Lane) -> Desk:
        return self._open[lane]

    def of(self, tx: Transaction, asset: Asset, lane: Lane, at: datetime) -> Desk:
        """The lane's desk: opened where there was none, moved on where time or baseline did."""
        found = self._open.get(lane)
        current = tx.baselines.current(*lane) if lane.version != DEEDS else None
        if found is None:
            found = self._open[lane] = self._opened(tx, asset, lane, at)
        elif current is not None and current.id != found.baseline_id:
            baseline, found.ready = self._once(current)
            found.baseline_id = current.id
            anew = Watch(plan=baseline.plan.digest, promise=promised(self.promise, asset))
            found.tally = found.tally.fresh(baseline, anew)
        elif lane.version == DEEDS and found.read.date() != at.date():
            found.before, known = custom(tx, asset.id, found.until)
            found.known = joined(joined(found.known, known, at), found.waits.known, at)
            found.read, found.waits = at, Waits()
        elif lane.version == DEEDS:
            found.know(at)
        found.tally.asset = asset
        if found.tally.alarms is not None:
            self._served.answered(tx, asset.id, lane.version, at)
        return found

    def at_once(self, asset: AssetId, at: datetime) -> int:
        """How many versions of the asset answer at once."""
        return self._served.at_once(asset, at)

    def keep_promises(self, at: datetime) -> None:
        """Has the alarms that are to be looked at ask for as much evidence as is asked for now."""
        for _, desk in self.changed():
            asset, alarms = desk.tally.asset, desk.tally.alarms
            promise = promised(self.promise, asset, self._served.at_once(asset.id, at))
            if alarms is not None and alarms.promise != promise:
                desk.tally.alarms = replace(alarms, promise=promise)

    def changed(self) -> Iterator[tuple[Lane, Desk]]:
        """Those that changed, in the order of their lanes."""
        return ((lane, self._open[lane]) for lane in sorted(self.touched))

    def apart(self) -> dict[Lane, Tally]:
        """The tallies of assets that have conditions."""
        return {k: d.tally for k, d in self._open.items() if d.tally.asset.conditions}

    def seal(self, at: datetime) -> None:
        """Ends minutes whose time is over; a desk where traffic just stopped follows the clock."""
        for lane, desk in self._open.items():
            if at - desk.reached < IDLE:
                desk.reached = max(desk.reached, at - MINUTE)
            if desk.tally.seal(desk.reached):
                self.touched.add(lane)

    def keep_minutes(self, tx: Transaction) -> None:
        """Keeps the minutes that changed, which are still to be looked at."""
        for _, desk in self.changed():
            tx.summaries.put(blocks(desk.tally))

    def keep(self, tx: Transaction) -> None:
        """Keeps every desk that changed, in this transaction."""
        for lane, desk in self.changed():
            _keep(tx, lane, desk)
        self._served.keep(tx)
        self.touched.clear()
        self._close()

    def assets(self) -> frozenset[AssetId]:
        """Those that have a desk."""
        return frozenset(lane.asset for lane in self._open)

    def _close(self) -> None:
        """Closes desks at which nothing is left to do: those not used for long, and the longest
        unused of too many. The conditions of a version are looked at together, and go together.
        """
        if not self._open:
            return
        used: dict[tuple[AssetId, str], datetime] = {}
        # A minute that is open ends when its time comes; what it holds is looked at then.
        busy = {lane[:2] for lane, desk in self._open.items() if desk.tally.minutes}
        for lane, desk in self._open.items():
            used[lane[:2]] = max(desk.reached, used.get(lane[:2], desk.reached))
        free = sorted((at, of) for of, at in used.items() if of not in busy)
        idle = max(used.values()) - IDLE
        over = len(used) - MOST_OPEN
        gone = {of for n, (at, of) in enumerate(free) if n < over or at < idle}
        self._open = {lane: desk for lane, desk in self._open.items() if lane[:2] not in gone}
        needed = {desk.baseline_id for desk in self._open.values()}
        self._read = {key: one for key, one in self._read.items() if key in needed}

    def _once(self, kept: BaselineKept) -> Read:
        """The baseline as it is looked with, read once for all lanes that it is of."""
        found = self._read.get(kept.id)
        if found is None:
            baseline = Seasons.of(kept)
            found = self._read[kept.id] = baseline, ready(baseline.plan)
        return found

    def _opened(self, tx: Transaction, asset: Asset, lane: Lane, at: datetime) -> Desk:
        of_deeds = lane.version == DEEDS
        kept = None if of_deeds else tx.baselines.current(*lane)
        baseline, made = self._once(kept) if kept is not None else (None, None)
        plan = baseline.plan if baseline is not None else None
        tally = Tally(
            asset=asset,
            version=lane.version,
            condition=lane.condition,
            baseline=baseline,
            alarms=self._alarms(tx, asset, lane, kept, baseline),
        )
        since = span_of(at).start - 2 * HOP
        before, known = custom(tx, asset.id, since) if of_deeds else (Record(), {})
        read_back(tx, tally, Span(start=since, end=at + HOP), plan)
        return Desk(
            tally=tally,
            ready=made,
            baseline_id=kept.id if kept is not None else "",
            kinds=set(),
            before=before,
            known=known,
            reached=max((*tally.minutes, *tally.sealed), default=since),
            until=since,
            usage=usage_of(tx, lane.name),
            rules=rules_of(tx, asset.id) if of_deeds else Rules(),
            opened=since,
            read=at,
            late=late_of(tx, lane.name),
        )

    def _alarms(
        self,
        tx: Transaction,
        asset: Asset,
        lane: Lane,
        kept: BaselineKept | None,
        baseline: Seasons | None,
    ) -> Watch | None:
        """The alarms over this baseline, as they were kept."""
        if kept is None or baseline is None:
            return None
        text = tx.settings.get(_alarms_name(lane, kept.id))
        before = Watch.from_bytes(base64.b64decode(text)) if text else None
        return before or Watch(plan=baseline.plan.digest, promise=promised(self.promise, asset))


def _keep(tx: Transaction, lane: Lane, desk: Desk) -> None:
    if desk.changed:
        keep_usage(tx, lane.name, desk.usage)
        if lane.version == DEEDS:
            keep_rules(tx, lane.asset, desk.rules)
            # What waits here to be custom is custom to whoever opens the desk anew.
            keep_known(tx, lane.asset, joined(desk.known, desk.waits.known, desk.until))
        desk.changed = False
    keep_late(tx, lane.name, desk.late)
    tx.summaries.put(blocks(desk.tally))
    alarms = desk.tally.alarms
    if alarms is not None:
        name = _alarms_name(lane, desk.baseline_id)
        tx.settings.put(name, base64.b64encode(alarms.to_bytes()).decode())
    desk.tally.touched.clear()
    desk.tally.forget(desk.reached - 3 * HOP)


def _alarms_name(lane: Lane, baseline: str) -> str:
    return f"alarms/{lane.name}/{baseline}"
