"""Mixing: what the lanes of one asset's conditions say together.

In    the windows of one look; the tallies of the lanes of assets with conditions.
Out   each window with the mix of conditions in it, and with those that have a baseline of their
      own; what a condition without one is told as; what each lane's alarms promise.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from stanch.detect.alarms.watch import Promise
from stanch.detect.mixture import told
from stanch.detect.window import Window
from stanch.engine.watch.lane import Lane, lane_of
from stanch.engine.watch.stored import DEEDS
from stanch.engine.watch.tally import Tally
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.finding import Blind
from stanch.vocabulary.ids import DetectorId

UNOWNED = DetectorId("own_baseline")
"""The blind spot of a condition of operation without a baseline of its own."""


def mixed(window: Window, looked: Sequence[Window], tallies: Mapping[Lane, Tally]) -> Window:
    """The window beside what there is of its asset's conditions."""
    named, lane = window.asset.conditions, lane_of(window)
    if named is None or lane.version == DEEDS:
        return window
    found = {c: tallies.get(lane._replace(condition=c)) for c in named.every}
    here = {c: tally for c, tally in found.items() if tally is not None}
    judged = frozenset(c for c, tally in here.items() if tally.owned)
    if window.condition:
        return replace(window, judged=judged)
    every = Counter[str]()
    for other, tally in tallies.items():
        if other.asset == lane.asset and other.condition in named.every:
            every[other.condition] += tally.answers(window.span)
    apart = [w for w in looked if w.condition and lane_of(w)[:2] == lane[:2]]
    return replace(
        window,
        judged=judged,
        mix={c: n for c, tally in here.items() if (n := tally.answers(window.span))},
        mix_of_all=every,
        under={w.condition: w.ledger for w in apart if w.ledger is not None},
    )


def unowned(window: Window) -> Blind | None:
    """That this condition has no baseline of its own, if it is so."""
    named = window.asset.conditions
    here = named is not None and window.condition in named.every
    if not here or window.condition in window.judged:
        return None
    return Blind(
        detector=UNOWNED,
        asset=window.asset.id,
        version=window.version,
        condition=window.condition,
        why=f"{told(window)} has no baseline of its own: its answers are judged among all of them, "
        "by the asset's baseline. Set one: stanch baseline set --condition",
    )


def promised(promise: Promise, asset: Asset, versions: int = 1) -> Promise:
    """What the alarms of one lane promise: those of all conditions, and of all versions that
    answer at once, keep the promise together.

    An asset may have a number of false alarms of its own.
    """
    if asset.false_alarms_per_year is not None:
        promise = promise.allowing(asset.false_alarms_per_year)
    lanes = versions * (1 if asset.conditions is None else len(asset.conditions.every) + 1)
    if lanes == 1:
        return promise
    return replace(
        promise,
        false_alarms_per_year=promise.false_alarms_per_year / lanes,
        ever_since_start=promise.ever_since_start / lanes,
    )
