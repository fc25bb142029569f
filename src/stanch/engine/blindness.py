"""Blindness: what cannot be told now.

In    the blind spots as detectors last told of them.
Out   those that still stand.
Why   a detector looks at a version only while it answers. Of one that answers no more the last word
      would stand for ever, also when a baseline that was set since has ended its reason, or when
      its condition is none of the asset's any more.
"""

from datetime import datetime

from stanch.engine.ports import Transaction
from stanch.engine.watch.lane import Lane
from stanch.vocabulary.finding import Blind
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.kept import BlindSpot


def blind_now(tx: Transaction, asset: AssetId | None = None) -> tuple[BlindSpot, ...]:
    """The blind spots of an asset, or all; not those older than the baseline of their lane."""
    told = tx.blinds.of(asset)
    since: dict[Lane, datetime] = {}
    named: dict[AssetId, tuple[str, ...]] = {}
    for one in {spot.blind.asset for spot in told}:
        known = tx.assets.find(one)
        conditions = known.conditions if known is not None else None
        named[one] = ("", *conditions.every) if conditions is not None else ("",)
        for kept in tx.baselines.history(one):
            since.setdefault(Lane(one, kept.version, kept.condition), kept.set)
    return tuple(
        spot
        for spot in told
        if since.get(_lane(spot.blind), spot.seen) <= spot.seen
        and spot.blind.condition in named[spot.blind.asset]
    )


def _lane(blind: Blind) -> Lane:
    return Lane(blind.asset, blind.version, blind.condition)
