"""Served: which versions of an asset answered lately, for they share its false alarms.

In    lanes in which answers came; the time.
Out   how many versions with a baseline answer at once.
Why   a promise is of an asset. Its evidence is of a version: two that answer the same minutes are
      twice as many batches, and would be false twice as often. One that answers no more adds no
      batch; after a day without answers it has no share.
How   Written down now and then, for a server that was just started asks no less evidence than
      before.
"""

from datetime import datetime, timedelta

import msgspec

from stanch.engine.ports import Transaction
from stanch.vocabulary.ids import AssetId

LATELY = timedelta(days=1)
"""Who answered so lately answers still."""
WRITTEN = timedelta(hours=1)
"""How old what is written down may get."""
MOST = 64
"""Versions of an asset that are remembered: the last to answer."""
_KEPT = msgspec.json.Decoder(dict[str, datetime])
Answered = dict[str, datetime]


class Served:
    """The versions that answered, of every asset that is watched."""

    def __init__(self) -> None:
        self._last: dict[AssetId, Answered] = {}
        self._written: dict[AssetId, Answered] = {}

    def answered(self, tx: Transaction, asset: AssetId, version: str, at: datetime) -> None:
        """Remembers that this version answers."""
        if asset not in self._last:
            text = tx.settings.get(_name(asset))
            self._written[asset] = _KEPT.decode(text) if text else {}
            self._last[asset] = dict(self._written[asset])
        self._last[asset][version] = at

    def at_once(self, asset: AssetId, at: datetime) -> int:
        """How many versions answer at once; one at least."""
        last = self._last.get(asset, {}).values()
        return max(1, sum(at - moment < LATELY for moment in last))

    def keep(self, tx: Transaction) -> None:
        """Writes down what is new or old by an hour."""
        for asset, last in self._last.items():
            written = self._written[asset]
            if any(v not in written or at - written[v] >= WRITTEN for v, at in last.items()):
                newest = sorted(last.items(), key=lambda one: (one[1], one[0]))[-MOST:]
                self._last[asset] = dict(newest)
                self._written[asset] = dict(newest)
                tx.settings.put(_name(asset), msgspec.json.encode(dict(newest)).decode())


def _name(asset: AssetId) -> str:
    return f"served/{asset}"
