"""Blindness: what cannot be told now.

In    the blind spots as detectors last told of them; what was never told, so that none was asked.
Out   those that still stand.
Why   a detector looks at a version only while it answers. Of one that answers no more the last word
      would stand for ever, also when a baseline that was set since has ended its reason, or when
      its condition is none of the asset's any more. What could not be judged waits whatever is set.
"""

from stanch.detect.registry import detectors
from stanch.engine.every import every_asset
from stanch.engine.ports import Transaction
from stanch.engine.unheard import unheard
from stanch.engine.watch.lane import Lane
from stanch.engine.watch.mixing import UNOWNED
from stanch.engine.watch.stored import DEEDS
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.kept import BaselineKept, BlindSpot


def blind_spots(tx: Transaction, *names: AssetId) -> tuple[BlindSpot, ...]:
    """What cannot be told now of these assets, or of all: by detectors that say so, and by those
    that were never asked.
    """
    told = [s for one in names for s in blind_now(tx, one)] if names else blind_now(tx)
    assets = tx.assets.many(names) if names else every_asset(tx)
    return (*told, *unheard(tx, assets, told))


def blind_now(tx: Transaction, asset: AssetId | None = None) -> tuple[BlindSpot, ...]:
    """What detectors say that they cannot tell, of an asset or of all."""
    told = tx.blinds.of(asset)
    named: dict[AssetId, tuple[str, ...]] = {}
    for one in {spot.blind.asset for spot in told}:
        known = tx.assets.find(one)
        conditions = known.conditions if known is not None else None
        named[one] = ("", *conditions.every) if conditions is not None else ("",)
    return tuple(spot for spot in told if spot.blind.condition in named[spot.blind.asset])


def end_blindness(tx: Transaction, baseline: BaselineKept) -> None:
    """Lets go of what detectors said of the lanes that this baseline, set just now, is in force on.

    What it did not end is said again at the next look. No moments are compared: clocks go wrong.
    """
    spots = [s for s in tx.blinds.of(baseline.asset) if s.blind.detector in {*detectors(), UNOWNED}]
    ended = {lane for lane in map(_lane, spots) if _in_force(tx, lane, baseline)}
    for spot in spots:
        if (lane := _lane(spot)) in ended:
            tx.blinds.clear(spot.blind.detector, *lane)


def _in_force(tx: Transaction, lane: Lane, kept: BaselineKept) -> bool:
    current = tx.baselines.current(*lane) if lane.version != DEEDS else None
    return current is not None and current.id == kept.id


def _lane(spot: BlindSpot) -> Lane:
    return Lane(spot.blind.asset, spot.blind.version, spot.blind.condition)
