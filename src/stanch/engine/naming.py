"""Naming: how often somebody innocent may be named, as set.

In    "at most one in so many of the innocent in so many days", of a person; a share of windows, of
      the environment; the clock.
Out   what holds now, for the server and for the assets that have their own.
Why   it decides how much a detector of principals needs to see of an attacker, so whoever makes it
      strict can hide one, and whoever makes it lax has the innocent blocked: each change is
      entered in the evidence log. The watch reads it with every step, on every process.

Whoever spoke last holds: the environment, when a server starts with another number than before;
else a person. An asset's own stands in the inventory and goes before both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

from stanch.detect.naming import USUAL
from stanch.engine.clock import Clock
from stanch.engine.every import every_asset
from stanch.engine.ports import Store, Transaction
from stanch.vocabulary.asset import LEAST_DAYS, MOST_DAYS, MOST_ONE_IN, WrongNames
from stanch.vocabulary.ids import AssetId
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput
from stanch.vocabulary.words import counted

_NAME = "naming"
_ABOUT = "wrong names on all assets"
ENVIRONMENT = "STANCH_WINDOWS_PER_WRONG_NAME"


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """How often the innocent may be named."""

    windows: float = USUAL
    """Once in so many windows of each detector, where nobody asked for a share of principals."""
    asked: WrongNames | None = None
    by: str = ""
    """Who said so; empty is nobody."""
    at: datetime | None = None
    stated: float = USUAL
    """What the environment said when a server last started."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedShown:
    """What holds for all assets, and which have their own."""

    windows: float
    asked: WrongNames | None
    by: str
    at: datetime | None
    assets: Mapping[AssetId, WrongNames] = field(default_factory=dict)


_KEPT = msgspec.json.Decoder(Named)


def named(tx: Transaction) -> Named:
    """What holds for all assets without their own."""
    text = tx.settings.get(_NAME)
    return _KEPT.decode(text) if text is not None else Named()


class Naming:
    """Keeps how often the innocent may be named."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def stated(self, windows: float) -> Named:
        """What holds once a server started with this number in its environment."""
        with self._store.look() as tx:
            before = named(tx)
        if before.stated == windows:
            return before
        with self._store.begin() as tx:
            now = replace(before, windows=windows, asked=None, stated=windows)
            return self._said(tx, before, now, by=ENVIRONMENT)

    def agree(self, asked: WrongNames | None, *, by: str) -> NamedShown:
        """What holds from now on; None is as the environment has it."""
        if asked is not None:
            checked(asked)
        with self._store.begin() as tx:
            before = named(tx)
            now = replace(before, windows=before.stated, asked=asked)
            self._said(tx, before, now, by=by)
        return self.holding()

    def holding(self) -> NamedShown:
        """What holds now."""
        with self._store.look() as tx:
            now = named(tx)
            own = {one.id: one.wrong_names for one in every_asset(tx)}
        return NamedShown(
            windows=now.windows,
            asked=now.asked,
            by=now.by,
            at=now.at,
            assets={asset: asked for asset, asked in own.items() if asked is not None},
        )

    def _said(self, tx: Transaction, before: Named, now: Named, *, by: str) -> Named:
        at = self._clock()
        said = replace(now, by=by, at=at)
        tx.settings.put(_NAME, msgspec.json.encode(said).decode())
        facts = {"wrong_names": in_words(said), "before": in_words(before)}
        tx.record(Entry(at=at, deed=Deed.ALARMS_SET, actor=by, about=_ABOUT, facts=facts))
        return said


def in_words(one: Named | NamedShown) -> str:
    """How often, as a person says it."""
    if one.asked is None:
        return f"once in {one.windows:g} windows, by each detector"
    return asked_in_words(one.asked)


def asked_in_words(asked: WrongNames) -> str:
    """How many of whom, in what time."""
    days = asked.within_days
    time = counted(int(days), "day") if days == int(days) else f"{days:g} days"
    return f"at most one in {asked.one_in:g} of the innocent principals in {time}"


def checked(asked: WrongNames) -> WrongNames:
    """It, or `BadInput` when no detector can keep it."""
    if not 1 <= asked.one_in <= MOST_ONE_IN:
        raise BadInput(
            f"At most one in 1 to {MOST_ONE_IN:,.0f} of the innocent may be named "
            f"wrongly, not one in {asked.one_in:g}. Fewer wrong names ask for more evidence."
        )
    if not LEAST_DAYS <= asked.within_days <= MOST_DAYS:
        raise BadInput(
            f"The time is {LEAST_DAYS:g} to {MOST_DAYS:g} days, not {asked.within_days:g}. "
            "1 is the usual."
        )
    return asked
