"""Aside: what could not be judged or answered, each with why, until it can be.

In    a finding that triage fails on, or an incident; the error.
Out   its place among what is set aside, and a blind spot on its asset; what is told of it.
Why   one finding that trips the judging must neither hold up all the others nor be lost. A server
      that was started anew tries it at once; one that runs on does after a pause that grows, so
      that an upgrade, or the end of the cause, is enough.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from stanch.engine.clock import Clock
from stanch.engine.ports import Transaction
from stanch.vocabulary.finding import Blind
from stanch.vocabulary.ids import AssetId, DetectorId
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadInput, NotFound, Trouble
from stanch.vocabulary.words import counted

TRIAGE = DetectorId("triage")
"""The name under which an asset's blind spot stands."""
FIRST = timedelta(minutes=1)
LONGEST = timedelta(hours=1)
_NAME = "aside"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unjudged:
    """What is set aside: where, why, since when."""

    asset: AssetId
    why: str
    since: datetime


_KEPT = msgspec.json.Decoder(dict[str, Unjudged])


def its_own(error: Exception) -> bool:
    """Whether what was looked at is to blame, and not the database, the disk or whoever was first.

    What the store says of itself is `Trouble` too, but none about a value that cannot be used.
    """
    return not isinstance(error, Trouble) or isinstance(error, BadInput | NotFound)


def set_aside(tx: Transaction) -> Mapping[str, Unjudged]:
    """What is set aside, by the id of the finding or the incident."""
    text = tx.settings.get(_NAME)
    return _KEPT.decode(text) if text else {}


def told_aside(kept: Mapping[str, Unjudged]) -> str:
    """One sentence on all that is set aside; empty where nothing is."""
    if not kept:
        return ""
    first, one = min(kept.items(), key=lambda item: (item[1].since, item[0]))
    of = f" on {one.asset}" if one.asset else ""
    rest = f", and {counted(len(kept) - 1, 'other')}" if len(kept) > 1 else ""
    return f"{first}{of} could not be judged or answered{rest}: {one.why}"


@dataclass(slots=True)
class Aside:
    """Who keeps what is set aside, and knows when to try it again."""

    clock: Clock
    _rests: dict[str, tuple[datetime, timedelta]] = field(default_factory=dict)
    """Until when each is left alone by this process, and the pause after that."""

    def due(self, tx: Transaction) -> list[str]:
        """What is to be tried again now."""
        return [key for key in set_aside(tx) if not self.resting(key)]

    def resting(self, key: str) -> bool:
        """Whether it failed here a short while ago."""
        known = self._rests.get(key)
        return known is not None and self.clock() < known[0]

    def put(self, tx: Transaction, of: Iterable[tuple[str, AssetId]], error: Exception) -> None:
        """Sets these aside: they are told, entered in the log and left alone for a while."""
        at, kept = self.clock(), dict(set_aside(tx))
        why = f"{type(error).__name__}: {error}"[:300]
        for key, asset in of:
            pause = self._rests[key][1] if key in self._rests else FIRST
            self._rests[key] = at + pause, min(2 * pause, LONGEST)
            new = key not in kept
            kept[key] = Unjudged(asset=asset, why=why, since=at if new else kept[key].since)
            if new:
                tx.record(
                    Entry(
                        at=at,
                        deed=Deed.SET_ASIDE,
                        actor="stanch",
                        about=key,
                        facts={"asset": asset, "why": type(error).__name__},
                    )
                )
            self._keep(tx, kept, asset)

    def done(self, tx: Transaction, keys: Iterable[str]) -> None:
        """These were judged or answered after all."""
        kept = dict(set_aside(tx))
        for key in keys:
            self._rests.pop(key, None)
            one = kept.pop(key, None)
            if one is not None:
                self._keep(tx, kept, one.asset)

    def _keep(self, tx: Transaction, kept: Mapping[str, Unjudged], asset: AssetId) -> None:
        tx.settings.put(_NAME, msgspec.json.encode(kept).decode())
        here = [one for one in kept.values() if one.asset == asset]
        if not asset:
            return
        if here:
            tx.blinds.say(Blind(detector=TRIAGE, asset=asset, why=_blind(here)), at=self.clock())
        else:
            tx.blinds.clear(TRIAGE, asset)


def _blind(here: list[Unjudged]) -> str:
    first = min(here, key=lambda one: one.since)
    one = len(here) == 1
    return (
        f"{counted(len(here), 'thing')} that {'was' if one else 'were'} found here could not be "
        f"judged or answered ({first.why}). {'It is' if one else 'They are'} kept, and tried again"
    )
