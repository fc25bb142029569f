"""Allowed alarms: how often an asset under no change may raise a false alarm in a year, as set.

In    a number a year, of a person or of the environment; the clock.
Out   what holds now, for the server and for the assets that have a number of their own.
Why   it decides how much evidence an alarm needs, so whoever makes it strict can hide an attack:
      each change is entered in the evidence log. The watch reads it with every step, on whichever
      process it was made; nothing is started anew.

Whoever spoke last holds: the environment, when a server starts with another number than before;
else a person. An asset's own number stands in the inventory and goes before both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

from stanch.engine.clock import Clock
from stanch.engine.every import every_asset
from stanch.engine.ports import Store, Transaction
from stanch.prepare.inventory import FEWEST_ALARMS, MOST_ALARMS
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput

_NAME = "alarms"
_ABOUT = "alarms of all assets"
ENVIRONMENT = "STANCH_FALSE_ALARMS_PER_YEAR"
DEFAULT = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowed:
    """How many false alarms a year an asset may raise while nothing changes."""

    false_alarms_per_year: float
    by: str = ""
    """Who said so; empty is nobody."""
    at: datetime | None = None
    stated: float = DEFAULT
    """What the environment said when a server last started."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowedShown:
    """What holds for all assets, and which have a number of their own."""

    false_alarms_per_year: float
    by: str
    at: datetime | None
    assets: Mapping[AssetId, float] = field(default_factory=dict)


_ALLOWED = msgspec.json.Decoder(Allowed)


def allowed(tx: Transaction) -> Allowed | None:
    """What holds for all assets without a number of their own; None before the first start."""
    text = tx.settings.get(_NAME)
    return _ALLOWED.decode(text) if text is not None else None


class Alarms:
    """Keeps how often an alarm may be false."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def stated(self, per_year: float) -> Allowed:
        """What holds once a server started with this number in its environment."""
        _checked(per_year)
        with self._store.look() as tx:
            kept = allowed(tx)
        before = kept or Allowed(false_alarms_per_year=DEFAULT)
        if kept is not None and before.stated == per_year:
            return kept
        with self._store.begin() as tx:
            anew = replace(before, stated=per_year)
            if per_year != before.false_alarms_per_year:
                return self._said(tx, anew, per_year, by=ENVIRONMENT)
            _keep(tx, anew)
        return anew

    def agree(self, per_year: float, *, by: str) -> AllowedShown:
        """What holds from now on."""
        _checked(per_year)
        with self._store.begin() as tx:
            before = allowed(tx) or Allowed(false_alarms_per_year=DEFAULT)
            self._said(tx, before, per_year, by=by)
        return self.holding()

    def holding(self) -> AllowedShown:
        """What holds now."""
        with self._store.look() as tx:
            now = allowed(tx) or Allowed(false_alarms_per_year=DEFAULT)
            own = {one.id: one.false_alarms_per_year for one in every_asset(tx)}
        return AllowedShown(
            false_alarms_per_year=now.false_alarms_per_year,
            by=now.by,
            at=now.at,
            assets={asset: number for asset, number in own.items() if number is not None},
        )

    def _said(self, tx: Transaction, before: Allowed, per_year: float, *, by: str) -> Allowed:
        at = self._clock()
        now = replace(before, false_alarms_per_year=per_year, by=by, at=at)
        _keep(tx, now)
        facts = {"false_alarms_per_year": per_year, "before": before.false_alarms_per_year}
        tx.record(Entry(at=at, deed=Deed.ALARMS_SET, actor=by, about=_ABOUT, facts=facts))
        return now


def _keep(tx: Transaction, one: Allowed) -> None:
    tx.settings.put(_NAME, msgspec.json.encode(one).decode())


def _checked(per_year: float) -> None:
    if not FEWEST_ALARMS <= per_year <= MOST_ALARMS:
        raise BadInput(
            f"An asset may raise {FEWEST_ALARMS:g} to {MOST_ALARMS:g} false alarms a year, not "
            f"{per_year:g}. 1 is the usual; more finds weaker changes, and sooner."
        )
