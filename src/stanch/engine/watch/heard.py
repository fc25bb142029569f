"""Heard: which kinds of events ever came of an asset.

In    a transaction; kinds that came.
Out   all that ever came, in whatever minute and however long ago.
Why   of what was never told no detector is asked, and people must see that.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from stanch.engine.every import every_asset
from stanch.engine.ports import Transaction
from stanch.engine.watch.memory import history_of, known_of
from stanch.engine.watch.stored import DEEDS
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.span import Span

Heard = Mapping[AssetId, frozenset[EventKind]]
_NAME, _BEGUN = "came/", "came"
_EVER = Span(start=datetime(2000, 1, 1, tzinfo=UTC), end=datetime(2200, 1, 1, tzinfo=UTC))
_KINDS = msgspec.json.Decoder(frozenset[EventKind])


def heard_of_all(tx: Transaction) -> Heard:
    """The kinds that came, of every asset of which any did."""
    texts = tx.settings.all(_NAME)
    return {AssetId(name.removeprefix(_NAME)): _KINDS.decode(text) for name, text in texts.items()}


def heard_of(tx: Transaction, asset: AssetId) -> frozenset[EventKind]:
    """The kinds that came of this one."""
    text = tx.settings.get(_NAME + asset)
    return _KINDS.decode(text) if text else frozenset()


def remember_heard(tx: Transaction) -> None:
    """Writes down, once, what came of every asset before anybody did, as far as is still known."""
    if tx.settings.get(_BEGUN) is not None:
        return
    for asset in every_asset(tx):
        found = {h.kind for h in history_of(tx, asset.id)} | heard_of(tx, asset.id)
        if known_of(tx, asset.id):
            found.add(EventKind.ACCESS)
        told = any(spot.blind.version != DEEDS for spot in tx.blinds.of(asset.id))
        if told or tx.summaries.decided(asset.id, _EVER):
            found.add(EventKind.INFERENCE)
        if found:
            keep_heard(tx, asset.id, frozenset(found))
    tx.settings.put(_BEGUN, "true")


def keep_heard(tx: Transaction, asset: AssetId, kinds: frozenset[EventKind]) -> None:
    """Keeps them."""
    tx.settings.put(_NAME + asset, msgspec.json.encode(sorted(kinds)).decode())
