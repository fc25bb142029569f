"""The past: what happened to assets, to what they are made from, and who was there.

In    rows of rare events; a transaction, where an asset's memory is first needed.
Out   an asset's history, the kinds of events that ever came of it, and the principals that are no
      strangers there.
"""

from collections.abc import Container

import pyarrow as pa

from stanch.engine.ports import Transaction
from stanch.engine.watch.deeds import record
from stanch.engine.watch.desk import Desk
from stanch.engine.watch.golden import Regulars
from stanch.engine.watch.heard import heard_of, keep_heard
from stanch.engine.watch.memory import history_of, keep_history, made_from, remembered
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import AssetId


class Past:
    """Of every asset that something happens to."""

    def __init__(self) -> None:
        self._own: dict[AssetId, tuple[Happening, ...]] = {}
        self._made_from: dict[AssetId, tuple[Happening, ...]] = {}
        self._changed: set[AssetId] = set()
        self._heard: dict[AssetId, frozenset[EventKind]] = {}
        self._heard_more: set[AssetId] = set()
        self._regulars = Regulars()

    def recall(self, tx: Transaction, asset: Asset) -> None:
        """What happened to the asset, and to what it is made from, is at hand."""
        if asset.id not in self._own:
            self._own[asset.id] = history_of(tx, asset.id)
            self._heard[asset.id] = heard_of(tx, asset.id)
        self._made_from[asset.id] = made_from(tx, asset)

    def of(self, asset: AssetId) -> tuple[Happening, ...]:
        """What is at hand."""
        return self._own.get(asset, ()) + self._made_from.get(asset, ())

    def known(self, tx: Transaction, desk: Desk) -> frozenset[str]:
        """The principals that were seen on the desk's asset before."""
        asset = desk.tally.asset.id
        known = {d.principal for d in desk.before.deeds}
        known |= {h.principal for h in self._own.get(asset, ())}
        return frozenset(known | self._regulars.of(tx, asset) | desk.known.keys())

    def hear(self, asset: AssetId, kind: EventKind) -> None:
        """Remembers that events of this kind came of it."""
        if kind not in self._heard[asset]:
            self._heard[asset] |= {kind}
            self._heard_more.add(asset)

    def add(self, asset: AssetId, rows: pa.Table) -> None:
        """Remembers these events."""
        self._own[asset] = remembered(self._own.get(asset, ()), record(rows).happenings)
        self._changed.add(asset)

    def let_go(self, but: Container[AssetId]) -> None:
        """Forgets, once it is kept, what is of other assets than these."""
        for held in (self._own, self._made_from, self._heard):
            for asset in [one for one in held if one not in but]:
                del held[asset]

    def keep(self, tx: Transaction) -> None:
        """Keeps all that changed, in this transaction."""
        for asset in sorted(self._changed):
            keep_history(tx, asset, self._own[asset])
        for asset in sorted(self._heard_more):
            keep_heard(tx, asset, self._heard[asset])
        self._changed.clear()
        self._heard_more.clear()
