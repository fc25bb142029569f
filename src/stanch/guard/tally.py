"""The tally: what this guard let through of what is limited is told to the others, and theirs here.

In    the policy in force and what was charged here; the server's answer.
Out   the same limits, charged with what the other guards of the asset let through.
Why   a limit is of the asset. Nobody waits for it: each decides by what it has heard, a moment
      late, and what was let through too much in that moment is owed by the caller.

POST /api/v1/assets/{asset}/tally   while a rate is in force: what was charged since the last time

Who hears no others any more holds its part of every rate: together they still hold the limit.

What others tell may be a lie of whoever stole a key. `table.py` bounds the harm; what cannot be
true is said here, with who told it, so that somebody looks.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from stanch.contain.rate import in_words
from stanch.guard.keeper import Keeper
from stanch.guard.table import SILENT
from stanch.vocabulary.policy import Rate

if TYPE_CHECKING:
    from threading import Event as Flag

    from stanch.guard.wire import Wire

MOST_NAMES = 2000
EVERY, ALONE, LONGEST = 0.25, 1.0, 2.0
"""Seconds between two, beside few others, beside nobody, and beside many."""
_FEW = 8
DOUBTED = 60.0
"""Seconds for which it is said that somebody told what cannot be true."""
MOST_TOLD = 1e9
"""No server takes a larger amount; whoever is charged so much waits long enough."""
MOST_AMONG, MOST_AMOUNT = 1_000_000, 1e15
"""No server of ours tells more."""
_GOOD = 200


class Charged(msgspec.Struct):
    """What others charged to one name."""

    amount: float
    age: float
    by: str = ""
    """Who charged most of it, as the server knows them."""


class Others(msgspec.Struct):
    """What the server tells of the others."""

    among: int
    upto: str
    parts: int = 0
    """Into how many parts a limit is cut for this guard; 0 from a server that does not say."""
    charged: dict[str, Charged] = {}


_OTHERS = msgspec.json.Decoder(Others)


class Tally:
    """One guard's side of it."""

    def __init__(self, keeper: Keeper, guard: str, place: str, clock: Callable[[], float]) -> None:
        self._keeper, self._guard, self._place, self._clock = keeper, guard, place, clock
        self.sort = "service"
        """Guards of other sorts may stand before or behind this one and see the same requests."""
        self._after = ""
        self._missed: float | None = None
        """Since when there was no answer."""
        self._owed: dict[str, float] = {}
        """What was let through as if the others heard of it, and could not be told yet."""
        self._untrue: float | None = None
        """When something was told last that cannot be."""

    @property
    def pause(self) -> float:
        """Seconds until the next."""
        table, among = self._keeper.table, self._keeper.among
        if table is None or not table.limited or among <= 1:
            return ALONE
        return min(LONGEST, EVERY * max(1.0, among / _FEW))

    def step(self, wire: "Wire", stop: "Flag") -> bool:
        """Tell and hear once; whether others came or went. The wait comes before it."""
        stop.wait(self.pause)
        table = self._keeper.table
        if table is None:
            return False
        charged = dict(self._owed)
        for name, amount in table.told(MOST_NAMES - len(charged)).items():
            charged[name] = charged.get(name, 0.0) + amount
        if not table.limited:
            return False
        amounts = {name: min(amount, MOST_TOLD) for name, amount in charged.items()}
        told = {"guard": self._guard, "sort": self.sort, "after": self._after, "charged": amounts}
        try:
            status, body, _ = wire.ask("POST", self._place, body=msgspec.json.encode(told))
            if status != _GOOD:
                raise ConnectionError(f"status {status}")
            others = _OTHERS.decode(body)
        except (OSError, msgspec.MsgspecError) as error:
            if not self._miss():
                self._owed = charged
            raise ConnectionError(str(error)) from error
        self._owed.clear()
        before = self._keeper.among
        self._hear(others)
        return self._keeper.among != before

    def _miss(self) -> bool:
        """Whether this guard holds its own part by now, of which nobody else has to hear."""
        now = self._clock()
        if self._missed is None:
            self._missed = now
        alone = now - self._missed > SILENT
        if alone:
            self._keeper.alone()
        return alone

    def _hear(self, others: Others) -> None:
        keeper, now = self._keeper, self._clock()
        self._missed, self._after = None, others.upto
        keeper.beside(min(MOST_AMONG, max(1, others.among)), min(MOST_AMONG, others.parts))
        charged = {
            name: one
            for name, one in others.charged.items()
            if 0 < one.amount < MOST_AMOUNT and one.age >= 0
        }
        if keeper.table is not None and charged:
            amounts = {name: one.amount for name, one in charged.items()}
            ages = {name: one.age for name, one in charged.items()}
            untrue = keeper.table.charged(amounts, now, ages)
            if untrue:
                self._doubt(untrue[0][0], charged[untrue[0][0]], untrue[0][1], now)
        if self._untrue is not None and now - self._untrue > DOUBTED:
            self._untrue = None
            keeper.troubles.ends("tally", "What the other guards tell can be true again.")

    def _doubt(self, name: str, one: Charged, rate: Rate, now: float) -> None:
        """Say it once for as long as it goes on: each lie has another name and amount."""
        if self._untrue is None:
            who = f"The guard {one.by}" if one.by else "Another guard"
            what, _, whom = name.partition("/")
            of, age = f" of {whom[:80]!r}" if whom else "", max(1.0, one.age)
            self._keeper.troubles.begins(
                "tally",
                f"{who} says it let {one.amount:,.0f} of the {what} limit{of} through within "
                f"{age:.0f} s, where {in_words(rate)} holds: it lies, or runs another policy. "
                "Only what can be is counted. If it is none of yours, revoke its key.",
            )
        self._untrue = now
