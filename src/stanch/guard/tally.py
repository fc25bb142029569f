"""The tally: what this guard let through of what is limited is told to the others, and theirs here.

In    the policy in force and what was charged here; the server's answer.
Out   the same limits, charged with what the other guards of the asset let through.
Why   a limit is of the asset. Nobody waits for it: each decides by what it has heard, a moment
      late, and what was let through too much in that moment is owed by the caller.

POST /api/v1/assets/{asset}/tally   while a rate is in force: what was charged since the last time

Who hears no others any more holds its part of every rate: together they still hold the limit.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from stanch.guard.keeper import Keeper

if TYPE_CHECKING:
    from threading import Event as Flag

    from stanch.guard.wire import Wire

MOST_NAMES = 2000
EVERY, ALONE, LONGEST = 0.25, 1.0, 2.0
"""Seconds between two, beside few others, beside nobody, and beside many."""
_FEW = 8
SILENT = 10.0
"""Seconds without an answer after which the others count as not heard."""
_GOOD = 200


class Charged(msgspec.Struct):
    """What others charged to one name."""

    amount: float
    age: float


class Others(msgspec.Struct):
    """What the server tells of the others."""

    among: int
    upto: str
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
        charged = table.told(MOST_NAMES)
        if not table.limited:
            return False
        told = {"guard": self._guard, "sort": self.sort, "after": self._after, "charged": charged}
        try:
            status, body, _ = wire.ask("POST", self._place, body=msgspec.json.encode(told))
            if status != _GOOD:
                raise ConnectionError(f"status {status}")
            others = _OTHERS.decode(body)
        except (OSError, msgspec.MsgspecError) as error:
            table.not_told(charged)
            self._miss()
            raise ConnectionError(str(error)) from error
        before = self._keeper.among
        self._hear(others)
        return self._keeper.among != before

    def _miss(self) -> None:
        now = self._clock()
        if self._missed is None:
            self._missed = now
        elif now - self._missed > SILENT:
            self._keeper.alone()

    def _hear(self, others: Others) -> None:
        keeper, now = self._keeper, self._clock()
        self._missed, self._after = None, others.upto
        keeper.beside(max(1, others.among))
        if keeper.table is not None and others.charged:
            amounts = {name: one.amount for name, one in others.charged.items()}
            ages = {name: one.age for name, one in others.charged.items()}
            keeper.table.charged(amounts, now, ages)
