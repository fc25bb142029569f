"""Memory: what outlives the window: earlier deeds, use by hop, and the counters of the rules.

In    happenings, minutes that are over, rows of discrete events; a transaction.
Out   the last happenings of an asset, the use of earlier windows, a rules' tally; their texts.
Why   a training run is judged against runs of months, a rule looks back for hours: neither fits
      into twenty minutes. All of it is bounded, and kept in the transaction of the minutes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from stanch.detect.rules.load import packaged
from stanch.detect.rules.rule import Rule
from stanch.detect.rules.tally import Cell, Key, Tally, tally_of
from stanch.detect.runs import begun
from stanch.detect.summaries.acquaintances import Acquaintance, Known
from stanch.detect.summaries.parts import Part
from stanch.detect.window import Baseline, Usage
from stanch.engine.ports import Transaction
from stanch.engine.watch.hop import HOP
from stanch.engine.watch.minutes import Minute
from stanch.engine.watch.yesterday import added, of_answers
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import AssetId, PrincipalId

MOST_OF_A_KIND = 200
"""Happenings of one kind that an asset's history holds: the last ones."""
MOST_USAGE = 1008
"""Hops of a week."""
OF_A_DAY = 144
"""Hops of a day."""
MOST_CELLS = 2048
"""Cells of an asset's rules: those that ended last, of ours and of people's own so many each, so
that a rule of people's own that takes everything does not push ours out."""
RARE = (EventKind.TRAINING, EventKind.DATASET, EventKind.DEPLOYMENT)

_KNOWN = msgspec.json.Decoder(dict[str, Acquaintance])
_HISTORY = msgspec.json.Decoder(tuple[Happening, ...])
_USAGE = msgspec.json.Decoder(tuple[Usage, ...])
_CELLS = msgspec.json.Decoder(tuple[tuple[Key, Cell], ...])


def history_of(tx: Transaction, asset: AssetId) -> tuple[Happening, ...]:
    """The last happenings of this asset, in the order of time."""
    text = tx.settings.get(f"history/{asset}")
    return _HISTORY.decode(text) if text else ()


def keep_history(tx: Transaction, asset: AssetId, history: tuple[Happening, ...]) -> None:
    """Keeps them."""
    tx.settings.put(f"history/{asset}", msgspec.json.encode(history).decode())


def remembered(history: tuple[Happening, ...], more: Iterable[Happening]) -> tuple[Happening, ...]:
    """Both, each event once, in the order of time: the last ones of each kind, and the runs of
    which the last deployments are.
    """
    every = {h.event: h for h in (*history, *more)}
    ordered = sorted(every.values(), key=lambda h: (h.at, h.event))
    kinds = {kind: [h for h in ordered if h.kind is kind] for kind in RARE}
    last = [h for own in kinds.values() for h in own[-MOST_OF_A_KIND:]]
    older = kinds[EventKind.TRAINING][:-MOST_OF_A_KIND]
    served = begun(older, kinds[EventKind.DEPLOYMENT][-MOST_OF_A_KIND:]) if older else {}
    kept = [*last, *(h for h in older if h.event in served)]
    return tuple(sorted(kept, key=lambda h: (h.at, h.event)))


def made_from(tx: Transaction, asset: Asset) -> tuple[Happening, ...]:
    """The happenings of what the asset is made from and served by, marked with their asset."""
    line = asset.lineage
    others = dict.fromkeys((*line.trained_on, *line.derived_from, *line.served_by))
    return tuple(
        replace(h, facts={**h.facts, "asset": other})
        for other in others
        for h in history_of(tx, other)
    )


def known_of(tx: Transaction, asset: AssetId) -> Known:
    """Who was ever here."""
    text = tx.settings.get(f"known/{asset}")
    return _KNOWN.decode(text) if text else {}


def keep_known(tx: Transaction, asset: AssetId, known: Known) -> None:
    """Keeps them."""
    tx.settings.put(f"known/{asset}", msgspec.json.encode(known).decode())


def usage_of(tx: Transaction, name: str) -> tuple[Usage, ...]:
    """The use of earlier hops."""
    text = tx.settings.get(f"usage/{name}")
    return _USAGE.decode(text) if text else ()


def used(hops: tuple[Usage, ...], more: Usage) -> tuple[Usage, ...]:
    """With one hop more; what a verdict asks of the last day is let go of when that is over."""
    old = len(hops) - OF_A_DAY
    if old >= 0 and hops[old].stood:
        hops = (*hops[:old], replace(hops[old], places=(), stood=()), *hops[old + 1 :])
    return (*hops, more)[-MOST_USAGE:]


def keep_usage(tx: Transaction, name: str, usage: tuple[Usage, ...]) -> None:
    """Keeps them."""
    tx.settings.put(f"usage/{name}", msgspec.json.encode(usage).decode())


@dataclass(frozen=True, kw_only=True, slots=True)
class Late:
    """Events that came after their minute was over."""

    events: int = 0
    window: datetime | None = None
    """The start of the window in which the last of them came."""

    def more(self, events: int, window: datetime) -> "Late":
        """With these, which came in this window."""
        return Late(events=self.by(window).events + events, window=window)

    def by(self, window: datetime) -> "Late":
        """As it is told in this window: what came two windows ago is past."""
        past = self.window is not None and self.window + HOP < window
        return Late() if past else self


_LATE = msgspec.json.Decoder(Late)


def late_of(tx: Transaction, name: str) -> Late:
    """What came too late, as it was kept."""
    text = tx.settings.get(f"late/{name}")
    return _LATE.decode(text) if text else Late()


def keep_late(tx: Transaction, name: str, late: Late) -> None:
    """Keeps it, where it changed."""
    if late != late_of(tx, name):
        tx.settings.put(f"late/{name}", msgspec.json.encode(late).decode())


def use_in(hop: datetime, minutes: Iterable[Minute], base: Baseline | None = None) -> Usage:
    """What these minutes of one hop come to, and what a verdict of tomorrow asks of them."""
    events = cost = scored = off = far = 0
    parts = tuple(minutes)
    for one in parts:
        events += one.n + sum(one.record.deeds.values()) + one.record.seen
        if one.counted is not None:
            sums = one.counted.summary.sums
            cost += int(sums[Part.COST][0])
            scored += int(sums[Part.MANIFOLD].sum())
            off += int(sums[Part.MANIFOLD][-1])
            far += int(sums[Part.FAR][0]) if Part.FAR in sums else 0
    told = Usage(start=hop, events=events, cost=cost, scored=scored, off=off, far=far)
    return of_answers(told, [p.counted for p in parts if p.counted is not None], base)


def windows_of(hops: tuple[Usage, ...], before: datetime) -> tuple[Usage, ...]:
    """The use of every earlier window of two hops that ended before this moment."""
    by_start = {u.start: u for u in hops}
    found: list[Usage] = []
    for one in hops:
        after = by_start.get(one.start + HOP)
        if after is not None and one.start + 2 * HOP <= before:
            total = Usage(
                start=one.start,
                events=one.events + after.events,
                cost=one.cost + after.cost,
                scored=one.scored + after.scored,
                off=one.off + after.off,
                far=one.far + after.far,
                unusual=one.unusual + after.unusual,
                places=one.places + after.places,
                # Who stands out in both by so much stands out in the whole by no more than both.
                stood=added(one.stood, after.stood),
                people=max(one.people, after.people),
                plan=one.plan if after.plan in {one.plan, ""} else after.plan,
            )
            found.append(total)
    return tuple(found)


def rules_of(tx: Transaction, asset: AssetId) -> Tally:
    """What the rules counted of this asset."""
    text = tx.settings.get(f"rules/{asset}")
    return Tally(cells=dict(_CELLS.decode(text))) if text else Tally()


def keep_rules(tx: Transaction, asset: AssetId, tally: Tally) -> None:
    """Keeps them."""
    tx.settings.put(f"rules/{asset}", msgspec.json.encode(tuple(tally.cells.items())).decode())


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """What an asset's rows are counted by."""

    asset: AssetId
    known: frozenset[str]
    """Principals that were seen on the asset before."""
    own: tuple[Rule, ...] = ()
    """The rules that people wrote here."""


def ruled(tally: Tally, rows: Iterable[Mapping[str, object]], by: Ruling) -> Tally:
    """The tally with these rows; cells that no rule can use any more are let go."""
    strangers_not = frozenset((by.asset, PrincipalId(name)) for name in by.known)
    rules = (*packaged(), *by.own)
    both = tally.merged(tally_of(rules, rows, strangers_not))
    last = max((c.last for c in both.cells.values()), default=None)
    if last is None:
        return both
    within: Mapping[str, timedelta] = {r.counted_as: r.within for r in rules}
    live = [
        (key, cell)
        for key, cell in both.cells.items()
        if cell.last >= last - within.get(key.rule, timedelta()) - 2 * HOP
    ]
    ours = {r.id for r in packaged()}
    kept = [
        *_newest(pair for pair in live if pair[0].rule in ours),
        *_newest(pair for pair in live if pair[0].rule not in ours),
    ]
    return Tally(cells=dict(sorted(kept)))


def _newest(cells: Iterable[tuple[Key, Cell]]) -> list[tuple[Key, Cell]]:
    return sorted(cells, key=lambda pair: (pair[1].last, pair[0]))[-MOST_CELLS:]
