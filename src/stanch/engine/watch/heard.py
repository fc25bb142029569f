"""Heard: which kinds of events ever came of an asset.

In    a transaction; kinds that came.
Out   all that ever came, in whatever minute and however long ago.
Why   of what was never told no detector is asked, and people must see that.
"""

from collections.abc import Mapping

import msgspec

from stanch.engine.ports import Transaction
from stanch.engine.watch.memory import history_of, known_of
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.ids import AssetId

Heard = Mapping[AssetId, frozenset[EventKind]]
_NAME = "came/"
_KINDS = msgspec.json.Decoder(frozenset[EventKind])


def heard_of_all(tx: Transaction) -> Heard:
    """The kinds that came, of every asset of which any did."""
    texts = tx.settings.all(_NAME)
    return {AssetId(name.removeprefix(_NAME)): _KINDS.decode(text) for name, text in texts.items()}


def heard_of(tx: Transaction, asset: AssetId) -> frozenset[EventKind]:
    """The kinds that came of this one; also those that came before they were written down."""
    if text := tx.settings.get(_NAME + asset):
        return _KINDS.decode(text)
    past = {h.kind for h in history_of(tx, asset)}
    return frozenset(past | {EventKind.ACCESS} if known_of(tx, asset) else past)


def keep_heard(tx: Transaction, asset: AssetId, kinds: frozenset[EventKind]) -> None:
    """Keeps them."""
    tx.settings.put(_NAME + asset, msgspec.json.encode(sorted(kinds)).decode())
