"""Lines: the moments after which what was found must rest on new events alone.

In    an incident that was closed, a containment that ended.
Out   for each asset the last such moment, for as long as a window can reach back behind it.
Why   a look goes over twenty minutes. When a person closes an incident or lets somebody go, the
      window still holds what that was about: only what came after it can say that it goes on. So
      the watch looks a second time, at the part of the window behind the line.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from stanch.engine.ports import Transaction
from stanch.vocabulary.ids import AssetId

REACH = timedelta(minutes=20)
"""A window is no longer than this."""
_ROW = "lines"
_ALL = msgspec.json.Decoder(dict[str, datetime])


def lines(tx: Transaction, at: datetime) -> Mapping[AssetId, datetime]:
    """The last line of each asset that has one of late."""
    text = tx.settings.get(_ROW)
    kept = _ALL.decode(text) if text else {}
    return {AssetId(asset): when for asset, when in kept.items() if at - when < REACH}


def draw(tx: Transaction, asset: AssetId, at: datetime) -> None:
    """Draws a line for this asset now; the one before it is behind it."""
    kept = {**lines(tx, at), asset: at}
    tx.settings.put(_ROW, msgspec.json.encode(kept).decode())
