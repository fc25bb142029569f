"""Stored: an asset's minutes as the store keeps them.

In    a transaction; the tally whose minutes are kept or read back.
Out   blocks for the store; minutes and the custom of the place out of it.
Why   what is in memory is a part of what is kept: a minute that is over may be in the store only.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from stanch.detect.summaries.acquaintances import Known, joined, met
from stanch.detect.summaries.plan import Plan
from stanch.detect.summaries.record import Record
from stanch.engine.ports import Transaction
from stanch.engine.watch.hop import MINUTE, span_of
from stanch.engine.watch.memory import known_of
from stanch.engine.watch.minutes import Minute, from_bytes, sealed, to_bytes
from stanch.engine.watch.tally import Tally
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.kept import SummaryBlock
from stanch.vocabulary.span import Span

DEEDS = "~deeds"
"""The version under which an asset's other events are kept: they are of no version."""
CUSTOM = timedelta(days=7)
"""How far back the custom of the place goes."""


def read_back(tx: Transaction, tally: Tally, span: Span, plan: Plan | None) -> None:
    """Fills the tally with the minutes that the store has of this span."""
    found = tx.summaries.between(
        tally.asset.id, span, version=tally.version, condition=tally.condition
    )
    for block in found:
        minute = from_bytes(block.body, plan)
        (tally.minutes if is_open(minute) else tally.sealed)[block.minute] = minute


def fill(tx: Transaction, tally: Tally, span: Span, plan: Plan | None) -> None:
    """Reads the minutes of a span long ago that the tally let go of; what it has stays."""
    for block in tx.summaries.between(
        tally.asset.id, span, version=tally.version, condition=tally.condition
    ):
        if block.minute not in tally.minutes:
            tally.sealed.setdefault(block.minute, sealed(from_bytes(block.body, plan)))


def over_in_store(
    tx: Transaction, tally: Tally, minutes: frozenset[datetime], plan: Plan | None
) -> frozenset[datetime]:
    """Which of these minutes the store has, and are over; one that is not goes on being counted."""
    if not minutes:
        return frozenset()
    asset, version, condition = tally.asset.id, tally.version, tally.condition
    span = Span(start=min(minutes), end=max(minutes) + MINUTE)
    over = set()
    for minute in minutes & tx.summaries.minutes(asset, version, span, condition):
        blocks = tx.summaries.minute(asset, version, minute, condition)
        held = next(from_bytes(b.body, plan) for b in blocks if b.principal is None)
        if is_open(held):
            tally.minutes[minute] = held
        else:
            over.add(minute)
    return frozenset(over)


def is_open(minute: Minute) -> bool:
    """Whether more can be counted in it."""
    return minute.counted is None or not minute.counted.ledger.sealed


def custom(tx: Transaction, asset: AssetId, until: datetime) -> tuple[Record, Known]:
    """What was done to the asset in the days before, and who is known there."""
    hops: dict[datetime, Record] = {}
    for block in tx.summaries.between(asset, Span(start=until - CUSTOM, end=until), version=DEEDS):
        hop = span_of(block.minute).start
        hops[hop] = hops.get(hop, Record()).merge(from_bytes(block.body, None).record)
    whole, known = Record(), known_of(tx, asset)
    for hop, record in sorted(hops.items()):
        whole, known = whole.merge(record), met(known, record, hop)
    return whole, joined(known, {}, until)


def blocks(tally: Tally) -> Iterator[SummaryBlock]:
    """The minutes that changed, as the store keeps them."""
    for minute in sorted(tally.touched):
        one = tally.minutes.get(minute) or tally.sealed[minute]
        yield SummaryBlock(
            asset=tally.asset.id,
            version=tally.version,
            condition=tally.condition,
            minute=minute,
            body=to_bytes(one),
            n=one.n,
        )
